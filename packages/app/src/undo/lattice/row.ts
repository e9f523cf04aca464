/**
 * The control lattice: one row is one setting of one kind of document, its values
 * ordered from weak to strong and what holds where it is absent. Rows are data;
 * comparing two states of a setting is here and knows no document.
 */
import type { Direction, Evidence, Location, Severity } from "../rules/rule.ts";
import { type Yaml, valuesAt } from "./yaml.ts";

export type Row = {
  /** `kind.setting`, stable: findings are about it. */
  readonly id: string;
  readonly document: "pod" | "container" | "service-account" | "dockerfile" | "job" | "check";
  /** Keys from the document to the setting; `*` is every item of a list. */
  readonly path: readonly string[];
  readonly scale: Scale;
  readonly implication: string;
  readonly severity: Severity;
  /** Weaknesses and controls that it bears on. */
  readonly references: readonly string[];
  /** Where the order and the default are documented. */
  readonly source: string;
};

export type Scale =
  | {
      readonly kind: "ordered";
      /** From weak to strong; values of one group are neither weaker nor stronger. `*` is any other value. */
      readonly groups: readonly (readonly string[])[];
      /** The value where the setting is absent; `unknown`: absence says nothing. */
      readonly absent: string;
    }
  | {
      readonly kind: "set";
      /** What one more member does. Absent is the empty set. */
      readonly more: "weaker" | "stronger";
      /** The member that stands for all. */
      readonly all?: string;
    };

/** A setting as one side has it. */
export type Reading = {
  readonly values: readonly string[];
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
};

export type Step = {
  readonly direction: Direction;
  readonly from: string;
  readonly to: string;
};

/** How a setting moved, or null where it did not or where an unknown default hides it. */
export function compare(
  row: Row,
  before: readonly string[] | null,
  after: readonly string[] | null,
): Step | null {
  return row.scale.kind === "ordered"
    ? compareOrdered(row.scale, before?.[0], after?.[0])
    : compareSets(row.scale, before ?? [], after ?? []);
}

function compareOrdered(
  scale: Extract<Scale, { kind: "ordered" }>,
  before: string | undefined,
  after: string | undefined,
): Step | null {
  const [from, to] = [before ?? scale.absent, after ?? scale.absent];
  if (from === to || from === "unknown" || to === "unknown") return null;
  const [a, b] = [rank(scale.groups, from), rank(scale.groups, to)];
  const direction: Direction =
    a === -1 || b === -1 || a === b ? "changed" : b < a ? "worse" : "better";
  const say = (value: string, given: string | undefined) =>
    given === undefined ? `absent (${value})` : value;
  // Two values that any other value stands for are the same strength: nothing to tell.
  if (direction === "changed" && a === b && a !== -1 && isWild(scale.groups, a)) return null;
  return { direction, from: say(from, before), to: say(to, after) };
}

function rank(groups: readonly (readonly string[])[], value: string): number {
  const named = groups.findIndex((group) => group.includes(value));
  return named === -1 ? groups.findIndex((group) => group.includes("*")) : named;
}

function isWild(groups: readonly (readonly string[])[], at: number): boolean {
  return groups[at]?.includes("*") === true;
}

function compareSets(
  scale: Extract<Scale, { kind: "set" }>,
  before: readonly string[],
  after: readonly string[],
): Step | null {
  const gained = beyond(scale, after, before);
  const lost = beyond(scale, before, after);
  if (gained.length === 0 && lost.length === 0) return null;
  const direction: Direction =
    gained.length > 0 && lost.length > 0
      ? "changed"
      : gained.length > 0 === (scale.more === "weaker")
        ? "worse"
        : "better";
  return { direction, from: list(before), to: list(after) };
}

/** The members of one set that the other does not cover, each once, in order. */
function beyond(
  scale: Extract<Scale, { kind: "set" }>,
  some: readonly string[],
  others: readonly string[],
): string[] {
  const have = new Set(others);
  if (scale.all !== undefined && have.has(scale.all)) return [];
  return [...new Set(some)].filter((member) => !have.has(member)).sort();
}

function list(members: readonly string[]): string {
  return members.length === 0 ? "none" : [...new Set(members)].sort().join(", ");
}

/** Reads a row's setting below a node; null where it is absent. */
export function readRow(row: Row, node: Yaml, path: string): Reading | null {
  const found = valuesAt(node, row.path).flatMap((value) =>
    row.scale.kind === "set" && value.kind === "list" ? value.items : [value],
  );
  const values = found.flatMap((value) =>
    value.kind === "scalar" && value.text !== null ? [value.text] : [],
  );
  const [first] = found;
  if (first === undefined || values.length === 0) return null;
  const endLine = Math.max(...found.map((value) => value.endLine));
  return { values, path, startLine: first.line, endLine: Math.max(first.line, endLine) };
}

/** What a finding says of a moved setting: where it is on both sides, and the two values. */
export function tell(
  name: string,
  step: Step,
  before: Reading | null,
  after: Reading | null,
): { locations: Location[]; evidence: Evidence[] } {
  const locate = (side: "before" | "after", at: Reading | null): Location[] =>
    at === null ? [] : [{ side, path: at.path, startLine: at.startLine, endLine: at.endLine }];
  const text = `${name}: ${step.from} to ${step.to}`.slice(0, 300).toWellFormed();
  return {
    locations: [...locate("before", before), ...locate("after", after)],
    evidence: [{ kind: "value", text }],
  };
}
