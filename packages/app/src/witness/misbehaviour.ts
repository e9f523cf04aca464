/**
 * Proof that a log signed two histories, for anybody to check without a network:
 * two of its checkpoints, and how the larger tree contradicts the smaller. The form
 * is in docs/spec/witness.md.
 *
 * A consistency proof shows that the larger tree begins with a tree of the smaller
 * size whose root is `root`. The log signed another root for that size.
 */
import {
  formatTrust,
  formatVerifierKey,
  openLogCheckpoint,
  parseTrust,
  parseVerifierKey,
  TlogError,
  verifyConsistency,
  type Checkpoint,
  type LogVerifier,
} from "@countermand/tlog";
import { WitnessError } from "./error.ts";

/** A checkpoint, and where and when it was given. */
export interface Exhibit {
  /** A signed note. */
  readonly note: string;
  readonly from: string;
  /** RFC 3339. */
  readonly at: string;
}

export interface Misbehaviour {
  readonly format: typeof format;
  /** The log's verifier key, or its keys as a trust file has them. */
  readonly log: string;
  /** The checkpoint of the smaller or same size, whoever came first. */
  readonly smaller: Exhibit;
  readonly larger: Exhibit;
  /** Base64: what the larger tree's root was at the smaller size. */
  readonly root: string;
  /** Base64, RFC 6962 §2.1.2: from there to the larger tree. Empty between equal sizes. */
  readonly proof: readonly string[];
}

export const format = "countermand-misbehaviour/1";

export function misbehaviour(
  log: LogVerifier,
  exhibits: { readonly smaller: Exhibit; readonly larger: Exhibit },
  root: Uint8Array,
  proof: readonly Uint8Array[],
): Misbehaviour {
  return {
    format,
    log: "keys" in log ? formatTrust(log) : formatVerifierKey(log),
    ...exhibits,
    root: Buffer.from(root).toString("base64"),
    proof: proof.map((hash) => Buffer.from(hash).toString("base64")),
  };
}

/** `formatMisbehaviour(parseMisbehaviour(b))` says the same. */
export function formatMisbehaviour(found: Misbehaviour): string {
  return `${JSON.stringify(found, null, 2)}\n`;
}

const maxBytes = 3_000_000;

/** Throws a `WitnessError` "log" with what it is not. */
export function parseMisbehaviour(bytes: Uint8Array): Misbehaviour {
  const refuse = (problem: string, cause?: unknown) =>
    new WitnessError("log", `this is no proof of misbehaviour: ${problem}`, { cause });
  if (bytes.length > maxBytes) throw refuse(`it has more than ${maxBytes} bytes`);
  let value: Partial<Misbehaviour> | null;
  try {
    value = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    ) as Partial<Misbehaviour> | null;
  } catch (error) {
    throw refuse("it is not JSON", error);
  }
  if (value?.format !== format) throw refuse(`its format is not ${format}`);
  const { log, smaller, larger, root, proof } = value;
  const texts = [log, root, smaller?.note, smaller?.from, smaller?.at];
  const more = [larger?.note, larger?.from, larger?.at];
  if (
    [...texts, ...more].some((text) => typeof text !== "string") ||
    !Array.isArray(proof) ||
    proof.length > 63 ||
    proof.some((hash) => typeof hash !== "string")
  ) {
    throw refuse("it lacks log, smaller, larger, root or proof");
  }
  return value as Misbehaviour;
}

export interface Proven {
  readonly log: string;
  readonly smaller: Checkpoint;
  readonly larger: Checkpoint;
}

/**
 * Checks it with nothing but its bytes. Throws a `WitnessError` "log" if it proves
 * nothing. Whether the key is the one of the log that you know is for the caller.
 */
export async function verifyMisbehaviour(found: Misbehaviour): Promise<Proven> {
  const refuse = (problem: string, cause?: unknown) =>
    new WitnessError("log", `it proves nothing: ${problem}`, { cause });
  try {
    const verifier: LogVerifier = found.log.includes("\n")
      ? parseTrust(Buffer.from(found.log))
      : parseVerifierKey(found.log);
    const open = (note: string) => openLogCheckpoint(Buffer.from(note), verifier);
    const smaller = await open(found.smaller.note);
    const larger = await open(found.larger.note);
    const root = hash(found.root);
    if (smaller.size > larger.size) throw refuse("the smaller checkpoint is the larger one");
    verifyConsistency({
      oldSize: smaller.size,
      oldRoot: root,
      newSize: larger.size,
      newRoot: larger.root,
      proof: found.proof.map(hash),
    });
    if (Buffer.compare(root, smaller.root) === 0) {
      throw refuse("the two checkpoints are of one history");
    }
    return { log: found.log, smaller, larger };
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw refuse(error.message, error);
  }

  function hash(text: string): Uint8Array {
    const bytes = Buffer.from(text, "base64");
    if (bytes.length === 32 && bytes.toString("base64") === text) return new Uint8Array(bytes);
    throw refuse("a hash is not canonical base64 of 32 bytes");
  }
}
