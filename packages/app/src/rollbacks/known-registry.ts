/** The registry as it was last read: read again only where it has a newer entry, because it grows with its people. */
import type { Registry } from "@countermand/record";
import type { OpenStore } from "./store.ts";
import { readRegistry } from "./views.ts";

interface Known {
  readonly idx: number;
  readonly registry: Registry;
}
const known = new WeakMap<OpenStore, Known>();

/** Undefined before the ledger is open. `newest`: the index of its newest entry, where it was just read. */
export async function knownRegistry(
  store: OpenStore,
  newest?: number,
): Promise<Registry | undefined> {
  const idx = newest ?? (await newestOf(store));
  if (idx === undefined) return undefined;
  const before = known.get(store);
  if (before?.idx === idx) return before.registry;
  const registry = await readRegistry(store.database.read, store.logId);
  if (registry !== undefined) known.set(store, { idx, registry });
  return registry;
}

async function newestOf({ database, logId }: OpenStore): Promise<number | undefined> {
  const row = await database.read
    .selectFrom("registry")
    .select("registry.idx")
    .where("registry.log_id", "=", logId)
    .executeTakeFirst();
  return row?.idx;
}
