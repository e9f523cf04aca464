/**
 * Parses the stream of `git log -z --raw` with the format below, as bytes: one
 * call per commit and per path, nothing kept. Messages cannot hold a NUL (git
 * ends a message there), so fields are cut at NULs however hostile their text.
 *
 *     <id> NUL <tree> NUL <parents> NUL <seconds> NUL <message> NUL
 *     { [LF] :<oldmode> <newmode> <oldid> <newid> <status> NUL <path> NUL }
 */
import { GitError } from "../git/error.ts";

export const logFormat = "tformat:%H%x00%T%x00%P%x00%ct%x00%B";

export type LogHandler = {
  /** `message` is cut at `messageLimit` bytes. Buffers are only valid during the call. */
  commit(fields: readonly Buffer[], messageCut: boolean): void;
  /** `meta` starts at the colon. */
  path(meta: Buffer, path: Buffer): void;
};

const fieldsOfCommit = 5;
/** Longer than any path that git itself can check out, so only a field that is cut on purpose. */
const fieldLimit = 64 * 1024;

export class RawLogParser {
  readonly #handler: LogHandler;
  readonly #messageLimit: number;
  /** Fields of the commit under way; empty while paths are read. */
  #fields: Buffer[] = [];
  #meta: Buffer | undefined;
  #pieces: Buffer[] = [];
  #kept = 0;
  #cut = false;

  constructor(handler: LogHandler, messageLimit: number) {
    this.#handler = handler;
    this.#messageLimit = messageLimit;
  }

  push(chunk: Buffer): void {
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(0, at);
      if (end === -1) break;
      if (this.#kept === 0) this.#field(chunk.subarray(at, end));
      else {
        this.#keep(chunk.subarray(at, end));
        const whole = Buffer.concat(this.#pieces, this.#kept);
        this.#pieces = [];
        this.#kept = 0;
        this.#field(whole);
      }
      at = end + 1;
    }
    // A copy: the pipe's buffer is not ours once this call returns.
    if (at < chunk.length) this.#keep(Buffer.from(chunk.subarray(at)));
  }

  /** Call at the end of the stream: refuses one that stopped inside a commit. */
  end(): void {
    if (this.#kept > 0 || this.#fields.length > 0 || this.#meta !== undefined) {
      throw new GitError("git-failed", "git log stopped in the middle of a commit");
    }
  }

  #limit(): number {
    return this.#fields.length === fieldsOfCommit - 1 ? this.#messageLimit : fieldLimit;
  }

  #keep(piece: Buffer): void {
    const room = this.#limit() - this.#kept;
    if (piece.length > room) this.#cut = true;
    const part = piece.length > room ? piece.subarray(0, Math.max(0, room)) : piece;
    if (part.length === 0) return;
    this.#pieces.push(part);
    this.#kept += part.length;
  }

  #field(field: Buffer): void {
    if (this.#meta !== undefined) {
      const meta = this.#meta;
      this.#meta = undefined;
      this.#handler.path(meta, field);
    } else if (this.#fields.length === 0 && isPathMeta(field)) {
      this.#meta = Buffer.from(field[0] === 0x0a ? field.subarray(1) : field);
    } else if (this.#fields.length < fieldsOfCommit - 1) {
      this.#fields.push(Buffer.from(field));
    } else {
      const cut = this.#cut || field.length > this.#messageLimit;
      const fields = [...this.#fields, field.subarray(0, this.#messageLimit)];
      this.#fields = [];
      this.#cut = false;
      this.#handler.commit(fields, cut);
    }
  }
}

function isPathMeta(field: Buffer): boolean {
  return field[0] === 0x3a || (field[0] === 0x0a && field[1] === 0x3a);
}
