/** Checkpoints that were signed, and get their rows outside a batch. */
import type { Database } from "../storage/database.ts";
import { insertOwed, type StoredCheckpoint } from "./log-rows.ts";

/** Throws a `LedgerError` "contradiction" if another root is stored for a size that we signed. */
export async function storeOwed(
  database: Database,
  logId: number,
  owed: readonly StoredCheckpoint[],
): Promise<void> {
  await database.transaction((tx) => insertOwed(tx, logId, owed));
}
