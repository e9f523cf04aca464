/**
 * What happens to the packages of a change: all files that name packages together,
 * by ecosystem and name, so that what moves from one file or place in a tree to
 * another is no removal. Pure.
 */
import type { Models } from "../models/model.ts";
import { compareText } from "../rules/order.ts";
import type { ChangedFile, Location, Side } from "../rules/rule.ts";
import type { Ecosystem, LockedPackage, PackageSet } from "./package-set.ts";
import { isDependencyFile, packagesModel } from "./packages-model.ts";
import { compareVersions } from "./versions/compare.ts";

/** A package where a file names it. */
export type Named = LockedPackage & { readonly path: string; readonly kind: PackageSet["kind"] };

export type PackageChange = {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly before: readonly Named[];
  readonly after: readonly Named[];
};

/** Packages that a changed file names on either side, by ecosystem and name. */
export function packageChanges(files: readonly ChangedFile[], models: Models): PackageChange[] {
  const found = new Map<
    string,
    { before: Named[]; after: Named[] } & Pick<PackageChange, "ecosystem" | "name">
  >();
  for (const file of files) {
    if (!isDependencyFile(file.path)) continue;
    for (const side of ["before", "after"] as const satisfies readonly Side[]) {
      const set = models.of(packagesModel, file, side);
      if (set === null) continue;
      for (const one of set.packages) {
        const { ecosystem, name } = one;
        const key = `${ecosystem} ${name}`;
        const known = found.get(key) ?? { ecosystem, name, before: [], after: [] };
        known[side].push({ ...one, path: file.path, kind: set.kind });
        found.set(key, known);
      }
    }
  }
  return [...found.values()].sort(
    (a, b) => compareText(a.ecosystem, b.ecosystem) || compareText(a.name, b.name),
  );
}

export type Move = { readonly from: Named; readonly to: Named; readonly order: -1 | 1 };

/** Versions that go and come of one package, paired from the highest down. */
export function movesOf({ ecosystem, before, after }: PackageChange): Move[] {
  const highestFirst = (a: Named, b: Named) =>
    compareVersions(ecosystem, b.version ?? "", a.version ?? "") ??
    compareText(a.version ?? "", b.version ?? "");
  const only = (these: readonly Named[], those: readonly Named[]) => {
    const there = new Set(those.map(({ version }) => version));
    const versions = new Map<string, Named>();
    for (const one of these) {
      if (one.version === undefined || there.has(one.version)) continue;
      const known = versions.get(one.version);
      // One that ships stands for one that is only for development; a lock for a wish.
      if (
        known === undefined ||
        (known.dev && !one.dev) ||
        (known.kind === "manifest" && one.kind !== "manifest")
      ) {
        versions.set(one.version, one);
      }
    }
    return [...versions.values()].sort(highestFirst);
  };
  const [gone, come] = [only(before, after), only(after, before)];
  return gone.slice(0, come.length).flatMap((from, i) => {
    const to = come[i];
    const order =
      to === undefined ? null : compareVersions(ecosystem, to.version ?? "", from.version ?? "");
    return to === undefined || order === null || order === 0 ? [] : [{ from, to, order }];
  });
}

export function placeOf(one: Named, side: Side): Location {
  return { side, path: one.path, startLine: one.line, endLine: one.line };
}

/** Files of one folder go back together: what happens to its packages has one cause. */
export function causeOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return `packages:${slash === -1 ? "." : path.slice(0, slash)}`;
}
