import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "../bytes/encoding.ts";
import { formatArmor, parseArmor } from "./armor.ts";

const blob = Uint8Array.from({ length: 120 }, (_, i) => i);
const armor = formatArmor(blob);

test("what is armored reads back, at every length", () => {
  for (let length = 1; length < 240; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    expect(parseArmor(formatArmor(bytes))).toEqual(bytes);
  }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), (bytes) => {
      expect(parseArmor(formatArmor(bytes))).toEqual(bytes);
    }),
  );
});

test("prints 70 columns", () => {
  const lines = armor.split("\n");
  expect(lines[0]).toBe("-----BEGIN SSH SIGNATURE-----");
  expect(lines.slice(1, 4).map((line) => line.length)).toEqual([70, 70, 20]);
  expect(lines.slice(4)).toEqual(["-----END SSH SIGNATURE-----", ""]);
});

test("reads 76 columns and a missing last newline", () => {
  const wide = encodeBase64(blob).match(/.{1,76}/g) ?? [];
  const text = `-----BEGIN SSH SIGNATURE-----\n${wide.join("\n")}\n-----END SSH SIGNATURE-----`;
  expect(parseArmor(text)).toEqual(blob);
});

describe("refuses", () => {
  test.each<[string, string, string]>([
    ["nothing", "", "armor line 1"],
    ["text before it", `x\n${armor}`, "armor line 1"],
    ["text after it", `${armor}x\n`, "armor line 6"],
    ["an empty line at the end", `${armor}\n`, "armor line 6"],
    ["CRLF", armor.replaceAll("\n", "\r\n"), "armor line 1"],
    ["another BEGIN line", armor.replace("SSH", "PGP"), "armor line 1"],
    ["no END line", armor.replace(/-----END.*/, ""), "the last line is not"],
    ["no body", "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n", "armor line 2"],
    ["other columns", armor.replace(/\n(.{60})/, "\n$1\n"), "full lines have 70 or 76"],
    [
      "a short line in the middle",
      armor.replace(/(.{60})(.{10})\n(.{20})\n/, "$1\n$2$3\n"),
      "armor line 3",
    ],
    ["a space", armor.replace(/(.{69}).\n/, "$1 \n"), "is no base64 digit"],
    ["an empty line in the middle", armor.replace(/(.{70}\n)/, "$1\n"), "armor line 3"],
    [
      "base64 that does not print back",
      formatArmor(new Uint8Array([65])).replace("QQ==", "QR=="),
      "ends in bits",
    ],
    ["anything too long", "x".repeat(32 * 1024 + 1), "the limit is 32768"],
  ])("%s", (_, text, message) => {
    expect(() => parseArmor(text)).toThrow(message);
  });
});
