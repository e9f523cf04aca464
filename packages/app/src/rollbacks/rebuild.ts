/**
 * Views made again from the entries. The entries' signatures were checked when
 * they came in and are `fsck`'s to check again; here the rules alone run. Openings
 * are not views and stay. One transaction: until it commits, readers see the old
 * views and nobody appends; if it fails, the old views stay.
 *
 * Memory is flat: a page of entries, and the records of the last pages. A record
 * that is not in memory is read back from the view that is being written.
 */
import {
  applyEntry,
  decodeBase64,
  emptyWorld,
  encodeHex,
  foldVersion,
  parseEntry,
  parsePayload,
  type ParsedStatement,
  type RecordState,
  registryStream,
  type World,
} from "@countermand/record";
import { createHash } from "node:crypto";
import { leafHash } from "@countermand/tlog";
import { lockHead } from "../ledger/log-rows.ts";
import type { Database, Tx } from "../storage/database.ts";
import type { WrittenEntry } from "./batch.ts";
import { seenBy } from "./ledger-facts.ts";
import { readRecords, writeChange } from "./views.ts";

/** What is in memory at once: entries of a page, and between pages the records touched last. */
export type Room = { readonly entries: number; readonly records: number };
const usualRoom: Room = { entries: 1024, records: 4096 };

export type RebuildProgress = { readonly done: number; readonly total: number };

/**
 * Rebuilds the views if another version of the rules made them, or nothing did
 * (the ledger was restored from an export). Answers whether it did.
 */
export async function rebuildStaleViews(database: Database, logId: number): Promise<boolean> {
  const row = await database.read
    .selectFrom("registry")
    .select("registry.fold")
    .where("registry.log_id", "=", logId)
    .executeTakeFirst();
  if (row?.fold === foldVersion) return false;
  await rebuildViews(database, logId);
  return true;
}

export type Rebuilt = {
  readonly entries: number;
  /** Views that were not what the entries give. */
  readonly different: readonly string[];
};

/** Drops every view and makes it again. */
export async function rebuildViews(
  database: Database,
  logId: number,
  onProgress: (progress: RebuildProgress) => void = () => {},
  room = usualRoom,
): Promise<Rebuilt> {
  return await database.transaction(async (tx) => {
    const head = await lockHead(tx, logId);
    const before = await digests(tx, logId);
    for (const table of views) await tx.deleteFrom(table).where("log_id", "=", logId).execute();
    await replayAll(tx, logId, room, (done) => {
      onProgress({ done, total: head?.size ?? 0 });
    });
    const after = await digests(tx, logId);
    return {
      entries: head?.size ?? 0,
      different: views.filter((table) => before[table] !== after[table]),
    };
  });
}

const views = ["record_entry", "record", "registry", "seen_running"] as const;

/** One digest a view, over its rows in order, a page in memory. */
async function digests(tx: Tx, logId: number): Promise<Record<(typeof views)[number], string>> {
  const entries = createHash("sha256");
  for (let after = -1; ;) {
    const rows = await tx
      .selectFrom("record_entry")
      .selectAll("record_entry")
      .where("record_entry.log_id", "=", logId)
      .where("record_entry.idx", ">", after)
      .orderBy("record_entry.idx")
      .limit(usualRoom.entries)
      .execute();
    for (const row of rows) entries.update(rowText(row));
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.idx;
  }
  const records = createHash("sha256");
  for (let after = { year: 0, number: 0 }; ;) {
    const rows = await tx
      .selectFrom("record")
      .selectAll("record")
      .where("record.log_id", "=", logId)
      .where((eb) =>
        eb(eb.refTuple("record.year", "record.number"), ">", eb.tuple(after.year, after.number)),
      )
      .orderBy("record.year")
      .orderBy("record.number")
      .limit(usualRoom.entries)
      .execute();
    for (const row of rows) records.update(rowText(row));
    const last = rows.at(-1);
    if (last === undefined) break;
    after = { year: last.year, number: last.number };
  }
  const registry = await tx
    .selectFrom("registry")
    .selectAll("registry")
    .where("registry.log_id", "=", logId)
    .execute();
  const seen = await tx
    .selectFrom("seen_running")
    .selectAll("seen_running")
    .where("seen_running.log_id", "=", logId)
    .orderBy("seen_running.service")
    .orderBy("seen_running.environment")
    .orderBy("seen_running.digest")
    .execute();
  return {
    seen_running: createHash("sha256").update(seen.map(rowText).join("")).digest("hex"),
    record_entry: entries.digest("hex"),
    record: records.digest("hex"),
    registry: createHash("sha256").update(registry.map(rowText).join("")).digest("hex"),
  };
}

function rowText(row: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))}\n`;
}

async function replayAll(
  tx: Tx,
  logId: number,
  room: Room,
  onPage: (done: number) => void,
): Promise<void> {
  // What the rules decided stands in the entries; a judge would say it again.
  const world = emptyWorld("unchecked");
  for (let from = 0; ; from += room.entries) {
    const rows = await tx
      .selectFrom("entry")
      .select(["entry.idx", "entry.leaf"])
      .where("entry.log_id", "=", logId)
      .where("entry.idx", ">=", from)
      .where("entry.idx", "<", from + room.entries)
      .orderBy("entry.idx")
      .execute();
    const page = rows.map(({ idx, leaf }) => ({ idx, leaf, entry: parseEntry(leaf) }));
    const streams = new Set(page.map(({ entry }) => entry.stream));
    await recall(tx, logId, world, streams);
    const entries = page.map(({ idx, leaf, entry }): WrittenEntry => {
      const statement = parsePayload(decodeBase64(entry.envelope.payload));
      applyEntry(world, entry, statement, { index: idx, leafHash: encodeHex(leafHash(leaf)) });
      return {
        index: idx,
        stream: entry.stream,
        type: statement.type.name,
        statement: statement.head.id,
        payloadDigest: statement.payloadDigest,
        actor: statement.head.actor,
        occurredAt: statement.head.occurredAt,
        openings: [],
        deletes: [],
        ...seenIn(world, entry.stream, statement),
      };
    });
    const { registry, records } = world;
    const changed = [...streams].flatMap((stream) => records.get(stream) ?? []);
    await writeChange(tx, logId, {
      ...(streams.has(registryStream) && registry !== undefined ? { registry } : {}),
      records: changed,
      entries,
    });
    onPage(from + rows.length);
    if (rows.length < room.entries) return;
    forget(records, changed, room.records);
  }
}

function seenIn(
  world: World,
  stream: string,
  statement: ParsedStatement,
): Pick<WrittenEntry, "seen"> {
  const state = world.records.get(stream);
  const seen = state === undefined ? undefined : seenBy(statement, state);
  return seen === undefined ? {} : { seen };
}

/** Brings back what an earlier page wrote and this one goes on with. */
async function recall(
  tx: Tx,
  logId: number,
  { records }: World,
  streams: ReadonlySet<string>,
): Promise<void> {
  const missing = [...streams].filter((id) => id !== registryStream && !records.has(id));
  for (const [id, state] of await readRecords(tx, logId, missing)) records.set(id, state);
}

/** Keeps the records touched last; a map gives its keys in the order in which they were put. */
function forget(
  records: Map<string, RecordState>,
  touched: readonly RecordState[],
  most: number,
): void {
  for (const state of touched) {
    records.delete(state.id);
    records.set(state.id, state);
  }
  for (const id of records.keys()) {
    if (records.size <= most) return;
    records.delete(id);
  }
}
