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
  /** Advisories whose data names this commit (full id) as a fix, or refer to it. */
  fixedByCommit(commit: string): readonly Advisory[];
  /** Advisories that refer to a pull request of `owner/name`. */
  fixedByPullRequest(repository: string, number: number): readonly Advisory[];
  /** By any alias; null: not in the data. A withdrawn one says since when. */
  find(id: string): { readonly advisory: Advisory; readonly withdrawn?: string } | null;
}

/** What is used where nothing was imported: knows nothing and says so. */
export const noAdvisories: AdvisoryIndex = {
  digest: null,
  snapshot: () => null,
  affecting: () => [],
  fixedByCommit: () => [],
  fixedByPullRequest: () => [],
  find: () => null,
};
