/**
 * Which flaws come back with the packages of the state gone back to: advisories
 * that affect a package of a file after, and none of the file before. Per file,
 * because one service's fixed lockfile does not repair another's; a file that is
 * only on one side is compared with the files that are only on the other, since
 * what moves or changes its format is not new.
 */
import type { Ecosystem, LockedPackage, PackageSet } from "../dependencies/package-set.ts";
import { type Advisory, type AdvisoryIndex, type Affecting, freshness } from "./advisory-index.ts";
import { isPublic } from "./gravity.ts";
import { packageKey } from "./writer.ts";

export type DependencyFile = {
  readonly path: string;
  readonly before: PackageSet | null;
  readonly after: PackageSet | null;
};

export type Place = { readonly path: string; readonly line: number };

export type FlawChange = {
  readonly advisory: Advisory;
  readonly ecosystem: Ecosystem;
  readonly name: string;
  /** In the affected state, each once, sorted. */
  readonly versions: readonly string[];
  /** The version of the other state, where the package is there too. */
  readonly others: readonly string[];
  readonly fixed: string | null;
  readonly places: readonly Place[];
  /** Everywhere only for development. */
  readonly dev: boolean;
  /** All from lockfiles or SBOMs, which say what is installed. */
  readonly locked: boolean;
};

type Exact = LockedPackage & { readonly version: string };
type Hit = {
  readonly item: Exact;
  readonly found: Affecting;
  readonly path: string;
  readonly locked: boolean;
};
type Sets = readonly { readonly path: string; readonly set: PackageSet }[];

/** What comes back (`worse`) and what goes (`better`), by advisory and package. */
export function compareFlaws(
  files: readonly DependencyFile[],
  index: AdvisoryIndex,
  asOf: string,
): { readonly worse: readonly FlawChange[]; readonly better: readonly FlawChange[] } {
  const [worse, better]: [Hit[], Hit[]] = [[], []];
  const others = { before: new Map<string, Set<string>>(), after: new Map<string, Set<string>>() };
  for (const { before, after } of pairs(files)) {
    const hits = { before: hitsOf(before, index, asOf), after: hitsOf(after, index, asOf) };
    noteVersions(others.before, before);
    noteVersions(others.after, after);
    const known = { before: idsOf(hits.before), after: idsOf(hits.after) };
    worse.push(...hits.after.filter((hit) => !known.before.has(hit.found.advisory.id)));
    better.push(...hits.before.filter((hit) => !known.after.has(hit.found.advisory.id)));
  }
  return { worse: grouped(worse, others.before), better: grouped(better, others.after) };
}

/** Each file with itself; those of one side only, together, with those of the other. */
function pairs(files: readonly DependencyFile[]): { before: Sets; after: Sets }[] {
  const both: { before: Sets; after: Sets }[] = [];
  const [gone, come]: [{ path: string; set: PackageSet }[], { path: string; set: PackageSet }[]] = [
    [],
    [],
  ];
  for (const { path, before, after } of files) {
    if (before !== null && after !== null) {
      both.push({ before: [{ path, set: before }], after: [{ path, set: after }] });
    } else if (before !== null) gone.push({ path, set: before });
    else if (after !== null) come.push({ path, set: after });
  }
  return gone.length + come.length === 0 ? both : [...both, { before: gone, after: come }];
}

function hitsOf(sets: Sets, index: AdvisoryIndex, asOf: string): Hit[] {
  return sets.flatMap(({ path, set }) =>
    exact(set).flatMap((item) =>
      index
        .affecting(item.ecosystem, item.name, item.version)
        .filter(({ advisory }) => isPublic(advisory, asOf))
        .map((found) => ({ item, found, path, locked: set.kind !== "manifest" })),
    ),
  );
}

/** Ranges, tags and branches say nothing about what is installed. */
function exact(set: PackageSet): Exact[] {
  return set.packages.filter(
    (item): item is Exact => item.version !== undefined && item.pin !== "moving",
  );
}

function idsOf(hits: readonly Hit[]): Set<string> {
  return new Set(hits.map((hit) => hit.found.advisory.id));
}

function noteVersions(into: Map<string, Set<string>>, sets: Sets): void {
  for (const { set } of sets) {
    for (const item of exact(set)) {
      const key = packageKey(item.ecosystem, item.name);
      const versions = into.get(key);
      if (versions === undefined) into.set(key, new Set([item.version]));
      else versions.add(item.version);
    }
  }
}

function grouped(
  hits: readonly Hit[],
  others: ReadonlyMap<string, ReadonlySet<string>>,
): FlawChange[] {
  const groups = Map.groupBy(hits, ({ item, found }) =>
    JSON.stringify([found.advisory.id, item.ecosystem, item.name]),
  );
  return [...groups.keys()].sort().flatMap((key) => {
    const group = groups.get(key) ?? [];
    const [first] = group;
    if (first === undefined) return [];
    const { ecosystem, name } = first.item;
    // With several affected versions there may be several fixes; the one of the first is named.
    const fixed = group.map((hit) => hit.found.fixed).find((one) => one !== undefined);
    return [
      {
        advisory: first.found.advisory,
        ecosystem,
        name,
        versions: [...new Set(group.map((hit) => hit.item.version))].sort(),
        others: [...(others.get(packageKey(ecosystem, name)) ?? [])].sort(),
        fixed: fixed ?? null,
        places: placesOf(group),
        dev: group.every((hit) => hit.item.dev),
        locked: group.every((hit) => hit.locked),
      },
    ];
  });
}

function placesOf(hits: readonly Hit[]): Place[] {
  const places = new Map(
    hits.map(({ path, item }) => [`${path}\0${item.line}`, { path, line: item.line }]),
  );
  return [...places.values()].sort(
    (a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || a.line - b.line,
  );
}

/** What of the packages that come cannot be judged, one sentence each. */
export function unjudged(
  files: readonly DependencyFile[],
  index: AdvisoryIndex,
  asOf: string,
): string[] {
  const coming = pairs(files).flatMap(({ before, after }) => newcomers(before, after));
  const by = new Map<Ecosystem, Exact[]>();
  for (const item of coming) {
    const some = by.get(item.ecosystem);
    if (some === undefined) by.set(item.ecosystem, [item]);
    else some.push(item);
  }
  const sentences: string[] = [];
  for (const ecosystem of [...by.keys()].sort()) {
    const items = by.get(ecosystem) ?? [];
    const data = freshness(index, ecosystem, asOf);
    const date = index.snapshot(ecosystem)?.date.slice(0, 10) ?? "";
    if (data === "none") {
      sentences.push(
        `no advisory data for ${ecosystem}: whether its ${items.length} changed package versions are vulnerable is unknown`,
      );
    } else if (data === "stale") {
      sentences.push(
        `the advisory data for ${ecosystem} are of ${date}: later advisories on its ${items.length} changed package versions are unknown`,
      );
    }
    const undecided = items.filter(
      (item) => (index.undecided?.(item.ecosystem, item.name, item.version) ?? []).length > 0,
    );
    if (undecided.length > 0) {
      sentences.push(
        `${undecided.length} changed package versions of ${ecosystem} cannot be compared with the versions of their advisories`,
      );
    }
  }
  return sentences;
}

function newcomers(before: Sets, after: Sets): Exact[] {
  const known = new Map<string, Set<string>>();
  noteVersions(known, before);
  const seen = new Set<string>();
  return after
    .flatMap(({ set }) => exact(set))
    .filter((item) => {
      const key = packageKey(item.ecosystem, item.name);
      if (known.get(key)?.has(item.version) === true || seen.has(`${key}@${item.version}`))
        return false;
      seen.add(`${key}@${item.version}`);
      return true;
    });
}
