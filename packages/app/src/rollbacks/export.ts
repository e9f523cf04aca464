/** A record's evidence package, out of the ledger as it is now. */
import { artefactsOf, makePackage, registryStream, type Opening } from "@countermand/record";
import type { ExportOptions } from "./countermand.ts";
import { RollbacksError } from "./error.ts";
import type { OpenStore } from "./store.ts";
import { readOpenings, readRecord } from "./views.ts";

/** Artefacts are held in memory while they are packed. */
const maxArtefactBytes = 512 * 1024 * 1024;

export async function exportPackage(
  store: OpenStore,
  id: string,
  options: ExportOptions,
): Promise<Uint8Array> {
  const { database, ledger, logId } = store;
  const log = ledger.log();
  const { state, indexes, openings } = await database.snapshot(async (snapshot) => {
    const found = await readRecord(snapshot, logId, id);
    if (found === undefined)
      throw new RollbacksError("not-found", `there is no record ${id} in this ledger`);
    const rows = await snapshot
      .selectFrom("record_entry")
      .select("record_entry.idx")
      .where("record_entry.log_id", "=", logId)
      .where("record_entry.stream", "in", [registryStream, id])
      .orderBy("record_entry.idx")
      .execute();
    return {
      state: found,
      indexes: rows.map((row) => row.idx),
      openings: await readOpenings(snapshot, logId, id),
    };
  });
  // The checkpoint is taken after the rows: it covers all of them.
  const { note, size } = await log.covering((indexes.at(-1) ?? 0) + 1);
  const entries = [];
  for (const index of indexes) {
    const [bytes, proof] = await Promise.all([log.entry(index), log.proof(index, size)]);
    entries.push({ index, bytes, proof });
  }
  return makePackage({
    state,
    origin: store.origin,
    logKey: store.logKey,
    checkpoint: note,
    size,
    exportedAt: store.now().toISOString(),
    entries,
    openings: withheld(openings, options.withhold),
    evidence:
      options.withoutArtefacts === true ? new Map() : await artefacts(store, artefactsOf(state)),
  });
}

function withheld(
  openings: readonly Opening[],
  withhold: ExportOptions["withhold"],
): readonly Opening[] {
  if (withhold === undefined) return openings;
  return withhold === "all" ? [] : openings.filter((item) => !withhold.includes(item.commitment));
}

/** What is here of them; the package lists the rest as not included. */
async function artefacts(
  store: OpenStore,
  named: readonly { readonly digest: string; readonly size: number }[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const total = named.reduce((sum, item) => sum + item.size, 0);
  if (total > maxArtefactBytes) {
    throw new RollbacksError(
      "invalid",
      `the artefacts have ${total} bytes; a package holds at most ${maxArtefactBytes}, export it without artefacts`,
    );
  }
  const found = new Map<string, Uint8Array>();
  for (const { digest } of named) {
    const bytes = await store.blobs.get(digest);
    if (bytes !== undefined) found.set(digest, bytes);
  }
  return found;
}
