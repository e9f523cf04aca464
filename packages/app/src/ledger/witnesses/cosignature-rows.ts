/** The rows of what witnesses said of our checkpoints. */
import type { Cosignature, NoteVerifier } from "@countermand/tlog";
import { formatSignature, formatVerifierKey } from "@countermand/tlog";
import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";

/** Keeps each key's newest line for a size; several servers may bring the same. */
export async function storeCosignatures(
  database: Database,
  logId: number,
  size: number,
  cosignatures: readonly Cosignature[],
  verifiers: readonly NoteVerifier[],
): Promise<void> {
  const rows = cosignatures.flatMap((cosignature) => {
    const verifier = verifiers.find(
      ({ name, keyId }) => name === cosignature.name && keyId === cosignature.keyId,
    );
    if (verifier === undefined) return [];
    return [
      {
        log_id: logId,
        size,
        vkey: formatVerifierKey(verifier),
        signed_at: cosignature.timestamp,
        line: formatSignature(cosignature),
      },
    ];
  });
  // A witness may say the same twice in one answer; one statement cannot change a row twice.
  const newest = new Map<string, (typeof rows)[number]>();
  for (const row of rows.toSorted((a, b) => a.signed_at - b.signed_at)) newest.set(row.vkey, row);
  if (newest.size === 0) return;
  await database.transaction((tx) =>
    tx
      .insertInto("cosignature")
      .values([...newest.values()])
      .onConflict((conflict) =>
        conflict
          .columns(["log_id", "size", "vkey"])
          .doUpdateSet({
            signed_at: sql<number>`excluded.signed_at`,
            line: sql<string>`excluded.line`,
          })
          .whereRef("cosignature.signed_at", "<", sql.ref("excluded.signed_at")),
      )
      .execute(),
  );
}

/** Enough for a hundred witnesses of the last ten sizes. */
const maxRows = 1_000;

/** The lines of sizes from `from` up to `to`, the largest size first; the last may be cut short if there are `more`. */
export async function readCosignatures(
  database: Database,
  logId: number,
  from: number,
  to: number,
): Promise<{ readonly lines: ReadonlyMap<number, readonly string[]>; readonly more: boolean }> {
  const rows = await database.read
    .selectFrom("cosignature")
    .select(["cosignature.size", "cosignature.line"])
    .where("cosignature.log_id", "=", logId)
    .where("cosignature.size", ">=", from)
    .where("cosignature.size", "<=", to)
    .orderBy("cosignature.size", "desc")
    .orderBy("cosignature.vkey")
    .limit(maxRows)
    .execute();
  const lines = new Map<number, string[]>();
  for (const { size, line } of rows) lines.set(size, [...(lines.get(size) ?? []), line]);
  return { lines, more: rows.length === maxRows };
}

export async function storedNote(
  database: Database,
  logId: number,
  size: number,
): Promise<string | undefined> {
  const row = await database.read
    .selectFrom("checkpoint")
    .select("checkpoint.note")
    .where("checkpoint.log_id", "=", logId)
    .where("checkpoint.size", "=", size)
    .executeTakeFirst();
  return row?.note;
}

/** How many entries are committed: nobody outside can know of more. */
export async function committedSize(database: Database, logId: number): Promise<number> {
  const row = await database.read
    .selectFrom("log_head")
    .select("log_head.size")
    .where("log_head.log_id", "=", logId)
    .executeTakeFirstOrThrow();
  return row.size;
}
