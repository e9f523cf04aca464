/**
 * Text encodings of bytes, strict both ways: a decoder accepts a text only if
 * the encoder would print exactly that text, so `encode(decode(s)) === s` and
 * `decode(encode(b))` equals `b`. Base64 of RFC 4648 §4 (padded) and §5
 * (base64url, unpadded as WebAuthn and JOSE write it), lower-case hex, UTF-8.
 *
 * Nothing here runs in constant time; no secret passes through it.
 */
import { decodeBase64 as canonicalBase64 } from "@countermand/tlog";
import { bytesToHex } from "@noble/hashes/utils.js";
import { quote, RecordError } from "./error.ts";

/** Bytes to padded base64 of the standard alphabet. Inverse of `decodeBase64`. */
export { encodeBase64 } from "@countermand/tlog";

// Present in every browser and in Node; `types: []` leaves them undeclared.
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> };
declare const TextDecoder: new (
  label: "utf-8",
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

const standardAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const urlAlphabet = `${standardAlphabet.slice(0, 62)}-_`;

/**
 * Padded base64 of the standard alphabet to bytes. Refuses white space, missing
 * padding, the other alphabet and trailing bits that are not zero.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 4 !== 0) {
    throw new RecordError(
      "encoding",
      `base64 of ${text.length} characters; it must be padded to a multiple of 4`,
    );
  }
  const found = canonicalBase64(text);
  if (found !== undefined) return new Uint8Array(found);
  // Not what its bytes print as: where, and why.
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return decodeSextets(text.slice(0, text.length - padding), standardAlphabet, "base64");
}

/** Bytes to unpadded base64url. Inverse of `decodeBase64Url`. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeSextets(bytes, urlAlphabet);
}

/** Unpadded base64url to bytes, as strict as `decodeBase64`. */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return decodeSextets(text, urlAlphabet, "base64url");
}

function encodeSextets(bytes: Uint8Array, alphabet: string): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer & 0x3f) << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += alphabet.charAt((buffer >> bits) & 0x3f);
    }
  }
  return bits === 0 ? text : text + alphabet.charAt((buffer << (6 - bits)) & 0x3f);
}

const sextetsOf = new Map([standardAlphabet, urlAlphabet].map((a) => [a, sextetTable(a)]));

function sextetTable(alphabet: string): Int8Array {
  const table = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) table[alphabet.charCodeAt(i)] = i;
  return table;
}

function decodeSextets(text: string, alphabet: string, name: string): Uint8Array<ArrayBuffer> {
  if (text.length % 4 === 1) {
    throw new RecordError(
      "encoding",
      `${name} of ${text.length} digits is no whole number of bytes`,
    );
  }
  const table = sextetsOf.get(alphabet);
  const sextetAt = (i: number) => table?.[text.charCodeAt(i)] ?? -1;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let at = 0;
  let start = 0;
  // Whole groups first; the end, and what is wrong, digit by digit.
  for (; start + 4 <= text.length; start += 4) {
    const group =
      (sextetAt(start) << 18) |
      (sextetAt(start + 1) << 12) |
      (sextetAt(start + 2) << 6) |
      sextetAt(start + 3);
    if (group < 0) break;
    bytes[at++] = group >> 16;
    bytes[at++] = (group >> 8) & 0xff;
    bytes[at++] = group & 0xff;
  }
  let buffer = 0;
  let bits = 0;
  for (let i = start; i < text.length; i++) {
    const sextet = sextetAt(i);
    if (sextet < 0) {
      throw new RecordError("encoding", `${quote(text.charAt(i))} is no ${name} digit`, {
        where: `character ${i}`,
      });
    }
    buffer = ((buffer << 6) | sextet) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 0xff;
    }
  }
  if ((buffer & ((1 << bits) - 1)) !== 0) {
    throw new RecordError(
      "encoding",
      `${name} ends in bits that belong to no byte; they must be 0`,
      {
        where: `character ${text.length - 1}`,
      },
    );
  }
  return bytes;
}

/** Bytes to lower-case hex. Inverse of `decodeHex`. */
export function encodeHex(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}

/** Lower-case hex to bytes; upper case and odd lengths are refused. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  const bad = /[^0-9a-f]/.exec(text);
  if (bad !== null) {
    throw new RecordError("encoding", `${quote(bad[0])} is no lower-case hex digit`, {
      where: `character ${bad.index}`,
    });
  }
  if (text.length % 2 !== 0) {
    throw new RecordError("encoding", `hex of ${text.length} digits; a byte takes 2`);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

const utf8 = new TextEncoder();

/** Text to UTF-8. A lone surrogate has no UTF-8 and is refused. Inverse of `decodeUtf8`. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  if (!text.isWellFormed()) {
    throw new RecordError("encoding", "the text holds a lone surrogate, which has no UTF-8");
  }
  return utf8.encode(text);
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 to text. Anything malformed is refused; a byte order mark is kept as U+FEFF. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw new RecordError("encoding", "the bytes are not UTF-8", { cause });
  }
}

/** The parts, one after the other, in a new array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Same length, same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
