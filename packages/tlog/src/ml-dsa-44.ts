/**
 * ML-DSA-44 (FIPS 204) through WebCrypto: a signature that a quantum computer does
 * not forge. The runtime must have it (Node 24.7 and later; browsers not yet); where it
 * has not, that it cannot tell is thrown, and is not the same as false.
 */
import { copyBytes } from "./bytes.ts";
import { TlogError } from "./error.ts";

export const mlDsa44 = { publicKey: 1312, seed: 32, signature: 2420 } as const;

/** Throws a `TlogError` "key" for bytes that are no public key. */
export function assertMlDsa44PublicKey(key: Uint8Array): void {
  if (key.length !== mlDsa44.publicKey) {
    throw new TlogError(
      "key",
      `an ML-DSA-44 public key has ${mlDsa44.publicKey} bytes, not ${key.length}`,
    );
  }
}

export async function verifyMlDsa44(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  assertMlDsa44PublicKey(publicKey);
  if (signature.length !== mlDsa44.signature) return false;
  const key = await subtle.importKey("raw-public", copyBytes(publicKey), name, false, ["verify"]);
  return subtle.verify(name, key, copyBytes(signature), copyBytes(message));
}

/** Randomised: two signatures of one message differ. */
export async function signMlDsa44(seed: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  const key = await importSeed(seed);
  return new Uint8Array(await subtle.sign(name, key, copyBytes(message)));
}

/** The 1312 bytes of the public key that `seed` (32 bytes) makes. */
export async function mlDsa44PublicKey(seed: Uint8Array): Promise<Uint8Array> {
  const publicKey = await subtle.getPublicKey(await importSeed(seed), ["verify"]);
  return new Uint8Array(await subtle.exportKey("raw-public", publicKey));
}

async function importSeed(seed: Uint8Array): Promise<CryptoKey> {
  if (seed.length !== mlDsa44.seed) {
    throw new TypeError(`an ML-DSA-44 seed has ${mlDsa44.seed} bytes, not ${seed.length}`);
  }
  return subtle.importKey("raw-seed", copyBytes(seed), name, false, ["sign"]);
}

const name = "ML-DSA-44";

// What of WebCrypto is used; this package knows neither Node's nor the DOM's types.
interface CryptoKey {
  readonly type: string;
}
interface Subtle {
  importKey(
    format: "raw-public" | "raw-seed",
    data: Uint8Array,
    algorithm: string,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKey>;
  getPublicKey(key: CryptoKey, usages: readonly string[]): Promise<CryptoKey>;
  exportKey(format: "raw-public", key: CryptoKey): Promise<ArrayBuffer>;
  sign(algorithm: string, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
  verify(
    algorithm: string,
    key: CryptoKey,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>;
}
const { subtle } = (globalThis as unknown as { readonly crypto: { readonly subtle: Subtle } })
  .crypto;
