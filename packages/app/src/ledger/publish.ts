/**
 * After the commit: sign the newest head, put it into the mark, and make the
 * receipts. Never before: a signature over a head that was not committed must
 * not exist. Ed25519 is deterministic, so signing again after a crash gives the
 * same line.
 */
import {
  formatCheckpoint,
  formatProofFile,
  leafHash,
  openLogCheckpoint,
  signNote,
  verifyInclusion,
  type LogKey,
} from "@countermand/tlog";
import type { Decision } from "./commit.ts";
import { LedgerError } from "./error.ts";
import { proveNewLeaf, type NodeCache, type Tree } from "./growth.ts";
import type { LogSigner } from "./keys.ts";
import { ableSigners, assertCanSign } from "./log-keys.ts";
import type { Receipt } from "./ledger.ts";
import type { LogReader, Published } from "./log-reader.ts";

/** Who signs: the keys that this process holds, and the log's keys as it knows them. */
export interface Signing {
  /** The log's origin. */
  readonly name: string;
  readonly held: readonly LogSigner[];
  /** Set when an entry changed them. What they say of smaller trees never changes. */
  keys: readonly LogKey[];
}

/** Throws a `LedgerError` "foreign-key" if no key that is held may sign this size. */
export async function signTree(signing: Signing, tree: Tree): Promise<Published> {
  const { name: origin, held, keys } = signing;
  const { size } = tree.compact;
  assertCanSign(origin, held, keys, size);
  const text = formatCheckpoint({ origin, size, root: tree.root });
  const note = await signNote(text, ableSigners(held, keys, size));
  return { size, root: tree.root, note: Buffer.from(note).toString("utf8") };
}

/** Opens what we signed as a reader would. Throws a `TlogError`. */
export async function checkSigned(signing: Signing, { note }: Published): Promise<void> {
  await openLogCheckpoint(Buffer.from(note), signing);
}

/** The receipts of one decision, the entries in the order of their indexes. */
export async function receiptsFor(
  decision: Exclude<Decision<unknown>, { kind: "refused" }>,
  published: Published,
  /** Null: the hashes are not in memory, and are read. */
  caches: readonly NodeCache[] | null,
  log: LogReader,
): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  if (decision.kind === "appended") {
    for (const { index, leaf, leafHash } of decision.entries) {
      const hashes =
        caches === null
          ? await log.inclusionProof(index, published.size)
          : await proveNewLeaf(caches, index, published.size);
      receipts.push(receipt(index, leaf, leafHash, hashes, published));
    }
  } else {
    for (const index of decision.indexes) {
      const entry = await log.entry(index);
      if (entry === undefined) {
        throw new LedgerError("contradiction", `entry ${index} is missing from the database`);
      }
      const hashes = await log.inclusionProof(index, published.size);
      receipts.push(receipt(index, entry, leafHash(entry), hashes, published));
    }
  }
  return receipts;
}

/** Checks with the reader's code what is about to be given out. */
function receipt(
  index: number,
  entry: Uint8Array,
  leafHash: Uint8Array,
  hashes: readonly Uint8Array[],
  { size, root, note }: Published,
): Receipt {
  verifyInclusion({ leafHash, index, size, proof: hashes, root });
  const file = formatProofFile({ index, hashes, checkpoint: Buffer.from(note) });
  return {
    index,
    leafHash,
    entry,
    size,
    checkpoint: note,
    proof: Buffer.from(file).toString("utf8"),
  };
}
