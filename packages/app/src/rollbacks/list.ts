/** Records, newest first, a page at a time. A cursor is the last record's number, so pages do not drift. */
import type { Status } from "@countermand/record";
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import type { Page, RecordQuery, RecordSummary } from "./countermand.ts";
import { RollbacksError } from "./error.ts";

export const pageLimit = 200;

export async function listRecords(
  database: Database,
  logId: number,
  query: RecordQuery,
): Promise<Page<RecordSummary>> {
  const limit = checkLimit(query.limit);
  let rows = database.read
    .selectFrom("record")
    .select([
      "record.id",
      "record.year",
      "record.number",
      "record.status",
      "record.kind",
      "record.service",
      "record.environment",
      "record.reason",
      "record.target",
      "record.proposer",
      "record.proposed_at",
      "record.changed_at",
      "record.due_at",
    ])
    .where("record.log_id", "=", logId)
    .orderBy("record.year", "desc")
    .orderBy("record.number", "desc")
    .limit(limit + 1);
  if (query.status !== undefined && query.status.length > 0) {
    rows = rows.where("record.status", "in", query.status);
  }
  if (query.service !== undefined) rows = rows.where("record.service", "=", query.service);
  if (query.environment !== undefined) {
    rows = rows.where("record.environment", "=", query.environment);
  }
  const { mode, dueBy } = query;
  if (mode !== undefined) {
    rows =
      mode === "ordinary"
        ? rows.where("record.mode", "is", null)
        : rows.where("record.mode", "=", mode);
  }
  // Written out: an index over some rows is used only where the plan can see which.
  if (query.mandatory === true) rows = rows.where("record.mandatory", "=", sql.lit(1));
  if (dueBy !== undefined) rows = rows.where("record.due_at", "<=", dueBy);
  if (query.after !== undefined) {
    const { year, number } = parseCursor(query.after);
    rows = rows.where((eb) =>
      eb(eb.refTuple("record.year", "record.number"), "<", eb.tuple(year, number)),
    );
  }
  const found = await rows.execute();
  const items = found.slice(0, limit).map((row) => ({
    id: row.id,
    status: row.status as Status,
    kind: row.kind,
    service: row.service,
    environment: row.environment,
    reason: row.reason,
    target: row.target,
    proposer: row.proposer,
    proposedAt: row.proposed_at,
    changedAt: row.changed_at,
    ...(row.due_at === null ? {} : { dueAt: row.due_at }),
  }));
  const last = items.at(-1);
  return { items, ...(found.length > limit && last !== undefined ? { next: last.id } : {}) };
}

/** A page's size: 50 if none is asked for. */
export function checkLimit(limit = 50): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > pageLimit) {
    throw new RollbacksError(
      "invalid",
      `limit is a whole number from 1 to ${pageLimit}; found ${limit}`,
    );
  }
  return limit;
}

function parseCursor(cursor: string): { readonly year: number; readonly number: number } {
  const match = /^(?:RB|DR|PL)-(\d{4})-([1-9]\d{0,8})$/.exec(cursor);
  if (match === null) {
    throw new RollbacksError(
      "invalid",
      "after is the `next` of the page before, a record number such as RB-2026-7",
    );
  }
  return { year: Number(match[1]), number: Number(match[2]) };
}
