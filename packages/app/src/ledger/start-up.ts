/**
 * What must hold before anything is appended: the head, the tree's right edge,
 * the last entries, the newest checkpoint and the mark agree, and the key is
 * ours. A contradiction is refused with what and where; nothing is changed.
 * `fsck` looks at everything; this looks at what the next append stands on.
 */
import {
  decodeCompact,
  EMPTY_ROOT,
  leafHash,
  openLogCheckpoint,
  partialWidth,
  peakNodes,
  rootOf,
  TILE_WIDTH,
  tileHashReader,
  tileRoot,
  type Checkpoint,
  type CompactTree,
  type LogKeys,
} from "@countermand/tlog";
import type { Tx } from "../storage/database.ts";
import { LedgerError, messageOf } from "./error.ts";
import type { Tree } from "./growth.ts";
import { newestCheckpoint, readTileHashes, type Head, type StoredCheckpoint } from "./log-rows.ts";
import type { Mark } from "./mark.ts";

const manual = "see docs/operations/ledger.md";

export function contradiction(what: string): LedgerError {
  return new LedgerError("contradiction", what);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * The tree at `head`, rebuilt from the tiles and entry rows of the right edge
 * and compared with the head. Throws a `LedgerError` "contradiction".
 */
export async function loadTree(tx: Tx, logId: number, head: Head): Promise<Tree> {
  const { size } = head;
  let compact: CompactTree;
  try {
    compact = decodeCompact(head.compact);
  } catch (error) {
    throw contradiction(`the head's compact tree cannot be read: ${messageOf(error)}`);
  }
  if (compact.size !== size) {
    throw contradiction(`the head says ${size} entries, its compact tree says ${compact.size}`);
  }
  if (!sameBytes(rootOf(compact), head.root)) {
    throw contradiction(`the head's root of ${size} entries is not the root of its compact tree`);
  }
  const fromTiles = await rootAt(tx, logId, size, size);
  if (!sameBytes(fromTiles, head.root)) {
    throw contradiction(
      `the root of ${size} entries recomputed from tiles and entries is not the head's`,
    );
  }
  const edge: Uint8Array[][] = [];
  for (let level = 0; TILE_WIDTH ** level <= size; level++) {
    const width = partialWidth(level, size);
    const n = Math.floor(size / TILE_WIDTH ** (level + 1));
    edge.push(width === 0 ? [] : await readTileHashes(tx, logId, { level, n, width }));
  }
  await checkLastEntries(tx, logId, size);
  return { compact, root: head.root, edge };
}

/** The root that the log had at `size`, from the tiles of a log that has `available` entries now. */
export async function rootAt(
  tx: Tx,
  logId: number,
  size: number,
  available: number,
): Promise<Uint8Array> {
  if (size === 0) return EMPTY_ROOT;
  const reader = tileHashReader(available, async (tile) => {
    const hashes = await readTileHashes(tx, logId, tile);
    if (hashes.length !== tile.width) {
      throw contradiction(
        `tile ${tile.level}/${tile.n} has ${hashes.length} hashes in the database, ${tile.width} expected`,
      );
    }
    return hashes;
  });
  return rootOf({ size, peaks: await reader.readHashes(peakNodes(size)) });
}

/** The bytes of the last bundle against the hashes that the tree is made of. */
async function checkLastEntries(tx: Tx, logId: number, size: number): Promise<void> {
  if (size === 0) return;
  const n = Math.floor((size - 1) / TILE_WIDTH);
  const first = n * TILE_WIDTH;
  const rows = await tx
    .selectFrom("entry")
    .select(["idx", "leaf", "leaf_hash"])
    .where("log_id", "=", logId)
    .where("idx", ">=", first)
    .orderBy("idx")
    .execute();
  const beyond = rows.find((row) => row.idx >= size);
  if (beyond !== undefined) {
    throw contradiction(
      `entry ${beyond.idx} is in the database, but the head says ${size} entries`,
    );
  }
  for (let index = first; index < size; index++) {
    const row = rows[index - first];
    if (row?.idx !== index) throw contradiction(`entry ${index} is missing from the database`);
    if (!sameBytes(leafHash(row.leaf), row.leaf_hash)) {
      throw contradiction(
        `entry ${index}: its bytes do not match its leaf hash ${Buffer.from(row.leaf_hash).toString("hex")}`,
      );
    }
  }
  if (size % TILE_WIDTH !== 0) return;
  const [tile] = await tx
    .selectFrom("tile")
    .select("root")
    .where("log_id", "=", logId)
    .where("level", "=", 0)
    .where("n", "=", n)
    .execute();
  if (tile === undefined || !sameBytes(tileRoot(rows.map((row) => row.leaf_hash)), tile.root)) {
    throw contradiction(`tile 0/${n} is not made of the leaf hashes of its entries`);
  }
}

/** The newest stored checkpoint opens with our key and is of this tree. */
export async function checkNewestCheckpoint(
  tx: Tx,
  logId: number,
  head: Head,
  log: LogKeys,
): Promise<StoredCheckpoint | undefined> {
  const stored = await newestCheckpoint(tx, logId);
  if (stored === undefined) return undefined;
  const name = `the stored checkpoint of ${stored.size} entries`;
  let opened: Checkpoint;
  try {
    opened = await openLogCheckpoint(Buffer.from(stored.note), log);
  } catch (error) {
    throw contradiction(`${name} does not open with the log's key: ${messageOf(error)}`);
  }
  if (opened.size !== stored.size || !sameBytes(opened.root, stored.root)) {
    throw contradiction(`${name} is filed under another size or root than it signs`);
  }
  await checkAgainst(tx, logId, head, opened, name);
  return stored;
}

/** Refuses a database that is older than the mark, or another history. */
export async function checkMark(
  tx: Tx,
  logId: number,
  head: Head,
  log: LogKeys,
  mark: Mark,
  adopt: boolean,
): Promise<void> {
  if (mark.note === undefined) {
    if (head.size === 0 || adopt) return;
    throw new LedgerError(
      "mark",
      `the log ${log.name} has ${head.size} entries, and there is no high-water mark at ${mark.file}; it was lost, or this server never worked on this log; ${manual}, "The mark is missing or damaged"`,
    );
  }
  let marked: Checkpoint;
  try {
    marked = await openLogCheckpoint(Buffer.from(mark.note), log);
  } catch (error) {
    throw contradiction(
      `the high-water mark ${mark.file} does not open with the log's key: ${messageOf(error)}`,
    );
  }
  await checkAgainst(tx, logId, head, marked, `the high-water mark ${mark.file}`);
}

async function checkAgainst(
  tx: Tx,
  logId: number,
  head: Head,
  signed: Checkpoint,
  name: string,
): Promise<void> {
  if (signed.size > head.size) {
    throw contradiction(
      `${name} says that ${signed.size} entries were signed, the database has ${head.size}: it is an older copy, and continuing would fork the log; ${manual}, "The database is older than the mark"`,
    );
  }
  if (!sameBytes(await rootAt(tx, logId, signed.size, head.size), signed.root)) {
    throw contradiction(
      `${name} signs another root for ${signed.size} entries than the database has: it is another history; ${manual}, "The database contradicts the mark"`,
    );
  }
}
