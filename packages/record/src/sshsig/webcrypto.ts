/**
 * The one call into the platform's cryptography: is this raw signature true for
 * these bytes under this key? WebCrypto, so the same code runs in a browser and
 * in Node. Ed25519 goes through `@countermand/tlog`, which adds the strictness
 * that runtimes disagree on.
 */
import { verifyEd25519 } from "@countermand/tlog";
import { encodeBase64Url } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import { ecdsaCurves, type EcdsaType, type PublicKey } from "./public-key.ts";

type ImportedKey = { readonly type: string };
type Algorithm = { readonly name: string; readonly hash?: string; readonly namedCurve?: string };

// `types: []` leaves it undeclared; this is the part in use.
declare const crypto: {
  subtle: {
    importKey(
      format: "raw" | "jwk",
      key: Uint8Array | { kty: "RSA"; n: string; e: string },
      algorithm: Algorithm,
      extractable: boolean,
      usages: readonly "verify"[],
    ): Promise<ImportedKey>;
    verify(
      algorithm: Algorithm,
      key: ImportedKey,
      signature: Uint8Array,
      data: Uint8Array,
    ): Promise<boolean>;
  };
};

/** RFC 5656 §6.2.1: the curve decides the hash. */
const ecdsaAlgorithms = {
  "ecdsa-sha2-nistp256": { namedCurve: "P-256", hash: "SHA-256" },
  "ecdsa-sha2-nistp384": { namedCurve: "P-384", hash: "SHA-384" },
  "ecdsa-sha2-nistp521": { namedCurve: "P-521", hash: "SHA-512" },
} as const;

/** 64 bytes R and S against a point that `parsePublicKey` let through. */
export async function verifyEd25519Raw(
  point: Uint8Array,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  return verifyEd25519(point, data, signature);
}

/** r and s as big-endian magnitudes, each at most as long as a coordinate. */
export async function verifyEcdsa(
  type: EcdsaType,
  point: Uint8Array,
  signature: { readonly r: Uint8Array; readonly s: Uint8Array },
  data: Uint8Array,
): Promise<boolean> {
  const { namedCurve, hash } = ecdsaAlgorithms[type];
  const { size } = ecdsaCurves[type];
  if (signature.r.length > size || signature.s.length > size) return false;
  const fixedWidth = new Uint8Array(2 * size);
  fixedWidth.set(signature.r, size - signature.r.length);
  fixedWidth.set(signature.s, 2 * size - signature.s.length);
  const key = await importOrRefuse("raw", point, { name: "ECDSA", namedCurve });
  return crypto.subtle.verify({ name: "ECDSA", hash }, key, fixedWidth, data);
}

/** PKCS #1 v1.5; the signature is as long as the modulus. */
export async function verifyRsa(
  rsa: Extract<PublicKey, { type: "ssh-rsa" }>,
  hash: "SHA-256" | "SHA-512",
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  const name = "RSASSA-PKCS1-v1_5";
  const jwk = {
    kty: "RSA",
    n: encodeBase64Url(rsa.modulus),
    e: encodeBase64Url(rsa.exponent),
  } as const;
  const key = await importOrRefuse("jwk", jwk, { name, hash });
  return crypto.subtle.verify({ name }, key, signature, data);
}

async function importOrRefuse(
  ...[format, key, algorithm]: [
    "raw" | "jwk",
    Uint8Array | { kty: "RSA"; n: string; e: string },
    Algorithm,
  ]
): Promise<ImportedKey> {
  try {
    return await crypto.subtle.importKey(format, key, algorithm, false, ["verify"]);
  } catch (cause) {
    throw new RecordError(
      "key",
      "the runtime refuses the key: it is no point of its curve, or the algorithm is missing here",
      { cause },
    );
  }
}
