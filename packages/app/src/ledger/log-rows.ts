/**
 * The ledger's rows: every statement of the commit path, of start-up and of the
 * readers. What must touch a known number of rows is counted.
 */
import { encodeCompact, encodeTile, TILE_WIDTH } from "@countermand/tlog";
import { sql, type Kysely } from "kysely";
import { engineOf, insertRows, mustTouch, type Tx } from "../storage/database.ts";
import type { Tables } from "../storage/schema.ts";
import { LedgerError } from "./error.ts";
import type { FullTile, Tree } from "./growth.ts";

export interface Head {
  readonly size: number;
  readonly root: Uint8Array;
  readonly compact: Uint8Array;
  readonly recordedAt: string;
  readonly state: Tables["log"]["state"];
  readonly reason: string | null;
  /** The newest stored checkpoint. */
  readonly checkpoint: { readonly size: number; readonly root: Uint8Array } | undefined;
}

export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  /** A signed note. */
  readonly note: string;
  readonly publishedAt: string;
}

export interface NewEntry {
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly leafHash: Uint8Array;
  readonly identity: Uint8Array;
}

export async function findLog(db: Kysely<Tables>, origin: string): Promise<number | undefined> {
  const row = await db
    .selectFrom("log")
    .select("log_id")
    .where("origin", "=", origin)
    .executeTakeFirst();
  return row?.log_id;
}

/**
 * The log's head, held until the end of the transaction. What stands beside it
 * (state, newest checkpoint) may be as of before a wait for the lock.
 */
export async function lockHead(tx: Tx, logId: number): Promise<Head | undefined> {
  const { rows } = await sql<{
    size: number;
    root: Uint8Array;
    compact: Uint8Array;
    recorded_at: string;
    state: Tables["log"]["state"];
    reason: string | null;
    signed_size: number | null;
    signed_root: Uint8Array | null;
  }>`select h.size, h.root, h.compact, h.recorded_at, l.state, l.reason,
       c.size as signed_size, c.root as signed_root
     from log_head h join log l on l.log_id = h.log_id
       left join checkpoint c on c.log_id = h.log_id
         and c.size = (select max(m.size) from checkpoint m where m.log_id = h.log_id)
     where h.log_id = ${logId}${sql.raw(engineOf(tx).forUpdateOf("h", "l"))}`.execute(tx);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { signed_size: size, signed_root: root } = row;
  return {
    size: row.size,
    root: row.root,
    compact: row.compact,
    recordedAt: row.recorded_at,
    state: row.state,
    reason: row.reason,
    checkpoint: size === null || root === null ? undefined : { size, root },
  };
}

/** The state as of now, which `lockHead` may have read before it waited. */
export async function readStanding(tx: Tx, logId: number): Promise<Pick<Head, "state" | "reason">> {
  return await tx
    .selectFrom("log")
    .select(["log.state", "log.reason"])
    .where("log.log_id", "=", logId)
    .executeTakeFirstOrThrow();
}

/** Compare and swap: a log that is active ends. */
export async function setClosed(tx: Tx, logId: number, reason: string): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable("log")
    .set({ state: "closed", reason })
    .where("log_id", "=", logId)
    .where("state", "=", "active")
    .executeTakeFirst();
  mustTouch(1, numUpdatedRows, "close the log");
}

/** Compare and swap: the log that is frozen for this reason, or an error. */
export async function setActive(tx: Tx, logId: number, reason: string | null): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable("log")
    .set({ state: "active", reason: null })
    .where("log_id", "=", logId)
    .where("state", "=", "frozen")
    .where("reason", "is not distinct from", reason)
    .executeTakeFirst();
  mustTouch(1, numUpdatedRows, "set the log active");
}

export async function insertEntries(
  tx: Tx,
  logId: number,
  entries: readonly NewEntry[],
): Promise<void> {
  await insertRows(
    tx,
    "entry",
    [
      { name: "log_id", type: "integer" },
      { name: "idx", type: "integer" },
      { name: "leaf", type: "bytes" },
      { name: "leaf_hash", type: "bytes" },
      { name: "identity_hash", type: "bytes" },
    ],
    entries.map(({ index, leaf, leafHash, identity }) => [logId, index, leaf, leafHash, identity]),
  );
}

export async function insertTiles(
  tx: Tx,
  logId: number,
  tiles: readonly FullTile[],
): Promise<void> {
  await insertRows(
    tx,
    "tile",
    [
      { name: "log_id", type: "integer" },
      { name: "level", type: "integer" },
      { name: "n", type: "integer" },
      { name: "hashes", type: "bytes" },
      { name: "root", type: "bytes" },
    ],
    tiles.map(({ level, n, hashes, root }) => [logId, level, n, encodeTile(hashes), root]),
  );
}

/** Compare and swap: exactly the head that was read, or an error. */
export async function advanceHead(
  tx: Tx,
  logId: number,
  fromSize: number,
  to: { readonly tree: Tree; readonly recordedAt: string },
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable("log_head")
    .set({
      size: to.tree.compact.size,
      root: to.tree.root,
      compact: encodeCompact(to.tree.compact),
      recorded_at: to.recordedAt,
    })
    .where("log_id", "=", logId)
    .where("size", "=", fromSize)
    .executeTakeFirst();
  mustTouch(1, numUpdatedRows, "advance the log's head");
}

/**
 * Stores what was signed. Another server may have signed the same heads: then the
 * rows are there. Throws a `LedgerError` "contradiction" if another root is stored
 * for a size that we signed.
 */
export async function insertOwed(
  tx: Tx,
  logId: number,
  owed: readonly StoredCheckpoint[],
): Promise<void> {
  if (owed.length === 0) return;
  const { numInsertedOrUpdatedRows: inserted } = await tx
    .insertInto("checkpoint")
    .values(
      owed.map(({ size, root, note, publishedAt }) => ({
        log_id: logId,
        size,
        root,
        note,
        published_at: publishedAt,
      })),
    )
    .onConflict((conflict) => conflict.columns(["log_id", "size"]).doNothing())
    .executeTakeFirstOrThrow();
  if (inserted === BigInt(owed.length)) return;
  const stored = await tx
    .selectFrom("checkpoint")
    .select(["checkpoint.size", "checkpoint.root"])
    .where("checkpoint.log_id", "=", logId)
    .where(
      "checkpoint.size",
      "in",
      owed.map(({ size }) => size),
    )
    .execute();
  for (const { size, root } of owed) {
    const row = stored.find((one) => one.size === size);
    if (row === undefined || Buffer.compare(row.root, root) !== 0) {
      throw new LedgerError(
        "contradiction",
        `two roots were signed for ${size} entries: ${hex(root)} by us, ${row === undefined ? "none" : hex(row.root)} is stored`,
      );
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** The leaf hashes of entries `from` to `to`, without `to`, as far as they are there. */
export async function readLeafHashes(
  db: Kysely<Tables>,
  logId: number,
  from: number,
  to: number,
): Promise<Uint8Array[]> {
  const rows = await db
    .selectFrom("entry")
    .select("leaf_hash")
    .where("log_id", "=", logId)
    .where("idx", ">=", from)
    .where("idx", "<", to)
    .orderBy("idx")
    .execute();
  return rows.map((row) => row.leaf_hash);
}

export async function newestCheckpoint(
  db: Kysely<Tables>,
  logId: number,
): Promise<StoredCheckpoint | undefined> {
  const row = await db
    .selectFrom("checkpoint")
    .selectAll()
    .where("log_id", "=", logId)
    .orderBy("size", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return { size: row.size, root: row.root, note: row.note, publishedAt: row.published_at };
}

/**
 * The leaf hashes of rows as they are stored, with the hash of the bytes beside
 * each, computed by the store from what it holds.
 */
export async function storedLeafHashes(
  tx: Tx,
  logId: number,
  from: number,
  to: number,
): Promise<{ index: number; leafHash: Uint8Array; computed: Uint8Array }[]> {
  const { rows } = await sql<{ idx: number; leaf_hash: Uint8Array; computed: Uint8Array }>`
    select idx, leaf_hash, ${sql.raw(engineOf(tx).leafHash("leaf"))} as computed from entry
    where log_id = ${logId} and idx >= ${from} and idx < ${to} order by idx`.execute(tx);
  return rows.map((row) => ({ index: row.idx, leafHash: row.leaf_hash, computed: row.computed }));
}

/** The hashes of a tile as far as rows are there: a full tile, or what a partial one derives from. */
export async function readTileHashes(
  db: Kysely<Tables>,
  logId: number,
  { level, n, width }: { readonly level: number; readonly n: number; readonly width: number },
): Promise<Uint8Array[]> {
  const first = n * TILE_WIDTH;
  if (width === TILE_WIDTH) {
    const row = await db
      .selectFrom("tile")
      .select("hashes")
      .where("log_id", "=", logId)
      .where("level", "=", level)
      .where("n", "=", n)
      .executeTakeFirst();
    if (row === undefined) return [];
    return Array.from({ length: row.hashes.length / 32 }, (_, i) =>
      row.hashes.slice(32 * i, 32 * i + 32),
    );
  }
  if (level === 0) return await readLeafHashes(db, logId, first, first + width);
  const rows = await db
    .selectFrom("tile")
    .select("root")
    .where("log_id", "=", logId)
    .where("level", "=", level - 1)
    .where("n", ">=", first)
    .where("n", "<", first + width)
    .orderBy("n")
    .execute();
  return rows.map((row) => row.root);
}
