import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addTo, isBinary, type LineChange, lineChange } from "./line-change.ts";

/** The definition itself: count every line of both, subtract. */
function byDefinition(before: Buffer | null, after: Buffer | null): LineChange {
  const change: LineChange = new Map();
  for (const [text, sign] of [
    [before, -1],
    [after, 1],
  ] as const) {
    for (const line of (text ?? Buffer.alloc(0)).toString("latin1").match(/[^\n]*\n|[^\n]+$/g) ??
      []) {
      addTo(change, line, sign);
    }
  }
  return change;
}

const line = fc.constantFrom("a", "b", "", "ab", "a\r", "x".repeat(5000), "\u0000\u00ff");
const text = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.boolean())
  .map(([lines, ends]) => Buffer.from(lines.join("\n") + (ends ? "\n" : ""), "latin1"));
const file = fc.option(text, { nil: null });

const sorted = (change: LineChange) => [...change].sort(([a], [b]) => (a < b ? -1 : 1));

describe("the change of a file", () => {
  it("is the difference of the lines, however much both have in common", () => {
    fc.assert(
      fc.property(text, file, file, text, (start, before, after, end) => {
        const wrap = (middle: Buffer | null) =>
          middle === null ? null : Buffer.concat([start, middle, end]);
        expect(sorted(lineChange(wrap(before), wrap(after)))).toEqual(
          sorted(byDefinition(wrap(before), wrap(after))),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("is negated when the sides are swapped, and adds up along a path", () => {
    fc.assert(
      fc.property(file, file, file, (a, b, c) => {
        const sum = new Map(lineChange(a, b));
        for (const [key, n] of lineChange(b, c)) addTo(sum, key, n);
        expect(sorted(sum)).toEqual(sorted(lineChange(a, c)));
        const negated = new Map([...lineChange(a, b)].map(([key, n]) => [key, -n]));
        expect(sorted(lineChange(b, a))).toEqual(sorted(negated));
      }),
      { numRuns: 1000 },
    );
  });

  it("agrees with the definition on every pair of short texts", () => {
    const all = [""];
    for (let length = 1; length <= 4; length++) {
      for (const shorter of all.filter((t) => t.length === length - 1)) {
        for (const c of ["a", "b", "\n"]) all.push(shorter + c);
      }
    }
    for (const a of all) {
      for (const b of all) {
        const [before, after] = [Buffer.from(a), Buffer.from(b)];
        expect(sorted(lineChange(before, after)), JSON.stringify([a, b])).toEqual(
          sorted(byDefinition(before, after)),
        );
      }
    }
  });

  it("sees a missing line feed at the end and a changed line ending", () => {
    expect(lineChange(Buffer.from("a\n"), Buffer.from("a"))).toEqual(
      new Map([
        ["a\n", -1],
        ["a", 1],
      ]),
    );
    expect(lineChange(Buffer.from("a\n"), Buffer.from("a\r\n")).size).toBe(2);
    expect(lineChange(Buffer.from("a\nb\n"), Buffer.from("b\na\n")).size).toBe(0);
  });
});

it("calls a file binary by an early NUL, as git does", () => {
  expect(isBinary(Buffer.from("text\0"))).toBe(true);
  expect(isBinary(Buffer.from("text"))).toBe(false);
  expect(isBinary(Buffer.concat([Buffer.alloc(8000, 0x61), Buffer.from([0])]))).toBe(false);
  expect(isBinary(Buffer.concat([Buffer.alloc(7999, 0x61), Buffer.from([0])]))).toBe(true);
});
