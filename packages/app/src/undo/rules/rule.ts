/**
 * What a rule is: a pure function from what a reversal changes to findings.
 * No I/O, no clock; the same input gives the same findings in the same order.
 * One file each in `all/`, listed in registry.ts.
 *
 * Sides: `before` is the state that the reversal leaves, `after` the state that
 * it goes (back) to.
 */
import { createHash } from "node:crypto";

export type Side = "before" | "after";
export const severities = ["info", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof severities)[number];
/** A finding that makes things better is reported, never scored as harm. */
export type Direction = "worse" | "better" | "changed";

export type ChangedFile = {
  /** Text for people; never a key into the repository. */
  readonly path: string;
  readonly status: "added" | "removed" | "modified";
  /** The contents, where a rule asked for them and they could be read. */
  readonly before?: string;
  readonly after?: string;
};

export type UndoneCommit = {
  readonly commit: string;
  readonly subject: string;
  readonly message: string;
};

export type RuleInput = {
  readonly files: readonly ChangedFile[];
  readonly undone: readonly UndoneCommit[];
  /** The commit that undoes, if there is one already (none when a rollback is only planned). */
  readonly undoing: UndoneCommit | null;
};

export type Location = {
  readonly side: Side;
  readonly path: string;
  /** 1-based, inclusive. */
  readonly startLine: number;
  readonly endLine: number;
};

export type Evidence = {
  readonly kind: "message" | "path" | "value";
  readonly text: string;
  /** The commit that the text is from. */
  readonly commit?: string;
};

export type Finding = {
  readonly rule: string;
  readonly version: number;
  readonly implication: string;
  readonly direction: Direction;
  /** What it is about, stable over runs: an advisory id, a package, a path. */
  readonly subject: string;
  readonly locations: readonly Location[];
  readonly evidence: readonly Evidence[];
  readonly severity: Severity;
  /** Per cent, whole: what is hashed knows no fractions. */
  readonly confidence: number;
  /** Findings with the same root cause count once. */
  readonly rootCause: string;
  /** What would settle it, one sentence each. */
  readonly clearBy: readonly string[];
  /** 32 hexadecimal digits over rule, implication, direction and subject. */
  readonly fingerprint: string;
};

export type Rule = {
  /** `area.what`; the file is `all/area-what.ts`. */
  readonly id: string;
  /** Raised whenever the same input may give other findings. */
  readonly version: number;
  readonly implications: readonly string[];
  /** Whether the rule wants to read this file; absent: messages and paths are enough, so it also runs in an audit. */
  readonly reads?: (path: string) => boolean;
  run(input: RuleInput): Finding[];
};

/** Completes a finding with the rule's name and the fingerprint. */
export function finding(
  rule: Pick<Rule, "id" | "version">,
  facts: Omit<Finding, "rule" | "version" | "fingerprint">,
): Finding {
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([rule.id, facts.implication, facts.direction, facts.subject]))
    .digest("hex")
    .slice(0, 32);
  return { rule: rule.id, version: rule.version, ...facts, fingerprint };
}
