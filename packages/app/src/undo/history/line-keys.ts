/**
 * A fingerprint by line for the commits that could be another's inverse by the
 * growth of their files. Growth alone is weak: everything that changes a version
 * number in one lock file looks alike, and comparing those pair by pair cost ten
 * times a `git log -p`; this costs at most one.
 *
 * The fingerprint adds up a hash for every line that comes and subtracts one for
 * every line that goes, so it does not depend on how a diff aligns lines: what is
 * moved cancels out, and the inverse has the negative sum.
 */
import { GitError } from "../git/error.ts";
import { plainDiff, failure } from "../git/run.ts";
import type { Repository } from "../git/repository.ts";
import { fold, hashBytes, type Word2 } from "./hash.ts";
import { flags, type History, KeyTable, none } from "./history.ts";

/** Larger files are compared by id here. */
const largestText = "2m";

export async function addLineKeys(
  repo: Repository,
  history: History,
  signal?: AbortSignal,
): Promise<void> {
  let rows = rowsToRead(history);
  while (rows.length > 0) {
    const reached = await readLines(repo, history, rows, signal);
    if (reached === rows.length) return;
    // git stops at an object that is missing: that commit stays without, the others go on.
    rows = rows.slice(reached + 1);
  }
}

/** Rows with a partner: growth says that the one could undo the other. */
function rowsToRead(history: History): number[] {
  const usable = (row: number) =>
    !history.has(row, flags.unsized | flags.empty | flags.boundary | flags.merge);
  const forward = new KeyTable(history, "sizedForward", usable);
  const inverse = new KeyTable(history, "sizedInverse", usable);
  const rows: number[] = [];
  for (let row = 0; row < history.size; row++) {
    if (!usable(row)) continue;
    const undoes = forward.find(
      history.hi("sizedInverse", row),
      history.lo("sizedInverse", row),
      row,
    );
    const undoneBy = inverse.find(history.hi("sizedForward", row), history.lo("sizedForward", row));
    const later = undoneBy.next();
    const isUndone = later.done !== true && later.value > row;
    if (isUndone || undoes.next().done !== true) rows.push(row);
  }
  return rows;
}

/** Reads the changes of `rows` and returns how many were read whole. */
async function readLines(
  repo: Repository,
  history: History,
  rows: readonly number[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const git = repo.start([
    "-c",
    `core.bigFileThreshold=${largestText}`,
    "diff-tree",
    "--stdin",
    "--root",
    "-r",
    "-p",
    "-U0",
    "--full-index",
    ...plainDiff,
  ]);
  const stop = () => {
    git.kill();
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const parser = new PatchSums(history, rows);
    git.stdin.end(rows.map((row) => `${question(history, row)}\n`).join(""));
    for await (const chunk of git.stdout as AsyncIterable<Buffer>) parser.push(chunk);
    const { code, stderr } = await git.ended;
    signal?.throwIfAborted();
    if (code === 0) {
      parser.finish();
      return rows.length;
    }
    const error = failure("diff-tree", stderr);
    if (error.code !== "missing-object") throw error;
    return Math.max(0, parser.started - 1);
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

/** With its first parent; without one git takes the commit's own (the parent may be outside what was read). */
function question(history: History, row: number): string {
  const parent = history.firstParent(row);
  return parent === none ? history.oid(row) : `${history.oid(row)} ${history.oid(parent)}`;
}

/**
 * The patch text of `git diff-tree --stdin -p -U0`. Lines of a hunk are counted
 * off as its header says, so content that looks like a header is content.
 */
class PatchSums {
  readonly #history: History;
  readonly #rows: readonly number[];
  #pieces: Buffer[] = [];
  #lost = 0;
  #come = 0;
  readonly #sum: Word2 = { hi: 0, lo: 0 };
  readonly #path: Word2 = { hi: 0, lo: 0 };
  readonly #word: Word2 = { hi: 0, lo: 0 };
  #index: Buffer = Buffer.alloc(0);
  /** Commits whose output has begun. */
  started = 0;

  constructor(history: History, rows: readonly number[]) {
    this.#history = history;
    this.#rows = rows;
  }

  push(chunk: Buffer): void {
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, at);
      if (end === -1) break;
      const rest = chunk.subarray(at, end);
      if (this.#pieces.length === 0) this.#line(rest);
      else {
        const whole = Buffer.concat([...this.#pieces, rest]);
        this.#pieces = [];
        this.#line(whole);
      }
      at = end + 1;
    }
    if (at < chunk.length) this.#pieces.push(Buffer.from(chunk.subarray(at)));
  }

  #line(line: Buffer): void {
    if (this.#lost > 0 || this.#come > 0) {
      if (line[0] === 0x2d && this.#lost > 0) {
        this.#lost--;
        this.#add(line.subarray(1), -1);
      } else if (line[0] === 0x2b && this.#come > 0) {
        this.#come--;
        this.#add(line.subarray(1), 1);
      }
      // What is left is "\ No newline at end of file" between the two sides.
      return;
    }
    // An id may start with the d of "diff": its length tells it apart, as no header is so short or hexadecimal.
    if (isId(line, this.#history.oidBytes * 2)) this.#begin(line.toString("latin1"));
    else if (line[0] === 0x40) this.#hunk(line.toString("latin1", 0, 80));
    else if (line[0] === 0x42) this.#binary();
    else this.#header(line);
  }

  #begin(oid: string): void {
    this.finish();
    const row = this.#rows[this.started];
    if (row === undefined || this.#history.oid(row) !== oid) {
      // A commit that shows nothing (only its mode or its submodule differs) is passed over.
      const at = this.#rows.findIndex((r, i) => i >= this.started && this.#history.oid(r) === oid);
      if (at === -1) throw new GitError("git-failed", "git diff-tree answered out of turn");
      this.started = at;
    }
    this.started++;
    this.#sum.hi = 0;
    this.#sum.lo = 0;
  }

  /** Writes the sums of the commit under way. */
  finish(): void {
    const row = this.#rows[this.started - 1];
    if (row === undefined) return;
    const { hi, lo } = this.#sum;
    // Lines that only moved prove nothing, and would all look alike.
    if (hi === 0 && lo === 0) return;
    this.#history.setKey("linesForward", row, hi, lo);
    this.#history.setKey("linesInverse", row, -hi >>> 0, -lo >>> 0);
    this.#history.setFlag(row, flags.lined);
  }

  #hunk(header: string): void {
    const found = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(header);
    if (found === null) return;
    this.#lost = Number(found[1] ?? 1);
    this.#come = Number(found[2] ?? 1);
  }

  /** `diff --git` names the path, the same for both directions; modes count like lines. */
  #header(line: Buffer): void {
    const text = line.toString("latin1", 0, 22);
    if (text.startsWith("diff --git ")) hashBytes(line, this.#path);
    else if (text.startsWith("index ")) this.#index = Buffer.from(line.subarray(6));
    else if (text.startsWith("new file mode ")) this.#add(line.subarray(9), 1);
    else if (text.startsWith("deleted file mode ")) this.#add(line.subarray(13), -1);
    else if (text.startsWith("old mode ")) this.#add(line.subarray(4), -1);
    else if (text.startsWith("new mode ")) this.#add(line.subarray(4), 1);
  }

  #binary(): void {
    const digits = this.#history.oidBytes * 2;
    this.#add(this.#index.subarray(0, digits), -1);
    this.#add(this.#index.subarray(digits + 2, digits * 2 + 2), 1);
  }

  #add(line: Buffer, sign: number): void {
    hashBytes(line, this.#word);
    const { hi, lo } = this.#word;
    this.#word.hi = this.#path.hi;
    this.#word.lo = this.#path.lo;
    fold(this.#word, hi);
    fold(this.#word, lo);
    this.#sum.hi = (this.#sum.hi + sign * this.#word.hi) >>> 0;
    this.#sum.lo = (this.#sum.lo + sign * this.#word.lo) >>> 0;
  }
}

function isId(line: Buffer, digits: number): boolean {
  return line.length === digits && /^[0-9a-f]+$/.test(line.toString("latin1"));
}
