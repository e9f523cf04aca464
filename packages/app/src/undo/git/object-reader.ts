/**
 * One long-lived `git cat-file --batch`. Answers come in the order of the
 * questions, so questions may be asked without waiting. An object larger than
 * the limit passes by without being kept. The hash of what is returned is
 * checked: a pack index can name any content by any id, and git believes it.
 */
import { createHash } from "node:crypto";
import { GitError } from "./error.ts";
import type { Repository } from "./repository.ts";
import { failure, type GitProcess } from "./run.ts";

export type GitObject =
  | { readonly kind: "found"; readonly type: string; readonly content: Buffer }
  | { readonly kind: "too-large"; readonly type: string; readonly bytes: number }
  | { readonly kind: "missing" };

type Question = {
  readonly oid: string;
  readonly maxBytes: number;
  readonly answer: (object: GitObject) => void;
  readonly fail: (error: unknown) => void;
};

type Body = {
  readonly type: string;
  readonly size: number;
  readonly kept: Buffer | undefined;
  at: number;
};

const longestHeader = 256;

export class ObjectReader {
  readonly #repo: Repository;
  readonly #questions: Question[] = [];
  #git: GitProcess | undefined;
  #header: Buffer = Buffer.alloc(0);
  #body: Body | undefined;
  #closed = false;

  constructor(repo: Repository) {
    this.#repo = repo;
  }

  /** Reads one object by its full id. Larger than `maxBytes` (default 8 MB) is told, not read. */
  read(oid: string, maxBytes = 8 * 1024 * 1024): Promise<GitObject> {
    if (!/^[0-9a-f]+$/.test(oid) || oid.length !== this.#repo.oidLength) {
      throw new TypeError(`not a full object id: ${oid.slice(0, 80)}`);
    }
    if (this.#closed) throw new TypeError("the reader is closed");
    const git = (this.#git ??= this.#start());
    return new Promise((answer, fail) => {
      this.#questions.push({ oid, maxBytes, answer, fail });
      git.stdin.write(`${oid}\n`);
    });
  }

  close(): void {
    this.#closed = true;
    this.#git?.stdin.end();
    this.#git?.kill();
  }

  #start(): GitProcess {
    const git = this.#repo.start(["cat-file", "--batch"]);
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
      ({ stderr }) => failure("cat-file", stderr),
      (cause: unknown) => cause,
    );
    if (this.#git === git) this.#failAll(error);
  }

  #failAll(error: unknown): void {
    for (const question of this.#questions.splice(0)) question.fail(error);
    this.#git = undefined;
    this.#header = Buffer.alloc(0);
    this.#body = undefined;
  }

  #take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body !== undefined) {
        at = this.#takeBody(this.#body, chunk, at);
        continue;
      }
      const end = chunk.indexOf(0x0a, at);
      const piece = chunk.subarray(at, end === -1 ? chunk.length : end);
      this.#header = this.#header.length === 0 ? piece : Buffer.concat([this.#header, piece]);
      if (this.#header.length > longestHeader) {
        throw new GitError("git-failed", "git cat-file printed a header that is too long");
      }
      if (end === -1) {
        // The chunk's memory is git's pipe buffer; what outlives it is copied.
        this.#header = Buffer.from(this.#header);
        return;
      }
      at = end + 1;
      const header = this.#header.toString("latin1");
      this.#header = Buffer.alloc(0);
      this.#readHeader(header);
    }
  }

  #readHeader(header: string): void {
    const question = this.#questions[0];
    const found = /^([0-9a-f]+) (commit|tree|blob|tag) (\d{1,15})$/.exec(header);
    if (question === undefined || !header.startsWith(question.oid)) {
      throw new GitError("git-failed", "git cat-file answered another question");
    }
    if (found === null) {
      this.#questions.shift();
      question.answer({ kind: "missing" });
      return;
    }
    const size = Number(found[3]);
    this.#body = {
      type: found[2] ?? "",
      size,
      kept: size <= question.maxBytes ? Buffer.allocUnsafe(size) : undefined,
      at: 0,
    };
  }

  /** The content and the line feed after it. Returns where the chunk goes on. */
  #takeBody(body: Body, chunk: Buffer, from: number): number {
    const take = Math.min(chunk.length - from, body.size + 1 - body.at);
    if (body.kept !== undefined) {
      const content = Math.min(take, body.size - body.at);
      chunk.copy(body.kept, body.at, from, from + content);
    }
    body.at += take;
    if (body.at === body.size + 1) this.#finish(body);
    return from + take;
  }

  #finish(body: Body): void {
    this.#body = undefined;
    const question = this.#questions.shift();
    if (question === undefined) return;
    if (body.kept === undefined) {
      question.answer({ kind: "too-large", type: body.type, bytes: body.size });
      return;
    }
    const hash = createHash(this.#repo.objectFormat)
      .update(`${body.type} ${body.size}\0`)
      .update(body.kept)
      .digest("hex");
    if (hash === question.oid) {
      question.answer({ kind: "found", type: body.type, content: body.kept });
    } else {
      question.fail(
        new GitError(
          "git-failed",
          `object ${question.oid} has other content than its id says; run git fsck`,
        ),
      );
    }
  }
}
