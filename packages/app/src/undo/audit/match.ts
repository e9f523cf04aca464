/**
 * Whether one commit undoes others, decided by content alone: the claim says
 * which commits to look at and nothing more.
 */
import type { PathChange } from "../git/tree-diff.ts";
import {
  loadPatch,
  type Patch,
  relate,
  sumPatches,
  swapsExactly,
  withoutWhitespace,
} from "../content/patch.ts";
import { isUnreadable } from "../git/error.ts";
import { type InPlace, invertsInPlace } from "../inverse/in-place.ts";
import type { CommitSource } from "../history/source.ts";
import type { Target } from "./resolve.ts";

/**
 * exact: the inverse, in its places, and nothing else. partial: some of it, or all
 * of it and something more or elsewhere. conflicting: does it again, or writes something else where it
 * claims to go back. claimed-only: nothing of it, or it cannot be compared.
 */
export const matchKinds = ["exact", "partial", "conflicting", "claimed-only"] as const;
export type MatchKind = (typeof matchKinds)[number];

export type Undone = {
  readonly commit: string;
  readonly match: MatchKind;
  /** Of the undone commit's changed lines, how many are taken back: 0 to 1, three digits, never rounded up to 1. */
  readonly share: number;
};

export type Comparison = {
  readonly undone: readonly Undone[];
  readonly unknowns: readonly string[];
};

/** Compares the commit `oid`, against its parent, with every target; together they may add up to it. */
export async function compare(
  source: CommitSource,
  oid: string,
  parent: string | null,
  targets: readonly Target[],
): Promise<Comparison> {
  let own: PathChange[];
  try {
    own = await source.changes(parent, oid);
  } catch (error) {
    return cannotCompare(error, targets);
  }
  const [only] = targets;
  const unknowns = new Set<string>();
  const patches: (Patch | null)[] = [];
  const undoneChanges: { readonly row: number; readonly changes: readonly PathChange[] }[] = [];
  for (const target of targets) {
    try {
      const changes = await source.changes(target.parent, target.oid);
      if (targets.length === 1 && only !== undefined && changes.length > 0) {
        if (swapsExactly(changes, own)) {
          return { undone: [{ commit: only.oid, match: "exact", share: 1 }], unknowns: [] };
        }
      }
      patches.push(await loadPatch(source.objects, changes));
      undoneChanges.push({ row: target.row, changes });
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      unknowns.add(`commit ${target.oid} cannot be compared: ${error.message}`);
      patches.push(null);
    }
  }
  const undoing = await loadPatch(source.objects, own);
  for (const patch of [undoing, ...patches]) {
    for (const unknown of patch?.unknowns ?? []) unknowns.add(unknown);
  }
  const known = patches.filter((patch) => patch !== null);
  const together = relate(undoing, sumPatches(known));
  const isWhole =
    known.length === targets.length && together.extra === 0 && together.inverted === together.total;
  const newestFirst = undoneChanges.toSorted((a, b) => b.row - a.row);
  const inPlace = isWhole
    ? await invertsInPlace(
        source.objects,
        own,
        newestFirst.map(({ changes }) => changes),
      )
    : null;
  if (inPlace !== null && inPlace !== "yes") unknowns.add(notInPlace[inPlace]);
  const undone = targets.map((target, i): Undone => {
    const patch = patches[i] ?? null;
    if (patch === null) return { commit: target.oid, match: "claimed-only", share: 0 };
    if (isWhole && sizeOf(patch) > 0) {
      return { commit: target.oid, match: inPlace === "yes" ? "exact" : "partial", share: 1 };
    }
    // What the other targets did counts as taken back where they cancel each other out.
    const others = known.filter((other) => other !== patch);
    const seen = others.length === 0 ? undoing : sumPatches([undoing, ...others]);
    return judge(target.oid, seen, patch);
  });
  return { undone, unknowns: [...unknowns].sort() };
}

const notInPlace: Readonly<Record<Exclude<InPlace, "yes">, string>> = {
  no: "all lines are taken back, but not in the places where they were",
  untold:
    "all lines are taken back; whether in their places cannot be told, as what is around them has changed",
};

function judge(commit: string, undoing: Patch, target: Patch): Undone {
  const strict = relate(undoing, target);
  const loose =
    strict.inverted === strict.total
      ? strict
      : relate(withoutWhitespace(undoing), withoutWhitespace(target));
  const best = ratio(loose) > ratio(strict) ? loose : strict;
  const share = Math.floor(ratio(best) * 1000) / 1000;
  if (best.repeated > best.inverted) return { commit, match: "conflicting", share };
  if (share === 0) return { commit, match: "claimed-only", share: 0 };
  return { commit, match: best.elsewhere ? "conflicting" : "partial", share };
}

function ratio(relation: { readonly inverted: number; readonly total: number }): number {
  return relation.total === 0 ? 0 : relation.inverted / relation.total;
}

function sizeOf(patch: Patch): number {
  let size = 0;
  for (const lines of patch.files.values()) size += lines.size;
  return size;
}

function cannotCompare(error: unknown, targets: readonly Target[]): Comparison {
  if (!isUnreadable(error)) throw error;
  return {
    undone: targets.map((target) => ({ commit: target.oid, match: "claimed-only", share: 0 })),
    unknowns: [`the commit cannot be compared: ${error.message}`],
  };
}
