/** The registry as it was last read: read again only where it has a newer entry, because it grows with its people. */
import type { Registry } from "@countermand/record";
import type { OpenStore } from "./store.ts";
import { readRegistry } from "./views.ts";

interface Known {
  readonly idx: number;
  readonly registry: Registry;
}
const known = new WeakMap<OpenStore, Known>();

/** Undefined before the ledger is open. */
export async function knownRegistry(store: OpenStore): Promise<Registry | undefined> {
  const row = await store.database.read
    .selectFrom("registry")
    .select("registry.idx")
    .where("registry.log_id", "=", store.logId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const before = known.get(store);
  if (before?.idx === row.idx) return before.registry;
  const registry = await readRegistry(store.database.read, store.logId);
  if (registry !== undefined) known.set(store, { idx: row.idx, registry });
  return registry;
}
