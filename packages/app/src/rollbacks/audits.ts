/**
 * What audits of repositories found, kept for the page and the API. Not part of
 * the ledger: it can be found again from the repository at any time.
 */
import type { Database, Tx } from "../storage/database.ts";
import { insertRows } from "../storage/database.ts";
import type { AuditedReversal, AuditSummary, Page, ReversalQuery } from "./countermand.ts";
import { RollbacksError } from "./error.ts";
import { checkLimit } from "./list.ts";

/** Replaces what an earlier audit of the same repository found. */
export async function storeAudit(
  database: Database,
  logId: number,
  summary: AuditSummary,
  reversals: AsyncIterable<AuditedReversal> | Iterable<AuditedReversal>,
): Promise<void> {
  await database.transaction(async (tx) => {
    for (const table of ["reversal", "audit"] as const) {
      await tx
        .deleteFrom(table)
        .where("log_id", "=", logId)
        .where("repository", "=", summary.repository)
        .execute();
    }
    await tx
      .insertInto("audit")
      .values({
        log_id: logId,
        repository: summary.repository,
        head: summary.head,
        finished_at: summary.finishedAt,
        commits: summary.commits,
        reversals: summary.reversals,
        unknowns: JSON.stringify(summary.unknowns),
      })
      .execute();
    let rows: AuditedReversal[] = [];
    for await (const reversal of reversals) {
      rows.push(reversal);
      if (rows.length < batchRows) continue;
      await insertReversals(tx, logId, summary.repository, rows);
      rows = [];
    }
    await insertReversals(tx, logId, summary.repository, rows);
  });
}

const batchRows = 500;

async function insertReversals(
  tx: Tx,
  logId: number,
  repository: string,
  rows: readonly AuditedReversal[],
) {
  await insertRows(
    tx,
    "reversal",
    [
      { name: "log_id", type: "integer" },
      { name: "repository", type: "text" },
      { name: "commit_id", type: "text" },
      { name: "committed_at", type: "text" },
      { name: "finding", type: "text" },
    ],
    rows.map((row) => [logId, repository, row.commit, row.committedAt, JSON.stringify(row)]),
  );
}

export async function listAudits(
  database: Database,
  logId: number,
): Promise<readonly AuditSummary[]> {
  const rows = await database.read
    .selectFrom("audit")
    .selectAll("audit")
    .where("audit.log_id", "=", logId)
    .orderBy("audit.repository")
    .execute();
  return rows.map((row) => ({
    repository: row.repository,
    head: row.head,
    finishedAt: row.finished_at,
    commits: row.commits,
    reversals: row.reversals,
    unknowns: JSON.parse(row.unknowns) as string[],
  }));
}

/** Newest first. The cursor names the last one's time, repository and commit. */
export async function listReversals(
  database: Database,
  logId: number,
  query: ReversalQuery,
): Promise<Page<AuditedReversal>> {
  const limit = checkLimit(query.limit);
  let rows = database.read
    .selectFrom("reversal")
    .selectAll("reversal")
    .where("reversal.log_id", "=", logId)
    .orderBy("reversal.committed_at", "desc")
    .orderBy("reversal.repository", "desc")
    .orderBy("reversal.commit_id", "desc")
    .limit(limit + 1);
  if (query.repository !== undefined) {
    rows = rows.where("reversal.repository", "=", query.repository);
  }
  if (query.after !== undefined) {
    const [time, repository, commit] = parseCursor(query.after);
    rows = rows.where((eb) =>
      eb(
        eb.refTuple("reversal.committed_at", "reversal.repository", "reversal.commit_id"),
        "<",
        eb.tuple(time, repository, commit),
      ),
    );
  }
  const found = await rows.execute();
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map((row) => parseFinding(row.finding)),
    ...(found.length > limit && last !== undefined
      ? { next: formatCursor([last.committed_at, last.repository, last.commit_id]) }
      : {}),
  };
}

/** Audits before these members were kept did not look: null and nothing, never "none". */
function parseFinding(text: string): AuditedReversal {
  const found = JSON.parse(text) as AuditedReversal;
  const { risk, unknowns = [] } = found as Partial<AuditedReversal>;
  if (risk !== undefined) return found;
  const none = { tickets: [], reviews: [], implications: [] };
  return {
    ...none,
    ...found,
    risk: null,
    unknowns: [...unknowns, "kept by an earlier version; audit the repository again"],
  };
}

type Cursor = readonly [time: string, repository: string, commit: string];

function formatCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

function parseCursor(text: string): Cursor {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (
      Array.isArray(value) &&
      value.length === 3 &&
      value.every((part) => typeof part === "string")
    ) {
      return value as unknown as Cursor;
    }
  } catch {
    // Told below.
  }
  throw new RollbacksError("invalid", "after is the `next` of the page before");
}

/** What was audited before there was a log belongs to the first one. */
export async function adoptAudits(database: Database, logId: number): Promise<void> {
  await database.transaction(async (tx) => {
    for (const table of ["audit", "reversal"] as const) {
      await tx.updateTable(table).set({ log_id: logId }).where("log_id", "=", 0).execute();
    }
  });
}
