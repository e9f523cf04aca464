import * as fc from "fast-check";
import { expect, it } from "vitest";
import { count, duration, forTerminal, jsonLine } from "./text.ts";

const dangerous = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom("\u001b[2J", "\u202e", "\u200b", "\ud800", "a", "é", "\u{e0041}", "\n", "😀"),
    )
    .map((parts) => parts.join("")),
);

it("leaves nothing that a terminal obeys or hides, and keeps the rest", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(forTerminal(text)).not.toMatch(dangerous);
      expect(Array.from(forTerminal(text, 7)).length).toBeLessThanOrEqual(7);
    }),
  );
  expect(forTerminal("\u001b[31mrot\u202e é 😀")).toBe("\\u001b[31mrot\\u202e é 😀");
  expect(forTerminal("abcdef", 4)).toBe("abc…");
});

it("prints JSON that means the same and is safe to look at", () => {
  fc.assert(
    fc.property(fc.record({ a: anyText, b: fc.array(anyText) }), (value) => {
      const line = jsonLine(value);
      expect(JSON.parse(line)).toEqual(value);
      expect(line).not.toMatch(dangerous);
    }),
  );
});

it("says times and counts as people do", () => {
  expect([0, 90, 7199, 7200, 200_000, -60].map(duration)).toEqual([
    "0 s",
    "90 s",
    "120 min",
    "2 h",
    "2 d",
    "-60 s",
  ]);
  expect([count(1, "commit"), count(12_345, "commit")]).toEqual(["1 commit", "12,345 commits"]);
});
