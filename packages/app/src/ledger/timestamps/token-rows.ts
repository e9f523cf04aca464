/** The rows of tokens that time authorities gave for our checkpoints. */
import type { Database } from "../../storage/database.ts";

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

/** The token over the smallest checkpoint that has the entry, and that checkpoint: the earliest time that is vouched for. */
export async function firstTokenOver(
  database: Database,
  logId: number,
  index: number,
): Promise<(StoredToken & { readonly note: string }) | undefined> {
  const row = await database.read
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
    ])
    .where("checkpoint_time.log_id", "=", logId)
    .where("checkpoint_time.size", ">", index)
    .orderBy("checkpoint_time.size")
    .orderBy("checkpoint_time.attested_at")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { size, authority, token, note } = row;
  return { size, authority, attestedAt: row.attested_at, receivedAt: row.received_at, token, note };
}
