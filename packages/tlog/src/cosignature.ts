/**
 * C2SP tlog-cosignature v1.0.1, Ed25519 (type 0x04): a witness says that at some
 * time this was the largest consistent tree it had seen. The line's payload is
 * u64 big-endian POSIX seconds and the signature.
 */
import { concat, encodeUtf8, quote } from "./bytes.ts";
import { ed25519PublicKey, signEd25519 } from "./ed25519.ts";
import { isKeyName, keyId, keyTypes, type NoteSigner, type NoteVerifier } from "./note-key.ts";

/** The bytes that are signed: a header with the time, then the checkpoint's text. */
export function signedCosignature(timestamp: number, text: Uint8Array): Uint8Array {
  return concat(encodeUtf8(`cosignature/v1\ntime ${timestamp}\n`), text);
}

export function splitCosignature(
  payload: Uint8Array,
): { readonly timestamp: number; readonly signature: Uint8Array } | undefined {
  if (payload.length !== 72) return undefined;
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
      const time = new Uint8Array(8);
      new DataView(time.buffer).setBigUint64(0, BigInt(timestamp));
      return concat(time, await signEd25519(seed, signedCosignature(timestamp, text)));
    },
  };
}
