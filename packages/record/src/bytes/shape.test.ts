import * as fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { JsonValue } from "./canonical-json.ts";
import { RecordError } from "./error.ts";
import {
  checkAt,
  anyJson,
  anyObject,
  array,
  bool,
  commitId,
  int,
  literal,
  map,
  object,
  oneOf,
  sha256Hex,
  string,
  timestamp,
  union,
  uuid,
  type Infer,
} from "./shape.ts";

const plan = object(
  {
    target: object({ commit: commitId }),
    mode: oneOf(["planned", "emergency"]),
    steps: array(string({ min: 1, max: 10 }), { min: 1, max: 3 }),
  },
  { attempts: int(1, 5), drill: bool },
);

const good = { target: { commit: "a".repeat(40) }, mode: "planned", steps: ["one"] };

test("types are inferred", () => {
  type Plan = Infer<typeof plan>;
  expectTypeOf<Plan>().toEqualTypeOf<{
    readonly target: { readonly commit: string };
    readonly mode: "planned" | "emergency";
    readonly steps: readonly string[];
    readonly attempts?: number;
    readonly drill?: boolean;
  }>();
  expectTypeOf<Plan>().toExtend<JsonValue>();
});

test("returns the value itself", () => {
  expect(plan(good)).toBe(good);
  const full = { ...good, attempts: 5, drill: false };
  expect(plan(full)).toBe(full);
});

test.each<[JsonValue, string]>([
  [[], "found an array; expected an object"],
  [{ ...good, extra: 1 }, "extra: this key is unknown; expected one of: target, mode, steps"],
  [{ target: good.target, mode: "planned" }, "steps: this key is missing"],
  [
    { ...good, target: { commit: "HEAD" } },
    'target.commit: found "HEAD"; expected a full commit id',
  ],
  [{ ...good, target: { commit: 7 } }, "target.commit: found a number; expected a full commit id"],
  [{ ...good, target: {} }, "target.commit: this key is missing"],
  [{ ...good, mode: "fast" }, 'mode: found "fast"; expected one of: planned, emergency'],
  [{ ...good, steps: "one" }, "steps: found a string; expected an array"],
  [{ ...good, steps: [] }, "steps: found 0 items; expected 1 to 3"],
  [{ ...good, steps: ["a", "b", "c", "d"] }, "steps: found 4 items; expected 1 to 3"],
  [{ ...good, steps: ["a", ""] }, "steps[1]: found 0 characters; expected a string of 1 to 10"],
  [{ ...good, attempts: 6 }, "attempts: found 6; expected an integer from 1 to 5"],
  [{ ...good, attempts: 1.5 }, "attempts: found 1.5"],
  [{ ...good, drill: "no" }, 'drill: found "no"; expected true or false'],
  [{ ...good, "\u001b[2J": 1 }, '"\\u001b[2J": this key is unknown'],
  [JSON.parse('{"__proto__":{}}') as JsonValue, "__proto__: this key is unknown"],
])("refuses %j", (value, message) => {
  expect(() => plan(value)).toThrow(message);
  expect(() => plan(value)).toThrow(RecordError);
});

test("an inherited name is no member", () => {
  expect(() => object({ toString: anyJson })({})).toThrow("toString: this key is missing");
  expect(() => object({})({ constructor: 1 })).toThrow("constructor: this key is unknown");
});

test("the outer path comes first", () => {
  expect(() => checkAt("predicate", plan, { ...good, mode: "x" })).toThrow("predicate.mode: found");
});

test("map checks keys, values and their number", () => {
  const digests = map(oneOf(["sha256"]), sha256Hex, { min: 1, max: 1 });
  expect(() => digests({ sha256: "0".repeat(64) })).not.toThrow();
  expect(() => digests({})).toThrow("found 0 keys; expected 1 to 1");
  expect(() => digests({ md5: "00" })).toThrow('md5: found "md5"; expected one of: sha256');
  expect(() => digests({ sha256: "00" })).toThrow("sha256: found");
});

test("union goes by its discriminator", () => {
  const subject = union("kind", {
    commit: object({ kind: literal("commit"), id: commitId }),
    flag: object({ kind: literal("flag"), version: int(0, 9) }),
  });
  expectTypeOf<Infer<typeof subject>>().toEqualTypeOf<
    | { readonly kind: "commit"; readonly id: string }
    | { readonly kind: "flag"; readonly version: number }
  >();
  expect(subject({ kind: "flag", version: 3 })).toEqual({ kind: "flag", version: 3 });
  expect(() => subject({ kind: "flag", id: "x" })).toThrow("id: this key is unknown");
  expect(() => subject({ kind: "tag" })).toThrow(
    'kind: found "tag"; expected one of: commit, flag',
  );
  expect(() => subject({ kind: "toString" })).toThrow("kind: found");
  expect(() => subject({})).toThrow("kind: this key is missing");
});

test("literal, anyObject", () => {
  expect(literal(1)(1)).toBe(1);
  expect(() => literal("a")(1)).toThrow('found 1; expected "a"');
  expect(() => anyObject([])).toThrow("found an array");
  expect(anyObject({ a: 1 })).toEqual({ a: 1 });
});

test("a pattern that could match part of a string is a mistake of the programmer", () => {
  expect(() => string({ pattern: /a/, what: "a" })).toThrow(TypeError);
  expect(() => string({ pattern: /^a$/m, what: "a" })).toThrow(TypeError);
  expect(() => string({ pattern: /^a$/g, what: "a" })).toThrow(TypeError);
  expect(() => string({ pattern: /^a$/ })).toThrow(TypeError);
});

describe("timestamp", () => {
  test("accepts what toISOString prints for the years 0000 to 9999, and nothing longer", () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        const text = date.toISOString();
        if (text.length === 24) expect(timestamp(text)).toBe(text);
        else expect(() => timestamp(text)).toThrow(RecordError);
      }),
    );
  });

  test("only days that exist: every month and day of four years", () => {
    const days = (year: number, month: number): number =>
      [
        31,
        year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28,
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
      ][month - 1] ?? 0;
    for (const year of [1900, 2000, 2023, 2024]) {
      for (let month = 0; month <= 13; month++) {
        for (let day = 0; day <= 32; day++) {
          const two = (n: number): string => String(n).padStart(2, "0");
          const text = `${year}-${two(month)}-${two(day)}T12:00:00.000Z`;
          let accepted = true;
          try {
            timestamp(text);
          } catch {
            accepted = false;
          }
          expect(accepted, text).toBe(day >= 1 && day <= days(year, month));
        }
      }
    }
  });

  test.each([
    "2026-11-23T10:00:00Z",
    "2026-11-23T10:00:00.0Z",
    "2026-11-23T10:00:00.000000Z",
    "2026-11-23T10:00:00.000+00:00",
    "2026-11-23t10:00:00.000z",
    "2026-11-23 10:00:00.000Z",
    "2026-11-23T24:00:00.000Z",
    "2026-11-23T23:59:60.000Z",
    "2026-11-23T10:00:00.000Z\n",
    "+002026-11-23T10:00:00.000Z",
  ])("refuses %j", (text) => {
    expect(() => timestamp(text)).toThrow("expected a real date and time");
  });
});

test("ready-made shapes want one spelling", () => {
  expect(uuid("0193a5f0-0000-7000-8000-000000000000")).toHaveLength(36);
  expect(() => uuid("0193A5F0-0000-7000-8000-000000000000")).toThrow("lower case");
  expect(() => uuid("{0193a5f0-0000-7000-8000-000000000000}")).toThrow("a UUID");
  expect(() => sha256Hex("A".repeat(64))).toThrow("lower-case");
  expect(() => sha256Hex(`${"a".repeat(64)}\n`)).toThrow("64 lower-case");
  for (const n of [39, 41, 63, 65]) expect(() => commitId("a".repeat(n))).toThrow("40 or 64");
  expect(commitId("b".repeat(64))).toHaveLength(64);
});
