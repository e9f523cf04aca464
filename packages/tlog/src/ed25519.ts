/**
 * Ed25519 (RFC 8032) through WebCrypto, with the checks that implementations
 * differ in made here: a public key of small order, for which one signature can
 * verify under every message, a signature whose scalar is not reduced, of which
 * there are two, and one whose R is of small order, which only some take, are
 * refused whatever the runtime thinks.
 */
import { copyBytes } from "./bytes.ts";
import { TlogError } from "./error.ts";

/**
 * The y coordinates of the eight points of small order, little-endian, in every
 * spelling: 0, 1, p-1, the two of order 8, and the non-canonical p and p+1. The
 * sign bit is masked, so these seven stand for all fourteen encodings.
 */
const smallOrder: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** The order of the base point, big-endian. */
const order = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;
/** 2^255 - 19. */
const prime = 2n ** 255n - 19n;

/** Throws a `TlogError` "key" for a key that must not be trusted with anything. */
export function assertSafeEd25519PublicKey(key: Uint8Array): void {
  if (key.length !== 32) {
    throw new TlogError("key", `an Ed25519 public key has 32 bytes, not ${key.length}`);
  }
  const y = withoutSign(key);
  if (smallOrder.has(hex(y))) {
    throw new TlogError(
      "key",
      "this Ed25519 key is of small order: one signature by it fits every message",
    );
  }
  if (littleEndian(y) >= prime) {
    throw new TlogError("key", "this Ed25519 key is not written canonically");
  }
}

/**
 * False for a signature that is not good. Throws a `TlogError` "key" for a key
 * that is refused, and what the runtime throws if it has no Ed25519: that it
 * cannot tell is not the same as false.
 */
export async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  assertSafeEd25519PublicKey(publicKey);
  if (signature.length !== 64 || littleEndian(signature.subarray(32)) >= order) return false;
  if (smallOrder.has(hex(withoutSign(signature.subarray(0, 32))))) return false;
  let key: CryptoKey;
  try {
    key = await subtle.importKey("raw", copyBytes(publicKey), "Ed25519", false, ["verify"]);
  } catch (error) {
    // Some runtimes look already here whether the key is on the curve; Node does not.
    if (error instanceof Error && error.name === "DataError") return false;
    throw error;
  }
  return subtle.verify("Ed25519", key, copyBytes(signature), copyBytes(message));
}

/** The signature by the key that `seed` (32 bytes) makes. Deterministic. */
export async function signEd25519(seed: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  const key = await importSeed(seed, false);
  return new Uint8Array(await subtle.sign("Ed25519", key, copyBytes(message)));
}

/** The 32 bytes of the public key that `seed` makes. */
export async function ed25519PublicKey(seed: Uint8Array): Promise<Uint8Array> {
  const { x } = await subtle.exportKey("jwk", await importSeed(seed, true));
  const base64 = x.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(web.atob(base64), (char) => char.charCodeAt(0));
}

async function importSeed(seed: Uint8Array, extractable: boolean): Promise<CryptoKey> {
  if (seed.length !== 32) throw new TypeError(`an Ed25519 seed has 32 bytes, not ${seed.length}`);
  const pkcs8 = new Uint8Array([...pkcs8Prefix, ...seed]);
  return subtle.importKey("pkcs8", pkcs8, "Ed25519", extractable, ["sign"]);
}

/** PKCS #8 of an Ed25519 private key (RFC 8410) up to the seed. */
const pkcs8Prefix = [
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/** The y of an encoded point: the top bit is the sign of x. */
function withoutSign(point: Uint8Array): Uint8Array {
  const y = copyBytes(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  return y;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.toReversed())}`);
}

// What of WebCrypto is used; this package knows neither Node's nor the DOM's types.
interface CryptoKey {
  readonly type: string;
}
interface Subtle {
  importKey(
    format: "raw" | "pkcs8",
    data: Uint8Array,
    algorithm: string,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKey>;
  exportKey(format: "jwk", key: CryptoKey): Promise<{ readonly x: string }>;
  sign(algorithm: string, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
  verify(
    algorithm: string,
    key: CryptoKey,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>;
}
const web = globalThis as unknown as {
  readonly crypto: { readonly subtle: Subtle };
  atob(text: string): string;
};
const { subtle } = web.crypto;
