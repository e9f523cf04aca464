/**
 * Which paths differ between a commit and another: one long-lived
 * `git diff-tree --stdin --raw -z`. Only trees are read, so attributes, text
 * conversion and the choice of diff algorithm have no say.
 *
 * Fed with `commit parent`, git compares exactly these two. A line that is no
 * object id is echoed and flushed, which is how the end of an answer is known.
 */
import { GitError } from "./error.ts";
import type { Repository } from "./repository.ts";
import { failure, type GitProcess } from "./run.ts";

/** One path that differs. `mode` 0 and an all-zero id mean that the path is absent on that side. */
export type PathChange = {
  /** Bytes of the path as latin1: names need not be UTF-8, and two names must stay two. */
  readonly path: string;
  readonly oldMode: number;
  readonly newMode: number;
  readonly oldOid: string;
  readonly newOid: string;
};

type Question = {
  readonly maxEntries: number;
  readonly entries: PathChange[];
  tooMany: boolean;
  readonly answer: (changes: PathChange[]) => void;
  readonly fail: (error: unknown) => void;
};

export class TreeDiff {
  readonly #repo: Repository;
  readonly #questions: Question[] = [];
  #git: GitProcess | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #closed = false;

  constructor(repo: Repository) {
    this.#repo = repo;
  }

  /**
   * The change from `before` to `after`, both commits; `before` null compares
   * with nothing. Rejects with `too-large` beyond `maxEntries` (default
   * 200,000) and with `missing-object` when a tree is not there.
   */
  changes(before: string | null, after: string, maxEntries = 200_000): Promise<PathChange[]> {
    if (this.#closed) throw new TypeError("the reader is closed");
    const git = (this.#git ??= this.#start());
    return new Promise((answer, fail) => {
      this.#questions.push({ maxEntries, entries: [], tooMany: false, answer, fail });
      git.stdin.write(`${after}${before === null ? "" : ` ${before}`}\n.\n`);
    });
  }

  close(): void {
    this.#closed = true;
    this.#git?.stdin.end();
    this.#git?.kill();
  }

  #start(): GitProcess {
    const git = this.#repo.start([
      "diff-tree",
      "--stdin",
      "--root",
      "--no-commit-id",
      "-r",
      "--raw",
      "-z",
      "--no-renames",
      "--no-abbrev",
      "--ignore-submodules=none",
    ]);
    git.stdout.on("data", (chunk: Buffer) => {
      try {
        this.#take(chunk);
      } catch (error) {
        this.#failAll(error);
        git.kill();
      }
    });
    void this.#watch(git);
    return git;
  }

  async #watch(git: GitProcess): Promise<void> {
    const error = await git.ended.then(
      ({ stderr }) => failure("diff-tree", stderr),
      (cause: unknown) => cause,
    );
    if (this.#git === git) this.#failAll(error);
  }

  /** git stops at the first object it misses, so everything asked after it fails with it. */
  #failAll(error: unknown): void {
    this.#git = undefined;
    this.#rest = Buffer.alloc(0);
    for (const question of this.#questions.splice(0)) question.fail(error);
  }

  #take(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      if (data[at] === 0x2e && at + 1 < data.length) {
        at += 2;
        this.#finish();
        continue;
      }
      if (data[at] !== 0x3a) {
        if (at < data.length && data[at] !== 0x2e) {
          throw new GitError("git-failed", "git diff-tree printed something unexpected");
        }
        break;
      }
      const metaEnd = data.indexOf(0, at);
      const pathEnd = metaEnd === -1 ? -1 : data.indexOf(0, metaEnd + 1);
      if (pathEnd === -1) break;
      this.#entry(data, at, metaEnd, pathEnd);
      at = pathEnd + 1;
    }
    this.#rest = at < data.length ? Buffer.from(data.subarray(at)) : Buffer.alloc(0);
  }

  #entry(data: Buffer, at: number, metaEnd: number, pathEnd: number): void {
    const question = this.#questions[0];
    if (question === undefined) return;
    if (question.entries.length >= question.maxEntries) {
      question.tooMany = true;
      return;
    }
    question.entries.push(parseRawEntry(data, at, metaEnd, pathEnd, this.#repo.oidLength));
  }

  #finish(): void {
    const question = this.#questions.shift();
    if (question === undefined) return;
    if (question.tooMany) {
      question.fail(
        new GitError("too-large", `more than ${question.maxEntries} paths differ; not compared`),
      );
    } else {
      question.answer(question.entries);
    }
  }
}

/** `:oldmode newmode oldid newid status` NUL `path` NUL, with ids in full. */
function parseRawEntry(
  data: Buffer,
  at: number,
  metaEnd: number,
  pathEnd: number,
  oidLength: number,
): PathChange {
  const meta = data.toString("latin1", at, metaEnd);
  const oldStart = 15;
  const newStart = oldStart + oidLength + 1;
  return {
    path: data.toString("latin1", metaEnd + 1, pathEnd),
    oldMode: Number.parseInt(meta.slice(1, 7), 8),
    newMode: Number.parseInt(meta.slice(8, 14), 8),
    oldOid: meta.slice(oldStart, oldStart + oidLength),
    newOid: meta.slice(newStart, newStart + oidLength),
  };
}

export const gitlinkMode = 0o160000;
export const symlinkMode = 0o120000;

/** The path as text for people and JSON; bytes that are no UTF-8 become U+FFFD. */
export function pathText(latin1Path: string): string {
  return Buffer.from(latin1Path, "latin1").toString("utf8");
}
