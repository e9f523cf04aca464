/** A log of any size, quickly: opaque leaves put in as rows, with their tiles and head, under no rules. */
import { createHash } from "node:crypto";
import { EMPTY_ROOT, emptyTree, leafHash } from "@countermand/tlog";
import { grow, type Tree } from "../../packages/app/src/ledger/growth.ts";
import { createLog, type LogSigner } from "../../packages/app/src/ledger/keys.ts";
import { advanceHead, insertEntries, insertTiles } from "../../packages/app/src/ledger/log-rows.ts";
import type { Database } from "../../packages/app/src/storage/database.ts";

const perPage = 4_096;

/** Leaf `i` of such a log: `bytes` long, unlike every other. */
export function opaqueLeaf(i: number, bytes: number): Uint8Array {
  const leaf = new Uint8Array(bytes);
  const digest = createHash("sha256").update(String(i)).digest();
  for (let at = 0; at < bytes; at += 32) leaf.set(digest.subarray(0, Math.min(32, bytes - at)), at);
  return leaf;
}

/** Makes the log and fills it with `size` leaves of `bytes` bytes. Answers its id. */
export async function fillOpaque(
  database: Database,
  signer: LogSigner,
  size: number,
  bytes: number,
  onPage: (done: number) => void = () => {},
): Promise<number> {
  const at = new Date("2026-01-01T00:00:00.000Z");
  const logId = await createLog(database, signer, at);
  let tree: Tree = { compact: emptyTree, root: EMPTY_ROOT, edge: [] };
  let written: Promise<void> = Promise.resolve();
  for (let from = 0; from < size; from += perPage) {
    const rows = Array.from({ length: Math.min(perPage, size - from) }, (_, i) => {
      const leaf = opaqueLeaf(from + i, bytes);
      const identity = new Uint8Array(createHash("sha256").update(leaf).digest());
      return { index: from + i, leaf, leafHash: leafHash(leaf), identity };
    });
    const growth = grow(
      tree,
      rows.map((row) => row.leafHash),
    );
    tree = growth.tree;
    // The next page is made while this one is written.
    await written;
    written = database.transaction(async (tx) => {
      await insertEntries(tx, logId, rows);
      await insertTiles(tx, logId, growth.tiles);
      await advanceHead(tx, logId, from, { tree: growth.tree, recordedAt: at.toISOString() });
    });
    onPage(from + rows.length);
  }
  await written;
  return logId;
}
