/**
 * C2SP tlog-checkpoint v1.0.0: the text of a note that says how large a log is
 * and what its root hash is.
 *
 * `parseCheckpoint(formatCheckpoint(c))` gives `c`.
 */
import { decodeBase64, encodeBase64, encodeUtf8, parseDecimal, quote } from "./bytes.ts";
import { TlogError } from "./error.ts";
import { EMPTY_ROOT, HASH_SIZE } from "./hash.ts";

export interface Checkpoint {
  /** Names the log: 1 to 255 bytes. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Opaque lines; ours have none. */
  readonly extensions?: readonly string[];
}

/** Refuses with a `TypeError` or a `TlogError` what `parseCheckpoint` would not give back. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions = [] } = checkpoint;
  if ([origin, ...extensions].some((line) => line.includes("\n"))) {
    throw new TypeError("a line of a checkpoint has no newline in it");
  }
  const text = [origin, String(size), encodeBase64(root), ...extensions]
    .map((line) => `${line}\n`)
    .join("");
  parseCheckpoint(text);
  return text;
}

const maxTextLength = 1_000_000;

/** Throws a `TlogError` "checkpoint" with the line. */
export function parseCheckpoint(text: string): Checkpoint {
  const refuse = (line: number, problem: string) =>
    new TlogError("checkpoint", problem, `line ${line}`);
  if (text.length > maxTextLength) {
    throw new TlogError(
      "checkpoint",
      `found ${text.length} characters; a checkpoint has at most ${maxTextLength}`,
    );
  }
  const lines = text.split("\n");
  const foreign = lines.findIndex((line) => !line.isWellFormed() || /[\u0000-\u001f]/.test(line));
  if (foreign !== -1) {
    throw refuse(foreign + 1, "this line has a control character or a lone surrogate");
  }
  if (lines.pop() !== "")
    throw refuse(lines.length + 1, "the last line does not end with a newline");
  const [origin = "", sizeText = "", rootText = "", ...extensions] = lines;
  if (lines.length < 3) {
    throw refuse(lines.length + 1, "a checkpoint has three lines: origin, size and root hash");
  }
  const originBytes = encodeUtf8(origin).length;
  if (originBytes < 1 || originBytes > 255) {
    throw refuse(1, `an origin has 1 to 255 bytes, not ${originBytes}`);
  }
  const size = parseDecimal(sizeText);
  if (size === undefined) {
    throw refuse(
      2,
      `${quote(sizeText)} is no tree size: decimal digits without leading zeros, below 2^53`,
    );
  }
  const root = decodeBase64(rootText);
  if (root?.length !== HASH_SIZE)
    throw refuse(3, `${quote(rootText, 60)} is not canonical base64 of ${HASH_SIZE} bytes`);
  if (size === 0 && !EMPTY_ROOT.every((byte, i) => byte === root[i])) {
    throw refuse(3, "an empty tree has the root hash SHA-256 of nothing");
  }
  const blank = extensions.indexOf("");
  if (blank !== -1) throw refuse(4 + blank, "an extension line is not empty");
  return { origin, size, root, ...(extensions.length === 0 ? {} : { extensions }) };
}
