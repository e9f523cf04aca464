import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  concat,
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeUtf8,
  equalBytes,
} from "./encoding.ts";
import { quote, RecordError } from "./error.ts";

const bytes = fc.uint8Array({ maxLength: 200 });

describe("base64", () => {
  test("known answers of RFC 4648 §10", () => {
    for (const [plain, coded] of [
      ["", ""],
      ["f", "Zg=="],
      ["fo", "Zm8="],
      ["foo", "Zm9v"],
      ["foob", "Zm9vYg=="],
      ["fooba", "Zm9vYmE="],
      ["foobar", "Zm9vYmFy"],
    ] as const) {
      expect(encodeBase64(encodeUtf8(plain))).toBe(coded);
      expect(decodeUtf8(decodeBase64(coded))).toBe(plain);
    }
  });

  test("agrees with Node's encoder and decodes what it encodes", () => {
    fc.assert(
      fc.property(bytes, (b) => {
        expect(encodeBase64(b)).toBe(Buffer.from(b).toString("base64"));
        expect(encodeBase64Url(b)).toBe(Buffer.from(b).toString("base64url"));
        expect(decodeBase64(encodeBase64(b))).toEqual(b);
        expect(decodeBase64Url(encodeBase64Url(b))).toEqual(b);
      }),
    );
  });

  test("accepts a text only if the encoder prints it: every text of up to 4 of these characters", () => {
    const characters = [
      "A",
      "B",
      "Q",
      "g",
      "/",
      "+",
      "=",
      "-",
      "_",
      " ",
      "\n",
      "\u00e9",
      "\u{1F600}",
    ];
    let accepted = 0;
    const grow = (text: string, left: number): void => {
      for (const [decode, encode] of [
        [decodeBase64, encodeBase64],
        [decodeBase64Url, encodeBase64Url],
      ] as const) {
        let decoded: Uint8Array | undefined;
        try {
          decoded = decode(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RecordError);
          // Refused rightly: Node's lenient decoder does not print it back either.
          const variant = encode === encodeBase64 ? "base64" : "base64url";
          expect(Buffer.from(text, variant).toString(variant)).not.toBe(text);
        }
        if (decoded !== undefined) {
          accepted++;
          expect(encode(decoded)).toBe(text);
        }
      }
      if (left > 0) for (const c of characters) grow(text + c, left - 1);
    };
    grow("", 4);
    expect(accepted).toBeGreaterThan(1000);
  });

  test("the refusal says where and what", () => {
    expect(() => decodeBase64("Zm9")).toThrow("base64 of 3 characters; it must be padded");
    expect(() => decodeBase64("Zm-v")).toThrow('character 2: "-" is no base64 digit');
    expect(() => decodeBase64("Zh==")).toThrow("character 1: base64 ends in bits");
    expect(() => decodeBase64Url("Zh==")).toThrow('character 2: "=" is no base64url digit');
  });
});

describe("hex", () => {
  test("decodes what it encodes and refuses the rest", () => {
    fc.assert(
      fc.property(bytes, (b) => {
        expect(decodeHex(encodeHex(b))).toEqual(b);
      }),
    );
    expect(encodeHex(new Uint8Array([0, 15, 255]))).toBe("000fff");
    expect(() => decodeHex("0F")).toThrow('character 1: "F" is no lower-case hex digit');
    expect(() => decodeHex("abc")).toThrow("hex of 3 digits");
    expect(() => decodeHex("0x")).toThrow("character 1");
  });
});

describe("UTF-8", () => {
  test("decodes what it encodes, byte order mark included", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        if (text.isWellFormed()) expect(decodeUtf8(encodeUtf8(text))).toBe(text);
        else expect(() => encodeUtf8(text)).toThrow("lone surrogate");
      }),
    );
    expect(decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))).toBe("\ufeffa");
    expect(() => encodeUtf8("a\ud800")).toThrow("lone surrogate");
  });

  test("refuses overlong forms, surrogates, cut sequences and stray bytes", () => {
    for (const bad of ["c080", "eda080", "e282", "80", "f4908080", "ff"]) {
      expect(() => decodeUtf8(decodeHex(bad)), bad).toThrow("the bytes are not UTF-8");
    }
  });
});

test("concat and equalBytes", () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(concat(a, b)).toEqual(new Uint8Array([...a, ...b]));
      expect(equalBytes(a, b)).toBe(encodeHex(a) === encodeHex(b));
      expect(equalBytes(a, a.slice())).toBe(true);
    }),
  );
  expect(equalBytes(new Uint8Array([1]), new Uint8Array([1, 2]))).toBe(false);
});

test("quote leaves nothing but printable ASCII", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(quote(text)).toMatch(/^"[\x20-\x7e]*"(?:\.\.\.)?$/);
    }),
  );
  expect(quote("a\u202eb\u007f")).toBe('"a\\u202eb\\u007f"');
  expect(quote("abcdef", 3)).toBe('"abc"...');
});
