/**
 * Is this version affected? The evaluation of the OSV schema
 * (https://ossf.github.io/osv-schema/#evaluation): listed versions or any range;
 * events in the order of the ecosystem's versions; `introduced` "0" before every
 * version; `last_affected` inclusive. Where versions cannot be compared and
 * nothing else says "affected", the answer is `unknown`, never "not".
 */
import type { AffectedPackage, Bound, RangeEvent } from "./record.ts";

/** Order of two versions of an ecosystem; null where one is no version of it. */
export type Compare = (ecosystem: string, a: string, b: string) => -1 | 0 | 1 | null;

export type Verdict = "affected" | "not" | "unknown";

type Order = (a: string, b: string) => -1 | 0 | 1 | null;

export function isAffected(item: AffectedPackage, version: string, compare: Compare): Verdict {
  if (item.versions.includes(version) || item.versions.includes(unprefixed(version))) {
    return "affected";
  }
  const order: Order = (a, b) => compare(item.ecosystem, a, b);
  let verdict = "not" as Verdict;
  const note = (one: Verdict) => {
    if (one === "affected" || verdict !== "affected") {
      verdict = one === "not" ? verdict : one;
    }
  };
  for (const range of item.ranges) note(inRange(range, version, order));
  for (const bounds of item.within ?? []) note(meets(bounds, version, order));
  if (item.outside !== undefined) note(negated(item.outside.map((b) => meets(b, version, order))));
  // A list alone may spell the version differently; beside ranges it only repeats them.
  if (hasNoRange(item) || verdict === "unknown") {
    for (const listed of item.versions) if (order(listed, version) === 0) return "affected";
  }
  return verdict;
}

/** Versions that the data names as the first that are not affected any more, in its order. */
export function fixedVersions(item: AffectedPackage): string[] {
  const fixed: string[] = [];
  for (const range of item.ranges) {
    for (const [kind, version] of range) if (kind === "fixed") fixed.push(version);
  }
  for (const bounds of item.within ?? []) {
    for (const [operator, version] of bounds) if (operator === "<") fixed.push(version);
  }
  for (const bounds of item.outside ?? []) {
    for (const [operator, version] of bounds) if (operator === ">=") fixed.push(version);
  }
  return fixed;
}

function hasNoRange(item: AffectedPackage): boolean {
  return item.ranges.length === 0 && item.within === undefined && item.outside === undefined;
}

/** Go's data leaves out the `v` that Go modules and git tags have. */
function unprefixed(version: string): string {
  return /^v\d/.test(version) ? version.slice(1) : version;
}

function inRange(events: readonly RangeEvent[], version: string, order: Order): Verdict {
  const limits = events.filter(([kind]) => kind === "limit");
  if (limits.length > 0 && !limits.some(([, at]) => at === "*" || order(version, at) === -1)) {
    return limits.some(([, at]) => order(version, at) === null) ? "unknown" : "not";
  }
  const steps: { readonly kind: string; readonly at: string; readonly place: -1 | 0 | 1 }[] = [];
  for (const [kind, at] of events) {
    if (kind === "limit") continue;
    // Where the event lies from the version: before, at or after it.
    const place = kind === "introduced" && at === "0" ? -1 : order(at, version);
    if (place === null) return "unknown";
    steps.push({ kind, at, place });
  }
  // Of what has happened up to the version, the last event decides; `last_affected` happens just after its version.
  let last: { readonly kind: string; readonly at: string } | null = null;
  for (const { kind, at, place } of steps) {
    if (place === 1 || (place === 0 && kind === "last_affected")) continue;
    if (last === null || isLater(kind, at, last, order)) last = { kind, at };
  }
  return last?.kind === "introduced" ? "affected" : "not";
}

/** Among events at the same version, one that ends comes before one that begins. */
function isLater(
  kind: string,
  at: string,
  than: { readonly kind: string; readonly at: string },
  order: Order,
): boolean {
  if (kind === "introduced" && at === "0") return false;
  if (than.kind === "introduced" && than.at === "0") return true;
  const place = order(at, than.at);
  return place === 1 || (place === 0 && rank(kind) > rank(than.kind));
}

/** `fixed` at a version, then `introduced` at it, then `last_affected`, which is past it. */
function rank(kind: string): number {
  return kind === "fixed" ? 0 : kind === "introduced" ? 1 : 2;
}

function meets(bounds: readonly Bound[], version: string, order: Order): Verdict {
  let isUnknown = false;
  for (const [operator, at] of bounds) {
    const place = order(version, at);
    if (place === null) isUnknown = true;
    else if (!holds(operator, place)) return "not";
  }
  return isUnknown ? "unknown" : "affected";
}

function holds(operator: Bound[0], place: -1 | 0 | 1): boolean {
  switch (operator) {
    case "<":
      return place === -1;
    case "<=":
      return place !== 1;
    case ">":
      return place === 1;
    case ">=":
      return place !== -1;
    case "=":
      return place === 0;
    case "!=":
      return place !== 0;
  }
}

/** Affected where none of the safe lists holds. */
function negated(safe: readonly Verdict[]): Verdict {
  if (safe.includes("affected")) return "not";
  return safe.includes("unknown") ? "unknown" : "affected";
}
