import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, decodeHex, encodeHex } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import { WireReader, wireMpint, wireString, wireUint32 } from "./wire.ts";

const reader = (bytes: Uint8Array): WireReader => new WireReader(bytes, "key", "the test");
const ofHex = (text: string): WireReader => reader(decodeHex(text));

test("what is written reads back", () => {
  fc.assert(
    fc.property(
      fc.nat(0xffffffff),
      fc.uint8Array({ maxLength: 300 }),
      fc.bigInt({ min: 1n, max: 2n ** 600n }),
      (n, bytes, integer) => {
        const hex = integer.toString(16);
        const magnitude = decodeHex(hex.length % 2 === 0 ? hex : `0${hex}`);
        const r = reader(concat(wireUint32(n), wireString(bytes), wireMpint(magnitude)));
        expect(r.uint32("n")).toBe(n);
        expect(r.string("s")).toEqual(bytes);
        expect(encodeHex(r.mpint("m"))).toBe(encodeHex(magnitude));
        r.end();
      },
    ),
  );
});

test("known answers of RFC 4251 §5", () => {
  expect(encodeHex(wireUint32(699921578))).toBe("29b7f4aa");
  expect(encodeHex(wireString("testing"))).toBe("0000000774657374696e67");
  expect(encodeHex(wireMpint(decodeHex("09a378f9b2e332a7")))).toBe("0000000809a378f9b2e332a7");
  expect(encodeHex(wireMpint(decodeHex("80")))).toBe("000000020080");
  // Leading zeros are not part of the number.
  expect(encodeHex(wireMpint(decodeHex("000080")))).toBe("000000020080");
});

describe("refuses", () => {
  test.each([
    ["a negative mpint", "00000002edcc"],
    ["zero", "00000000"],
    ["a zero byte too many", "00000002007f"],
    ["zero as a byte", "0000000100"],
  ])("%s", (_, hex) => {
    expect(() => ofHex(hex).mpint("r")).toThrow("byte 0: r is zero, negative or not written");
  });

  test("a length beyond the end, with no allocation", () => {
    expect(() => ofHex("ffffffff00").string("the point")).toThrow(
      "byte 4: the point of the test takes 4294967295 bytes, only 1 are left",
    );
    expect(() => ofHex("0000").uint32("n")).toThrow(RecordError);
  });

  test("bytes after the end", () => {
    const r = ofHex("0102");
    r.byte("flags");
    expect(() => r.end()).toThrow("byte 1: 1 more bytes after the end of the test");
  });

  test("a name with anything but printable ASCII", () => {
    for (const hex of ["00000000", "0000000120", "0000000100", "00000002c3a9", "000000017f"]) {
      expect(() => ofHex(hex).name("the namespace")).toThrow("byte 0: the namespace is");
    }
    expect(() => reader(wireString("x".repeat(1025))).name("n")).toThrow("1 to 1024");
  });
});

test("numbers that do not fit are mistakes of the programmer", () => {
  for (const n of [-1, 2 ** 32, 0.5]) expect(() => wireUint32(n)).toThrow(TypeError);
  expect(() => wireMpint(new Uint8Array(3))).toThrow(TypeError);
});
