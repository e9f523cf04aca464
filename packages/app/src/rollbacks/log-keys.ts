/** The log's keys: from the registry, which the entries give, to the rows that the ledger signs by. */
import { logKeysOf, type LogClosed, type Registry } from "@countermand/record";
import type { LogKey } from "@countermand/tlog";
import { readLogKeys, sameKeys, writeLogKeys } from "../ledger/log-keys.ts";
import type { Database } from "../storage/database.ts";
import { readRegistry } from "./views.ts";

/** As the ledger wants them of its decider. */
export function keysAfter(registry: Registry): readonly LogKey[] {
  return logKeysOf(registry).keys;
}

/** Why nothing is appended any more, for whoever tries. */
export function closingOf({ index, reason, successor }: LogClosed): string {
  const on = successor === undefined ? "" : `; it goes on as ${successor.origin}`;
  return `entry ${index} is its last (${reason})${on}`;
}

/**
 * Rows that are not what the entries say are made again: after a restore from a mirror,
 * whose reader may have known one key only.
 */
export async function alignLogKeys(database: Database, logId: number): Promise<void> {
  const registry = await readRegistry(database.read, logId);
  // Without a rotation the rows are from the log's making, and the entry is about them.
  if (registry?.logKeys === undefined) return;
  const keys = keysAfter(registry);
  if (sameKeys(await readLogKeys(database.read, logId), keys)) return;
  await database.transaction((tx) => writeLogKeys(tx, logId, keys));
}
