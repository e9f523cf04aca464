/**
 * What rules ask of advisory data: read-only, loaded before a rule runs. No
 * answer is ever "clean" by absence: an ecosystem without data, or with data
 * that is too old, is `unknown`.
 */
import type { Ecosystem } from "../dependencies/package-set.ts";
import type { Severity } from "../rules/rule.ts";

export type Advisory = {
  /** The id that it is told by (GHSA, then CVE, then the database's own). */
  readonly id: string;
  /** All ids of the same flaw, sorted, with `id`. */
  readonly aliases: readonly string[];
  readonly summary: string;
  /** From its score; absent: the data has no score. */
  readonly severity?: Severity;
  /** CVSS base score times ten, 0 to 100. */
  readonly score?: number;
  /** RFC 3339; absent where the data has no real date. */
  readonly published?: string;
  /** In CISA's list of known exploited vulnerabilities since this date. */
  readonly exploitedSince?: string;
  /** EPSS probability, per mille. */
  readonly epss?: number;
};

export type Affecting = {
  readonly advisory: Advisory;
  /** The lowest version above the asked one that is not affected, where the data names one. */
  readonly fixed?: string;
};

export type Snapshot = {
  /** RFC 3339 date of the data. */
  readonly date: string;
  readonly records: number;
};

export interface AdvisoryIndex {
  /** Digest over all data, `sha256:…`; null: there is no data at all. */
  readonly digest: string | null;
  /** Null: no data of this ecosystem. */
  snapshot(ecosystem: Ecosystem): Snapshot | null;
  /** Advisories that are not withdrawn and affect this version, one each after merging aliases, by id. */
  affecting(ecosystem: Ecosystem, name: string, version: string): readonly Affecting[];
  /** Advisories of the package for which it cannot be told (versions that cannot be compared), by id; absent: none. */
  undecided?(ecosystem: Ecosystem, name: string, version: string): readonly Advisory[];
  /** Advisories whose data names this commit (full id, or its first 12 digits and more) as a fix, or refer to it. */
  fixedByCommit(commit: string): readonly Advisory[];
  /** Advisories that refer to a pull request of `owner/name`. */
  fixedByPullRequest(repository: string, number: number): readonly Advisory[];
  /** By any alias; null: not in the data. A withdrawn one says since when. */
  find(id: string): { readonly advisory: Advisory; readonly withdrawn?: string } | null;
  /** Days after which a snapshot is too old to say that nothing affects a version; absent: `staleAfterDays`. */
  readonly staleAfterDays?: number;
}

/** Days; where nobody says otherwise. */
export const staleAfterDays = 30;

/** What is used where nothing was imported: knows nothing and says so. */
export const noAdvisories: AdvisoryIndex = {
  digest: null,
  snapshot: () => null,
  affecting: () => [],
  fixedByCommit: () => [],
  fixedByPullRequest: () => [],
  find: () => null,
};

/** Whether silence about this ecosystem means anything at `asOf` (RFC 3339). */
export function freshness(
  index: AdvisoryIndex,
  ecosystem: Ecosystem,
  asOf: string,
): "fresh" | "stale" | "none" {
  const snapshot = index.snapshot(ecosystem);
  if (snapshot === null) return "none";
  const days = (Date.parse(asOf) - Date.parse(snapshot.date)) / 86_400_000;
  return days <= (index.staleAfterDays ?? staleAfterDays) ? "fresh" : "stale";
}
