/**
 * SSH public keys: RFC 4253 §6.6 (RSA), RFC 5656 §3.1 (ECDSA), RFC 8709 (Ed25519)
 * and the FIDO keys of OpenSSH's PROTOCOL.u2f. Left out: DSA, certificates,
 * private keys and the options of an authorized_keys line.
 *
 *     formatPublicKey(parsePublicKey(blob)) equals blob
 *
 * A key that could make its owner's signatures meaningless is refused here, not
 * left to the runtime: small-order Ed25519 points (one signature fits every
 * message; `ssh-keygen` 9.2 and 10.6 accept them), RSA exponent 1, RSA below
 * 2048 bits. That an ECDSA point lies on its curve is checked by WebCrypto when
 * it imports the key.
 */
import { sha256 } from "@countermand/tlog";
import { assertSafeEd25519PublicKey } from "@countermand/tlog";
import { concat, decodeBase64, encodeBase64 } from "../bytes/encoding.ts";
import { quote, RecordError } from "../bytes/error.ts";
import { WireReader, wireMpint, wireString } from "./wire.ts";

export type EcdsaType = "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521";

/** What a key is made of; numbers are big-endian bytes without leading zeros. */
export type PublicKey =
  | { readonly type: "ssh-ed25519"; readonly point: Uint8Array }
  | { readonly type: EcdsaType; readonly point: Uint8Array }
  | { readonly type: "ssh-rsa"; readonly exponent: Uint8Array; readonly modulus: Uint8Array }
  | {
      readonly type: "sk-ssh-ed25519@openssh.com" | "sk-ecdsa-sha2-nistp256@openssh.com";
      readonly point: Uint8Array;
      /** `ssh:` and what follows it, or the relying party id of a passkey. */
      readonly application: string;
    };
export type KeyType = PublicKey["type"];

const skEd25519 = "sk-ssh-ed25519@openssh.com";
const skEcdsa = "sk-ecdsa-sha2-nistp256@openssh.com";

/** Curve name on the wire, and bytes of one coordinate. */
export const ecdsaCurves = {
  "ecdsa-sha2-nistp256": { name: "nistp256", size: 32 },
  "ecdsa-sha2-nistp384": { name: "nistp384", size: 48 },
  "ecdsa-sha2-nistp521": { name: "nistp521", size: 66 },
} as const satisfies Record<EcdsaType, { name: string; size: number }>;

const minRsaBits = 2048;
/** OpenSSH's own ceiling; above it a verification costs seconds. */
const maxRsaBits = 16384;
const maxBlobBytes = 4096;

/** The key in a blob, or a `RecordError` "key" that says what is wrong with it. */
export function parsePublicKey(blob: Uint8Array): PublicKey {
  if (blob.length > maxBlobBytes) {
    throw new RecordError("key", `${blob.length} bytes; a public key has at most ${maxBlobBytes}`);
  }
  const reader = new WireReader(blob, "key", "the public key");
  const type = reader.name("the key type");
  const key = parseFields(type, reader);
  reader.end();
  return key;
}

function parseFields(type: string, reader: WireReader): PublicKey {
  switch (type) {
    case "ssh-ed25519":
      return { type, point: ed25519Point(reader) };
    case skEd25519:
      return { type, point: ed25519Point(reader), application: reader.name("the application") };
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return { type, point: ecdsaPoint(reader, type) };
    case skEcdsa: {
      const point = ecdsaPoint(reader, "ecdsa-sha2-nistp256");
      return { type, point, application: reader.name("the application") };
    }
    case "ssh-rsa":
      return { type, ...rsaNumbers(reader) };
    default:
      throw new RecordError(
        "key",
        `key type ${quote(type, 64)} is not accepted; use Ed25519, ECDSA, RSA or a FIDO key`,
      );
  }
}

function ed25519Point(reader: WireReader): Uint8Array {
  const point = reader.string("the Ed25519 point").slice();
  if (point.length !== 32) {
    throw reader.refuse(`the Ed25519 point has ${point.length} bytes instead of 32`);
  }
  try {
    assertSafeEd25519PublicKey(point);
  } catch (cause) {
    throw new RecordError(
      "key",
      "the Ed25519 point is not safe to verify with: of small order, or not a canonical point",
      { cause },
    );
  }
  return point;
}

function ecdsaPoint(reader: WireReader, type: EcdsaType): Uint8Array {
  const curve = ecdsaCurves[type];
  const name = reader.name("the curve");
  if (name !== curve.name) {
    throw reader.refuse(`the curve is ${quote(name)}, the key type says ${curve.name}`);
  }
  const point = reader.string("the point").slice();
  if (point.length !== 1 + 2 * curve.size || point[0] !== 4) {
    throw reader.refuse(
      `the point is not the uncompressed ${1 + 2 * curve.size} bytes of its curve`,
    );
  }
  return point;
}

function rsaNumbers(reader: WireReader): { exponent: Uint8Array; modulus: Uint8Array } {
  const exponent = reader.mpint("the RSA exponent").slice();
  const modulus = reader.mpint("the RSA modulus").slice();
  // Exponent 1 makes everybody's padded message its own signature.
  const isOne = exponent.length === 1 && exponent[0] === 1;
  if (exponent.length > 4 || isOne || !isOdd(exponent)) {
    throw reader.refuse("the RSA exponent must be odd, at least 3 and below 2^32");
  }
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < minRsaBits || bits > maxRsaBits || !isOdd(modulus)) {
    throw reader.refuse(
      `the RSA modulus has ${bits} bits; it must be odd and have ${minRsaBits} to ${maxRsaBits}`,
    );
  }
  return { exponent, modulus };
}

function isOdd(magnitude: Uint8Array): boolean {
  return ((magnitude.at(-1) ?? 0) & 1) === 1;
}

/** Whether the key sits in an authenticator, which can show that its user was there. */
export function isFidoKey(type: KeyType): boolean {
  return type === skEd25519 || type === skEcdsa;
}

/** The blob of a key: what is hashed into its fingerprint and stored in an SSHSIG. */
export function formatPublicKey(key: PublicKey): Uint8Array<ArrayBuffer> {
  const type = wireString(key.type);
  switch (key.type) {
    case "ssh-ed25519":
      return concat(type, wireString(key.point));
    case skEd25519:
      return concat(type, wireString(key.point), wireString(key.application));
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return concat(type, wireString(ecdsaCurves[key.type].name), wireString(key.point));
    case skEcdsa:
      return concat(
        type,
        wireString("nistp256"),
        wireString(key.point),
        wireString(key.application),
      );
    case "ssh-rsa":
    default:
      return concat(type, wireMpint(key.exponent), wireMpint(key.modulus));
  }
}

/** `SHA256:` and 43 base64 digits, as `ssh-keygen -l` prints it. Hashes any bytes; parse them first. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${encodeBase64(sha256(blob)).slice(0, 43)}`;
}

/**
 * The blob in a line of a `.pub` or authorized_keys file: type, blob, and
 * perhaps a comment, which is not read. Options before the type are refused:
 * they restrict a key in ways that nothing here would honour.
 */
export function parsePublicKeyLine(line: string): Uint8Array<ArrayBuffer> {
  const match = /^([!-~]+) ([A-Za-z0-9+/]+={0,2})(?: [^\n]*)?\n?$/.exec(line);
  if (match === null) {
    throw new RecordError(
      "key",
      "not a public key line; expected one line: key type, base64 and perhaps a comment",
    );
  }
  const [, type = "", text = ""] = match;
  const blob = decodeBase64(text);
  const key = parsePublicKey(blob);
  if (key.type !== type) {
    throw new RecordError("key", `the line says ${quote(type, 64)}, its blob is ${key.type}`);
  }
  return blob;
}

/** Type and blob as `parsePublicKeyLine` reads them, without comment and newline. */
export function formatPublicKeyLine(blob: Uint8Array): string {
  return `${parsePublicKey(blob).type} ${encodeBase64(blob)}`;
}
