/**
 * Which commits of a range still stand, by content. A commit that a later one
 * took back exactly is not undone by going back, and neither is the one that
 * took it back: together they are nothing. Re-applied, it stands again.
 */
import { KeyTable, flags, type History } from "../history/history.ts";
import type { CommitSource } from "../history/source.ts";
import type { Reversal } from "../audit/reversal.ts";
import { invertsExactly } from "../content/patch.ts";
import type { PathChange } from "../git/tree-diff.ts";
import type { SparedCommit } from "./report.ts";

export type Reason = Pick<SparedCommit, "because" | "by">;

/** The rows that are spared and why. `reversals` are newest first, as an audit gives them. */
export function settle(
  history: History,
  chosen: readonly number[],
  reversals: readonly Reversal[],
): Map<number, Reason> {
  const spared = new Map<number, Reason>();
  for (const row of chosen)
    if (history.has(row, flags.empty)) spared.set(row, { because: "no-content" });
  const inRange = new Set(chosen);
  for (const { commit, undoes } of reversals) {
    const row = history.find(commit);
    // One that was itself taken back took nothing back.
    if (spared.has(row)) continue;
    const targets = undoes
      .filter(({ match }) => match === "exact")
      .map((u) => history.find(u.commit));
    const open = targets.filter((target) => inRange.has(target) && !spared.has(target));
    for (const target of open) spared.set(target, { because: "already-reverted", by: commit });
    const first = undoes[0];
    if (
      open.length > 0 &&
      open.length === undoes.length &&
      inRange.has(row) &&
      first !== undefined
    ) {
      spared.set(row, { because: "reverts-in-range", by: first.commit });
    }
  }
  return spared;
}

/** Adds to `spared` the commits whose change the target's side has as well (a cherry-pick). */
export async function alsoInTarget(
  history: History,
  spared: Map<number, Reason>,
  side: History,
  source: CommitSource,
): Promise<void> {
  const knowable = (row: number) => !side.has(row, flags.empty | flags.boundary | flags.merge);
  const byBlobs = new KeyTable(side, "forward", knowable);
  const bySize = new KeyTable(
    side,
    "sizedForward",
    (row) => knowable(row) && !side.has(row, flags.unsized),
  );
  for (let row = 0; row < history.size; row++) {
    if (spared.has(row) || history.has(row, flags.merge | flags.boundary)) continue;
    const candidates = [
      ...byBlobs.find(history.hi("forward", row), history.lo("forward", row)),
      ...(history.has(row, flags.unsized)
        ? []
        : bySize.find(history.hi("sizedForward", row), history.lo("sizedForward", row))),
    ];
    for (const candidate of candidates.slice(0, 6)) {
      if (await sameChange(source, history.oid(row), side.oid(candidate))) {
        spared.set(row, { because: "also-in-target", by: side.oid(candidate) });
        break;
      }
    }
  }
}

async function sameChange(source: CommitSource, a: string, b: string): Promise<boolean> {
  const changes: PathChange[][] = [];
  for (const oid of [a, b]) {
    const commit = await source.commit(oid);
    changes.push(await source.changes(commit?.parents[0] ?? null, oid));
  }
  const [one = [], other = []] = changes;
  const inverse = other.map((change) => ({
    path: change.path,
    oldMode: change.newMode,
    newMode: change.oldMode,
    oldOid: change.newOid,
    newOid: change.oldOid,
  }));
  return await invertsExactly(source.filePatch, one, inverse);
}
