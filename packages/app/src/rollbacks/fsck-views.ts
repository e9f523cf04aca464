/**
 * Do the views say what the entries say? Replays every entry, signatures and
 * rules included, and compares what comes out with what is stored: views, and the
 * identities by which the ledger knows an entry again. Also finds
 * openings that open nothing and texts that were to be deleted. Memory grows
 * with the number of records, not with their entries.
 */
import {
  beginEntry,
  canonicalize,
  checkOpening,
  commitmentsIn,
  emptyWorld,
  identityOf,
  registryStream,
  replayEntry,
  type Opening,
  type World,
} from "@countermand/record";
import { awaitedLater } from "../ledger/read-ahead.ts";
import type { Database } from "../storage/database.ts";
import type { Judges } from "./judges.ts";
import { factsWanted, LedgerFactsBook, seenBy } from "./ledger-facts.ts";
import { recordRow } from "./views.ts";

export interface ViewFinding {
  /** `record RB-2026-7`, `entry 12`. */
  readonly where: string;
  readonly problem: string;
}

/** Entries are read from the rows as they are; what is wrong with the rows is for the ledger's own check. */
export async function* checkViews(
  database: Database,
  logId: number,
  judges: Judges,
): AsyncGenerator<ViewFinding> {
  const world = emptyWorld((rules) => judges.judge(rules));
  const book = new LedgerFactsBook({}, true);
  const commitments = new Map<string, number>();
  const newest = new Map<string, number>();
  for await (const { row, begun } of begunRows(database, logId, world)) {
    const where = `entry ${row.idx}`;
    try {
      if ("error" in begun) throw begun.error;
      const { stream } = begun.entry;
      const before = world.records.get(stream);
      const { entry, statement } = await replayEntry(world, begun);
      if (stream === registryStream) await judges.prepare(world.registry);
      const wanted = factsWanted(statement, before);
      const expected = wanted === undefined ? "none" : canonicalize(book.facts(wanted));
      const told = entry.context === undefined ? "none" : canonicalize(entry.context);
      if (told !== expected) {
        yield {
          where,
          problem: `the ledger's facts in the entry are ${told}; the entries before it give ${expected}`,
        };
      }
      const after = world.records.get(stream);
      if (after !== undefined) book.moved(before, after, seenBy(statement, after));
      newest.set(entry.stream, row.idx);
      for (const commitment of commitmentsIn(statement.type.name, statement.body).keys()) {
        commitments.set(commitment, row.idx);
      }
      const same =
        row.stream === entry.stream &&
        row.type === statement.type.name &&
        row.statement === statement.head.id &&
        row.payload_digest === statement.payloadDigest &&
        row.actor === statement.head.actor &&
        row.occurred_at === statement.head.occurredAt;
      if (!same) yield { where, problem: "the row in record_entry is not what the entry says" };
      if (Buffer.compare(identityOf(statement.head.id), row.identity_hash) !== 0) {
        yield { where, problem: "its identity hash is not that of its bytes" };
      }
    } catch (error) {
      yield { where, problem: `${(error as Error).message}; views were not checked beyond it` };
      return;
    }
  }
  yield* checkRecords(database, logId, world, newest);
  yield* checkOpenings(database, logId, commitments, world);
}

/**
 * Every row with its entry, whose signature is being checked: while the rules of a page
 * run here, those of its later entries are checked elsewhere.
 */
async function* begunRows(database: Database, logId: number, world: World) {
  for await (const rows of entryRows(database, logId)) {
    const begun = rows.map((row) => ({ row, begun: begin(world, row) }));
    yield* begun;
  }
}

function begin(world: World, { idx, leaf }: { idx: number; leaf: Uint8Array }) {
  try {
    return beginEntry(world, idx, leaf);
  } catch (error) {
    return { error };
  }
}

/** Every entry with its row in `record_entry`, two pages in memory at a time. */
async function* entryRows(database: Database, logId: number) {
  let next = readRows(database, logId, 0);
  for (let from = pageRows; ; from += pageRows) {
    const rows = await next;
    if (rows.length === pageRows) next = awaitedLater(readRows(database, logId, from));
    yield rows;
    if (rows.length < pageRows) return;
  }
}

async function readRows(database: Database, logId: number, from: number) {
  return await database.read
    .selectFrom("entry")
    .leftJoin("record_entry", (join) =>
      join
        .onRef("record_entry.log_id", "=", "entry.log_id")
        .onRef("record_entry.idx", "=", "entry.idx"),
    )
    .select([
      "entry.idx",
      "entry.leaf",
      "entry.identity_hash",
      "record_entry.stream",
      "record_entry.type",
      "record_entry.statement",
      "record_entry.payload_digest",
      "record_entry.actor",
      "record_entry.occurred_at",
    ])
    .where("entry.log_id", "=", logId)
    .where("entry.idx", ">=", from)
    .where("entry.idx", "<", from + pageRows)
    .orderBy("entry.idx")
    .execute();
}

const pageRows = 256;

async function* checkRecords(
  database: Database,
  logId: number,
  world: ReturnType<typeof emptyWorld>,
  newest: ReadonlyMap<string, number>,
): AsyncGenerator<ViewFinding> {
  const registry = await database.read
    .selectFrom("registry")
    .select("registry.state")
    .where("registry.log_id", "=", logId)
    .executeTakeFirst();
  if (registry?.state !== (world.registry && JSON.stringify(world.registry))) {
    yield { where: "the registry", problem: "the stored state is not what the entries give" };
  }
  const unseen = new Set(world.records.keys());
  const rows = await database.read
    .selectFrom("record")
    .selectAll("record")
    .where("record.log_id", "=", logId)
    .execute();
  for (const row of rows) {
    const state = world.records.get(row.id);
    unseen.delete(row.id);
    if (state === undefined) {
      yield { where: `record ${row.id}`, problem: "no entry opens this record" };
      continue;
    }
    const expected: Record<string, unknown> = recordRow(logId, state, newest.get(row.id) ?? 0);
    for (const [column, value] of Object.entries(row)) {
      if (value === expected[column]) continue;
      const says =
        column === "state"
          ? "another state"
          : `${JSON.stringify(value)}, the entries say ${JSON.stringify(expected[column])}`;
      yield { where: `record ${row.id}`, problem: `the column ${column} holds ${says}` };
    }
  }
  for (const id of unseen) {
    yield { where: `record ${id}`, problem: "the row is missing; entries open this record" };
  }
}

async function* checkOpenings(
  database: Database,
  logId: number,
  commitments: ReadonlyMap<string, number>,
  world: ReturnType<typeof emptyWorld>,
): AsyncGenerator<ViewFinding> {
  const deleted = new Set([...world.records.values()].flatMap((state) => state.deletedOpenings));
  const rows = await database.read
    .selectFrom("opening")
    .selectAll("opening")
    .where("opening.log_id", "=", logId)
    .orderBy("opening.idx")
    .execute();
  for (const row of rows) {
    const where = `the opening of ${row.commitment.slice(0, 24)}…`;
    if (commitments.get(row.commitment) !== row.idx) {
      yield { where, problem: `entry ${row.idx} makes no such commitment` };
      continue;
    }
    if (deleted.has(row.commitment)) {
      yield { where, problem: "the ledger says that it was deleted, and it is still here" };
    }
    try {
      const { commitment, salt, value } = row;
      checkOpening({ commitment, salt, value: JSON.parse(value) as Opening["value"] });
    } catch (error) {
      yield { where, problem: (error as Error).message };
    }
  }
}
