/**
 * A report from bytes that somebody gave us. What is needed to explain and to sum up
 * is checked; a report of another version is refused rather than half understood.
 *
 *     parseUndoReport(undoReportBytes(r)) equals r
 */
import { tooDeepAt } from "@countermand/record";
import { z } from "zod";
import { reaches } from "../rules/reach.ts";
import { severities } from "../rules/rule.ts";
import { type UndoReport, undoReportVersion } from "./report.ts";

const mostBytes = 256 * 1024 * 1024;

export class ReportError extends Error {
  override readonly name = "ReportError";
  readonly code = "invalid";
}

const text = z.string();
const whole = z.int();
const location = z.object({
  side: z.enum(["before", "after"]),
  path: text,
  startLine: whole,
  endLine: whole,
});
const finding = z.object({
  rule: text,
  version: whole,
  implication: text,
  direction: z.enum(["worse", "better", "changed"]),
  subject: text,
  locations: z.array(location),
  evidence: z.array(z.object({ kind: text, text, commit: text.optional() })),
  severity: z.enum(severities),
  confidence: whole,
  reach: z.enum(reaches),
  rootCause: text,
  clearBy: z.array(z.looseObject({ kind: text, text })),
  fingerprint: text,
});
const step = z.object({
  fingerprint: text,
  implication: text,
  subject: text,
  weight: whole,
  counts: whole,
  total: whole,
  beneath: z.array(text),
});
const shape = z.looseObject({
  version: z.literal(undoReportVersion),
  from: text,
  target: text,
  undoneCount: whole,
  fileCount: whole,
  authors: z.array(z.object({ author: text, commits: whole })),
  findings: z.array(finding),
  risk: z.object({
    score: whole.min(0).max(100),
    level: z.enum(["none", "low", "medium", "high", "critical", "unknown"]),
    coverage: whole.min(0).max(100),
    weights: whole,
    steps: z.array(step),
    floors: z.array(text),
  }),
  inputs: z.looseObject({ asOf: text }),
  rules: z.array(z.object({ id: text, version: whole })),
  unknowns: z.array(text),
});

export function parseUndoReport(bytes: Uint8Array): UndoReport {
  const refuse = (problem: string, cause?: unknown) =>
    new ReportError(`this is not a report of countermand undo --json: ${problem}`, { cause });
  if (bytes.length > mostBytes) throw refuse(`it has ${bytes.length} bytes`);
  if (tooDeepAt(bytes, 32) !== null) throw refuse("it is nested too deep");
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refuse("it is not JSON", cause);
  }
  const read = shape.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw refuse(`${issue?.path.join(".") || "the report"}: ${issue?.message ?? "is wrong"}`);
  }
  return value as UndoReport;
}
