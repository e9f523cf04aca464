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
const smallOrder: readonly Uint8Array[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(fromHex);

/** The order of the base point, little-endian. */
const order = fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
/** 2^255 - 19, little-endian. */
const prime = fromHex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

/** Throws a `TlogError` "key" for a key that must not be trusted with anything. */
export function assertSafeEd25519PublicKey(key: Uint8Array): void {
  if (key.length !== 32) {
    throw new TlogError("key", `an Ed25519 public key has 32 bytes, not ${key.length}`);
  }
  const y = withoutSign(key);
  if (isOfSmallOrder(y)) {
    throw new TlogError(
      "key",
      "this Ed25519 key is of small order: one signature by it fits every message",
    );
  }
  if (!isLess(y, prime)) {
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
  const key = importPublicKey(publicKey);
  if (signature.length !== 64 || !isLess(signature.subarray(32), order)) return false;
  if (isOfSmallOrder(withoutSign(signature.subarray(0, 32)))) return false;
  try {
    return await subtle.verify("Ed25519", await key, copyBytes(signature), copyBytes(message));
  } catch (error) {
    // Some runtimes look already at import whether the key is on the curve; Node does not.
    if (error instanceof Error && error.name === "DataError") return false;
    throw error;
  }
}

/** Keys that were imported; few sign much. */
const imported = new Map<string, Promise<CryptoKey>>();
const mostImported = 256;

/** Throws as `assertSafeEd25519PublicKey`. */
function importPublicKey(publicKey: Uint8Array): Promise<CryptoKey> {
  assertSafeEd25519PublicKey(publicKey);
  const name = String.fromCharCode(...publicKey);
  const known = imported.get(name);
  if (known !== undefined) return known;
  const key = subtle.importKey("raw", copyBytes(publicKey), "Ed25519", false, ["verify"]);
  // Whoever verifies hears that it failed; another time it may not.
  key.catch(() => imported.delete(name));
  if (imported.size >= mostImported) imported.clear();
  imported.set(name, key);
  return key;
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

function isOfSmallOrder(y: Uint8Array): boolean {
  return smallOrder.some((point) => point.every((byte, i) => byte === y[i]));
}

/** As little-endian numbers of one length. */
function isLess(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = b.length - 1; i >= 0; i--) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
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
