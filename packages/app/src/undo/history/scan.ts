/**
 * Reads a history once: `git log --raw` for trees, parents, messages and blob
 * ids, and beside it `git cat-file --batch-check` for blob sizes. No file
 * content is read here; sizes are the cheap sign that two changes whose
 * surroundings differ could still be each other's inverse (the same lines make
 * a file grow by the same bytes).
 *
 * A merge is compared with its first parent.
 */
import { type GitProcess, failure } from "../git/run.ts";
import type { Repository } from "../git/repository.ts";
import { GitError } from "../git/error.ts";
import { decode, messageLimit, subjectOf } from "../git/commit.ts";
import { gitlinkMode } from "../git/tree-diff.ts";
import { mergeTitle, parseClaims, pullNumber, subjectKey } from "../message/claims.ts";
import { fold, hashBytes, hashText, type Word2 } from "./hash.ts";
import { flags, History } from "./history.ts";
import { logFormat, RawLogParser } from "./raw-log.ts";

export type ScanOptions = {
  /** Full ids; commits that these reach are read. */
  readonly tips: readonly string[];
  /** Full ids; commits that these reach are left out. */
  readonly without?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (commitsRead: number) => void;
};

/** Commits with more paths get no size fingerprint: moved surroundings are only looked for in small changes. */
const mostSizedPaths = 200;
/** How much of a subject is the key for one that was cut with an ellipsis. */
export const subjectStartLength = 30;

export async function scanHistory(repo: Repository, options: ScanOptions): Promise<History> {
  options.signal?.throwIfAborted();
  const history = new History(repo.oidLength / 2);
  const log = repo.start([
    "log",
    "--topo-order",
    "--reverse",
    "-z",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--no-decorate",
    "--no-notes",
    "--ignore-submodules=none",
    "--diff-merges=first-parent",
    "--encoding=UTF-8",
    `--format=${logFormat}`,
    "--end-of-options",
    ...options.tips,
    ...(options.without ?? []).map((oid) => `^${oid}`),
    "--",
  ]);
  const sizes = new SizeReader(repo, history);
  const stop = () => {
    log.kill();
    sizes.kill();
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    log.stdin.end();
    const rows = new RowBuilder(history, sizes, new Set(repo.shallowCommits));
    const parser = new RawLogParser(rows, messageLimit);
    let reported = 0;
    for await (const chunk of log.stdout as AsyncIterable<Buffer>) {
      parser.push(chunk);
      await sizes.drained();
      if (history.size - reported >= 1000) {
        reported = history.size;
        options.onProgress?.(reported);
      }
    }
    const { code, stderr } = await log.ended;
    options.signal?.throwIfAborted();
    if (code !== 0) throw failure("log", stderr);
    parser.end();
    rows.finish();
    await sizes.end();
    options.onProgress?.(history.size);
    return history;
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", stop);
    stop();
  }
}

class RowBuilder {
  readonly #history: History;
  readonly #sizes: SizeReader;
  readonly #shallow: ReadonlySet<string>;
  #row = -1;
  #paths = 0;
  #forward: Word2 = { hi: 0, lo: 0 };
  #inverse: Word2 = { hi: 0, lo: 0 };
  #pending: SizeRequest[] = [];
  readonly #path: Word2 = { hi: 0, lo: 0 };
  readonly #scratch: Word2 = { hi: 0, lo: 0 };

  constructor(history: History, sizes: SizeReader, shallow: ReadonlySet<string>) {
    this.#history = history;
    this.#sizes = sizes;
    this.#shallow = shallow;
  }

  commit(fields: readonly Buffer[], messageCut: boolean): void {
    this.finish();
    const [oid, tree, parents, time, message] = fields.map((field) => field.toString("latin1"));
    if (oid === undefined || tree === undefined || message === undefined) return;
    const history = this.#history;
    const row = history.add(
      oid,
      parents === undefined || parents === "" ? [] : parents.split(" "),
      Number(time),
    );
    this.#row = row;
    history.setKey("tree", row, words(tree, 0), words(tree, 8));
    if (messageCut) history.setFlag(row, flags.messageCut);
    if (this.#shallow.has(oid)) history.setFlag(row, flags.boundary);
    const text = decode(fields[4] ?? Buffer.alloc(0), "utf-8");
    if (parseClaims(text).length > 0) history.setFlag(row, flags.claims);
    const pull = pullNumber(text);
    if (pull !== null) history.setPull(row, pull);
    const title = mergeTitle(text);
    const subject = subjectKey(title === "" ? subjectOf(text) : title);
    const whole = hashText(subject);
    history.setKey("subject", row, whole.hi, whole.lo);
    const start = hashText(subject.slice(0, subjectStartLength));
    history.setKey("subjectStart", row, start.hi, start.lo);
  }

  path(meta: Buffer, path: Buffer): void {
    const digits = this.#history.oidBytes * 2;
    this.#paths++;
    hashBytes(path, this.#path);
    const oldMode = octal(meta, 1);
    const newMode = octal(meta, 8);
    const oldHi = hex8(meta, 15);
    const oldLo = hex8(meta, 23);
    const newHi = hex8(meta, 16 + digits);
    const newLo = hex8(meta, 24 + digits);
    addEntry(
      this.#forward,
      this.#path,
      this.#scratch,
      oldMode,
      newMode,
      oldHi,
      oldLo,
      newHi,
      newLo,
    );
    addEntry(
      this.#inverse,
      this.#path,
      this.#scratch,
      newMode,
      oldMode,
      newHi,
      newLo,
      oldHi,
      oldLo,
    );
    const unsized = flags.merge | flags.boundary;
    if (this.#paths <= mostSizedPaths && !this.#history.has(this.#row, unsized)) {
      const sameKind =
        oldMode === newMode && oldMode !== gitlinkMode && (oldHi !== newHi || oldLo !== newLo);
      this.#pending.push({
        pathHi: this.#path.hi,
        pathLo: this.#path.lo,
        oldOid: sameKind ? meta.toString("latin1", 15, 15 + digits) : null,
        newOid: sameKind ? meta.toString("latin1", 16 + digits, 16 + digits * 2) : null,
        // Added, deleted or turned into something else: by id, as its lines are all or nothing.
        oldWord: sameKind ? oldMode : mixed(oldMode, oldHi, oldLo),
        newWord: sameKind ? oldMode : mixed(newMode, newHi, newLo),
      });
    }
  }

  /** Writes what was gathered for the commit under way. */
  finish(): void {
    const row = this.#row;
    if (row === -1) return;
    const history = this.#history;
    history.setPaths(row, this.#paths);
    if (this.#paths === 0) history.setFlag(row, flags.empty);
    history.setKey("forward", row, this.#forward.hi, this.#forward.lo);
    history.setKey("inverse", row, this.#inverse.hi, this.#inverse.lo);
    const unsized = flags.merge | flags.boundary | flags.empty;
    if (this.#paths > mostSizedPaths || history.has(row, unsized)) {
      history.setFlag(row, flags.unsized);
    } else {
      this.#sizes.ask(row, this.#pending);
    }
    this.#row = -1;
    this.#paths = 0;
    this.#forward = { hi: 0, lo: 0 };
    this.#inverse = { hi: 0, lo: 0 };
    this.#pending = [];
  }
}

/** Addition makes the order of paths irrelevant; it is listed, so no hash of a sorted copy is needed. */
function addEntry(
  sum: Word2,
  path: Word2,
  scratch: Word2,
  oldMode: number,
  newMode: number,
  oldHi: number,
  oldLo: number,
  newHi: number,
  newLo: number,
): void {
  scratch.hi = path.hi;
  scratch.lo = path.lo;
  fold(scratch, oldMode);
  fold(scratch, oldHi);
  fold(scratch, oldLo);
  fold(scratch, newMode);
  fold(scratch, newHi);
  fold(scratch, newLo);
  sum.hi = (sum.hi + scratch.hi) >>> 0;
  sum.lo = (sum.lo + scratch.lo) >>> 0;
}

function mixed(mode: number, hi: number, lo: number): number {
  const word = { hi: mode, lo: mode };
  fold(word, hi);
  fold(word, lo);
  return word.lo;
}

function words(hex: string, at: number): number {
  return Number.parseInt(hex.slice(at, at + 8), 16);
}

function octal(text: Buffer, at: number): number {
  let value = 0;
  for (let i = at; i < at + 6; i++) value = value * 8 + ((text[i] ?? 0x30) - 0x30);
  return value;
}

function hex8(text: Buffer, at: number): number {
  let value = 0;
  for (let i = at; i < at + 8; i++) {
    const c = text[i] ?? 0x30;
    value = (value << 4) | (c < 0x3a ? c - 0x30 : c - 0x57);
  }
  return value >>> 0;
}

type SizeRequest = {
  readonly pathHi: number;
  readonly pathLo: number;
  readonly oldOid: string | null;
  readonly newOid: string | null;
  readonly oldWord: number;
  readonly newWord: number;
};

type Waiting = { readonly row: number; readonly requests: readonly SizeRequest[] };

/** `git cat-file --batch-check` in step with the log; at most `window` commits wait for an answer. */
class SizeReader {
  readonly #history: History;
  readonly #git: GitProcess;
  readonly #waiting: Waiting[] = [];
  #head = 0;
  readonly #numbers: number[] = [];
  #text = "";
  #output: string[] = [];
  #error: GitError | undefined;
  #wake: (() => void) | undefined;
  readonly #window = 4096;

  constructor(repo: Repository, history: History) {
    this.#history = history;
    this.#git = repo.start(["cat-file", "--buffer", "--batch-check=%(objectsize)"]);
    this.#git.stdout.setEncoding("latin1");
    this.#git.stdout.on("data", (chunk: string) => {
      this.#take(chunk);
    });
    void this.#watch();
  }

  async #watch(): Promise<void> {
    try {
      const { code, stderr } = await this.#git.ended;
      if (code !== 0) this.#error = failure("cat-file", stderr);
    } catch (cause) {
      this.#error = cause instanceof GitError ? cause : undefined;
    }
    this.#wake?.();
  }

  ask(row: number, requests: readonly SizeRequest[]): void {
    this.#waiting.push({ row, requests });
    for (const { oldOid, newOid } of requests) {
      if (oldOid !== null) this.#output.push(oldOid);
      if (newOid !== null) this.#output.push(newOid);
    }
    if (this.#output.length > 2048) this.#flush();
    else if (this.#waiting.length - this.#head === 1) this.#settle();
  }

  #flush(): void {
    if (this.#output.length === 0) return;
    this.#git.stdin.write(`${this.#output.join("\n")}\n`);
    this.#output = [];
  }

  /** Resolves when few enough commits wait; git buffers, so the last ones only come with `end`. */
  async drained(): Promise<void> {
    while (
      this.#error === undefined &&
      this.#git.stdin.writableLength > 4 * 1024 * 1024 &&
      this.#waiting.length - this.#head > this.#window
    ) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error !== undefined) throw this.#error;
  }

  async end(): Promise<void> {
    this.#flush();
    this.#git.stdin.end();
    await this.#git.ended;
    if (this.#error !== undefined) throw this.#error;
    this.#settle();
    if (this.#head < this.#waiting.length) {
      throw new GitError("git-failed", "git cat-file answered fewer questions than it was asked");
    }
  }

  kill(): void {
    this.#git.kill();
  }

  #take(chunk: string): void {
    const text = this.#text + chunk;
    let at = 0;
    for (;;) {
      const end = text.indexOf("\n", at);
      if (end === -1) break;
      const size = Number(text.slice(at, end));
      // "<id> missing" is no number.
      this.#numbers.push(Number.isInteger(size) ? size : -1);
      at = end + 1;
    }
    this.#text = text.slice(at);
    this.#settle();
    this.#wake?.();
  }

  #settle(): void {
    let used = 0;
    for (;;) {
      const next = this.#waiting[this.#head];
      if (next === undefined) break;
      let needed = 0;
      for (const request of next.requests) if (request.oldOid !== null) needed += 2;
      if (this.#numbers.length - used < needed) break;
      this.#write(next, used);
      used += needed;
      this.#head++;
    }
    if (used > 0) this.#numbers.splice(0, used);
    if (this.#head > 1024) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #write({ row, requests }: Waiting, from: number): void {
    const forward = { hi: 0, lo: 0 };
    const inverse = { hi: 0, lo: 0 };
    const path = { hi: 0, lo: 0 };
    const scratch = { hi: 0, lo: 0 };
    let at = from;
    for (const request of requests) {
      let growth = 0;
      if (request.oldOid !== null) {
        const before = this.#numbers[at++] ?? -1;
        const after = this.#numbers[at++] ?? -1;
        if (before < 0 || after < 0) {
          this.#history.setFlag(row, flags.unsized);
          return;
        }
        growth = after - before;
      }
      path.hi = request.pathHi;
      path.lo = request.pathLo;
      const { oldWord, newWord } = request;
      addEntry(forward, path, scratch, oldWord, newWord, growth | 0, 0, 0, 0);
      addEntry(inverse, path, scratch, newWord, oldWord, -growth | 0, 0, 0, 0);
    }
    this.#history.setKey("sizedForward", row, forward.hi, forward.lo);
    this.#history.setKey("sizedInverse", row, inverse.hi, inverse.lo);
  }
}
