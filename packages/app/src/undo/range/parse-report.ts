/**
 * A report from bytes that somebody gave us. Everything that is printed is checked:
 * names by their grammar, all else is text that is escaped wherever it is shown. A
 * report of another version is refused rather than half understood.
 *
 *     parseUndoReport(undoReportBytes(r)) equals r
 */
import { tooDeepAt } from "@countermand/record";
import { z } from "zod";
import { dataClasses, environments, tiers } from "../context/context-file.ts";
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
/** Names that are printed as they are: a stranger's report must not hold markup or escapes in them. */
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}$/);
const fingerprint = z.string().regex(/^[0-9a-f]{32}$/);
const instant = z
  .string()
  .regex(
    /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$/,
  );
/** A commit, or the digest of files or of an image. */
const stateId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64}|sha256:[0-9a-f]{64})$/);
const location = z.object({
  side: z.enum(["before", "after"]),
  path: text,
  startLine: whole,
  endLine: whole,
});
const finding = z.object({
  rule: id,
  version: whole,
  implication: id,
  direction: z.enum(["worse", "better", "changed"]),
  subject: text,
  locations: z.array(location),
  evidence: z.array(z.object({ kind: text, text, commit: text.optional() })),
  severity: z.enum(severities),
  confidence: whole,
  reach: z.enum(reaches),
  rootCause: text,
  clearBy: z.array(z.looseObject({ kind: text, text })),
  fingerprint,
  context: z
    .strictObject({
      components: z.array(id).optional(),
      environment: z.enum(environments).optional(),
      tier: z.enum(tiers).optional(),
      data: z.enum(dataClasses).optional(),
      threats: z.array(id).optional(),
      regulations: z.array(id).optional(),
    })
    .optional(),
});
const step = z.object({
  fingerprint,
  implication: id,
  subject: text,
  weight: whole,
  counts: whole,
  total: whole,
  beneath: z.array(fingerprint),
});
const commitId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const commit = z.looseObject({
  commit: commitId,
  subject: text,
  author: text,
  committedAt: instant,
});
const octal = z.string().regex(/^[0-7]{1,7}$/);
const shape = z.looseObject({
  version: z.literal(undoReportVersion),
  mode: z.enum(["restore", "revert"]),
  from: stateId,
  target: stateId,
  undone: z.array(commit),
  spared: z.array(
    commit.extend({
      because: z.enum(["already-reverted", "reverts-in-range", "also-in-target", "no-content"]),
      by: commitId.optional(),
    }),
  ),
  gained: z.array(commit),
  comesBack: z.array(z.object({ commit: commitId, revertedBy: commitId })),
  rangeStart: commitId.optional(),
  files: z.array(
    z.looseObject({
      path: text,
      status: z.enum(["added", "removed", "modified"]),
      kind: z.enum(["text-or-binary", "symlink", "submodule"]),
      mode: z.object({ from: octal, to: octal }).optional(),
    }),
  ),
  components: z.array(z.looseObject({ name: text, files: whole })),
  blast: z.looseObject({
    owners: z.array(z.looseObject({ owner: text })),
    unowned: whole.optional(),
    services: z.array(z.looseObject({ name: text })),
    dependents: z.array(z.looseObject({ name: text })),
    contracts: z.array(z.looseObject({ gravity: id, breaks: id, text })),
    unknowns: z.array(text),
  }),
  tags: z.array(text),
  undoneCount: whole,
  fileCount: whole,
  authors: z.array(z.object({ author: text, commits: whole })),
  findings: z.array(finding),
  cleared: z
    .array(
      z.object({
        fingerprint,
        by: z.enum(["statement", "evidence", "vex", "context"]),
        who: text,
        why: text,
        until: instant.optional(),
      }),
    )
    .optional(),
  risk: z.object({
    score: whole.min(0).max(100),
    level: z.enum(["none", "low", "medium", "high", "critical", "unknown"]),
    coverage: whole.min(0).max(100),
    weights: whole,
    steps: z.array(step),
    floors: z.array(text),
  }),
  inputs: z.looseObject({ asOf: instant }),
  rules: z.array(z.object({ id, version: whole })),
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
