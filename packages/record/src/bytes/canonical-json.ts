/**
 * Canonical JSON: RFC 8785 restricted to strings, booleans, safe integers,
 * arrays and objects. There is no null and no fraction: a thing that is unknown
 * is left out or named, and a number means the same to every reader.
 *
 * What is signed or hashed is bytes. `parseCanonical` takes bytes only if they
 * are what `canonicalBytes` prints for their value:
 *
 *     canonicalBytes(parseCanonical(b)) equals b
 *     parseCanonical(canonicalBytes(v)) equals v
 *
 * which refuses in one rule duplicate keys, rounded numbers, white space,
 * escapes and key orders that two parsers could read in two ways.
 */
import { tooDeepAt } from "./json-depth.ts";
import { decodeUtf8, encodeUtf8 } from "./encoding.ts";
import { quote, RecordError, under } from "./error.ts";

export type JsonValue = string | number | boolean | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue };

export type CanonicalLimits = { readonly maxBytes?: number; readonly maxDepth?: number };

/** Deep enough for everything this package signs, far below any stack. */
const defaultMaxDepth = 64;
/** An entry holds at most 16 KB (the size limit of the ledger's tiles); larger things go by digest. */
const defaultMaxBytes = 16 * 1024;

/**
 * The canonical text. Refuses with the path of the culprit: null, undefined,
 * fractions, -0, integers beyond 2^53 - 1, lone surrogates, class instances,
 * holes in arrays, and nesting deeper than 64.
 */
export function canonicalize(value: JsonValue): string {
  try {
    return write(value, defaultMaxDepth);
  } catch (error) {
    if (!(error instanceof RecordError) || error.where === undefined) throw error;
    throw error.at(showPath(error.where));
  }
}

/** UTF-8 of `canonicalize(value)`. Inverse of `parseCanonical`. */
export function canonicalBytes(value: JsonValue): Uint8Array<ArrayBuffer> {
  return encodeUtf8(canonicalize(value));
}

function write(value: unknown, depth: number): string {
  if (typeof value === "string") return writeString(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const found = Object.is(value, -0) ? "-0" : String(value);
      throw refused(`${found} is no integer between -(2^53 - 1) and 2^53 - 1`);
    }
    return String(value);
  }
  if (typeof value !== "object" || value === null) {
    const found = value === null ? "null" : typeof value;
    throw refused(`found ${found}; allowed are strings, booleans, integers, arrays, objects`);
  }
  if (depth === 0) throw refused("nested deeper than the limit");
  if (Array.isArray(value)) {
    // Array.from visits holes too, so a sparse array is refused as undefined.
    const items = Array.from(value, (item, i) => {
      try {
        return write(item, depth - 1);
      } catch (error) {
        throw under(`[${i}]`, error);
      }
    });
    return `[${items.join(",")}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw refused("found a class instance; only plain objects have a canonical form");
  }
  let members = "";
  // The default order of sort() is by UTF-16 code units, which is the order RFC 8785 §3.2.3 asks for.
  for (const key of Object.keys(value).sort()) {
    try {
      const member = write((value as JsonObject)[key], depth - 1);
      members += `${members === "" ? "" : ","}${writeString(key)}:${member}`;
    } catch (error) {
      throw under(key, error);
    }
  }
  return `{${members}}`;
}

function writeString(text: string): string {
  if (!text.isWellFormed()) throw refused("found a lone surrogate, which has no UTF-8");
  // For well-formed text JSON.stringify escapes exactly what RFC 8785 §3.2.2.2 does.
  return JSON.stringify(text);
}

function refused(problem: string): RecordError {
  return new RecordError("canonical", problem);
}

/** A path may hold any key that a stranger chose. */
function showPath(path: string): string {
  return /^[\x21-\x7e]{1,120}$/.test(path) ? path : quote(path, 120);
}

/**
 * Reads canonical JSON. Defaults: 16384 bytes, 64 levels. Size and depth are
 * checked before anything is parsed; a refusal says at which byte and why.
 */
export function parseCanonical(bytes: Uint8Array, limits: CanonicalLimits = {}): JsonValue {
  const maxBytes = limits.maxBytes ?? defaultMaxBytes;
  const maxDepth = limits.maxDepth ?? defaultMaxDepth;
  if (maxDepth > defaultMaxDepth) {
    throw new TypeError(
      `maxDepth is at most ${defaultMaxDepth}, the depth that canonicalize writes`,
    );
  }
  if (bytes.length > maxBytes) {
    throw new RecordError("canonical", `${bytes.length} bytes; the limit is ${maxBytes}`);
  }
  const text = decodeUtf8(bytes);
  if (text.startsWith("\ufeff")) {
    throw new RecordError("canonical", "found a byte order mark; JSON starts with its value", {
      where: "byte 0",
    });
  }
  const deep = tooDeepAt(bytes, maxDepth);
  if (deep !== null) {
    throw new RecordError("canonical", `nested deeper than ${maxDepth} levels`, {
      where: `byte ${deep}`,
    });
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new RecordError("canonical", "the bytes are not JSON", { cause });
  }
  if (isPrintedSo(value, text)) return value;
  const printed = canonicalize(value);
  // Well-formed texts are equal where their bytes are.
  if (printed !== text) {
    const canonical = encodeUtf8(printed);
    const at = firstDifference(bytes, canonical);
    throw new RecordError(
      "canonical",
      `found ${excerpt(bytes, at)}, the canonical form has ${excerpt(canonical, at)}`,
      { where: `byte ${at}` },
    );
  }
  return value;
}

/**
 * Whether `text`, of which `value` was parsed, is canonical; false: nobody knows. The
 * runtime prints members in the order in which it read them, and everything else as we do
 * but for what is looked at here. Three times as fast as printing it ourselves.
 */
function isPrintedSo(value: JsonValue, text: string): boolean {
  // Of escapes with a number only those of control characters are canonical.
  return !text.includes("\\u") && JSON.stringify(value) === text && isOrdered(value);
}

/** Keys in their order, and neither null nor a number that is no safe integer. */
function isOrdered(value: unknown): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "object") return true;
  if (value === null) return false;
  if (Array.isArray(value)) return value.every(isOrdered);
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    if (before !== undefined && key < before) return false;
    before = key;
    if (!isOrdered((value as JsonObject)[key])) return false;
  }
  return true;
}

/** Index of the first byte where they differ (one may end there), or -1. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return i;
  return a.length === b.length ? -1 : shared;
}

function excerpt(bytes: Uint8Array, at: number): string {
  if (at >= bytes.length) return "the end";
  // Latin-1 on purpose: the cut may fall inside a UTF-8 sequence.
  return quote(String.fromCharCode(...bytes.subarray(at, at + 20)));
}
