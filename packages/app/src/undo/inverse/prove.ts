/**
 * Makes the proof of an inverse, or says path by path why there is none. What is
 * proved: taking the changes back, one after the other, in tree `from` gives tree
 * `to`, and no other path differs between the two.
 */
import { GitError } from "../git/error.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { differences, LineTable } from "./align.ts";
import {
  escapePath,
  type InverseClaim,
  type InverseProof,
  mostMoved,
  mostUndone,
  type PathProof,
} from "./proof.ts";
import {
  isText,
  readBlob,
  type Settled,
  type Settler,
  settle,
  type Side,
  type Step,
} from "./side.ts";
import { type TreeChange, Trees } from "./trees.ts";

/** Why there is no proof. `path` as in a proof; absent where it is about all of it. */
export type InverseProblem = { readonly path?: string; readonly why: string };

export type Proved =
  | { readonly proof: InverseProof; readonly problems: readonly [] }
  | { readonly proof: null; readonly problems: readonly [InverseProblem, ...InverseProblem[]] };

/** Where git objects are read, and how their ids are made. */
export type Objects = {
  readonly reader: ObjectReader;
  readonly format: "sha1" | "sha256";
};

/** Throws a GitError where an object that decides is missing, or too much differs. */
export async function proveInverse(objects: Objects, claim: InverseClaim): Promise<Proved> {
  return await new Prover(objects, claim).prove(null);
}

/** As `proveInverse`, with the moves of files given rather than looked for. */
export async function proveWithMoves(
  objects: Objects,
  claim: InverseClaim,
  moves: readonly Move[],
): Promise<Proved> {
  return await new Prover(objects, claim).prove(moves);
}

/** A file that is elsewhere: in `from` because the change had moved it, or in both because it was moved since. */
export type Move =
  | { readonly path: string; readonly leaves: string }
  | { readonly path: string; readonly changedAs: string };

/** How many pairs of paths are tried for moved files. */
const mostTried = 2000;
/** Paths of all undone changes together. */
const mostSteps = 1_000_000;

class Prover {
  readonly #settler: Settler;
  readonly #trees: Trees;
  readonly #claim: InverseClaim;
  readonly #format: "sha1" | "sha256";
  readonly #paths: PathProof[] = [];
  readonly #problems: InverseProblem[] = [];
  /** From `from` to `to`. */
  #own = new Map<string, TreeChange>();
  /** What each change did to a path, in the order in which it is taken back. */
  readonly #steps = new Map<string, Step[]>();
  #rest = false;

  constructor({ reader, format }: Objects, claim: InverseClaim) {
    if (claim.undoes.length === 0 || claim.undoes.length > mostUndone) {
      throw new TypeError(`1 to ${mostUndone} changes can be taken back`);
    }
    this.#claim = claim;
    this.#format = format;
    this.#trees = new Trees(reader, format);
    this.#settler = { format, read: (oid) => readBlob(reader, oid) };
  }

  async prove(given: readonly Move[] | null): Promise<Proved> {
    const { from, to, undoes } = this.#claim;
    const own = await this.#trees.changes(from.tree, to.tree);
    this.#own = new Map(own.map((change) => [change.path, change]));
    let count = 0;
    for (const { before, after } of undoes) {
      const changes = await this.#trees.changes(before.tree, after.tree);
      count += changes.length;
      if (count > mostSteps) {
        throw new GitError("too-large", `the changes touch more than ${mostSteps} paths together`);
      }
      for (const { path, old, now } of changes) {
        const steps = this.#steps.get(path);
        if (steps === undefined) this.#steps.set(path, [{ old, now }]);
        else steps.push({ old, now });
      }
    }
    const settled = new Set<string>();
    for (const move of given ?? []) await this.#settleMove(move, settled);
    const open = new Map<string, string>();
    for (const path of new Set([...this.#steps.keys(), ...this.#own.keys()])) {
      if (settled.has(path)) continue;
      const answer = await this.#settlePath(path);
      if (answer.how === "conflict") open.set(path, answer.why);
      else this.#take({ path }, answer);
    }
    if (given === null) {
      for await (const move of this.#likelyMoves(open)) {
        if (settled.size >= 2 * mostMoved) break;
        if (!(await this.#settleMove(move, settled))) continue;
        for (const path of settled) open.delete(path);
      }
    }
    for (const [path, why] of open) this.#problems.push({ path: escapePath(path), why });
    return this.#answer();
  }

  #answer(): Proved {
    const { from, to, undoes } = this.#claim;
    if (this.#own.size === 0) {
      this.#problems.push({ why: "nothing differs between the two trees: nothing is taken back" });
    }
    const problems = this.#problems.sort((a, b) => compare(a.path ?? "", b.path ?? ""));
    const [first, ...more] = problems;
    if (first !== undefined) return { proof: null, problems: [first, ...more] };
    const paths = this.#paths.sort((a, b) => compare(a.path, b.path)).map(escaped);
    const takesBack = this.#rest ? "rest" : "all";
    const proof = { from, objects: this.#format, paths, takesBack, to, undoes } as const;
    return { proof, problems: [] };
  }

  async #settlePath(path: string): Promise<Settled> {
    const steps = this.#steps.get(path);
    if (steps === undefined) {
      return { how: "conflict", why: "it changes, and nothing that is taken back changed it" };
    }
    const own = this.#own.get(path);
    const from = own === undefined ? await this.#trees.at(this.#claim.from.tree, path) : own.old;
    return await settle(this.#settler, from, own === undefined ? from : own.now, steps);
  }

  #take(proof: Omit<PathProof, "how">, { how, rest }: Exclude<Settled, { how: "conflict" }>): void {
    this.#paths.push({ ...proof, how });
    if (rest) this.#rest = true;
  }

  async #settleMove(move: Move, settled: Set<string>): Promise<boolean> {
    const answer = await ("leaves" in move ? this.#movedByIt(move) : this.#movedSince(move));
    const names = Object.values(move);
    const fresh = names.every((name) => !settled.has(name));
    if (!fresh || answer === null || answer.how === "conflict" || answer.how === "kept") {
      return false;
    }
    this.#take(move, answer);
    for (const name of names) settled.add(name);
    return true;
  }

  /** One change moved the file from `path` to `leaves`; it goes back, with what was changed in it since. */
  async #movedByIt(move: Extract<Move, { leaves: string }>): Promise<Settled | null> {
    const [back, away] = [this.#own.get(move.path), this.#own.get(move.leaves)];
    const [old, now] = [this.#steps.get(move.path), this.#steps.get(move.leaves)];
    if (back?.old !== null || away?.now !== null) return null;
    if (old?.length !== 1 || now?.length !== 1) return null;
    const step: Step = { old: old[0]?.old ?? null, now: now[0]?.now ?? null };
    if (old[0]?.now !== null || now[0]?.old !== null) return null;
    if (!(await this.#isRelated(step.old, step.now))) return null;
    return await settle(this.#settler, away.old, back.now, [step]);
  }

  /** The file was moved from `changedAs` to `path` after the changes: they are taken back where it is now. */
  async #movedSince(move: Extract<Move, { changedAs: string }>): Promise<Settled | null> {
    const here = this.#own.get(move.path);
    const steps = this.#steps.get(move.changedAs);
    if (here === undefined || steps === undefined || this.#steps.has(move.path)) return null;
    const { from, undoes } = this.#claim;
    const there = await this.#trees.at(from.tree, move.changedAs);
    if (there !== null || this.#own.has(move.changedAs)) return null;
    // It must have come since: in none of the undone changes was there anything at its path.
    for (const { after } of undoes) {
      if ((await this.#trees.at(after.tree, move.path)) !== null) return null;
    }
    if (!(await this.#isRelated(steps[0]?.now ?? null, here.old))) return null;
    return await settle(this.#settler, here.old, here.now, steps);
  }

  /** Half of the lines of the longer one are in both, in the same order. */
  async #isRelated(a: Side, b: Side): Promise<boolean> {
    if (!isText(a) || !isText(b)) return false;
    if (a.oid === b.oid) return true;
    const [one, other] = [await this.#settler.read(a.oid), await this.#settler.read(b.oid)];
    if (one === null || other === null) return false;
    const table = new LineTable();
    const [linesOne, linesOther] = [table.of(one), table.of(other)];
    const found = differences(linesOne, linesOther, "first");
    if (found === null) return false;
    const gone = found.reduce((sum, { a1, a2 }) => sum + a2 - a1, 0);
    return 2 * (linesOne.length - gone) >= Math.max(linesOne.length, linesOther.length, 1);
  }

  async *#likelyMoves(open: ReadonlyMap<string, string>): AsyncGenerator<Move, void, void> {
    const paths = [...open.keys()].sort(compare);
    const arrived = paths.filter((path) => !this.#steps.has(path));
    const gone: string[] = [];
    for (const path of paths) {
      if (!this.#steps.has(path) || this.#own.has(path)) continue;
      if ((await this.#trees.at(this.#claim.from.tree, path)) === null) gone.push(path);
    }
    const comesBack = paths.filter((path) => this.#own.get(path)?.old === null);
    const leaves = paths.filter((path) => this.#own.get(path)?.now === null);
    const moves: Move[] = [
      ...gone.flatMap((changedAs) => arrived.map((path) => ({ path, changedAs }))),
      ...comesBack.flatMap((path) => leaves.map((left) => ({ path, leaves: left }))),
    ];
    for (const move of moves.slice(0, mostTried)) {
      if (Object.values(move).every((path) => open.has(path))) yield move;
    }
  }
}

function escaped({ path, how, leaves, changedAs }: PathProof): PathProof {
  if (leaves !== undefined) return { how, leaves: escapePath(leaves), path: escapePath(path) };
  if (changedAs !== undefined) {
    return { changedAs: escapePath(changedAs), how, path: escapePath(path) };
  }
  return { how, path: escapePath(path) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
