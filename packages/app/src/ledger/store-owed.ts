/** Checkpoints that were signed, and get their rows outside a batch. */
import type { Database } from "../storage/database.ts";
import { TakenOver, type Held } from "./commit.ts";
import { insertOwed, lockHead, type StoredCheckpoint } from "./log-rows.ts";

/** Throws `TakenOver` if the log is another process's by now: it has stored them, or will. */
export async function storeOwed(
  database: Database,
  { logId, epoch }: Pick<Held, "logId" | "epoch">,
  owed: readonly StoredCheckpoint[],
): Promise<void> {
  await database.transaction(async (tx) => {
    const head = await lockHead(tx, logId);
    if (head?.epoch !== epoch) throw new TakenOver(head?.epoch ?? 0, epoch);
    await insertOwed(tx, logId, head, owed);
  });
}
