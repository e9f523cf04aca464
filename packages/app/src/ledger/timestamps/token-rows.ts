/** The rows of tokens that time authorities gave for our checkpoints. */
import { insertRows, type Database, type Tx } from "../../storage/database.ts";

export interface StoredToken {
  /** Size of the checkpoint that it is over. */
  readonly size: number;
  /** The address that was asked. */
  readonly authority: string;
  /** The authority's clock. */
  readonly attestedAt: string;
  /** Ours, when the token came. */
  readonly receivedAt: string;
  readonly token: Uint8Array;
}

/** The first token over a size stays: a later one says less. */
export async function storeToken(
  database: Database,
  logId: number,
  { size, authority, attestedAt, receivedAt, token }: StoredToken,
): Promise<void> {
  await database.transaction((tx) =>
    tx
      .insertInto("checkpoint_time")
      .values({
        log_id: logId,
        size,
        authority,
        attested_at: attestedAt,
        received_at: receivedAt,
        token,
      })
      .onConflict((conflict) => conflict.columns(["log_id", "size", "authority"]).doNothing())
      .execute(),
  );
}

/** The largest size that the authority gave a token for, and when. */
export async function newestToken(
  database: Database,
  logId: number,
  authority: string,
): Promise<{ readonly size: number; readonly receivedAt: string } | undefined> {
  const row = await database.read
    .selectFrom("checkpoint_time")
    .select(["checkpoint_time.size", "checkpoint_time.received_at"])
    .where("checkpoint_time.log_id", "=", logId)
    .where("checkpoint_time.authority", "=", authority)
    .orderBy("checkpoint_time.size", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : { size: row.size, receivedAt: row.received_at };
}

/** A token with the checkpoint that it is over, as both are stored. */
export interface TokenOfCheckpoint extends StoredToken {
  /** A signed note. */
  readonly note: string;
  readonly publishedAt: string;
}

/** Of each token over more than `after` and at most `to` entries, the size, in order. */
export async function tokenSizes(
  database: Database,
  logId: number,
  after: number,
  to: number,
): Promise<number[]> {
  const rows = await database.read
    .selectFrom("checkpoint_time")
    .select("checkpoint_time.size")
    .where("checkpoint_time.log_id", "=", logId)
    .where("checkpoint_time.size", ">", after)
    .where("checkpoint_time.size", "<=", to)
    .orderBy("checkpoint_time.size")
    .execute();
  return rows.map((row) => row.size);
}

/** Tokens over more than `after` and at most `to` entries, in order of size and authority. */
export async function tokensBetween(
  database: Database,
  logId: number,
  after: number,
  to: number,
): Promise<TokenOfCheckpoint[]> {
  const rows = await tokensWithNotes(database, logId)
    .where("checkpoint_time.size", ">", after)
    .where("checkpoint_time.size", "<=", to)
    .execute();
  return rows.map(tokenOf).sort((a, b) => a.size - b.size || (a.authority < b.authority ? -1 : 1));
}

/** Puts back what `tokensBetween` gave; the checkpoints are there already. */
export async function insertTokens(
  tx: Tx,
  logId: number,
  tokens: readonly StoredToken[],
): Promise<void> {
  await insertRows(
    tx,
    "checkpoint_time",
    [
      { name: "log_id", type: "integer" },
      { name: "size", type: "integer" },
      { name: "authority", type: "text" },
      { name: "attested_at", type: "text" },
      { name: "received_at", type: "text" },
      { name: "token", type: "bytes" },
    ],
    tokens.map((one) => [
      logId,
      one.size,
      one.authority,
      one.attestedAt,
      one.receivedAt,
      one.token,
    ]),
  );
}

function tokensWithNotes(database: Database, logId: number) {
  return database.read
    .selectFrom("checkpoint_time")
    .innerJoin("checkpoint", (join) =>
      join
        .onRef("checkpoint.log_id", "=", "checkpoint_time.log_id")
        .onRef("checkpoint.size", "=", "checkpoint_time.size"),
    )
    .select([
      "checkpoint_time.size",
      "checkpoint_time.authority",
      "checkpoint_time.attested_at",
      "checkpoint_time.received_at",
      "checkpoint_time.token",
      "checkpoint.note",
      "checkpoint.published_at",
    ])
    .where("checkpoint_time.log_id", "=", logId);
}

function tokenOf(row: {
  readonly size: number;
  readonly authority: string;
  readonly attested_at: string;
  readonly received_at: string;
  readonly token: Uint8Array;
  readonly note: string;
  readonly published_at: string;
}): TokenOfCheckpoint {
  const { size, authority, token, note } = row;
  return {
    size,
    authority,
    attestedAt: row.attested_at,
    receivedAt: row.received_at,
    token,
    note,
    publishedAt: row.published_at,
  };
}

/** The token over the smallest checkpoint that has the entry, and that checkpoint: the earliest time that is vouched for. */
export async function firstTokenOver(
  database: Database,
  logId: number,
  index: number,
): Promise<TokenOfCheckpoint | undefined> {
  const row = await tokensWithNotes(database, logId)
    .where("checkpoint_time.size", ">", index)
    .orderBy("checkpoint_time.size")
    .orderBy("checkpoint_time.attested_at")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : tokenOf(row);
}
