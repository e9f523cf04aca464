/**
 * Answers about advisories from the imported file. One connection, prepared
 * statements, answers kept for packages that were asked for: a look-up takes
 * microseconds. The file may be replaced meanwhile; this index goes on reading
 * the one that it opened.
 */
import type { StatementSync } from "node:sqlite";
import type { Severity } from "../rules/rule.ts";
import {
  type Advisory,
  type AdvisoryIndex,
  type Affecting,
  type Snapshot,
  staleAfterDays,
} from "./advisory-index.ts";
import { type Compare, fixedVersions, isAffected, type Verdict } from "./match.ts";
import { advisoryId, type AffectedPackage, packageName } from "./record.ts";
import { shortestCommit } from "./references.ts";
import { compareVersions } from "../dependencies/versions/compare.ts";
import { openForReading } from "./schema.ts";
import { packageKey, words } from "./writer.ts";

export type AdvisoryIndexOptions = {
  /** Instead of `compareVersions`. */
  readonly compare?: Compare;
  /** Days after which a snapshot is too old to say that nothing affects a version. */
  readonly staleAfterDays?: number;
};

type Entry = { readonly flaw: number; readonly affected: AffectedPackage };
type Answer = { readonly affecting: readonly Affecting[]; readonly undecided: readonly Advisory[] };

/** Packages whose advisories, and versions whose answers, are kept. */
const most = 20_000;

export type OpenAdvisories = AdvisoryIndex & Disposable & { readonly details: AdvisoryDetails };

/** What only people ask for. */
export interface AdvisoryDetails {
  /** The records behind an id. */
  records(id: string): readonly RecordDetails[];
  snapshots(): readonly {
    readonly ecosystem: string;
    readonly records: number;
    readonly date: string | null;
    readonly datedBy: string | null;
  }[];
  lists(): { readonly kev: string | null; readonly epss: string | null };
  /** All records and all flaws. */
  counts(): { readonly records: number; readonly flaws: number };
}

export type RecordDetails = {
  readonly key: string;
  readonly modified: string;
  readonly published: string;
  readonly withdrawn: string;
  readonly informational: boolean;
  readonly packages: readonly AffectedPackage[];
  readonly commits: readonly string[];
  readonly pulls: readonly string[];
};

/** Throws AdvisoryError where `file` is not there or no advisory data. Dispose of it. */
export function openAdvisories(file: string, options: AdvisoryIndexOptions = {}): OpenAdvisories {
  const database = openForReading(file);
  const compare = options.compare ?? compareVersions;
  const prepare = (sql: string) => database.prepare(sql);
  const meta = prepare("SELECT meta.value FROM meta WHERE meta.name = ?");
  const readMeta = (name: string) =>
    (meta.get(name) as { value: string } | undefined)?.value ?? null;
  const byPackage = prepare(
    `SELECT record.flaw, affected.body FROM affected JOIN record ON record.id = affected.record
     WHERE affected.package = ? AND record.withdrawn = '' AND record.informational = 0
     ORDER BY record.key, affected.place`,
  );
  const byFlaw = prepare(
    "SELECT flaw.name, flaw.aliases, flaw.summary, flaw.score, flaw.severity, flaw.published, flaw.withdrawn FROM flaw WHERE flaw.id = ?",
  );
  const byAlias = prepare(
    "SELECT record.flaw FROM alias JOIN record ON record.id = alias.record WHERE alias.id = ? ORDER BY alias.joins DESC, record.key LIMIT 1",
  );
  const byCommit = prepare(
    `SELECT DISTINCT record.flaw, fix_commit.id FROM fix_commit JOIN record ON record.id = fix_commit.record
     WHERE fix_commit.id >= ?1 AND fix_commit.id < ?1 || 'g' AND record.withdrawn = ''`,
  );
  const byPull = prepare(
    `SELECT DISTINCT record.flaw FROM fix_pull JOIN record ON record.id = fix_pull.record
     WHERE fix_pull.pull = ? AND record.withdrawn = ''`,
  );
  const exploited = prepare("SELECT exploited.since FROM exploited WHERE exploited.cve = ?");
  const epss = prepare("SELECT epss.permille FROM epss WHERE epss.cve = ?");
  const advisories = new Map<number, { advisory: Advisory; withdrawn: string }>();
  const packages = new Map<string, readonly Entry[]>();
  const answers = new Map<string, Answer>();
  let snapshots: Map<string, Snapshot> | undefined;

  const advisory = (flaw: number) =>
    kept(advisories, flaw, () => readAdvisory(byFlaw, exploited, epss, flaw));
  const sorted = (flaws: Iterable<number>): readonly Advisory[] =>
    [...new Set(flaws)].map((flaw) => advisory(flaw).advisory).sort(byId);
  const answer = (ecosystem: string, name: string, version: string): Answer => {
    const key = packageKey(ecosystem, packageName(ecosystem, name));
    return kept(answers, `${key}@${version}`, () => {
      const entries = kept(packages, key, () =>
        readEntries(byPackage, key, ecosystem, packageName(ecosystem, name)),
      );
      return judge(entries, version, compare, (flaw) => advisory(flaw).advisory);
    });
  };

  return {
    digest: readMeta("digest"),
    staleAfterDays: options.staleAfterDays ?? staleAfterDays,
    snapshot(ecosystem) {
      snapshots ??= readSnapshots(
        prepare(
          "SELECT snapshot.ecosystem, max(snapshot.date) AS date FROM snapshot GROUP BY snapshot.ecosystem",
        ),
        prepare(
          `SELECT count(DISTINCT affected.record) AS records FROM affected WHERE affected.package >= ?1 || '/' AND affected.package < ?1 || '0'`,
        ),
      );
      return snapshots.get(ecosystem) ?? null;
    },
    affecting: (ecosystem, name, version) => answer(ecosystem, name, version).affecting,
    undecided: (ecosystem, name, version) => answer(ecosystem, name, version).undecided,
    fixedByCommit(commit) {
      const id = commit.toLowerCase();
      if (!/^[0-9a-f]{12,64}$/.test(id)) return [];
      const rows = byCommit.all(id.slice(0, shortestCommit)) as { flaw: number; id: string }[];
      // The data may abbreviate, too.
      const same = rows.filter((row) => row.id.startsWith(id) || id.startsWith(row.id));
      return sorted(same.map((row) => row.flaw));
    },
    fixedByPullRequest(repository, number) {
      const rows = byPull.all(`${repository.toLowerCase()}#${number}`) as { flaw: number }[];
      return sorted(rows.map((row) => row.flaw));
    },
    find(id) {
      const row = byAlias.get(advisoryId(id)) as { flaw: number } | undefined;
      if (row === undefined) return null;
      const { advisory: found, withdrawn } = advisory(row.flaw);
      return withdrawn === "" ? { advisory: found } : { advisory: found, withdrawn };
    },
    details: {
      records(id) {
        const row = byAlias.get(advisoryId(id)) as { flaw: number } | undefined;
        return row === undefined ? [] : readRecords(prepare, row.flaw);
      },
      snapshots: () =>
        prepare(
          `WITH held AS (SELECT substr(affected.package, 1, instr(affected.package, '/') - 1) AS ecosystem,
             count(DISTINCT affected.record) AS records FROM affected GROUP BY 1),
           dated AS (SELECT snapshot.ecosystem, snapshot.date, snapshot.dated_by,
             row_number() OVER (PARTITION BY snapshot.ecosystem ORDER BY snapshot.date DESC, snapshot.dated_by) AS place FROM snapshot)
           SELECT held.ecosystem, held.records, dated.date, dated.dated_by AS datedBy FROM held
           LEFT JOIN dated ON dated.ecosystem = held.ecosystem AND dated.place = 1 ORDER BY held.ecosystem`,
        ).all() as unknown as ReturnType<AdvisoryDetails["snapshots"]>,
      lists: () => ({ kev: readMeta("kev"), epss: readMeta("epss") }),
      counts: () =>
        prepare(
          "SELECT (SELECT count(*) FROM record) AS records, (SELECT count(*) FROM flaw) AS flaws",
        ).get() as { records: number; flaws: number },
    },
    [Symbol.dispose]: () => database.close(),
  };
}

/** From the map, or made and kept; the map is emptied when it is full. */
function kept<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  if (map.size >= most) map.clear();
  const made = make();
  map.set(key, made);
  return made;
}

function readEntries(
  byPackage: StatementSync,
  key: string,
  ecosystem: string,
  name: string,
): Entry[] {
  const rows = byPackage.all(key) as { flaw: number; body: string }[];
  return rows.map(({ flaw, body }) => ({
    flaw,
    affected: {
      ecosystem,
      name,
      ...(JSON.parse(body) as Omit<AffectedPackage, "ecosystem" | "name">),
    },
  }));
}

/**
 * One verdict a flaw: affected if any of its records says so. Releases of a
 * distribution (or registries) are asked one by one; where they differ, it cannot
 * be told, as what is asked for does not say which it is from.
 */
function judge(
  entries: readonly Entry[],
  version: string,
  compare: Compare,
  advisoryOf: (flaw: number) => Advisory,
): Answer {
  const flaws = Map.groupBy(entries, ({ flaw }) => flaw);
  const affecting: Affecting[] = [];
  const undecided: Advisory[] = [];
  for (const [flaw, mine] of flaws) {
    const verdict = verdictOf(mine, version, compare);
    if (verdict === "unknown") undecided.push(advisoryOf(flaw));
    if (verdict !== "affected") continue;
    const fixed = lowestFixed(mine, version, compare);
    affecting.push({ advisory: advisoryOf(flaw), ...(fixed === null ? {} : { fixed }) });
  }
  affecting.sort((a, b) => byId(a.advisory, b.advisory));
  return { affecting, undecided: undecided.sort(byId) };
}

function verdictOf(entries: readonly Entry[], version: string, compare: Compare): Verdict {
  const releases = Map.groupBy(entries, ({ affected }) => affected.release);
  const verdicts = [...releases.values()].map((some) => {
    const all = some.map(({ affected }) => isAffected(affected, version, compare));
    return all.includes("affected") ? "affected" : all.includes("unknown") ? "unknown" : "not";
  });
  const [first = "not"] = verdicts;
  return verdicts.every((verdict) => verdict === first) ? first : "unknown";
}

function lowestFixed(entries: readonly Entry[], version: string, compare: Compare): string | null {
  const [first] = entries;
  if (first === undefined) return null;
  const { ecosystem } = first.affected;
  let lowest: string | null = null;
  for (const fixed of new Set(entries.flatMap(({ affected }) => fixedVersions(affected)))) {
    const isAbove = compare(ecosystem, fixed, version) === 1;
    if (!isAbove || (lowest !== null && compare(ecosystem, fixed, lowest) !== -1)) continue;
    if (verdictOf(entries, fixed, compare) === "not") lowest = fixed;
  }
  return lowest;
}

function readAdvisory(
  byFlaw: StatementSync,
  exploited: StatementSync,
  epss: StatementSync,
  flaw: number,
): { advisory: Advisory; withdrawn: string } {
  const row = byFlaw.get(flaw) as {
    name: string;
    aliases: string;
    summary: string;
    score: number | null;
    severity: Severity | null;
    published: string;
    withdrawn: string;
  };
  const aliases = words(row.aliases);
  const cves = aliases.filter((alias) => alias.startsWith("CVE-"));
  const since = cves
    .map((cve) => (exploited.get(cve) as { since: string } | undefined)?.since)
    .filter((date) => date !== undefined)
    .sort()[0];
  const chances = cves
    .map((cve) => (epss.get(cve) as { permille: number } | undefined)?.permille)
    .filter((chance) => chance !== undefined);
  return {
    advisory: {
      id: row.name,
      aliases: aliases.toSorted(),
      summary: row.summary,
      ...(row.severity === null ? {} : { severity: row.severity }),
      ...(row.score === null ? {} : { score: row.score }),
      ...(row.published === "" ? {} : { published: row.published }),
      ...(since === undefined ? {} : { exploitedSince: since }),
      ...(chances.length === 0 ? {} : { epss: Math.max(...chances) }),
    },
    withdrawn: row.withdrawn,
  };
}

function readSnapshots(dates: StatementSync, count: StatementSync): Map<string, Snapshot> {
  const rows = dates.all() as { ecosystem: string; date: string }[];
  return new Map(
    rows.map(({ ecosystem, date }) => {
      const { records } = count.get(ecosystem) as { records: number };
      return [ecosystem, { date, records }];
    }),
  );
}

function readRecords(prepare: (sql: string) => StatementSync, flaw: number): RecordDetails[] {
  const affected = prepare(
    "SELECT affected.package, affected.body FROM affected WHERE affected.record = ? ORDER BY affected.place",
  );
  const rows = prepare(
    `SELECT record.id, record.key, record.modified, record.published, record.withdrawn, record.informational,
     record.commits, record.pulls FROM record WHERE record.flaw = ? ORDER BY record.key`,
  ).all(flaw) as {
    id: number;
    key: string;
    modified: string;
    published: string;
    withdrawn: string;
    informational: number;
    commits: string;
    pulls: string;
  }[];
  return rows.map(({ id, informational, commits, pulls, ...row }) => ({
    ...row,
    informational: informational === 1,
    commits: words(commits),
    pulls: words(pulls),
    packages: (affected.all(id) as { package: string; body: string }[]).map((item) => {
      const slash = item.package.indexOf("/");
      return {
        ecosystem: item.package.slice(0, slash),
        name: item.package.slice(slash + 1),
        ...(JSON.parse(item.body) as Omit<AffectedPackage, "ecosystem" | "name">),
      };
    }),
  }));
}

function byId(a: Advisory, b: Advisory): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
