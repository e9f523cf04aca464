/**
 * C2SP tlog-witness v1.0.0, `add-checkpoint`: a log asks a witness to say that a
 * checkpoint extends the one that the witness saw last. Here are the request, the
 * witness's decision, and what the log makes of the answer; sockets and storage
 * are the caller's. `sign-subtree` is left out.
 *
 * `parseAddCheckpoint(formatAddCheckpoint(r))` gives `r`, and back.
 */
import {
  concat,
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  encodeUtf8,
  equalBytes,
  looseText,
  parseDecimal,
  quote,
} from "./bytes.ts";
import { type Checkpoint, parseCheckpoint } from "./checkpoint-text.ts";
import { TlogError } from "./error.ts";
import { EMPTY_ROOT, HASH_SIZE } from "./hash.ts";
import {
  formatSignature,
  type Note,
  type NoteSignature,
  openNote,
  parseNote,
  parseSignatureLines,
} from "./note.ts";
import { isCosignatureKey, type NoteSigner, type NoteVerifier } from "./note-key.ts";
import { verifyConsistency } from "./proof.ts";

/** RFC 6962 proofs between sizes below 2^53 are shorter; the specification allows as many. */
const maxHashes = 63;
const maxRequestBytes = 1_010_000;

export interface AddCheckpoint {
  /** The size that the log believes the witness saw last. */
  readonly oldSize: number;
  /** Consistency proof from there to the checkpoint. */
  readonly proof: readonly Uint8Array[];
  /** A signed note, verbatim. */
  readonly checkpoint: Uint8Array;
}

/** Refuses with a `TypeError` what `parseAddCheckpoint` would not give back. */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): Uint8Array {
  if (!Number.isSafeInteger(oldSize) || oldSize < 0) throw new TypeError(`${oldSize} is no size`);
  if (proof.length > maxHashes || proof.some((hash) => hash.length !== HASH_SIZE)) {
    throw new TypeError(`a proof has at most ${maxHashes} hashes of ${HASH_SIZE} bytes each`);
  }
  const head = [`old ${oldSize}`, ...proof.map(encodeBase64), "", ""].join("\n");
  return concat(encodeUtf8(head), checkpoint);
}

/** Throws a `TlogError` "witness" with the line. The checkpoint is not looked into. */
export function parseAddCheckpoint(bytes: Uint8Array): AddCheckpoint {
  const refuse = (line: number, problem: string) =>
    new TlogError("witness", problem, `line ${line}`);
  if (bytes.length > maxRequestBytes) {
    throw new TlogError("witness", `found ${bytes.length} bytes; at most ${maxRequestBytes}`);
  }
  const lines: string[] = [];
  let at = 0;
  // The head is some kilobytes at most; only it is decoded here.
  for (;;) {
    const end = bytes.indexOf(0x0a, at);
    if (end === -1) throw refuse(lines.length + 1, "there is no empty line before the checkpoint");
    const line = decodeUtf8(bytes.subarray(at, end), "witness");
    at = end + 1;
    if (line === "") break;
    lines.push(line);
    if (lines.length > maxHashes + 1) {
      throw refuse(lines.length, `a proof has at most ${maxHashes} hashes`);
    }
  }
  const [first = "", ...rest] = lines;
  const oldSize = first.startsWith("old ") ? parseDecimal(first.slice(4)) : undefined;
  if (oldSize === undefined) {
    throw refuse(1, `${quote(first)} is not "old" and a tree size without leading zeros`);
  }
  const proof = rest.map((text, i) => {
    const hash = decodeBase64(text);
    if (hash?.length === HASH_SIZE) return hash;
    throw refuse(2 + i, `${quote(text, 60)} is not canonical base64 of ${HASH_SIZE} bytes`);
  });
  return { oldSize, proof, checkpoint: bytes.slice(at) };
}

/** What a witness keeps of a log; nothing of it before the first checkpoint. */
export interface Seen {
  readonly size: number;
  readonly root: Uint8Array;
}

export type WitnessVerdict =
  /** To be made durable as the newest seen, by comparing with `from`, before it is answered. */
  | { readonly status: 200; readonly from: Seen | undefined; readonly checkpoint: Checkpoint }
  /** The witness has seen another size: the body is this size. */
  | { readonly status: 409; readonly size: number }
  | { readonly status: 400 | 403 | 404 | 422; readonly problem: string };

export interface WitnessedLog {
  /** The keys that may sign for the log; several while a key is being changed. */
  readonly verifiers: readonly NoteVerifier[];
  readonly seen: Seen | undefined;
}

/** The origin that a request is about, so that its log can be looked up. Throws a `TlogError`. */
export function originOf({ checkpoint }: AddCheckpoint): string {
  return parseCheckpoint(parseNote(checkpoint).text).origin;
}

/**
 * What a witness that knows `log` answers. Pure: two requests that are decided
 * from one state must not both be stored, so the caller stores a 200 only if the
 * state is still `from`, and decides again otherwise.
 */
export async function decideAddCheckpoint(
  request: AddCheckpoint,
  log: WitnessedLog | undefined,
): Promise<WitnessVerdict> {
  let note: Note;
  let checkpoint: Checkpoint;
  try {
    note = parseNote(request.checkpoint);
    checkpoint = parseCheckpoint(note.text);
  } catch (error) {
    if (error instanceof TlogError) return { status: 400, problem: error.message };
    throw error;
  }
  if (log === undefined) {
    return { status: 404, problem: `this witness does not know ${quote(checkpoint.origin, 255)}` };
  }
  const signed = await openNote(request.checkpoint, log.verifiers).catch((error: unknown) => {
    if (error instanceof TlogError) return null;
    throw error;
  });
  if (signed === null) return { status: 403, problem: "no key of this log signed the checkpoint" };
  const { size, root } = checkpoint;
  const { oldSize, proof } = request;
  if (oldSize > size) {
    return { status: 400, problem: `old size ${oldSize} is beyond the checkpoint's ${size}` };
  }
  const seen = log.seen ?? { size: 0, root: EMPTY_ROOT };
  if (oldSize !== seen.size) return { status: 409, size: seen.size };
  try {
    verifyConsistency({ oldSize, oldRoot: seen.root, newSize: size, newRoot: root, proof });
  } catch (error) {
    if (error instanceof TlogError) return { status: 422, problem: error.message };
    throw error;
  }
  return { status: 200, from: log.seen, checkpoint };
}

/** The body of a 200: the signers' lines over the checkpoint's text. */
export async function cosign(
  checkpoint: Uint8Array,
  signers: readonly NoteSigner[],
): Promise<string> {
  const text = encodeUtf8(parseNote(checkpoint).text);
  const lines: string[] = [];
  for (const signer of signers) {
    const { name, keyId } = signer;
    lines.push(formatSignature({ name, keyId, signature: await signer.sign(text) }));
  }
  return lines.join("");
}

export type WitnessAnswer =
  | { readonly kind: "signed"; readonly cosignatures: readonly Cosignature[] }
  /** Build the proof from this size and ask again. */
  | { readonly kind: "other-size"; readonly size: number }
  /** The witness says that our tree is not the one it saw: fork evidence, or somebody's bug. */
  | { readonly kind: "contradicts"; readonly problem: string }
  /** It does not know us or our key yet. */
  | { readonly kind: "unknown-log"; readonly problem: string }
  /** It cannot now; ask later. */
  | { readonly kind: "later"; readonly problem: string }
  /** What it says is no answer of a witness. */
  | { readonly kind: "nonsense"; readonly problem: string };

export interface Cosignature extends NoteSignature {
  /** POSIX seconds of the witness's clock. */
  readonly timestamp: number;
}

const largestAnswer = 64 * 1024;

/**
 * What the log makes of a witness's answer. Careful with real witnesses: one says
 * 403 for a log that it does not know; one says 409 without a size for a root that
 * differs; a 409 is a size only with its media type and one canonical number.
 */
export async function readWitnessAnswer(
  answer: { readonly status: number; readonly mediaType: string; readonly body: Uint8Array },
  checkpointText: string,
  witness: readonly NoteVerifier[],
): Promise<WitnessAnswer> {
  const { status, body } = answer;
  if (body.length > largestAnswer) {
    return { kind: "nonsense", problem: `its answer has ${body.length} bytes` };
  }
  const says = quote(looseText(body.subarray(0, 200)).trim(), 200);
  switch (status) {
    case 200:
      return await readCosignatures(body, checkpointText, witness);
    case 409: {
      const text = looseText(body);
      const size = text.endsWith("\n") ? parseDecimal(text.slice(0, -1)) : undefined;
      const isSize = /^text\/x\.tlog\.size(?:\s*;|$)/i.test(answer.mediaType);
      if (isSize && size !== undefined) return { kind: "other-size", size };
      return { kind: "contradicts", problem: `it answered 409 without a size: ${says}` };
    }
    case 422:
      return { kind: "contradicts", problem: `it refused the proof: ${says}` };
    case 403:
    case 404:
      return { kind: "unknown-log", problem: `it answered ${status}: ${says}` };
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return { kind: "later", problem: `it answered ${status}: ${says}` };
    default:
      return { kind: "nonsense", problem: `it answered ${status}: ${says}` };
  }
}

async function readCosignatures(
  body: Uint8Array,
  checkpointText: string,
  witness: readonly NoteVerifier[],
): Promise<WitnessAnswer> {
  try {
    const lines = parseSignatureLines(decodeUtf8(body, "witness"));
    const note = concat(
      encodeUtf8(`${checkpointText}\n`),
      encodeUtf8(lines.map(formatSignature).join("")),
    );
    const cosignatures: Cosignature[] = [];
    for (const one of (await openNote(note, witness)).verified) {
      const isCosignature = isCosignatureKey(one.verifier);
      // A time of zero makes no statement about the largest tree seen.
      if (!isCosignature || one.timestamp === undefined || one.timestamp === 0) continue;
      const { name, keyId, signature, timestamp } = one;
      cosignatures.push({ name, keyId, signature, timestamp });
    }
    if (cosignatures.length > 0) return { kind: "signed", cosignatures };
    return { kind: "nonsense", problem: "none of its lines is a cosignature with a time" };
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    return { kind: "nonsense", problem: error.message };
  }
}

/** The note with the lines added; a line of a key that is there already takes its place. */
export function withCosignatures(note: Uint8Array, cosignatures: readonly NoteSignature[]): Note {
  const { text, signatures } = parseNote(note);
  const added = (one: NoteSignature) =>
    cosignatures.some(({ name, keyId }) => name === one.name && keyId === one.keyId);
  return { text, signatures: [...signatures.filter((one) => !added(one)), ...cosignatures] };
}

/** Whether two states are the same, for the caller's compare-and-swap. */
export function sameSeen(a: Seen | undefined, b: Seen | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && equalBytes(a.root, b.root);
}
