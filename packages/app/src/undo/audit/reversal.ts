/** What an audit finds, one object a reversal: docs/spec/audit-output.md. */
import type { Review } from "../message/facts.ts";
import type { Risk } from "../risk/score.ts";
import type { Direction, Finding, Severity } from "../rules/rule.ts";
import type { Undone } from "./match.ts";

export type AuditImplication = {
  readonly id: string;
  readonly rule: string;
  readonly direction: Direction;
  readonly subject: string;
  readonly severity: Severity;
  /** Per cent. */
  readonly confidence: number;
};

/** Of the implications together (undo/risk); its steps are told by `countermand undo`. */
export type AuditRisk = Pick<Risk, "score" | "level" | "coverage" | "weights">;

export type Reversal = {
  readonly commit: string;
  /** Committer date, RFC 3339 in UTC. */
  readonly committedAt: string;
  readonly subject: string;
  /** Full ids of the commits that the message says it undoes. Empty for an inverse that nobody claimed. */
  readonly claims: readonly string[];
  readonly undoes: readonly Undone[];
  readonly reappliedBy: string | null;
  /** `Name <mail>` */
  readonly author: string;
  readonly reason: string | null;
  readonly tickets: readonly string[];
  /** What the trailers of its message say; nobody has checked it. */
  readonly reviews: readonly Review[];
  readonly implications: readonly AuditImplication[];
  /** Null where no file was read: messages and paths say too little. */
  readonly risk: AuditRisk | null;
  readonly unknowns: readonly string[];
};

/** A reversal and what its JSON object leaves out. */
export type Audited = {
  readonly reversal: Reversal;
  /** Seconds between the committer dates of the first undone commit and the reversal; null when unknown. */
  readonly delay: number | null;
};

export function auditImplication(finding: Finding): AuditImplication {
  return {
    id: finding.implication,
    rule: `${finding.rule}@${finding.version}`,
    direction: finding.direction,
    subject: finding.subject,
    severity: finding.severity,
    confidence: finding.confidence,
  };
}

/** What the audit could and could not see; told once, before the first reversal. */
export type Coverage = {
  readonly commits: number;
  /** Commits whose parents were cut off. */
  readonly shallowCommits: number;
  readonly partial: boolean;
  /** Commits whose content could not be compared by size, because an object is missing or too many paths changed. */
  readonly unsized: number;
  /** Oldest and newest committer date, RFC 3339; null in an empty history. */
  readonly from: string | null;
  readonly to: string | null;
};
