/**
 * Views made again from the entries. The entries' signatures were checked when
 * they came in and are `fsck`'s to check again; here the rules alone run. Openings
 * are not views and stay. One transaction: until it commits, readers see the old
 * views and nobody appends; if it fails, the old views stay.
 *
 * Memory is flat: a few pages of entries, and the records touched last. A record is
 * written when there is no more room for it, and read back if it goes on: most are
 * written once. Writing it with each page that touches it took half as long again.
 */
import {
  applyEntry,
  decodeBase64,
  emptyWorld,
  encodeHex,
  foldVersion,
  parseEntry,
  parsePayload,
  type Entry,
  type ParsedStatement,
  registryStream,
  type World,
} from "@countermand/record";
import { createHash } from "node:crypto";
import { leafHash } from "@countermand/tlog";
import { sql } from "kysely";
import { lockHead } from "../ledger/log-rows.ts";
import type { Database, Tx } from "../storage/database.ts";
import type { Change, WrittenEntry } from "./batch.ts";
import { seenBy } from "./ledger-facts.ts";
import { readRecords, recordRow, writeChange, writeRecords } from "./views.ts";

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

/** Every view, with what orders its rows within a log. */
const keys = {
  record_entry: ["idx"],
  record: ["year", "number"],
  registry: ["idx"],
  seen_running: ["service", "environment", "digest"],
} as const;
type View = keyof typeof keys;
const views = Object.keys(keys) as View[];
type Digests = Readonly<Partial<Record<View, string>>>;

/** One digest a view, over its rows in order. */
async function digests(tx: Tx, logId: number): Promise<Digests> {
  const found: Partial<Record<View, string>> = {};
  for (const view of views) {
    const hash = createHash("sha256");
    for (let page = await pageOf(tx, logId, view); page.length > 0;) {
      // The next page is read while this one is hashed.
      const next = pageOf(tx, logId, view, page.at(-1));
      for (const row of page) hash.update(written(row));
      page = await next;
    }
    found[view] = hash.digest("hex");
  }
  return found;
}

/**
 * Each value behind its length, so that no two rows are written alike. As JSON a state,
 * which is JSON itself, would be escaped character by character.
 */
function written(row: ViewRow): string {
  let text = "";
  for (const value of Object.values(row)) {
    const found = value === null ? "" : String(value);
    text += `${value === null ? "-" : found.length}:${found}`;
  }
  return text;
}

type ViewRow = Readonly<Record<string, string | number | null>>;

async function pageOf(tx: Tx, logId: number, view: View, after?: ViewRow): Promise<ViewRow[]> {
  const names = keys[view].map((name) => sql.ref(name));
  const values = keys[view].map((name) => sql.val(after?.[name]));
  const beyond =
    after === undefined ? sql`` : sql` and (${sql.join(names)}) > (${sql.join(values)})`;
  const { rows } =
    await sql<ViewRow>`select * from ${sql.table(view)} where log_id = ${logId}${beyond}
    order by ${sql.join(names)} limit ${usualRoom.entries}`.execute(tx);
  return rows;
}

/**
 * The next page is read and the last one written while one is folded. A statement that
 * is not waited for yet is waited for in the next round, or has failed the transaction.
 */
async function replayAll(
  tx: Tx,
  logId: number,
  room: Room,
  onPage: (done: number) => void,
): Promise<void> {
  // What the rules decided stands in the entries; a judge would say it again.
  const replay = new Replay(tx, logId, room);
  let reading = readEntries(tx, logId, 0, room.entries);
  for (let from = 0; ;) {
    const rows = await reading;
    const isLast = rows.length < room.entries;
    const to = from + rows.length;
    if (!isLast) reading = ahead(readEntries(tx, logId, to, room.entries));
    await replay.page(rows);
    onPage(to);
    if (isLast) break;
    from = to;
  }
  await replay.end();
}

/** Somebody waits for it later, and hears then that it failed. */
function ahead<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

interface EntryRow {
  readonly idx: number;
  readonly leaf: Uint8Array;
}

async function readEntries(
  tx: Tx,
  logId: number,
  from: number,
  count: number,
): Promise<EntryRow[]> {
  return await tx
    .selectFrom("entry")
    .select(["entry.idx", "entry.leaf"])
    .where("entry.log_id", "=", logId)
    .where("entry.idx", ">=", from)
    .where("entry.idx", "<", from + count)
    .orderBy("entry.idx")
    .execute();
}

/** The fold over the pages, and which of its records the view does not have yet. */
class Replay {
  readonly #tx: Tx;
  readonly #logId: number;
  readonly #room: Room;
  readonly #world: World = emptyWorld("unchecked");
  /** By record, the index of its newest entry; a record is written when there is no more room for it. */
  readonly #unwritten = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(tx: Tx, logId: number, room: Room) {
    this.#tx = tx;
    this.#logId = logId;
    this.#room = room;
  }

  /** Folds a page, and begins to write what it gives. */
  async page(rows: readonly EntryRow[]): Promise<void> {
    const parsed = rows.map(({ idx, leaf }) => ({ idx, leaf, entry: parseEntry(leaf) }));
    await this.#recall(parsed.map(({ entry }) => entry));
    const entries = parsed.map(({ idx, leaf, entry }): WrittenEntry => {
      const statement = parsePayload(decodeBase64(entry.envelope.payload));
      const at = { index: idx, leafHash: encodeHex(leafHash(leaf)) };
      applyEntry(this.#world, entry, statement, at);
      this.#touch(entry.stream, idx);
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
        ...seenIn(this.#world, entry.stream, statement),
      };
    });
    const { registry } = this.#world;
    const isRegistry = parsed.some(({ entry }) => entry.stream === registryStream);
    await this.#writing;
    this.#writing = ahead(
      this.#write({
        ...(isRegistry && registry !== undefined ? { registry } : {}),
        records: [],
        entries,
      }),
    );
  }

  async end(): Promise<void> {
    await this.#writing;
    await this.#forget(0);
  }

  async #write(change: Change): Promise<void> {
    const forgotten = this.#forget(this.#room.records);
    await writeChange(this.#tx, this.#logId, change);
    await forgotten;
  }

  /** Brings back what was written and is gone on with. */
  async #recall(entries: readonly Entry[]): Promise<void> {
    const { records } = this.#world;
    const missing = new Set<string>();
    for (const { stream, prev } of entries) {
      // A record's first entry follows none.
      if (stream !== registryStream && prev !== undefined && !records.has(stream)) {
        missing.add(stream);
      }
    }
    if (missing.size === 0) return;
    await this.#writing;
    for (const [id, state] of await readRecords(this.#tx, this.#logId, [...missing])) {
      records.set(id, state);
    }
  }

  /** A map gives its keys in the order in which they were put: the record touched last is the last. */
  #touch(stream: string, index: number): void {
    const state = this.#world.records.get(stream);
    if (state === undefined) return;
    this.#world.records.delete(stream);
    this.#world.records.set(stream, state);
    this.#unwritten.set(stream, index);
  }

  /** Lets go of all but the `most` records that were touched last, and writes them. */
  async #forget(most: number): Promise<void> {
    const { records } = this.#world;
    const rows = [];
    for (const [id, state] of records) {
      if (records.size <= most) break;
      records.delete(id);
      const index = this.#unwritten.get(id);
      if (index !== undefined) rows.push(recordRow(this.#logId, state, index));
      this.#unwritten.delete(id);
    }
    // One statement holds no more than a page.
    for (let at = 0; at < rows.length; at += this.#room.entries) {
      await writeRecords(this.#tx, rows.slice(at, at + this.#room.entries));
    }
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
