/**
 * Which earlier commits a commit could undo or repeat, by fingerprint. Cheap,
 * complete for exact inverses, and believed by nobody: match.ts compares.
 */
import { flags, type History, type KeyName, KeyTable, none } from "../history/history.ts";
import { take } from "./resolve.ts";

/** How many commits of one fingerprint are compared: beyond it the change is one that keeps coming and going. */
const mostCandidates = 6;
/** How far a tree is looked back for along first parents. */
const longestWayBack = 20_000;

export type WayBack = {
  /** The older commit whose tree this commit has again. */
  readonly row: number;
  /** The commits between, newest first. */
  readonly between: readonly number[];
};

export class Candidates {
  readonly #history: History;
  readonly #trees: KeyTable;
  readonly #forward: KeyTable;
  readonly #sized: KeyTable;
  readonly #lines: KeyTable;

  constructor(history: History) {
    this.#history = history;
    const knowable = (row: number) => !history.has(row, flags.empty | flags.boundary);
    this.#trees = new KeyTable(history, "tree", () => true);
    this.#forward = new KeyTable(history, "forward", knowable);
    this.#sized = new KeyTable(
      history,
      "sizedForward",
      (row) => knowable(row) && !history.has(row, flags.unsized | flags.merge),
    );
    this.#lines = new KeyTable(history, "linesForward", (row) => history.has(row, flags.lined));
  }

  /** Earlier commits whose blobs this commit swaps back, newest first; single commits before merges. */
  inverses(row: number): number[] {
    const rows = this.#lookUp(this.#forward, "inverse", row, row);
    return rows.sort((a, b) => this.#isMerge(a) - this.#isMerge(b) || b - a);
  }

  /** Earlier commits that may be the inverse although their files have changed since. */
  likelyInverses(row: number): number[] {
    if (!this.#history.has(row, flags.lined)) return [];
    return this.#lookUp(this.#lines, "linesInverse", row, row);
  }

  /** Later commits that do what the commit at `row` did, oldest first. */
  repeats(row: number, after: number): number[] {
    if (this.#history.has(row, flags.empty | flags.boundary)) return [];
    const later = new Set(this.#lookUp(this.#forward, "forward", row));
    if (!this.#history.has(row, flags.unsized)) {
      for (const found of this.#lookUp(this.#sized, "sizedForward", row)) later.add(found);
    }
    return [...later].filter((found) => found > after).sort((a, b) => a - b);
  }

  #lookUp(table: KeyTable, key: KeyName, row: number, before?: number): number[] {
    const history = this.#history;
    const found = table.find(history.hi(key, row), history.lo(key, row), before);
    return take(found, mostCandidates);
  }

  #isMerge(row: number): number {
    return this.#history.has(row, flags.merge) ? 1 : 0;
  }

  /** From the same tree to the same tree: a series that was rebased onto itself, step for step, takes nothing back. */
  #repeatsStep(row: number, older: number): boolean {
    const history = this.#history;
    const [a, b] = [history.firstParent(row), history.firstParent(older)];
    return (
      b !== none &&
      history.hi("tree", a) === history.hi("tree", b) &&
      history.lo("tree", a) === history.lo("tree", b)
    );
  }

  /** The nearest commit along first parents with the same tree, two or more steps back; null when there is none. */
  wayBack(row: number): WayBack | null {
    const history = this.#history;
    const before = history.firstParent(row);
    if (history.has(row, flags.empty | flags.boundary) || before === none) return null;
    const hi = history.hi("tree", row);
    const lo = history.lo("tree", row);
    if (this.#trees.find(hi, lo, before).next().done === true) return null;
    const between: number[] = [];
    for (let at = before; at !== none && between.length < longestWayBack;) {
      if (history.hi("tree", at) === hi && history.lo("tree", at) === lo) {
        return this.#repeatsStep(row, at) ? null : { row: at, between };
      }
      between.push(at);
      at = history.firstParent(at);
    }
    return null;
  }
}
