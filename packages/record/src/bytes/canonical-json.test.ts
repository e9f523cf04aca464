import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalBytes, canonicalize, parseCanonical, type JsonValue } from "./canonical-json.ts";
import { concat, decodeUtf8, encodeUtf8 } from "./encoding.ts";
import { RecordError } from "./error.ts";

const { value: anyValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "grapheme" }),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => n + 0),
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .dictionary(fc.string({ unit: "grapheme" }), tie("value"), { maxKeys: 5 })
      .map((members) => ({ ...members })),
  ),
}));

const parseText = (text: string): JsonValue => parseCanonical(encodeUtf8(text));

describe("canonicalize", () => {
  test("RFC 8785 §3.2.3: keys in order of UTF-16 units", () => {
    const value = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\u{1F600}": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    expect(canonicalize(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control",' +
        '"\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",' +
        '"\u{1F600}":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  test("RFC 8785 §3.2.2.2: escapes", () => {
    expect(canonicalize('\u20ac$\u000f\nA\'B"\\\\"/\u007f\u2028')).toBe(
      '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f\u2028"',
    );
    expect(canonicalize("\b\t\n\f\r\u0000\u001f")).toBe('"\\b\\t\\n\\f\\r\\u0000\\u001f"');
  });

  test("numbers, nesting, empty things", () => {
    expect(canonicalize({ b: [9007199254740991, -9007199254740991, 0], a: { c: {}, B: [] } })).toBe(
      '{"a":{"B":[],"c":{}},"b":[9007199254740991,-9007199254740991,0]}',
    );
  });

  test.each<[string, unknown, string]>([
    ["null", { a: { b: null } }, "a.b: found null"],
    ["undefined", { a: [undefined] }, "a[0]: found undefined"],
    ["a hole", { a: Array.from({ length: 1 }) }, "a[0]: found undefined"],
    ["a fraction", [1.5], "[0]: 1.5 is no integer"],
    ["2^53", [2 ** 53], "[0]: 9007199254740992 is no integer"],
    ["NaN", [Number.NaN], "[0]: NaN is no integer"],
    ["-0", { n: -0 }, "n: -0 is no integer"],
    ["a bigint", [1n], "[0]: found bigint"],
    ["a Date", { at: new Date(0) }, "at: found a class instance"],
    ["a Map", new Map(), "found a class instance"],
    ["a lone surrogate", ["\ud800"], "[0]: found a lone surrogate"],
    ["a lone surrogate in a key", { "\udc00": 1 }, '"\\udc00": found a lone surrogate'],
  ])("refuses %s", (_, value, message) => {
    expect(() => canonicalize(value as JsonValue)).toThrow(message);
    expect(() => canonicalize(value as JsonValue)).toThrow(RecordError);
  });

  test("a cycle ends at the depth limit", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(() => canonicalize(loop as JsonValue)).toThrow("nested deeper");
  });
});

describe("parseCanonical", () => {
  test("is the inverse of canonicalBytes", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = canonicalBytes(value);
        const back = parseCanonical(bytes, { maxBytes: 1_000_000 });
        expect(back).toEqual(value);
        expect(canonicalBytes(back)).toEqual(bytes);
      }),
    );
  });

  test("takes a text if and only if it is what its value prints as", () => {
    const known = ['"2":1', '"10":1', '"a":1', '"a":2', '"b":[]', '"__proto__":1', '"":""'];
    const values = ["1.5", "-0", "1e3", "null", '"\\u0001"', '"\\ud800"', '"\\/"', '"é"', "[1, 2]"];
    const member = fc.oneof(
      fc.constantFrom(...known),
      fc.constantFrom(...values).map((value) => `"v":${value}`),
    );
    const text = fc.oneof(
      fc.json(),
      fc.constantFrom(...values),
      fc.array(member, { maxLength: 4 }).map((members) => `{${members.join(",")}}`),
    );
    fc.assert(
      fc.property(text, (found) => {
        let isCanonical: boolean;
        try {
          isCanonical = canonicalize(JSON.parse(found) as JsonValue) === found;
        } catch {
          isCanonical = false;
        }
        const read = () => parseText(found);
        if (isCanonical) expect(canonicalize(read())).toBe(found);
        else expect(read).toThrow(RecordError);
      }),
      { numRuns: 2_000 },
    );
  });

  test("the order in which members were set does not matter", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.boolean()), (members) => {
        const reversed = Object.fromEntries(Object.entries(members).reverse());
        expect(canonicalize(reversed)).toBe(canonicalize({ ...members }));
      }),
    );
  });

  test.each<[string, string, string]>([
    [
      "duplicate keys",
      '{"decision":"reject","decision":"approve"}',
      'byte 13: found "reject\\",\\"decision\\":\\"", the canonical form has "approve\\"}"',
    ],
    ["2^53 + 1", '{"n":9007199254740993}', "n: 9007199254740992 is no integer"],
    ["-0", "[-0]", "[0]: -0 is no integer"],
    ["a fraction", "[0.5]", "[0]: 0.5 is no integer"],
    ["an integer with a fraction", "[1.0]", 'byte 2: found ".0]", the canonical form has "]"'],
    ["an exponent", "[1e3]", "byte 2"],
    ["null", "[null]", "[0]: found null"],
    ["white space before", " {}", "byte 0"],
    ["white space after", "{}\n", 'byte 2: found "\\n", the canonical form has the end'],
    ["white space within", '{"a": 1}', "byte 5"],
    ["keys out of order", '{"b":1,"a":2}', "byte 2"],
    ["a needless escape", '"\\u0061"', "byte 1"],
    ["an escaped slash", '"\\/"', "byte 1"],
    ["an escape in upper case", '"\\u001F"', "byte 6"],
    ["an escaped lone surrogate", '"\\ud800"', "found a lone surrogate"],
    ["a byte order mark", "\ufeff{}", "byte 0: found a byte order mark"],
    ["a trailing comma", "[1,]", "the bytes are not JSON"],
    ["two values", "{}{}", "the bytes are not JSON"],
    ["nothing", "", "the bytes are not JSON"],
    ["NaN", "NaN", "the bytes are not JSON"],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseText(text)).toThrow(message);
    expect(() => parseText(text)).toThrow(RecordError);
  });

  test("refuses bytes that are not UTF-8", () => {
    expect(() => parseCanonical(new Uint8Array([0x22, 0xff, 0x22]))).toThrow("not UTF-8");
  });

  test("any byte inserted, removed or changed is refused or is another canonical text", () => {
    const bytes = canonicalBytes({ a: ["x", 10, true], b: { c: "\u00e9\n" } });
    let survivors = 0;
    for (let at = 0; at <= bytes.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        for (const cut of [0, 1]) {
          const changed = concat(
            bytes.subarray(0, at),
            new Uint8Array([byte]),
            bytes.subarray(at + cut),
          );
          let value: JsonValue;
          try {
            value = parseCanonical(changed);
          } catch (error) {
            expect(error).toBeInstanceOf(RecordError);
            continue;
          }
          survivors++;
          expect(canonicalBytes(value)).toEqual(changed);
        }
      }
    }
    expect(survivors).toBeGreaterThan(100);
  });

  test("limits the size before parsing", () => {
    expect(() => parseCanonical(new Uint8Array(16 * 1024 + 1))).toThrow(
      "16385 bytes; the limit is 16384",
    );
    const full = encodeUtf8(`"${"x".repeat(16 * 1024 - 2)}"`);
    expect(parseCanonical(full)).toHaveLength(16 * 1024 - 2);
    expect(() => parseCanonical(encodeUtf8("[1,2]"), { maxBytes: 4 })).toThrow("the limit is 4");
  });

  test("limits the depth before recursion, exactly", () => {
    const nested = (depth: number): Uint8Array => encodeUtf8("[".repeat(depth) + "]".repeat(depth));
    expect(() => parseCanonical(nested(64))).not.toThrow();
    expect(() => parseCanonical(nested(65))).toThrow("byte 64: nested deeper than 64 levels");
    expect(() => parseCanonical(nested(3), { maxDepth: 2 })).toThrow("byte 2");
    expect(() => parseCanonical(nested(1), { maxDepth: 65 })).toThrow(TypeError);
    // In the last two a reader that miscounts backslashes would take the brackets for text.
    for (const [start, bomb] of [
      ["", "["],
      ["", '{"a":'],
      ["", '[{"a":'],
      ['["\\\\",', "["],
      ['["\\"",', "["],
    ] as const) {
      const bytes = encodeUtf8(start + bomb.repeat(100_000));
      expect(() => parseCanonical(bytes, { maxBytes: 10_000_000 })).toThrow(
        "nested deeper than 64",
      );
    }
  });

  test("brackets inside strings are no depth", () => {
    const value = { a: "[".repeat(200), b: '"\\["'.repeat(50), c: `"${"[".repeat(200)}` };
    expect(parseCanonical(canonicalBytes(value))).toEqual(value);
  });

  test("a key named __proto__ stays a key", () => {
    const value = parseText('{"__proto__":{"admin":true}}');
    expect((value as { admin?: boolean }).admin).toBeUndefined();
    expect(decodeUtf8(canonicalBytes(value))).toBe('{"__proto__":{"admin":true}}');
  });
});
