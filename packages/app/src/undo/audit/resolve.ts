/**
 * From claims to commits, in the order in which they deserve belief: ids, pull
 * request numbers, quoted subjects (docs/design/undo.md). Finds the commit that
 * is named; whether it is undone is decided by content.
 */
import { subjectOf } from "../git/commit.ts";
import { hashText } from "../history/hash.ts";
import { flags, type History, KeyTable, none } from "../history/history.ts";
import { subjectStartLength } from "../history/scan.ts";
import type { CommitSource } from "../history/source.ts";
import { type Claim, mergeTitle, subjectKey } from "../message/claims.ts";

export type Target = {
  readonly oid: string;
  /** Row in the history, or `none` for a commit outside it. */
  readonly row: number;
  /** The parent to compare with; null for a root commit. */
  readonly parent: string | null;
};

export type Resolution = {
  /** Full ids named by the message, found or not. */
  readonly claimed: readonly string[];
  readonly targets: readonly Target[];
  /** What led to the targets; null where there are none. */
  readonly by: "id" | "pull-request" | "subject" | null;
  readonly unknowns: readonly string[];
};

type Named = { readonly target: Target; readonly by: "pull-request" | "subject" };

/** How many commits of the same subject are looked at. */
const mostNamesakes = 8;

export class ClaimResolver {
  readonly #history: History;
  readonly #source: CommitSource;
  readonly #subjects: KeyTable;
  readonly #starts: KeyTable;
  readonly #pulls = new Map<number, number[]>();

  constructor(history: History, source: CommitSource) {
    this.#history = history;
    this.#source = source;
    this.#subjects = new KeyTable(history, "subject", () => true);
    this.#starts = new KeyTable(history, "subjectStart", () => true);
    for (let row = 0; row < history.size; row++) {
      const pull = history.pull(row);
      if (pull !== 0) this.#pulls.set(pull, [...(this.#pulls.get(pull) ?? []), row]);
    }
  }

  /** What the claims of the commit at `row` name. */
  async resolve(row: number, claims: readonly Claim[]): Promise<Resolution> {
    const commits = claims.filter((claim) => claim.kind === "commit");
    if (commits.length > 0) {
      const found = await this.#byIds(row, commits);
      if (found.targets.length > 0) return found;
      const others = await this.#byName(row, claims);
      return others === null
        ? found
        : {
            claimed: found.claimed,
            targets: [others.target],
            by: others.by,
            unknowns: found.unknowns,
          };
    }
    const named = await this.#byName(row, claims);
    if (named !== null) {
      return { claimed: [named.target.oid], targets: [named.target], by: named.by, unknowns: [] };
    }
    return { claimed: [], targets: [], by: null, unknowns: claims.slice(0, 1).map(notFound) };
  }

  async #byIds(
    row: number,
    claims: readonly (Claim & { readonly kind: "commit" })[],
  ): Promise<Resolution> {
    const claimed: string[] = [];
    const targets: Target[] = [];
    const unknowns: string[] = [];
    for (const claim of claims) {
      const rows = this.#history.findPrefix(claim.id).filter((found) => found !== row);
      const best = this.#nearest(row, rows);
      const full = claim.id.length === this.#history.oidBytes * 2;
      const oid = best !== none ? this.#history.oid(best) : full ? claim.id : null;
      const commit = oid === null ? null : await this.#source.commit(oid);
      if (oid === null || commit === null) {
        if (oid !== null) claimed.push(oid);
        unknowns.push(`the message names commit ${claim.id}, which is not in this repository`);
        continue;
      }
      const against = commit.parents.find(
        (parent) => claim.against !== null && parent.startsWith(claim.against),
      );
      claimed.push(oid);
      targets.push({ oid, row: best, parent: against ?? commit.parents[0] ?? null });
      if (best === none) {
        unknowns.push(`the message names commit ${oid}, which is not in the history that was read`);
      }
    }
    return { claimed, targets, by: targets.length === 0 ? null : "id", unknowns };
  }

  async #byName(row: number, claims: readonly Claim[]): Promise<Named | null> {
    for (const claim of claims) {
      let rows: number[] = [];
      if (claim.kind === "pull") {
        rows = (this.#pulls.get(claim.number) ?? []).filter((found) => found < row).reverse();
      } else if (claim.kind === "subject") {
        rows = claim.cut
          ? await this.#bySubjectStart(row, claim.text)
          : this.#bySubject(row, claim.text);
      }
      const best = this.#nearest(row, rows);
      if (best !== none) {
        const by = claim.kind === "pull" ? "pull-request" : "subject";
        return { target: await this.target(best), by };
      }
    }
    return null;
  }

  #bySubject(row: number, text: string): number[] {
    const { hi, lo } = hashText(subjectKey(text));
    const rows = take(this.#subjects.find(hi, lo, row), mostNamesakes);
    const pull = Number(/\(#(\d{1,9})\)$/.exec(text)?.[1] ?? 0);
    const samePull = rows.filter((found) => pull !== 0 && this.#history.pull(found) === pull);
    return samePull.length > 0 ? samePull : rows;
  }

  async #bySubjectStart(row: number, text: string): Promise<number[]> {
    const start = subjectKey(text);
    if (start.length < subjectStartLength) return this.#bySubject(row, text);
    const { hi, lo } = hashText(start.slice(0, subjectStartLength));
    const rows: number[] = [];
    for (const found of take(this.#starts.find(hi, lo, row), mostNamesakes * 4)) {
      const commit = await this.#source.commit(this.#history.oid(found));
      if (commit === null) continue;
      const title = mergeTitle(commit.message);
      const subject = subjectKey(title === "" ? subjectOf(commit.message) : title);
      if (subject.startsWith(start)) rows.push(found);
    }
    return rows;
  }

  /** The newest that is an ancestor, else the newest. */
  #nearest(row: number, rows: readonly number[]): number {
    const few = rows.slice(0, mostNamesakes);
    const best =
      few.find((found) => this.#history.isAncestor(found, row) === true) ?? few[0] ?? none;
    if (best === none || !this.#history.has(best, flags.merge)) return best;
    // A merge and the one commit that it brought do the same: the commit is the change.
    const same = few.find(
      (found) => !this.#history.has(found, flags.merge) && sameChange(this.#history, found, best),
    );
    return same ?? best;
  }

  /** The commit at `row`, to be compared with its first parent (which may be outside the history read). */
  async target(row: number): Promise<Target> {
    const oid = this.#history.oid(row);
    const commit = await this.#source.commit(oid);
    return { oid, row, parent: commit?.parents[0] ?? null };
  }
}

function sameChange(history: History, a: number, b: number): boolean {
  return (
    history.hi("forward", a) === history.hi("forward", b) &&
    history.lo("forward", a) === history.lo("forward", b)
  );
}

function notFound(claim: Claim): string {
  switch (claim.kind) {
    case "commit":
      return `the message names commit ${claim.id}, which is not in this repository`;
    case "pull":
      return `the message names pull request ${claim.number}, of which no commit was found`;
    case "subject":
      return `the message quotes a subject that no earlier commit has: ${claim.text.slice(0, 200)}`;
    case "unnamed":
      return "the message calls itself a revert and names nothing that it undoes";
  }
}

export function take<T>(items: Iterable<T>, most: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === most) break;
    taken.push(item);
  }
  return taken;
}
