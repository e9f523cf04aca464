/**
 * Keys of signed notes: the verifier key (`name+id+base64`) of C2SP signed-note,
 * and the signer key in the form of Go's x/mod (not in the specification, but
 * what existing tools write).
 */
import { concat, decodeBase64, encodeBase64, encodeUtf8, quote } from "./bytes.ts";
import { assertSafeEd25519PublicKey, ed25519PublicKey, signEd25519 } from "./ed25519.ts";
import { TlogError } from "./error.ts";
import { sha256 } from "./hash.ts";
import { assertMlDsa44PublicKey, mlDsa44PublicKey } from "./ml-dsa-44.ts";

/** The first byte of a key's material. */
export const keyTypes = {
  ed25519: 0x01,
  ed25519Cosignature: 0x04,
  mlDsa44Cosignature: 0x06,
} as const;
export type KeyType = (typeof keyTypes)[keyof typeof keyTypes];

export interface NoteVerifier {
  readonly name: string;
  /** First four bytes of SHA-256(name, newline, type, public key), big-endian. */
  readonly keyId: number;
  readonly type: KeyType;
  /** 32 bytes; of ML-DSA-44 1312. */
  readonly publicKey: Uint8Array;
}

function isKeyType(type: number | undefined): type is KeyType {
  return Object.values<number | undefined>(keyTypes).includes(type);
}

/** A witness's, of either algorithm. */
export function isCosignatureKey({ type }: Pick<NoteVerifier, "type">): boolean {
  return type === keyTypes.ed25519Cosignature || type === keyTypes.mlDsa44Cosignature;
}

function assertPublicKey(type: KeyType, publicKey: Uint8Array): void {
  if (type === keyTypes.mlDsa44Cosignature) assertMlDsa44PublicKey(publicKey);
  else assertSafeEd25519PublicKey(publicKey);
}

export interface NoteSigner {
  readonly name: string;
  readonly keyId: number;
  /** The signature over a note's text, without the key id. */
  sign(text: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** A key's name: not empty, no white space, no plus sign, nothing that a note cannot hold. */
export function isKeyName(name: string): boolean {
  return name !== "" && name.isWellFormed() && !/[+\p{White_Space}\u0000-\u001f]/u.test(name);
}

export function keyId(name: string, type: number, publicKey: Uint8Array): number {
  const digest = sha256(concat(encodeUtf8(`${name}\n`), Uint8Array.of(type), publicKey));
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0);
}

/** Strict; an Ed25519 key of small order is refused too. */
export function parseVerifierKey(vkey: string): NoteVerifier {
  const refuse = (problem: string) => new TlogError("key", problem);
  // Only the first two plus signs divide: base64 has some of its own.
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey);
  const [, name = "", id = "", material = ""] = match ?? [];
  if (match === null || !isKeyName(name)) {
    throw refuse(
      `${quote(vkey, 80)} is no verifier key; that would be name+<8 hex digits>+<base64>`,
    );
  }
  const bytes = decodeBase64(material);
  if (bytes === undefined)
    throw refuse(`the verifier key of ${quote(name)} is not canonical base64`);
  const [type] = bytes;
  const publicKey = bytes.slice(1);
  if (!isKeyType(type)) {
    throw refuse(
      `the verifier key of ${quote(name)} is of a type (${type ?? "none"}) that is not known here; 1, 4 and 6 are`,
    );
  }
  assertPublicKey(type, publicKey);
  const expected = keyId(name, type, publicKey);
  if (Number.parseInt(id, 16) !== expected) {
    throw refuse(
      `the verifier key of ${quote(name)} says its id is ${id}, but it is ${hex8(expected)}`,
    );
  }
  return { name, keyId: expected, type, publicKey };
}

/** `parseVerifierKey(formatVerifierKey(k))` gives `k`, and back. */
export function formatVerifierKey(key: Omit<NoteVerifier, "keyId">): string {
  if (!isKeyName(key.name)) throw new TypeError(`${quote(key.name)} cannot name a key`);
  assertPublicKey(key.type, key.publicKey);
  const id = hex8(keyId(key.name, key.type, key.publicKey));
  return `${key.name}+${id}+${encodeBase64(concat(Uint8Array.of(key.type), key.publicKey))}`;
}

/** A signer out of `PRIVATE+KEY+name+id+base64(type, seed)`. The id is checked. */
export async function parseSignerKey(
  skey: string,
): Promise<NoteSigner & { readonly verifier: NoteVerifier; readonly seed: Uint8Array }> {
  const match = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(skey);
  const [, name = "", id = "", material = ""] = match ?? [];
  const bytes = decodeBase64(material);
  // The key itself is never repeated in an error.
  if (match === null || !isKeyName(name) || bytes?.length !== 33 || bytes[0] !== keyTypes.ed25519) {
    throw new TlogError(
      "key",
      "this is no signer key; that would be PRIVATE+KEY+name+<8 hex digits>+<base64 of 33 bytes>",
    );
  }
  const seed = bytes.slice(1);
  const publicKey = await ed25519PublicKey(seed);
  const verifier = {
    name,
    keyId: keyId(name, keyTypes.ed25519, publicKey),
    type: keyTypes.ed25519,
    publicKey,
  };
  if (hex8(verifier.keyId) !== id) {
    throw new TlogError(
      "key",
      `the signer key of ${quote(name)} says its id is ${id}, but it is ${hex8(verifier.keyId)}`,
    );
  }
  return { name, keyId: verifier.keyId, verifier, seed, sign: (text) => signEd25519(seed, text) };
}

/** The inverse of `parseSignerKey`; `seed` has 32 bytes. */
export async function formatSignerKey(name: string, seed: Uint8Array): Promise<string> {
  if (!isKeyName(name)) throw new TypeError(`${quote(name)} cannot name a key`);
  const id = hex8(keyId(name, keyTypes.ed25519, await ed25519PublicKey(seed)));
  return `PRIVATE+KEY+${name}+${id}+${encodeBase64(concat(Uint8Array.of(keyTypes.ed25519), seed))}`;
}

/** As a file keeps an ML-DSA-44 key: the form of `formatSignerKey`, with its type before the seed. */
export async function formatMlDsa44SignerKey(name: string, seed: Uint8Array): Promise<string> {
  if (!isKeyName(name)) throw new TypeError(`${quote(name)} cannot name a key`);
  const type = keyTypes.mlDsa44Cosignature;
  const id = hex8(keyId(name, type, await mlDsa44PublicKey(seed)));
  return `PRIVATE+KEY+${name}+${id}+${encodeBase64(concat(Uint8Array.of(type), seed))}`;
}

/** The inverse of `formatMlDsa44SignerKey`. The id is checked. */
export async function parseMlDsa44SignerKey(
  skey: string,
): Promise<{ readonly verifier: NoteVerifier; readonly seed: Uint8Array }> {
  const match = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(skey);
  const [, name = "", id = "", material = ""] = match ?? [];
  const bytes = decodeBase64(material);
  const type = keyTypes.mlDsa44Cosignature;
  // The key itself is never repeated in an error.
  if (match === null || !isKeyName(name) || bytes?.length !== 33 || bytes[0] !== type) {
    throw new TlogError(
      "key",
      "this is no ML-DSA-44 signer key; that would be PRIVATE+KEY+name+<8 hex digits>+<base64 of 33 bytes>",
    );
  }
  const seed = bytes.slice(1);
  const publicKey = await mlDsa44PublicKey(seed);
  const verifier = { name, keyId: keyId(name, type, publicKey), type, publicKey };
  if (hex8(verifier.keyId) !== id) {
    throw new TlogError(
      "key",
      `the signer key of ${quote(name)} says its id is ${id}, but it is ${hex8(verifier.keyId)}`,
    );
  }
  return { verifier, seed };
}

export function hex8(id: number): string {
  return id.toString(16).padStart(8, "0");
}
