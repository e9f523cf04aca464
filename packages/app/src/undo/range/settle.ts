/**
 * Which commits of a range still stand, by content. A commit that a later one
 * took back exactly is not undone by going back, and neither is the one that
 * took it back: together they are nothing. Re-applied, it stands again.
 */
import { createHash } from "node:crypto";
import { KeyTable, flags, type History } from "../history/history.ts";
import type { CommitSource } from "../history/source.ts";
import type { Reversal } from "../audit/reversal.ts";
import type { Patch } from "../content/patch.ts";
import { isUnreadable } from "../git/error.ts";
import type { PathChange } from "../git/tree-diff.ts";
import { invertsInPlace } from "../inverse/in-place.ts";
import { compareText } from "../rules/order.ts";
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

/**
 * Adds to `spared` the commits whose change the target's side has as well (a
 * cherry-pick). Growth only says which could be the same; the lines that each
 * file gains and loses decide, and that they stand in the same place: the same
 * line in another section is another change.
 */
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
  const contents = new Contents(source);
  for (let row = 0; row < history.size; row++) {
    if (spared.has(row) || history.has(row, flags.merge | flags.boundary)) continue;
    const candidates = new Set([
      ...byBlobs.find(history.hi("forward", row), history.lo("forward", row)),
      ...(history.has(row, flags.unsized)
        ? []
        : bySize.find(history.hi("sizedForward", row), history.lo("sizedForward", row))),
    ]);
    for (const candidate of candidates) {
      if (await contents.areSame(history.oid(row), side.oid(candidate))) {
        spared.set(row, { because: "also-in-target", by: side.oid(candidate) });
        break;
      }
    }
  }
}

/** Each commit is read once, however many others have its size: bumps of one version all do. */
class Contents {
  readonly #source: CommitSource;
  readonly #digests = new Map<string, string | null>();

  constructor(source: CommitSource) {
    this.#source = source;
  }

  async areSame(one: string, other: string): Promise<boolean> {
    const digest = await this.#digest(one);
    if (digest === null || digest !== (await this.#digest(other))) return false;
    const inverse = (await this.#changes(other)).map((change) => ({
      path: change.path,
      oldMode: change.newMode,
      newMode: change.oldMode,
      oldOid: change.newOid,
      newOid: change.oldOid,
    }));
    const changes = await this.#changes(one);
    // Where the lines around differ too much to tell, it counts as undone: the larger answer.
    return (await invertsInPlace(this.#source.objects, inverse, [changes])) === "yes";
  }

  /** Of the lines that each path gains and loses, how often, and of its modes. Null where it cannot be read. */
  async #digest(oid: string): Promise<string | null> {
    const known = this.#digests.get(oid);
    if (known !== undefined) return known;
    let digest: string | null = null;
    try {
      digest = digestOf(await this.#source.patch(await this.#parent(oid), oid));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    this.#digests.set(oid, digest);
    return digest;
  }

  async #changes(oid: string): Promise<PathChange[]> {
    return this.#source.changes(await this.#parent(oid), oid);
  }

  async #parent(oid: string): Promise<string | null> {
    return (await this.#source.commit(oid))?.parents[0] ?? null;
  }
}

function digestOf({ files }: Patch): string {
  const hash = createHash("sha256");
  // With lengths and counts before them, so that nothing runs into what follows.
  for (const [path, lines] of [...files].toSorted(byFirst)) {
    hash.update(`${path.length} ${path} ${lines.size} `, "latin1");
    for (const [line, n] of [...lines].toSorted(byFirst)) {
      hash.update(`${n} ${line.length} ${line}`, "latin1");
    }
  }
  return hash.digest("hex");
}

function byFirst([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compareText(a, b);
}
