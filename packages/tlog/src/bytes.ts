/**
 * Strict encodings: base64 of RFC 4648 §4 with padding, UTF-8, decimal numbers.
 * What would print differently is refused, so every value has one spelling.
 */
import { TlogError, type TlogErrorCode } from "./error.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** By character code; what is not of the alphabet is -1. */
const values = new Int8Array(128).fill(-1);
Array.from(alphabet).forEach((char, value) => (values[char.charCodeAt(0)] = value));

/** What of Node is used, if it is there: its base64 takes a tenth of the time. */
interface NodeBuffer {
  from(text: string, encoding: "base64"): Uint8Array;
  from(buffer: ArrayBufferLike, at: number, length: number): { toString(to: "base64"): string };
}
const nodeBuffer = (globalThis as { readonly Buffer?: NodeBuffer }).Buffer;

export function encodeBase64(bytes: Uint8Array): string {
  if (nodeBuffer === undefined) return plainBase64.encode(bytes);
  return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/** Undefined unless `encodeBase64` gives `text` back. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (nodeBuffer === undefined) return plainBase64.decode(text);
  // Node reads much that is no base64; what prints back as it came is.
  const found = new Uint8Array(nodeBuffer.from(text, "base64"));
  return encodeBase64(found) === text ? found : undefined;
}

/** The same for whoever has no Node. */
export const plainBase64 = {
  encode: (bytes: Uint8Array): string => {
    let text = "";
    for (let i = 0; i < bytes.length; i += 3) {
      const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
      const left = bytes.length - i;
      text += alphabet[group >> 18];
      text += alphabet[(group >> 12) & 63];
      text += left > 1 ? alphabet[(group >> 6) & 63] : "=";
      text += left > 2 ? alphabet[group & 63] : "=";
    }
    return text;
  },

  decode: (text: string): Uint8Array | undefined => {
    if (text.length % 4 !== 0) return undefined;
    const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
    const bytes = new Uint8Array((text.length / 4) * 3 - padding);
    const end = text.length - padding;
    let at = 0;
    let group = 0;
    for (let i = 0; i < text.length; i += 4) {
      group = 0;
      for (let j = i; j < i + 4; j++) {
        const value = j < end ? (values[text.charCodeAt(j)] ?? -1) : 0;
        if (value < 0) return undefined;
        group = (group << 6) | value;
      }
      // What falls behind the end of the last group is not stored.
      bytes[at++] = group >> 16;
      bytes[at++] = group >> 8;
      bytes[at++] = group;
    }
    const behindTheEnd = group & ((1 << (8 * padding)) - 1);
    return behindTheEnd === 0 ? bytes : undefined;
  },
};

/** The number that `text` is the shortest decimal of, or undefined; at most 2^53 - 1. */
export function parseDecimal(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A lone surrogate is a `TypeError`: it has no UTF-8 and would be signed as another character. */
export function encodeUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError(`${quote(text)} has a lone surrogate`);
  return utf8.encode(text);
}

/** Strict: no replacement characters, no byte order mark swallowed. */
export function decodeUtf8(bytes: Uint8Array, code: TlogErrorCode): string {
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    // Replacement characters spoil the first line that is wrong, and none before it.
    const replaced = utf8.encode(laxUtf8.decode(bytes));
    const first = bytes.findIndex((byte, i) => byte !== replaced[i]);
    // None differs if the end is cut off within what the replacement is written as.
    const line =
      bytes.subarray(0, first === -1 ? bytes.length : first).filter((byte) => byte === 0x0a)
        .length + 1;
    throw new TlogError(code, "this is not valid UTF-8", `line ${line}`, { cause });
  }
}

interface Utf8 {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new (
    label: string,
    options: { fatal: boolean; ignoreBOM: boolean },
  ) => { decode(bytes: Uint8Array): string };
}
// Neither Node's nor the DOM's types are known here; both have these.
const web = globalThis as unknown as Utf8;
const utf8 = new web.TextEncoder();
const strictUtf8 = new web.TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const laxUtf8 = new web.TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** For what only people read: bytes that are no UTF-8 become replacement characters. */
export function looseText(bytes: Uint8Array): string {
  return laxUtf8.decode(bytes);
}

/** Bytes `start` to `end`, in memory of their own; `slice` of Node's Buffer would share it. */
export function copyBytes(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Foreign text in an error message: short, quoted, printable ASCII. */
export function quote(text: string, max = 40): string {
  const shown = JSON.stringify(text.slice(0, max)).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > max ? `${shown}...` : shown;
}
