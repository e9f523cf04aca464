/**
 * An OpenID Connect identity token, checked against a key set that is kept with
 * it: RFC 7515 compact form, RS256, PS256, ES256 and EdDSA (RFC 8037). What it
 * says is compared by whoever asks; here is only whether the issuer said it, and
 * when it holds. The key set's own origin is for the caller to know.
 */
import { verifyEd25519 } from "@countermand/tlog";

import { decodeUtf8, encodeBase64Url, encodeUtf8 } from "../bytes/encoding.ts";
import { quote, RecordError } from "../bytes/error.ts";
import { tooDeepAt } from "../bytes/json-depth.ts";
import { isForeignObject, type ForeignObject } from "./foreign-object.ts";

type ImportedKey = { readonly type: string };
interface Algorithm {
  readonly name: string;
  readonly hash?: string;
  readonly namedCurve?: string;
  readonly saltLength?: number;
}

// `types: []` leaves it undeclared; this is the part in use.
declare const crypto: {
  subtle: {
    importKey(
      format: "jwk",
      key: ForeignObject,
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
declare function atob(text: string): string;

/** What the algorithms need of a key; anything else, `none` above all, is refused. */
const algorithms: Readonly<
  Record<string, { readonly kty: string; readonly crv?: string; readonly use: Algorithm }>
> = {
  RS256: { kty: "RSA", use: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } },
  PS256: { kty: "RSA", use: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 } },
  ES256: { kty: "EC", crv: "P-256", use: { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" } },
  EdDSA: { kty: "OKP", crv: "Ed25519", use: { name: "Ed25519" } },
};

/** A provider's token is under 3 kB; more is not one. */
export const maxTokenLength = 8000;
/** Clocks of issuers and ledgers may differ by this much, in seconds. */
const leeway = 60;

export interface IdToken {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: readonly string[];
  readonly nonce?: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Everything that it says. */
  readonly claims: ForeignObject;
}

/**
 * The token, if one key of `keys` (a JWK set's bytes) signed it and it held at
 * `at` (RFC 3339). Throws a `RecordError` "signature" that says what is wrong.
 */
export async function verifyIdToken(token: string, keys: Uint8Array, at: string): Promise<IdToken> {
  if (token.length > maxTokenLength) throw bad(`it has ${token.length} characters`);
  const parts = token.split(".");
  const [head, body, mark] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || mark === undefined) {
    throw bad("it is not three parts with dots between them");
  }
  const header = parseObject(decodeUtf8(base64Url(head, "header")), "the header");
  const { alg, kid, crit } = header;
  const algorithm =
    typeof alg === "string" && Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined;
  if (algorithm === undefined || typeof alg !== "string") {
    throw bad(
      `its algorithm is ${typeof alg === "string" ? quote(alg, 20) : "missing"}; known are ${Object.keys(algorithms).join(", ")}`,
    );
  }
  if (crit !== undefined) throw bad("it has critical extensions, which are not known here");
  const signature = base64Url(mark, "signature");
  const key = keyFor(keys, alg, algorithm, kid);
  const data = encodeUtf8(`${head}.${body}`);
  if (!(await isSignedBy(key, algorithm.use, signature, data))) {
    throw bad("its signature is not by the issuer's key");
  }
  const read = readClaims(parseObject(decodeUtf8(base64Url(body, "payload")), "the payload"));
  const now = Date.parse(at) / 1000;
  if (now > read.expiresAt + leeway || now < read.issuedAt - leeway) {
    throw bad(
      `it holds from ${iso(read.issuedAt)} to ${iso(read.expiresAt)}, and it is about ${at}`,
    );
  }
  return read;
}

function keyFor(
  keys: Uint8Array,
  alg: string,
  algorithm: { readonly kty: string; readonly crv?: string },
  kid: unknown,
): ForeignObject {
  const set = parseObject(decodeUtf8(keys), "the key set")["keys"];
  if (!Array.isArray(set)) throw bad("the key set has no array `keys`");
  const fitting = set.filter(
    (key: unknown): key is ForeignObject =>
      isForeignObject(key) &&
      key["kty"] === algorithm.kty &&
      (algorithm.crv === undefined || key["crv"] === algorithm.crv) &&
      (key["use"] === undefined || key["use"] === "sig") &&
      (key["alg"] === undefined || key["alg"] === alg) &&
      (kid === undefined || key["kid"] === kid),
  );
  const [key, ...others] = fitting;
  if (key === undefined || others.length > 0) {
    const named = typeof kid === "string" ? ` ${quote(kid, 60)}` : "";
    throw bad(
      key === undefined
        ? `the key set has no key${named} for it`
        : `the key set has several keys${named} for it`,
    );
  }
  return key;
}

async function isSignedBy(
  key: ForeignObject,
  use: Algorithm,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  if (use.name === "Ed25519") {
    const x = key["x"];
    const point = base64Url(typeof x === "string" ? x : "", "key");
    return point.length === 32 && signature.length === 64 && verifyEd25519(point, data, signature);
  }
  const { kty, n, e, crv, x, y } = key;
  const modulus = typeof n === "string" ? base64Url(n, "key").length : 0;
  if (kty === "RSA" && (modulus < 256 || modulus > 1025)) {
    throw bad(`the issuer's key has ${modulus * 8} bits; 2048 to 8192 are accepted`);
  }
  // Only what the algorithm needs: a runtime would obey `key_ops` and `ext` of a stranger.
  const jwk = kty === "RSA" ? { kty, n, e } : { kty, crv, x, y };
  try {
    const imported = await crypto.subtle.importKey("jwk", jwk, use, false, ["verify"]);
    return await crypto.subtle.verify(use, imported, signature, data);
  } catch (cause) {
    throw new RecordError("signature", "the identity token's issuer has a key that is none", {
      cause,
    });
  }
}

function readClaims(claims: ForeignObject): IdToken {
  const { iss, sub, aud, nonce, iat, exp } = claims;
  const audience = typeof aud === "string" ? [aud] : aud;
  if (
    typeof iss !== "string" ||
    typeof sub !== "string" ||
    !Array.isArray(audience) ||
    !audience.every((item): item is string => typeof item === "string") ||
    !isSeconds(iat) ||
    !isSeconds(exp) ||
    (nonce !== undefined && typeof nonce !== "string")
  ) {
    throw bad("it lacks one of iss, sub, aud, iat and exp, or one is of another kind");
  }
  return {
    issuer: iss,
    subject: sub,
    audience,
    ...(nonce === undefined ? {} : { nonce }),
    issuedAt: iat,
    expiresAt: exp,
    claims,
  };
}

function isSeconds(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < 1e11;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function parseObject(text: string, what: string): ForeignObject {
  if (tooDeepAt(text, 16) !== null) throw bad(`${what} is nested too deep`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecordError("signature", `identity token: ${what} is not JSON`, { cause });
  }
  if (!isForeignObject(value)) throw bad(`${what} is not an object`);
  return value;
}

/** Unpadded, as RFC 7515 wants it, and only the one spelling of the bytes. */
function base64Url(text: string, what: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) {
    throw bad(`its ${what} is not base64url`);
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (encodeBase64Url(bytes) !== text) throw bad(`its ${what} has bits that say nothing`);
  return bytes;
}

function bad(problem: string): RecordError {
  return new RecordError("signature", `the identity token is not good: ${problem}`);
}
