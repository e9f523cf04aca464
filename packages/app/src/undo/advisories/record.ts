/**
 * One advisory of one database, reduced to what is asked of it: ids, dates, score,
 * what it affects, and the commits and pull requests that it names. Every
 * format that is imported becomes this. Left out: the long description, credits,
 * affected functions.
 */
import { hash } from "node:crypto";
import type { Severity } from "../rules/rule.ts";

/** An event of an OSV range: [`introduced` | `fixed` | `last_affected` | `limit`, version]. */
export type RangeEvent = readonly [RangeEventKind, string];
export type RangeEventKind = "introduced" | "fixed" | "last_affected" | "limit";

/** A condition on a version, such as [">=", "1.2.0"]. A list of them means all of them. */
export type Bound = readonly ["<" | "<=" | ">" | ">=" | "=" | "!=", string];

/** A version is affected if any of the four says so. */
export type AffectedPackage = {
  /** OSV's name, without what follows a colon. */
  readonly ecosystem: string;
  /** What follows the colon: a release of a distribution, or a registry; else "". */
  readonly release: string;
  /** Normalised by `packageName`. */
  readonly name: string;
  readonly versions: readonly string[];
  readonly ranges: readonly (readonly RangeEvent[])[];
  /** Affected where all bounds of one of these lists hold. */
  readonly within?: readonly (readonly Bound[])[];
  /** Affected where none of these lists holds. */
  readonly outside?: readonly (readonly Bound[])[];
};

export type AdvisoryRecord = {
  /** The id in its own database; for formats without ids of their own, database and place. */
  readonly key: string;
  /** The ids by which it is found, normalised by `advisoryId`, sorted. */
  readonly ids: readonly string[];
  /** Instants are RFC 3339 in UTC with milliseconds, so that they compare as text; "" where there is no real date. */
  readonly modified: string;
  readonly published: string;
  readonly withdrawn: string;
  readonly summary: string;
  /** CVSS base score times ten; null: none. */
  readonly score: number | null;
  /** By the score or, without one, by the database's word; null: neither. */
  readonly severity: Severity | null;
  /** Tells of something that is no flaw of a version, such as that nobody maintains it. */
  readonly informational: boolean;
  readonly packages: readonly AffectedPackage[];
  /** Commit ids in hexadecimal, 12 digits or more. */
  readonly commits: readonly string[];
  /** `owner/name#number`, lower case. */
  readonly pulls: readonly string[];
};

/** 32 hexadecimal digits over everything that the record says. */
export function recordDigest(record: AdvisoryRecord): string {
  return hash("sha256", JSON.stringify(record), "hex").slice(0, 32);
}

/** An id as issuers write it: in capitals, but for the groups of a GHSA id. */
export function advisoryId(id: string): string {
  return /^ghsa-/i.test(id) ? `GHSA${id.slice(4).toLowerCase()}` : id.toUpperCase();
}

/** One spelling for a package, by its ecosystem's rule. Idempotent. */
export function packageName(ecosystem: string, name: string): string {
  switch (ecosystem) {
    case "PyPI":
      // PEP 503
      return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
    case "crates.io":
      // A crate cannot differ from another by these alone.
      return name.toLowerCase().replaceAll("_", "-");
    case "NuGet":
    case "Packagist":
    case "GitHub Actions":
      return name.toLowerCase();
    case "SwiftURL":
      return name
        .toLowerCase()
        .replace(/^https?:\/\//, "")
        .replace(/\.git$/, "");
    default:
      return name;
  }
}

/** An instant in the one form that is stored; "" where there is none, or a placeholder. */
export function instantOf(text: unknown): string {
  if (typeof text !== "string" || !/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d|$)/.test(text)) return "";
  const date = new Date(text.length === 10 ? `${text}T00:00:00Z` : withZone(text));
  // 0001-01-01 stands for "no date" in Go's database.
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1990 ? "" : date.toISOString();
}

function withZone(text: string): string {
  return /(?:Z|[+-]\d\d:?\d\d)$/i.test(text)
    ? text.replace(" ", "T")
    : `${text.replace(" ", "T")}Z`;
}

/** A sentence on one line. */
export function oneLine(text: string, most = 300): string {
  const line = text
    .slice(0, most * 4)
    .replaceAll(/\s+/g, " ")
    .trim()
    .toWellFormed();
  return line.length <= most ? line : `${line.slice(0, most - 1).toWellFormed()}…`;
}

/** Sorted, each once. */
export function distinct(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort();
}
