/** A record's evidence package, out of the ledger as it is now. */
import {
  artefactsOf,
  decodeUtf8,
  encodeUtf8,
  makePackage,
  registryStream,
  registryArtefacts,
  type Opening,
  type PackageTime,
} from "@countermand/record";
import { formatProofFile, formatVerifierKey, parseNote, type LogKeys } from "@countermand/tlog";
import type { LogReader } from "../ledger/log-reader.ts";
import { firstTokenOver } from "../ledger/timestamps/token-rows.ts";
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
      openings: [
        ...(await readOpenings(snapshot, logId, id)),
        ...(options.withNames === true ? await readOpenings(snapshot, logId, registryStream) : []),
      ],
    };
  });
  // Rows are seen from the commit on, the checkpoint that covers them a moment
  // later, when it is signed: an entry in between is asked for again.
  await store.logKeys.refresh?.();
  const { note, size } = log.published();
  const newest = indexes.at(-1) ?? 0;
  if (newest >= size) {
    throw new RollbacksError("busy", `entry ${newest} is being published; try again`);
  }
  const checkpoint = encodeUtf8(note);
  const entries = [];
  for (const index of indexes) {
    const [bytes, hashes] = await Promise.all([log.entry(index), log.inclusionProof(index, size)]);
    if (bytes === undefined) throw new TypeError(`entry ${index} is below the published size`);
    const proof = decodeUtf8(formatProofFile({ index, hashes, checkpoint }));
    entries.push({ index, bytes, proof });
  }
  const own = state.timeline.map(({ index }) => index);
  const { rules, keySets } = registryArtefacts(entries.map(({ bytes }) => bytes));
  const named = [...artefactsOf(state), ...rules, ...keySets];
  return makePackage({
    state,
    origin: store.origin,
    logKey: keyOf(store.logKeys, note),
    checkpoint: note,
    size,
    exportedAt: store.now().toISOString(),
    entries,
    openings: withheld(openings, options.withhold),
    evidence: options.withoutArtefacts === true ? new Map() : await artefacts(store, named),
    times: await timesOver(store, log, own, size),
  });
}

/** The newest key that signed the checkpoint. */
function keyOf({ keys }: LogKeys, note: string): string {
  const { signatures } = parseNote(encodeUtf8(note));
  const key = keys.findLast(({ verifier: { name, keyId } }) =>
    signatures.some((one) => one.name === name && one.keyId === keyId),
  );
  if (key === undefined) throw new TypeError("the log's checkpoint is signed by a key of the log");
  return formatVerifierKey(key.verifier);
}

/** For the record's entries, in order, the first token over each, as far as the package's tree goes. */
async function timesOver(
  { database, logId }: OpenStore,
  log: LogReader,
  indexes: readonly number[],
  size: number,
): Promise<readonly PackageTime[]> {
  const times: PackageTime[] = [];
  for (let left = indexes; left[0] !== undefined;) {
    const found = await firstTokenOver(database, logId, left[0]);
    if (found === undefined || found.size > size) break;
    // Nothing before it is over the first of them, so nothing is over the others.
    const covered = left.filter((index) => index < found.size);
    left = left.slice(covered.length);
    const checkpoint = encodeUtf8(found.note);
    const entries = await Promise.all(
      covered.map(async (index) => {
        const hashes = await log.inclusionProof(index, found.size);
        return { index, proof: decodeUtf8(formatProofFile({ index, hashes, checkpoint })) };
      }),
    );
    const { authority, attestedAt, token, note } = found;
    times.push({ size: found.size, authority, attestedAt, checkpoint: note, token, entries });
  }
  return times;
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
