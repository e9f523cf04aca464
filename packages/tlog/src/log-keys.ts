/**
 * Who signs a log. Its identity is its origin; its keys follow one another by tree
 * size. A checkpoint of size n is the log's if a key signed it that may sign n; what
 * another of its keys says is worth nothing there, however true the signature is: it
 * may be a thief's. docs/spec/trust.md has the file.
 *
 * `parseTrust(formatTrust(t))` gives `t`, and back.
 */
import { decodeUtf8, encodeUtf8, parseDecimal, quote } from "./bytes.ts";
import { parseCheckpoint } from "./checkpoint-text.ts";
import { openCheckpoint, type OpenedCheckpoint } from "./checkpoint.ts";
import { TlogError } from "./error.ts";
import { parseNote } from "./note.ts";
import {
  formatVerifierKey,
  isKeyName,
  keyTypes,
  parseVerifierKey,
  type NoteVerifier,
} from "./note-key.ts";

/** A key, and the tree sizes that it may sign: `from` and above, below `until`. */
export interface LogKey {
  /** Named like the log. */
  readonly verifier: NoteVerifier;
  readonly from: number;
  /** Undefined: no end is known. */
  readonly until: number | undefined;
}

export interface LogKeys {
  /** The log's origin. */
  readonly name: string;
  readonly keys: readonly LogKey[];
  /** Looks whether there are other keys by now; for those who follow a log. */
  refresh?(): Promise<void>;
}

/** One key that may sign every size, or keys with ranges. */
export type LogVerifier = NoteVerifier | LogKeys;

/** More rotations than a log will see. */
const maxKeys = 100;
const maxBytes = 100_000;
const header = "countermand-trust v1";

export function keysOf(log: LogVerifier): readonly LogKey[] {
  return "keys" in log ? log.keys : [{ verifier: log, from: 0, until: undefined }];
}

/** Whether the key may sign a tree of `size`. */
export function maySign({ from, until }: Omit<LogKey, "verifier">, size: number): boolean {
  return size >= from && (until === undefined || size < until);
}

/**
 * The checkpoint in a signed note, if a key of the log that may sign its size did.
 * Signatures by `others`, such as witnesses, are checked and come along. Throws a `TlogError`.
 */
export async function openLogCheckpoint(
  note: Uint8Array,
  log: LogVerifier,
  others: readonly NoteVerifier[] = [],
): Promise<OpenedCheckpoint> {
  try {
    return await openNow(note, log, others);
  } catch (error) {
    if (!(error instanceof TlogError) || !("keys" in log) || log.refresh === undefined) throw error;
    await log.refresh();
    return await openNow(note, log, others);
  }
}

async function openNow(
  bytes: Uint8Array,
  log: LogVerifier,
  others: readonly NoteVerifier[],
): Promise<OpenedCheckpoint> {
  const note = parseNote(bytes);
  const { size } = parseCheckpoint(note.text);
  const keys = keysOf(log);
  const able = keys.filter((key) => maySign(key, size)).map((key) => key.verifier);
  const tooFar = keys.find(
    (key) =>
      !able.includes(key.verifier) &&
      note.signatures.some((one) => isBy(one, key.verifier)) &&
      !note.signatures.some((one) => able.some((verifier) => isBy(one, verifier))),
  );
  if (tooFar !== undefined) {
    throw new TlogError(
      "signature",
      `this checkpoint of ${quote(log.name, 255)} is of ${size} entries, and the key ${formatVerifierKey(tooFar.verifier)} that signed it may sign ${rangeOf(tooFar)}`,
    );
  }
  if (able.length === 0) {
    throw new TlogError(
      "signature",
      `no key of ${quote(log.name, 255)} is known that may sign ${size} entries`,
    );
  }
  return await openCheckpoint(bytes, [...able, ...others], log.name);
}

function isBy(one: { readonly name: string; readonly keyId: number }, verifier: NoteVerifier) {
  return one.name === verifier.name && one.keyId === verifier.keyId;
}

function rangeOf({ from, until }: LogKey): string {
  if (until === undefined) return `trees of ${from} entries and more`;
  return from === until ? "nothing" : `trees of ${from} to ${until - 1} entries`;
}

/** Keys with their ranges as a file; one line each, in the order in which they begin. */
export function formatTrust(log: LogVerifier): string {
  const lines = keysOf(log).map(({ verifier, from, until }) =>
    [
      `key ${formatVerifierKey(verifier)} from ${from}`,
      ...(until === undefined ? [] : [until]),
    ].join(" until "),
  );
  const text = `${[header, `log ${log.name}`, ...lines].join("\n")}\n`;
  parseTrust(encodeUtf8(text));
  return text;
}

/** A trust file. Throws a `TlogError` "key" with the line. */
export function parseTrust(bytes: Uint8Array): LogKeys {
  const refuse = (line: number, problem: string) => new TlogError("key", problem, `line ${line}`);
  if (bytes.length > maxBytes) {
    throw new TlogError("key", `found ${bytes.length} bytes; a trust file has at most ${maxBytes}`);
  }
  const lines = decodeUtf8(bytes, "key").split("\n");
  if (lines.pop() !== "") throw refuse(lines.length + 1, "the last line does not end");
  if (lines[0] !== header) throw refuse(1, `a trust file begins with \`${header}\``);
  const name = /^log (.+)$/.exec(lines[1] ?? "")?.[1] ?? "";
  if (!isKeyName(name)) throw refuse(2, "expected `log` and the log's origin");
  if (lines.length < 3) throw refuse(3, "there is no key");
  if (lines.length - 2 > maxKeys) throw refuse(maxKeys + 3, `a log has at most ${maxKeys} keys`);
  const keys: LogKey[] = [];
  for (const [i, line] of lines.slice(2).entries()) {
    const at = i + 3;
    const match = /^key ([^ ]+) from (\d+)(?: until (\d+))?$/.exec(line);
    const [, vkey = "", fromText = "", untilText] = match ?? [];
    const from = parseDecimal(fromText);
    const until = untilText === undefined ? undefined : parseDecimal(untilText);
    if (from === undefined || (untilText !== undefined && until === undefined)) {
      throw refuse(at, "expected `key <verifier key> from <size>`, and ` until <size>` if it ends");
    }
    if (until !== undefined && until < from)
      throw refuse(at, "a key ends where it begins, or later");
    let verifier: NoteVerifier;
    try {
      verifier = parseVerifierKey(vkey);
    } catch (error) {
      throw refuse(at, (error as Error).message);
    }
    if (verifier.type !== keyTypes.ed25519) throw refuse(at, "this is no key of a log (type 1)");
    if (verifier.name !== name) {
      throw refuse(at, `this is a key of ${quote(verifier.name, 255)}, not of ${quote(name, 255)}`);
    }
    const last = keys.at(-1);
    if (last !== undefined && last.from > from) throw refuse(at, "keys are in the order of `from`");
    if (keys.some((key) => key.verifier.keyId === verifier.keyId)) {
      throw refuse(at, "this key is there twice");
    }
    keys.push({ verifier, from, until });
  }
  return { name, keys };
}
