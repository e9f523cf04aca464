/**
 * C2SP tlog-proof (draft on main): one leaf's inclusion in a signed checkpoint,
 * as a file (`.tlog-proof`) that needs no network. Strict where the Go parser is
 * lenient: no carriage returns, no leading zeros, every line ends.
 *
 * `parseProofFile(formatProofFile(p))` gives `p`, and back.
 */
import {
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  encodeUtf8,
  parseDecimal,
  concat,
} from "./bytes.ts";
import { openCheckpoint, type OpenedCheckpoint } from "./checkpoint.ts";
import { TlogError } from "./error.ts";
import { HASH_SIZE } from "./hash.ts";
import type { NoteVerifier } from "./note-key.ts";
import { verifyInclusion } from "./proof.ts";

const header = "c2sp.org/tlog-proof@v1";
/** A tree of 2^53 leaves needs no more. */
const maxHashes = 63;
const maxBytes = 1_100_000;

export interface ProofFile {
  readonly index: number;
  /** Leaf's sibling first. */
  readonly hashes: readonly Uint8Array[];
  /** A signed note, verbatim. */
  readonly checkpoint: Uint8Array;
  /** Not authenticated by anything. */
  readonly extra?: Uint8Array;
}

/** Throws a `TypeError` for what `parseProofFile` would refuse. */
export function formatProofFile(proof: ProofFile): Uint8Array {
  const { index, hashes } = proof;
  if (!Number.isSafeInteger(index) || index < 0) throw new TypeError(`${index} is no leaf's index`);
  if (hashes.length > maxHashes || hashes.some((hash) => hash.length !== HASH_SIZE)) {
    throw new TypeError(`a proof has at most ${maxHashes} hashes of ${HASH_SIZE} bytes each`);
  }
  const lines = [
    header,
    ...(proof.extra === undefined ? [] : [`extra ${encodeBase64(proof.extra)}`]),
    `index ${index}`,
    ...hashes.map(encodeBase64),
    "",
    "",
  ];
  const bytes = concat(encodeUtf8(lines.join("\n")), proof.checkpoint);
  if (bytes.length > maxBytes) throw new TypeError(`a proof file has at most ${maxBytes} bytes`);
  return bytes;
}

/** Throws a `TlogError` "proof-file" with the line. The checkpoint is not looked into. */
export function parseProofFile(bytes: Uint8Array): ProofFile {
  const refuse = (line: number, problem: string) =>
    new TlogError("proof-file", problem, `line ${line}`);
  if (bytes.length > maxBytes)
    throw new TlogError(
      "proof-file",
      `found ${bytes.length} bytes; a proof file has at most ${maxBytes}`,
    );
  const text = decodeUtf8(bytes, "proof-file");
  const end = text.indexOf("\n\n");
  if (end === -1) throw new TlogError("proof-file", "there is no blank line before the checkpoint");
  const lines = text.slice(0, end).split("\n");
  let at = 0;
  if (lines[at++] !== header) throw refuse(1, `a proof file begins with ${header}`);
  let extra: Uint8Array | undefined;
  if (lines[at]?.startsWith("extra ") === true) {
    extra = decodeBase64((lines[at] ?? "").slice("extra ".length));
    if (extra === undefined) throw refuse(at + 1, "the extra data is not canonical base64");
    at += 1;
  }
  const indexLine = lines[at] ?? "";
  const index = indexLine.startsWith("index ")
    ? parseDecimal(indexLine.slice("index ".length))
    : undefined;
  if (index === undefined) {
    throw refuse(at + 1, "expected `index` and a decimal without leading zeros, below 2^53");
  }
  at += 1;
  if (lines.length - at > maxHashes)
    throw refuse(at + 1, `found ${lines.length - at} hashes; at most ${maxHashes} can be needed`);
  const hashes = lines.slice(at).map((line, i) => {
    const hash = decodeBase64(line);
    if (hash?.length !== HASH_SIZE)
      throw refuse(at + i + 1, `this is not canonical base64 of ${HASH_SIZE} bytes`);
    return hash;
  });
  const checkpoint = encodeUtf8(text.slice(end + 2));
  return { index, hashes, checkpoint, ...(extra === undefined ? {} : { extra }) };
}

/**
 * Checks that the leaf is in the log: the checkpoint is of `origin` and signed
 * by the log's key, and the proof leads from `leafHash` to its root. The
 * cosignatures by keys in `verifiers` are good; whether they are enough is for
 * the caller to say.
 */
export async function verifyProofFile(claim: {
  readonly file: Uint8Array;
  readonly leafHash: Uint8Array;
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
}): Promise<{ readonly index: number; readonly checkpoint: OpenedCheckpoint }> {
  const { index, hashes, checkpoint: note } = parseProofFile(claim.file);
  const checkpoint = await openCheckpoint(note, claim.verifiers, claim.origin);
  const { size, root } = checkpoint;
  verifyInclusion({ leafHash: claim.leafHash, index, size, proof: hashes, root });
  return { index, checkpoint };
}
