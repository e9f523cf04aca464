/**
 * After the commit: sign the newest head, put it into the mark, and make the
 * receipts. Never before: a signature over a head that was not committed must
 * not exist. Ed25519 is deterministic, so signing again after a crash gives the
 * same line.
 */
import {
  consistencyProof,
  formatCheckpoint,
  formatProofFile,
  leafHash,
  openLogCheckpoint,
  signNote,
  tileHashReader,
  verifyInclusion,
  type LogKey,
  type NoteSigner,
} from "@countermand/tlog";
import type { Database } from "../storage/database.ts";
import type { Decision } from "./commit.ts";
import { LedgerError } from "./error.ts";
import { proveNewLeaf, type NodeCache, type Tree } from "./growth.ts";
import type { Proving, LogSigner, SecondSigner } from "./keys.ts";
import { ableSigners, assertCanSign } from "./log-keys.ts";
import type { Receipt } from "./ledger.ts";
import { readTileHashes } from "./log-rows.ts";
import type { LogReader, Published } from "./log-reader.ts";

/** Who signs: the keys that this process holds, and the log's keys as it knows them. */
export interface Signing {
  /** The log's origin. */
  readonly name: string;
  readonly held: readonly LogSigner[];
  /** Signs each checkpoint as well, under the log's name. */
  readonly second?: SecondSigner | undefined;
  /** For a key that another process holds, which signs only what extends what it signed before. */
  readonly prove: Proving;
  /** Set when an entry changed them. What they say of smaller trees never changes. */
  keys: readonly LogKey[];
}

/** Throws a `LedgerError` "foreign-key" if no key that is held may sign this size. */
export async function signTree(signing: Signing, tree: Tree): Promise<Published> {
  const { name: origin, held, keys, prove, second } = signing;
  const { size } = tree.compact;
  assertCanSign(origin, held, keys, size);
  const text = formatCheckpoint({ origin, size, root: tree.root });
  const signers = ableSigners(held, keys, size).map((signer): NoteSigner => {
    const { name, keyId, signGrown } = signer;
    if (signGrown === undefined) return signer;
    return { name, keyId, sign: (bytes) => signGrown(bytes, size, prove) };
  });
  const note = await signNote(text, second === undefined ? signers : [...signers, second]);
  return { size, root: tree.root, note: Buffer.from(note).toString("utf8") };
}

/** Proofs between two sizes of what is in the database, for a signer elsewhere. */
export function prover(database: Database, logId: number): Proving {
  return async (oldSize, newSize) => {
    if (oldSize === newSize) return [];
    const reader = tileHashReader(newSize, async (tile) => {
      const hashes = await readTileHashes(database.read, logId, tile);
      if (hashes.length === tile.width) return hashes;
      throw older(newSize);
    });
    if (oldSize > 0) return consistencyProof(reader, oldSize, newSize);
    // Every tree extends the empty one, and there is nothing to prove; but it must be here.
    const { size } = await database.read
      .selectFrom("log_head")
      .select("size")
      .where("log_id", "=", logId)
      .executeTakeFirstOrThrow();
    if (size < newSize) throw older(newSize);
    return [];
  };
}

function older(size: number): LedgerError {
  return new LedgerError(
    "contradiction",
    `the signer signed for ${size} entries, and the database does not have them: it is an older copy, and continuing would fork the log; see docs/operations/ledger.md, "The database is older than the mark"`,
  );
}

/** Opens what we signed as a reader would. Throws a `TlogError`. */
export async function checkSigned(signing: Signing, { note }: Published): Promise<void> {
  const { second } = signing;
  await openLogCheckpoint(
    Buffer.from(note),
    signing,
    second === undefined ? [] : [second.verifier],
  );
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
