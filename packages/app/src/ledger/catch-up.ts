/**
 * Several servers append to one log, each under the lock of its head. Before a
 * server decides anything it takes in what the others appended since it last
 * looked: the tree that it holds must be the beginning of the one in the
 * database, or there are two histories and it freezes. So a server that was
 * paused for hours goes on from where the log is now, and cannot fork it.
 */
import type { Tx } from "../storage/database.ts";
import { grow, type NodeCache, type Tree } from "./growth.ts";
import { readLeafHashes, type Head } from "./log-rows.ts";
import { contradiction, loadTree, rootAt, sameBytes } from "./start-up.ts";

export interface Advance {
  readonly tree: Tree;
  /** Hashes for proofs; null where too much was appended to keep them. */
  readonly nodes: NodeCache | null;
}

/** Above this the right edge is read from tiles instead of every leaf hash: a read of some kilobytes. */
const mostLeaves = 4096;

/** Null where nobody appended. Throws a `LedgerError` "contradiction" where ours is not the beginning. */
export async function catchUp(
  tx: Tx,
  logId: number,
  held: Tree,
  head: Head,
): Promise<Advance | null> {
  const { size } = held.compact;
  if (head.size === size) {
    if (sameBytes(head.root, held.root)) return null;
    throw another(head, held);
  }
  if (head.size < size) throw another(head, held);
  if (head.size - size <= mostLeaves) {
    const hashes = await readLeafHashes(tx, logId, size, head.size);
    if (hashes.length !== head.size - size) {
      throw contradiction(
        `${hashes.length} entries from ${size} on are in the database, and the head says ${head.size - size}`,
      );
    }
    const { tree, nodes } = grow(held, hashes);
    if (!sameBytes(tree.root, head.root)) throw another(head, held);
    return { tree, nodes };
  }
  if (!sameBytes(await rootAt(tx, logId, size, head.size), held.root)) throw another(head, held);
  return { tree: await loadTree(tx, logId, head), nodes: null };
}

function another(head: Head, held: Tree) {
  return contradiction(
    `the database's head has ${head.size} entries and root ${hex(head.root)}; this process left it at ${held.compact.size} and ${hex(held.root)}, which is not its beginning`,
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
