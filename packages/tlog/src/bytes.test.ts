import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  copyBytes,
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  encodeUtf8,
  parseDecimal,
  plainBase64,
  quote,
} from "./bytes.ts";

describe.each([
  ["base64", { encode: encodeBase64, decode: decodeBase64 }],
  ["base64 without Node", plainBase64],
])("%s", (_name, { encode, decode }) => {
  test("is what Node writes, and reads back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const text = encode(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64"));
        expect(decode(text)).toEqual(bytes);
      }),
    );
  });

  test("is read only if it is printed so: every text of up to 4 of these characters", () => {
    const chars = ["A", "Q", "g", "w", "/", "+", "=", "-", "_", " ", "\n", "é"];
    let texts = [""];
    for (let length = 0; length <= 4; length++) {
      for (const text of texts) {
        const bytes = decode(text);
        if (bytes !== undefined) expect(encode(bytes)).toBe(text);
        const lenient = Buffer.from(text, "base64");
        if (lenient.toString("base64") === text) expect(bytes).toEqual(new Uint8Array(lenient));
      }
      texts = texts.flatMap((text) => chars.map((char) => text + char));
    }
  });

  test.each(["QR==", "QUJ=", "QQ", "QQ=", "QQ==QQ==", "====", "Q===", "QUI=\n", "QU I"])(
    "refuses %j",
    (text) => {
      expect(decode(text)).toBeUndefined();
    },
  );
});

describe("decimals", () => {
  test.each([
    ["0", 0],
    ["1", 1],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("%s is read", (text, value) => {
    expect(parseDecimal(text)).toBe(value);
  });

  test.each(
    ["", "00", "01", "+1", "-1", "-0", "1.0", "1e3", "0x10", " 1", "1 ", "1\n", "١"].concat([
      "9007199254740992",
      "9007199254740993",
      "18446744073709551615",
    ]),
  )("%j is refused", (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });
});

describe("UTF-8", () => {
  test("reads back what it writes, byte order mark included", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        fc.pre(text.isWellFormed());
        expect(decodeUtf8(encodeUtf8(`\uFEFF${text}`), "note")).toBe(`\uFEFF${text}`);
      }),
    );
  });

  test("a lone surrogate is a programmer's mistake", () => {
    expect(() => encodeUtf8("a\uD800b")).toThrow(TypeError);
  });

  test.each([
    ["an overlong slash", [0x61, 0x0a, 0xc0, 0xaf], "line 2"],
    ["a surrogate", [0xed, 0xa0, 0x80, 0x0a], "line 1"],
    ["a character cut off at the end", [0x0a, 0x0a, 0xef, 0xbf], "line 3"],
    ["a character cut off by a newline", [0x0a, 0xef, 0xbf, 0x0a, 0x61], "line 2"],
    ["a stray continuation", [0x80], "line 1"],
  ])("%s is refused with its line", (_, bytes, where) => {
    expect(() => decodeUtf8(Uint8Array.from(bytes), "note")).toThrow(
      expect.objectContaining({ code: "note", where }),
    );
  });
});

test("a copy of a Buffer's bytes is not its memory", () => {
  const buffer = Buffer.from("abcdef");
  const copy = copyBytes(buffer, 1, 3);
  buffer.fill(0);
  expect(copy).toEqual(Uint8Array.of(0x62, 0x63));
  expect(Buffer.isBuffer(copy)).toBe(false);
});

test("foreign text is quoted in short printable ASCII", () => {
  expect(quote('a\u001b[31m\u202e"\n')).toBe('"a\\u001b[31m\\u202e\\"\\n"');
  expect(quote("x".repeat(100), 3)).toBe('"xxx"...');
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(quote(text)).toMatch(/^[\x20-\x7e]*$/);
    }),
  );
});
