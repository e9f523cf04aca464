/**
 * A key file under a passphrase: one line that begins with `countermand-key v1`, the
 * verifier key in clear, and the signer key sealed. The passphrase goes through scrypt
 * (RFC 7914), the result is a key for AES-256-GCM; what stands before the box is
 * authenticated with it. docs/spec/key-file.md has the format.
 *
 * Argon2id was the other choice: Node's is experimental, and a key that cannot be read
 * in ten years is worse than one that costs its guesser less memory.
 *
 * `openSealed(seal(k, p), p)` gives `k`.
 */
import {
  createCipheriv,
  createDecipheriv,
  randomBytes,
  scrypt,
  type ScryptOptions,
} from "node:crypto";
import { promisify } from "node:util";
import { LedgerError } from "./error.ts";

const magic = "countermand-key v1";
/** 128 MB and half a second a guess. */
const cost = { N: 131_072, r: 8, p: 1 };
/** A file from outside must not make us allocate what it likes: 1 GB at most. */
const mostN = 1_048_576;

export interface SealedKey {
  readonly vkey: string;
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly nonce: Buffer;
  /** Ciphertext and 16 bytes of tag. */
  readonly box: Buffer;
  /** What is authenticated beside it. */
  readonly head: string;
}

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

async function keyOf(
  passphrase: string,
  { N, r, p, salt }: Pick<SealedKey, "N" | "r" | "p" | "salt">,
) {
  // The same passphrase may be typed composed or not.
  return await derive(passphrase.normalize("NFC"), salt, 32, { N, r, p, maxmem: 256 * N * r });
}

/** One line, without its newline. */
export async function seal(
  key: { readonly vkey: string; readonly line: string },
  passphrase: string,
): Promise<string> {
  if (passphrase === "") throw new TypeError("a passphrase has at least one character");
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const { N, r, p } = cost;
  const head = `${magic} ${key.vkey} scrypt ${N} ${r} ${p} ${salt.toString("base64")} ${nonce.toString("base64")}`;
  const cipher = createCipheriv("aes-256-gcm", await keyOf(passphrase, { ...cost, salt }), nonce);
  cipher.setAAD(Buffer.from(head));
  const box = Buffer.concat([cipher.update(key.line, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${head} ${box.toString("base64")}`;
}

export function isSealed(line: string): boolean {
  return line.startsWith("countermand-key ");
}

/** Throws a `LedgerError` "key-file"; nothing is decrypted. */
export function parseSealed(line: string): SealedKey {
  const match =
    /^(countermand-key v1 (\S+) scrypt (\d{1,7}) (\d) (\d) (\S{24}) (\S{16})) (\S{40,1000})$/.exec(
      line,
    );
  const [, head = "", vkey = "", N, r, p, salt = "", nonce = "", box = ""] = match ?? [];
  const found = { vkey, N: Number(N), r: Number(r), p: Number(p), head };
  const bytes = [salt, nonce, box].map((text) => Buffer.from(text, "base64"));
  const canonical = [salt, nonce, box].every((text, i) => bytes[i]?.toString("base64") === text);
  const { N: n } = found;
  if (match === null || !canonical || n < 1024 || n > mostN || (n & (n - 1)) !== 0) {
    throw new LedgerError(
      "key-file",
      line.startsWith(magic)
        ? "it is no sealed key, or was damaged"
        : `it is sealed in a form that is not known here; ${magic} is`,
    );
  }
  if (found.r !== 8 || found.p < 1 || found.p > 4) {
    throw new LedgerError("key-file", "its scrypt parameters are not ones that are used here");
  }
  const [saltBytes, nonceBytes, boxBytes] = bytes as [Buffer, Buffer, Buffer];
  return { ...found, salt: saltBytes, nonce: nonceBytes, box: boxBytes };
}

/** The line with the signer key. Throws a `LedgerError` "key-file" if the passphrase is another. */
export async function openSealed(sealed: SealedKey, passphrase: string): Promise<string> {
  const { nonce, box, head } = sealed;
  const decipher = createDecipheriv("aes-256-gcm", await keyOf(passphrase, sealed), nonce);
  decipher.setAAD(Buffer.from(head));
  decipher.setAuthTag(box.subarray(-16));
  try {
    return decipher.update(box.subarray(0, -16), undefined, "utf8") + decipher.final("utf8");
  } catch (error) {
    throw new LedgerError(
      "key-file",
      "the passphrase does not open it (it is another key's, or the file was changed)",
      { cause: error },
    );
  }
}
