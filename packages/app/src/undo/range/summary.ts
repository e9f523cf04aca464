/**
 * What an assessment says of a report: the one computation that the assessor and the
 * server both make, so that nobody can sign something else than the report beside it.
 */
import { createHash } from "node:crypto";
import { canonicalBytes, encodeHex, type JsonObject } from "@countermand/record";
import { sha256 } from "@countermand/tlog";
import { severities } from "../rules/rule.ts";
import type { UndoReport } from "./report.ts";

const mostUnknowns = 60;
const mostImplications = 60;
const mostClearings = 60;

/** The members of an `assessed` statement that follow from the report alone. */
export function summaryOf(report: UndoReport): JsonObject {
  const { score, level, coverage, weights } = report.risk;
  const { asOf, advisories, context, clearings } = report.inputs;
  return {
    commits: report.undoneCount,
    files: report.fileCount,
    implications: implicationsOf(report),
    unknowns: atMost(report.unknowns.map(ascii)),
    risk: { score, level, coverage, weights },
    findings: weighed(report),
    inputs: {
      rules: encodeHex(sha256(canonicalBytes(report.rules))),
      asOf: `${asOf.slice(0, 19)}.000Z`,
      ...(advisories === undefined ? {} : { advisories: digestHex(advisories) }),
      ...(context === undefined ? {} : { context: digestHex(context) }),
      ...(clearings === undefined ? {} : { clearings: digestHex(clearings) }),
    },
  };
}

/** One row an implication, direction and rule: the worst severity, and how many places. The gravest first. */
function implicationsOf({ findings }: UndoReport): JsonObject[] {
  type Row = { id: string; rule: string; direction: string; severity: string; count: number };
  const rank = (row: Row) => severities.findIndex((one) => one === row.severity);
  const rows = new Map<string, Row>();
  for (const { implication: id, rule: name, version, direction, severity } of findings) {
    const rule = `${name}@${version}`;
    const key = `${id} ${rule} ${direction}`;
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { id, rule, direction, severity, count: 1 });
    else {
      row.count += 1;
      const graver = severities.indexOf(severity) > rank(row);
      if (graver) row.severity = severity;
    }
  }
  const order = { worse: 0, changed: 1, better: 2 };
  return [...rows.values()]
    .sort(
      (a, b) =>
        order[a.direction as keyof typeof order] - order[b.direction as keyof typeof order] ||
        rank(b) - rank(a),
    )
    .slice(0, mostImplications);
}

/** Findings for the worse: how many are open, and what took the others off the score until when. */
function weighed({ findings, cleared = [] }: UndoReport): JsonObject {
  const how = new Map(cleared.map((one) => [one.fingerprint, one]));
  const open = new Map<string, { severity: string; count: number }>();
  const off = new Map<string, { by: string; severity: string; count: number; until?: string }>();
  for (const { fingerprint, severity, direction } of findings) {
    if (direction !== "worse") continue;
    const clearing = how.get(fingerprint);
    const until = endOf(clearing?.until);
    if (clearing === undefined || until === undefined) {
      const row = open.get(severity);
      open.set(severity, { severity, count: (row?.count ?? 0) + 1 });
      continue;
    }
    const { by } = clearing;
    const key = `${by} ${severity} ${until}`;
    const count = (off.get(key)?.count ?? 0) + 1;
    off.set(key, { by, severity, count, ...(until === "" ? {} : { until }) });
  }
  const byKey = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
  return {
    open: [...open].sort(byKey).map(([, row]) => row),
    cleared: fewer([...off].sort(byKey).map(([, row]) => row)),
  };
}

/** As the ledger writes it; empty: there is none. Undefined: no time at all, and then nothing is cleared. */
function endOf(until = ""): string | undefined {
  if (until === "") return "";
  const time = new Date(until);
  const text = Number.isNaN(time.getTime()) ? "" : time.toISOString();
  return text.length === 24 ? text : undefined;
}

/** Too many ends to name each: of one kind and severity they all end with the first. */
function fewer<T extends { by: string; severity: string; count: number; until?: string }>(
  rows: readonly T[],
): T[] {
  if (rows.length <= mostClearings) return [...rows];
  const together = new Map<string, T>();
  for (const row of rows) {
    const key = `${row.by} ${row.severity} ${row.until === undefined}`;
    const first = together.get(key);
    together.set(key, first === undefined ? row : { ...first, count: first.count + row.count });
  }
  return [...together.values()];
}

function atMost(unknowns: readonly string[]): string[] {
  if (unknowns.length <= mostUnknowns) return [...unknowns];
  const kept = unknowns.slice(0, mostUnknowns - 1);
  return [...kept, `${unknowns.length - kept.length} more, in the report`];
}

/** A statement holds no text of the repository, and only printable ASCII. */
export function ascii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 300);
}

function digestHex(digest: string): string {
  const found = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  return found ?? createHash("sha256").update(digest).digest("hex");
}
