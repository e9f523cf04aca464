/** The rows of signals: written with the entry that one of them led to, or alone. */
import type { Tx } from "../storage/database.ts";
import type { SignalCommand, WrittenSignal } from "./batch.ts";

/** Once something came of a signal, that stays. */
export async function writeSignal(tx: Tx, logId: number, row: WrittenSignal): Promise<void> {
  await tx
    .insertInto("signal")
    .values({
      log_id: logId,
      source: row.source,
      id: row.id,
      recorded_at: row.recordedAt,
      occurred_at: row.occurredAt,
      service: row.service,
      environment: row.environment,
      type: row.type,
      severity: row.severity,
      current_digest: row.currentDigest,
      outcome: row.outcome,
      record: row.record ?? null,
      event: row.event,
      digest: row.digest,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["log_id", "source", "id"])
        .doUpdateSet({ outcome: row.outcome, record: row.record ?? null })
        .where("signal.outcome", "=", "no-rule"),
    )
    .execute();
}

/** Records that a signal about the same state opened, the newest ones. */
export async function openedBefore(
  tx: Tx,
  logId: number,
  { row }: SignalCommand,
): Promise<readonly string[]> {
  if (row.currentDigest === "") return [];
  const rows = await tx
    .selectFrom("signal")
    .select("signal.record")
    .where("signal.log_id", "=", logId)
    .where("signal.service", "=", row.service)
    .where("signal.environment", "=", row.environment)
    .where("signal.current_digest", "=", row.currentDigest)
    .where("signal.outcome", "=", "mandatory")
    .orderBy("signal.recorded_at", "desc")
    .limit(20)
    .execute();
  return rows.flatMap(({ record }) => record ?? []);
}
