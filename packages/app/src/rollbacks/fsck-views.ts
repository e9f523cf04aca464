/**
 * Do the views say what the entries say? Replays every entry, signatures and
 * rules included, and compares what comes out with what is stored. Also finds
 * openings that open nothing and texts that were to be deleted. Memory grows
 * with the number of records, not with their entries.
 */
import {
  checkOpening,
  commitmentsIn,
  emptyWorld,
  replayEntry,
  type Opening,
} from "@countermand/record";
import type { LogReader } from "../ledger/log-reader.ts";
import type { Database } from "../storage/database.ts";
import { recordRow } from "./views.ts";

export interface ViewFinding {
  /** `record RB-2026-7`, `entry 12`. */
  readonly where: string;
  readonly problem: string;
}

export async function* checkViews(database: Database, log: LogReader): AsyncGenerator<ViewFinding> {
  const world = emptyWorld();
  const commitments = new Map<string, number>();
  const newest = new Map<string, number>();
  for await (const { index, bytes } of log.entries(0, log.published().size)) {
    try {
      const { entry, statement } = await replayEntry(world, index, bytes);
      newest.set(entry.stream, index);
      for (const commitment of commitmentsIn(statement.type.name, statement.body).keys()) {
        commitments.set(commitment, index);
      }
      const row = await database.read
        .selectFrom("record_entry")
        .selectAll("record_entry")
        .where("record_entry.log_id", "=", log.logId)
        .where("record_entry.idx", "=", index)
        .executeTakeFirst();
      const same =
        row !== undefined &&
        row.stream === entry.stream &&
        row.type === statement.type.name &&
        row.statement === statement.head.id &&
        row.payload_digest === statement.payloadDigest &&
        row.actor === statement.head.actor &&
        row.occurred_at === statement.head.occurredAt;
      if (!same) {
        yield {
          where: `entry ${index}`,
          problem: "the row in record_entry is not what the entry says",
        };
      }
    } catch (error) {
      yield { where: `entry ${index}`, problem: (error as Error).message };
      return;
    }
  }
  yield* checkRecords(database, log, world, newest);
  yield* checkOpenings(database, log, commitments, world);
}

async function* checkRecords(
  database: Database,
  log: LogReader,
  world: ReturnType<typeof emptyWorld>,
  newest: ReadonlyMap<string, number>,
): AsyncGenerator<ViewFinding> {
  const registry = await database.read
    .selectFrom("registry")
    .select("registry.state")
    .where("registry.log_id", "=", log.logId)
    .executeTakeFirst();
  if (registry?.state !== (world.registry && JSON.stringify(world.registry))) {
    yield { where: "the registry", problem: "the stored state is not what the entries give" };
  }
  const unseen = new Set(world.records.keys());
  const rows = await database.read
    .selectFrom("record")
    .selectAll("record")
    .where("record.log_id", "=", log.logId)
    .execute();
  for (const row of rows) {
    const state = world.records.get(row.id);
    unseen.delete(row.id);
    if (state === undefined) {
      yield { where: `record ${row.id}`, problem: "no entry opens this record" };
      continue;
    }
    const expected: Record<string, unknown> = recordRow(log.logId, state, newest.get(row.id) ?? 0);
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
  log: LogReader,
  commitments: ReadonlyMap<string, number>,
  world: ReturnType<typeof emptyWorld>,
): AsyncGenerator<ViewFinding> {
  const deleted = new Set([...world.records.values()].flatMap((state) => state.deletedOpenings));
  const rows = await database.read
    .selectFrom("opening")
    .selectAll("opening")
    .where("opening.log_id", "=", log.logId)
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
