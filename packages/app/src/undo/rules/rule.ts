/**
 * What a rule is: a pure function from what a reversal changes to findings.
 * No I/O, no clock; the same input gives the same findings in the same order.
 * One file each in `all/`, listed in registry.ts.
 *
 * Sides: `before` is the state that the reversal leaves, `after` the state that
 * it goes (back) to.
 */
import { createHash } from "node:crypto";
import type { AdvisoryIndex } from "../advisories/advisory-index.ts";
import type { Models } from "../models/model.ts";
import type { ClearCondition } from "./clear.ts";
import { type Reach, reachOf } from "./reach.ts";

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

/** A file that is the same in both states. */
export type UnchangedFile = {
  readonly path: string;
  readonly before: string;
  readonly after: string;
};

/** How the commit that goes back relates to what it undoes. */
export type ReversalFacts = {
  /** How what it undoes was found; `none`: the message calls itself a revert and nothing was found. */
  readonly resolvedBy: "id" | "pull-request" | "subject" | "content" | "none";
  readonly exact: boolean;
  /** Per cent of the undone commits' changed lines that are taken back. */
  readonly share: number;
  /** Lines that are written and belong neither to the inverse nor to the undone commits. */
  readonly extra: readonly Location[];
  /** Whether what is undone was itself a reversal, so that its target comes back. */
  readonly reapplies: boolean;
};

export type RuleInput = {
  /** By path. */
  readonly files: readonly ChangedFile[];
  /** Files of both states that did not change and that some rule named in `context`; by path. */
  readonly unchanged: readonly UnchangedFile[];
  /** Every path of each state, sorted; empty where no rule that wanted them had a file to read. */
  readonly paths: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly undone: readonly UndoneCommit[];
  /** The commit that undoes, if there is one already (none when a rollback is only planned). */
  readonly undoing: UndoneCommit | null;
  /** Null where going back is only planned or restores a state. */
  readonly reversal: ReversalFacts | null;
  /** Parsed files; each text is parsed once for all rules. */
  readonly models: Models;
  readonly advisories: AdvisoryIndex;
  /** `owner/name` on the forge, where it is known; lower case. */
  readonly repository: string | null;
  /** The time of the assessment, RFC 3339 in UTC; the only clock there is. */
  readonly asOf: string;
  /** Keyed hash of a secret value, 64 hex digits: the value itself is never kept. */
  readonly hashSecret: (value: string) => string;
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

/** What is said of where a finding is (undo/context); nothing of it changes what was found. */
export type FindingContext = {
  readonly components?: readonly string[];
  readonly environment?: "production" | "staging" | "development" | "test";
  /** 1: what everything else needs. */
  readonly tier?: "1" | "2" | "3" | "4";
  readonly data?: "restricted" | "confidential" | "internal" | "public";
  /** Of the team's threat model. */
  readonly threats?: readonly string[];
  readonly regulations?: readonly string[];
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
  /** What it can reach where it is; weighs in the score. */
  readonly reach: Reach;
  /** What would clear it. */
  readonly clearBy: readonly ClearCondition[];
  /** 32 hexadecimal digits over rule, implication, direction and subject. */
  readonly fingerprint: string;
  /** Added after the rules; absent: nothing is said of where it is. */
  readonly context?: FindingContext;
};

export type Rule = {
  /** `area.what`; the file is `all/area-what.ts`. */
  readonly id: string;
  /** Raised whenever the same input may give other findings. */
  readonly version: number;
  readonly implications: readonly string[];
  /** Whether the rule wants to read this file; absent: messages and paths are enough, so it also runs in an audit. */
  readonly reads?: (path: string) => boolean;
  /**
   * Which unchanged files it needs beside those that it reads, so that what moved is
   * not taken for removed. Asked only when a changed file is one that it reads.
   */
  readonly context?: (path: string) => boolean;
  /** It needs the list of all paths. Asked as `context` is. */
  readonly wantsPaths?: boolean;
  run(input: RuleInput): readonly Finding[];
  /** What it could not know, one sentence each, printable ASCII without text of the repository. */
  unknowns?(input: RuleInput): readonly string[];
};

/** Completes a finding with the rule's name, its reach (from its locations, unless said) and the fingerprint. */
export function finding(
  rule: Pick<Rule, "id" | "version">,
  facts: Omit<Finding, "rule" | "version" | "fingerprint" | "reach"> & { readonly reach?: Reach },
): Finding {
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([rule.id, facts.implication, facts.direction, facts.subject]))
    .digest("hex")
    .slice(0, 32);
  const reach = facts.reach ?? reachOf(facts.locations.map(({ path }) => path));
  return { rule: rule.id, version: rule.version, ...facts, reach, fingerprint };
}
