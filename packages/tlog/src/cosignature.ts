/**
 * C2SP tlog-cosignature: a witness says that at some time this was the largest
 * consistent tree it had seen. The line's payload is u64 big-endian POSIX seconds
 * and the signature. Ed25519 (type 0x04) as in v1.0.1; ML-DSA-44 (type 0x06) as in
 * v1.1.0-rc.1, for whole trees.
 */
import { concat, decodeUtf8, encodeUtf8, quote } from "./bytes.ts";
import { parseCheckpoint, type Checkpoint } from "./checkpoint-text.ts";
import { ed25519PublicKey, signEd25519 } from "./ed25519.ts";
import { mlDsa44PublicKey, signMlDsa44 } from "./ml-dsa-44.ts";
import { isKeyName, keyId, keyTypes, type NoteSigner, type NoteVerifier } from "./note-key.ts";

/** The bytes that are signed: a header with the time, then the checkpoint's text. */
export function signedCosignature(timestamp: number, text: Uint8Array): Uint8Array {
  return concat(encodeUtf8(`cosignature/v1\ntime ${timestamp}\n`), text);
}

/**
 * What ML-DSA-44 signs of a checkpoint: the subtree from 0 to its size. Origin and
 * cosigner have 1 to 255 bytes; extension lines are not covered.
 */
export function signedSubtree(
  cosigner: string,
  timestamp: number,
  { origin, size, root }: Pick<Checkpoint, "origin" | "size" | "root">,
): Uint8Array {
  return concat(
    encodeUtf8("subtree/v1\n\0"),
    withLength(cosigner),
    u64(timestamp),
    withLength(origin),
    u64(0),
    u64(size),
    root,
  );
}

function withLength(text: string): Uint8Array {
  const bytes = encodeUtf8(text);
  if (bytes.length < 1 || bytes.length > 255) {
    throw new TypeError(`${quote(text, 60)} has ${bytes.length} bytes; 1 to 255 can be signed`);
  }
  return concat(Uint8Array.of(bytes.length), bytes);
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** `length`: of the signature after the time, 64 of Ed25519. */
export function splitCosignature(
  payload: Uint8Array,
  length = 64,
): { readonly timestamp: number; readonly signature: Uint8Array } | undefined {
  if (payload.length !== 8 + length) return undefined;
  const seconds = new DataView(payload.buffer, payload.byteOffset, 8).getBigUint64(0);
  if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { timestamp: Number(seconds), signature: payload.slice(8) };
}

/** A witness's signer; `now` gives POSIX seconds, asked once a signature. */
export async function cosigner(
  name: string,
  seed: Uint8Array,
  now: () => number,
): Promise<NoteSigner & { readonly verifier: NoteVerifier }> {
  if (!isKeyName(name)) throw new TypeError(`${quote(name)} cannot name a key`);
  const publicKey = await ed25519PublicKey(seed);
  const type = keyTypes.ed25519Cosignature;
  const verifier = { name, keyId: keyId(name, type, publicKey), type, publicKey };
  return {
    name,
    keyId: verifier.keyId,
    verifier,
    async sign(text) {
      const timestamp = now();
      if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
        throw new TypeError(`${timestamp} is no POSIX time in whole seconds`);
      }
      return concat(u64(timestamp), await signEd25519(seed, signedCosignature(timestamp, text)));
    },
  };
}

/** The same with ML-DSA-44; also a log's own second line, named like the log. Signs checkpoints only. */
export async function mlDsa44Cosigner(
  name: string,
  seed: Uint8Array,
  now: () => number,
): Promise<NoteSigner & { readonly verifier: NoteVerifier }> {
  if (!isKeyName(name)) throw new TypeError(`${quote(name)} cannot name a key`);
  const publicKey = await mlDsa44PublicKey(seed);
  const type = keyTypes.mlDsa44Cosignature;
  const verifier = { name, keyId: keyId(name, type, publicKey), type, publicKey };
  return {
    name,
    keyId: verifier.keyId,
    verifier,
    async sign(text) {
      const timestamp = now();
      if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
        throw new TypeError(`${timestamp} is no POSIX time in whole seconds`);
      }
      const message = signedSubtree(
        name,
        timestamp,
        parseCheckpoint(decodeUtf8(text, "checkpoint")),
      );
      return concat(u64(timestamp), await signMlDsa44(seed, message));
    },
  };
}
