/**
 * Is the store what was written? Reads all of it, page by page, recomputes
 * everything that follows from the entries' bytes, and names what differs. Works
 * beside a running server and on a store that refuses to start; changes nothing.
 *
 * Against an operator who rewrites entries, tiles, head and checkpoints together
 * only the mark, witnesses and clients that kept proofs help: the last two are
 * not looked at here.
 */
import {
  decodeCompact,
  openLogCheckpoint,
  rootOf,
  TILE_WIDTH,
  type LogVerifier,
} from "@countermand/tlog";
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import { messageOf } from "./error.ts";
import { checkPage, emptyScan, finding, type EntryScan, type Finding } from "./fsck-entries.ts";
import type { Mark } from "./mark.ts";
import { readAhead } from "./read-ahead.ts";
import { contradiction, sameBytes } from "./start-up.ts";

export interface Progress {
  readonly kind: "progress";
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

export interface FsckOptions {
  readonly logId: number;
  /** The high-water mark; leave it out only where there never was one. */
  readonly mark?: Pick<Mark, "note">;
  /** Who signs the log: its name is the origin. */
  readonly log: LogVerifier;
  /** The identity that an entry's bytes say; undefined if they say none. */
  readonly identityOf?: (leaf: Uint8Array) => Uint8Array | undefined;
  /**
   * Leaves out what would keep the database busy for long at once: the search for rows
   * that share an index or identity, which only a damaged index of the table lets in.
   */
  readonly besideServer?: true;
  /** What else follows from the entries. */
  readonly checkViews?: () => AsyncIterable<{ readonly where: string; readonly problem: string }>;
}

/** Findings and progress, as they come. Memory does not grow with the log. */
export async function* fsck(
  database: Database,
  options: FsckOptions,
): AsyncGenerator<Finding | Progress> {
  const { logId, mark } = options;
  const start = await firstLook(database, logId, options.besideServer === true);
  if (start === undefined) {
    yield finding("log", `there is no head of log ${logId} in the database`);
    return;
  }
  yield* start.findings;
  const { size } = start.head;
  if (mark !== undefined && mark.note === undefined && size > 0) {
    yield finding("mark", "there is no high-water mark, and the log has entries");
  }
  const marked = mark?.note === undefined ? undefined : await openNote(mark.note, options);
  if (marked?.problem !== undefined) yield finding("mark", marked.problem);
  if (marked?.size !== undefined && marked.size > size) {
    yield finding(
      "mark",
      `${marked.size} entries were signed, the database has ${size}: it is an older copy`,
    );
  }

  const scan = emptyScan();
  yield* compareMark(scan, marked);
  const checkpoints = checkpointsUpTo(database, logId, size);
  let checkpoint = await nextOf(checkpoints);
  for (; checkpoint?.size === 0; checkpoint = await nextOf(checkpoints)) {
    yield* checkCheckpoint(scan, checkpoint, options);
  }
  const ahead = options.besideServer === true ? 1 : pagesAhead;
  const pages = readAhead(ahead, size, TILE_WIDTH, (from) =>
    checkPage(database, options, from, Math.min(from + TILE_WIDTH, size)),
  );
  for await (const page of pages) {
    const to = page.from + page.hashes.length;
    yield { kind: "progress", what: "entries", done: page.from, total: size };
    yield* page.findings;
    for (
      ;
      checkpoint !== undefined && checkpoint.size <= to;
      checkpoint = await nextOf(checkpoints)
    ) {
      if (marked?.size !== undefined && marked.size > scan.size && marked.size <= checkpoint.size) {
        scan.advance(page, marked.size);
        yield* compareMark(scan, marked);
      }
      scan.advance(page, checkpoint.size);
      yield* checkCheckpoint(scan, checkpoint, options);
    }
    if (marked?.size !== undefined && marked.size > scan.size && marked.size <= to) {
      scan.advance(page, marked.size);
      yield* compareMark(scan, marked);
    }
    scan.advance(page, to);
    yield* await scan.checkTiles(database, logId);
  }
  yield { kind: "progress", what: "entries", done: size, total: size };
  yield* checkHead(scan, start.head);
  for await (const { where, problem } of options.checkViews?.() ?? [])
    yield finding(where, problem);
}

/** Both readers of the embedded store are at it while one page is compared here. */
const pagesAhead = 4;

/** 2^53 entries reach no higher. */
const maxLevel = 6;

interface HeadRow {
  readonly size: number;
  readonly root: Uint8Array;
  readonly compact: Uint8Array;
}

/** What can be told from one moment: rows where none may be. A running server adds more later. */
async function firstLook(
  database: Database,
  logId: number,
  besideServer: boolean,
): Promise<{ head: HeadRow; findings: Finding[] } | undefined> {
  return database.snapshot(async (snapshot) => {
    const head = await snapshot
      .selectFrom("log_head")
      .select(["size", "root", "compact"])
      .where("log_id", "=", logId)
      .executeTakeFirst();
    if (head === undefined) return undefined;
    const findings: Finding[] = [];
    const { size } = head;
    const beyond = await snapshot
      .selectFrom("entry")
      .select("idx")
      .where("log_id", "=", logId)
      .where((eb) => eb.or([eb("idx", ">=", size), eb("idx", "<", 0)]))
      .orderBy("idx")
      .limit(100)
      .execute();
    for (const { idx } of beyond) {
      findings.push(
        finding(`entry ${idx}`, `it is in the database, but the head says ${size} entries`),
      );
    }
    // Only without its index can the table hold these; rows of one index stand in one page.
    const { rows } = besideServer
      ? { rows: [] }
      : await sql<{ identity_hash: Uint8Array; times: number }>`
        select identity_hash, count(*) as times from entry where log_id = ${logId}
        group by log_id, identity_hash having count(*) > 1 limit 100`.execute(snapshot);
    for (const { identity_hash, times } of rows) {
      const { idx } = await snapshot
        .selectFrom("entry")
        .select((eb) => eb.fn.min("idx").as("idx"))
        .where("log_id", "=", logId)
        .where("identity_hash", "=", identity_hash)
        .executeTakeFirstOrThrow();
      findings.push(finding(`entry ${idx}`, `${times} rows have its identity`));
    }
    const late = await snapshot
      .selectFrom("checkpoint")
      .select("size")
      .where("log_id", "=", logId)
      .where("size", ">", size)
      .orderBy("size")
      .limit(100)
      .execute();
    for (const row of late) {
      findings.push(
        finding(
          `checkpoint ${row.size}`,
          `it is of more entries than the head's ${size}: the database lost entries`,
        ),
      );
    }
    for (let level = 0; level <= maxLevel; level++) {
      const tiles = await snapshot
        .selectFrom("tile")
        .select("n")
        .where("log_id", "=", logId)
        .where("level", "=", level)
        .where("n", ">=", Math.floor(size / TILE_WIDTH ** (level + 1)))
        .orderBy("n")
        .limit(100)
        .execute();
      for (const { n } of tiles) {
        findings.push(
          finding(
            `tile ${level}/${n}`,
            `it is in the database, but ${size} entries do not fill it`,
          ),
        );
      }
    }
    return { head, findings };
  });
}

interface CheckpointRow {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

/** In the order of their sizes, some in memory at once. */
async function* checkpointsUpTo(
  database: Database,
  logId: number,
  size: number,
): AsyncGenerator<CheckpointRow> {
  for (let after = -1; ;) {
    const rows = await database.read
      .selectFrom("checkpoint")
      .select(["size", "root", "note"])
      .where("log_id", "=", logId)
      .where("size", ">", after)
      .where("size", "<=", size)
      .orderBy("size")
      .limit(checkpointRows)
      .execute();
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < checkpointRows || last === undefined) return;
    after = last.size;
  }
}

const checkpointRows = 500;

async function nextOf(rows: AsyncGenerator<CheckpointRow>): Promise<CheckpointRow | undefined> {
  const { value, done } = await rows.next();
  return done === true ? undefined : value;
}

interface Opened {
  readonly size?: number;
  readonly root?: Uint8Array;
  readonly problem?: string;
}

async function openNote(note: string, { log }: Pick<FsckOptions, "log">): Promise<Opened> {
  try {
    const { size, root } = await openLogCheckpoint(Buffer.from(note), log);
    return { size, root };
  } catch (error) {
    return { problem: `it does not open with the log's key: ${messageOf(error)}` };
  }
}

async function* checkCheckpoint(
  scan: EntryScan,
  row: CheckpointRow,
  options: FsckOptions,
): AsyncGenerator<Finding> {
  const where = `checkpoint ${row.size}`;
  const opened = await openNote(row.note, options);
  if (opened.problem !== undefined) {
    yield finding(where, opened.problem);
  } else if (opened.size !== row.size || !sameBytes(opened.root ?? row.root, row.root)) {
    yield finding(
      where,
      `it is filed under ${row.size} entries and root ${hex(row.root)}, but signs others`,
    );
  } else if (scan.root !== undefined && !sameBytes(scan.root, row.root)) {
    yield finding(where, `it signs the root ${hex(row.root)}, the entries give ${hex(scan.root)}`);
  }
}

function* compareMark(scan: EntryScan, marked: Opened | undefined): Generator<Finding> {
  if (marked?.root === undefined || marked.size !== scan.size || scan.root === undefined) return;
  if (!sameBytes(scan.root, marked.root)) {
    yield finding(
      "mark",
      `the root ${hex(marked.root)} was signed for ${scan.size} entries, the entries give ${hex(scan.root)}: it is another history`,
    );
  }
}

function* checkHead(scan: EntryScan, head: HeadRow): Generator<Finding> {
  if (scan.root === undefined) {
    yield finding("head", "its root cannot be recomputed, because an entry is missing");
  } else if (!sameBytes(scan.root, head.root)) {
    yield finding("head", `its root is ${hex(head.root)}, the entries give ${hex(scan.root)}`);
  }
  try {
    const compact = decodeCompact(head.compact);
    if (compact.size !== head.size || !sameBytes(rootOf(compact), head.root)) {
      throw contradiction("it is of another size or root");
    }
  } catch (error) {
    yield finding("head", `its compact tree is not that of its size and root: ${messageOf(error)}`);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
