/**
 * Strict shapes of parsed JSON: what a statement must look like, as a value
 * whose TypeScript type is inferred. Objects refuse keys they do not name. A
 * shape checks and returns the same value; it converts nothing and fills in no
 * default, because what was signed must stay what was signed.
 */
import type { JsonObject, JsonValue } from "./canonical-json.ts";
import { quote, RecordError, under } from "./error.ts";

/** Returns `value`, now typed, or throws a `RecordError` "shape" that says where in it something is wrong. */
export type Shape<T> = (value: JsonValue) => T;
export type Infer<S> = S extends Shape<infer T> ? T : never;

/** What `shape` says of a value that stands under `step` of something larger. */
export function checkAt<T>(step: string, shape: Shape<T>, value: JsonValue): T {
  try {
    return shape(value);
  } catch (error) {
    throw under(step, error);
  }
}

type Shapes = { readonly [key: string]: Shape<unknown> };
type Simplify<T> = { [K in keyof T]: T[K] };
type Required<R extends Shapes> = { readonly [K in keyof R]: Infer<R[K]> };
type Optional<O extends Shapes> = { readonly [K in keyof O]?: Infer<O[K]> };

/** An object with all of `required`, any of `optional`, and nothing else. */
export function object<R extends Shapes>(required: R): Shape<Required<R>>;
export function object<R extends Shapes, O extends Shapes>(
  required: R,
  optional: O | undefined,
): Shape<Simplify<Required<R> & Optional<O>>>;
export function object(required: Shapes, optional: Shapes = {}): Shape<JsonObject> {
  const shapes = new Map(Object.entries({ ...required, ...optional }));
  const needed = Object.keys(required);
  return (value) => {
    const members = asObject(value);
    for (const key of Object.keys(members)) {
      const shape = shapes.get(key);
      if (shape === undefined) {
        const known = [...shapes.keys()].join(", ");
        throw under(step(key), wrong("this key is unknown", `one of: ${known}`));
      }
      // Not `checkAt`, which would need the path of every key.
      try {
        shape(members[key] as JsonValue);
      } catch (error) {
        throw under(step(key), error);
      }
    }
    for (const key of needed) {
      if (!Object.hasOwn(members, key)) throw under(step(key), wrong("this key is missing"));
    }
    return members;
  };
}

/** An object used as a map: every key passes `key`, every value `item`. */
export function map<T>(
  key: Shape<string>,
  item: Shape<T>,
  limits: { readonly min?: number; readonly max: number },
): Shape<{ readonly [key: string]: T }> {
  return (value) => {
    const members = asObject(value);
    const entries = Object.entries(members);
    checkCount(entries.length, limits, "keys");
    for (const [name, member] of entries) {
      try {
        key(name);
        item(member);
      } catch (error) {
        throw under(step(name), error);
      }
    }
    return members as { readonly [key: string]: T };
  };
}

/** An array of `item`, its length between `min` (0 if not given) and `max`. */
export function array<T>(
  item: Shape<T>,
  limits: { readonly min?: number; readonly max: number },
): Shape<readonly T[]> {
  return (value) => {
    if (!isArray(value)) throw wrong(`found ${kindOf(value)}`, "an array");
    checkCount(value.length, limits, "items");
    value.forEach((element, i) => {
      try {
        item(element);
      } catch (error) {
        throw under(`[${i}]`, error);
      }
    });
    return value as unknown as readonly T[];
  };
}

/**
 * One of several objects, told apart by the string under `key`. Each case names
 * that key itself, as `literal`.
 */
export function union<C extends Shapes>(key: string, cases: C): Shape<Infer<C[keyof C]>> {
  const byTag = new Map<string, Shape<unknown>>(Object.entries(cases));
  const tag = oneOf([...byTag.keys()]);
  return (value) => {
    const members = asObject(value);
    const found = Object.hasOwn(members, key) ? members[key] : undefined;
    if (found === undefined) throw under(step(key), wrong("this key is missing"));
    return byTag.get(checkAt(step(key), tag, found))?.(value) as Infer<C[keyof C]>;
  };
}

/**
 * A string. Lengths are UTF-16 units. A `pattern` must match the whole string
 * (write it with ^ and $) and needs `what`, the words for it in an error.
 */
export function string(
  rule: {
    readonly min?: number;
    readonly max?: number;
    readonly pattern?: RegExp;
    readonly what?: string;
  } = {},
): Shape<string> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, pattern, what } = rule;
  if (pattern !== undefined) {
    if (what === undefined) throw new TypeError("a pattern needs `what`, its words for a reader");
    // A sticky or global pattern remembers its last match; /m lets a line stand for the whole.
    if (/[gym]/.test(pattern.flags) || !/^\^.*\$$/s.test(pattern.source)) {
      throw new TypeError("a pattern is anchored with ^ and $ and has none of the flags g, y, m");
    }
  }
  const length =
    max === Number.MAX_SAFE_INTEGER
      ? `a string of at least ${min} characters`
      : `a string of ${min} to ${max} characters`;
  return (value) => {
    if (typeof value !== "string") throw wrong(`found ${kindOf(value)}`, what ?? "a string");
    if (value.length < min || value.length > max) {
      throw wrong(`found ${value.length} characters`, length);
    }
    if (pattern?.test(value) === false) throw wrong(`found ${quote(value)}`, what);
    return value;
  };
}

/** Exactly this string, integer or boolean. */
export function literal<const T extends string | number | boolean>(expected: T): Shape<T> {
  return (value) => {
    if (value !== expected) throw wrong(`found ${show(value)}`, show(expected));
    return expected;
  };
}

/** One of these strings. */
export function oneOf<const T extends string>(allowed: readonly T[]): Shape<T> {
  const expected = `one of: ${allowed.join(", ")}`;
  return (value) => {
    const found = allowed.find((each) => each === value);
    if (found === undefined) throw wrong(`found ${show(value)}`, expected);
    return found;
  };
}

/** An integer between `min` and `max`, both included. */
export function int(min: number, max: number): Shape<number> {
  return (value) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
      throw wrong(`found ${show(value)}`, `an integer from ${min} to ${max}`);
    }
    return value;
  };
}

export const bool: Shape<boolean> = (value) => {
  if (typeof value !== "boolean") throw wrong(`found ${show(value)}`, "true or false");
  return value;
};

/** Any JSON at all: for what is committed to, or passed on unread. */
export const anyJson: Shape<JsonValue> = (value) => value;

/** Any object, its keys unread. */
export const anyObject: Shape<JsonObject> = (value) => asObject(value);

export const sha256Hex = string({
  pattern: /^[0-9a-f]{64}$/,
  what: "a SHA-256 digest of 64 lower-case hex digits",
});

/** A git object id, SHA-1 or SHA-256. */
export const commitId = string({
  pattern: /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/,
  what: "a full commit id of 40 or 64 lower-case hex digits",
});

/** RFC 9562 text form, lower case, of any version. */
export const uuid = string({
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  what: "a UUID in lower case",
});

/** One spelling for one instant: RFC 3339, UTC, exactly milliseconds, a real date. */
export const timestamp: Shape<string> = (value) => {
  const expected = "a real date and time written as YYYY-MM-DDTHH:MM:SS.sssZ";
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) {
    throw wrong(`found ${show(value)}`, expected);
  }
  // Date rolls 30 February over into March; what prints differently was not real.
  const instant = new Date(value);
  if (Number.isNaN(instant.getTime()) || instant.toISOString() !== value) {
    throw wrong(`found ${quote(value)}`, expected);
  }
  return value;
};

function asObject(value: JsonValue): JsonObject {
  if (typeof value !== "object" || value === null || isArray(value)) {
    throw wrong(`found ${kindOf(value)}`, "an object");
  }
  return value;
}

/** Array.isArray does not narrow a readonly array out of a union. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function checkCount(
  count: number,
  limits: { readonly min?: number; readonly max: number },
  noun: string,
): void {
  const { min = 0, max } = limits;
  if (count < min || count > max) {
    throw wrong(`found ${count} ${noun}`, `${min} to ${max}`);
  }
}

/** A key as a path shows it: any that a stranger chose. */
function step(key: string): string {
  return /^[A-Za-z0-9_.:/-]{1,64}$/.test(key) ? key : quote(key);
}

function wrong(found: string, expected?: string): RecordError {
  return new RecordError(
    "shape",
    expected === undefined ? found : `${found}; expected ${expected}`,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return typeof value === "undefined" ? "nothing" : `a ${typeof value}`;
}

function show(value: JsonValue): string {
  if (typeof value === "string") return quote(value);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : kindOf(value);
}
