import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alignments, differences, LineTable, mostDifferent } from "./align.ts";
import { takeBack } from "./take-back.ts";

const lines = fc.array(fc.nat(5), { maxLength: 24 }).map((all) => Int32Array.from(all));

/** The longest common subsequence by the textbook table: what no shortest script can miss. */
function longest(a: Int32Array, b: Int32Array): number {
  const table = Array.from({ length: a.length + 1 }, () => new Int32Array(b.length + 1));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const [up, left] = [table[i - 1]?.[j] ?? 0, table[i]?.[j - 1] ?? 0];
      const row = table[i] as Int32Array;
      row[j] = a[i - 1] === b[j - 1] ? (table[i - 1]?.[j - 1] ?? 0) + 1 : Math.max(up, left);
    }
  }
  return table[a.length]?.[b.length] ?? 0;
}

describe("differences", () => {
  it("lead from one text to the other, apart from each other; the greedy ones are shortest", () => {
    fc.assert(
      fc.property(lines, lines, fc.constantFrom(...alignments), (a, b, by) => {
        const found = differences(a, b, by) ?? [];
        const built: number[] = [];
        let at = 0;
        for (const [i, { a1, a2, b1, b2 }] of found.entries()) {
          if (i > 0) expect(a1).toBeGreaterThan(at);
          expect(a2 > a1 || b2 > b1).toBe(true);
          built.push(...a.subarray(at, a1));
          expect(built.length).toBe(b1);
          built.push(...b.subarray(b1, b2));
          at = a2;
        }
        built.push(...a.subarray(at));
        expect(built).toEqual([...b]);
        const gone = found.reduce((sum, { a1, a2 }) => sum + a2 - a1, 0);
        if (by !== "rare") expect(a.length - gone).toBe(longest(a, b));
      }),
      { numRuns: 3000 },
    );
  });

  it("gives up where too much differs, and is quick where lines repeat", () => {
    const [a, b] = [new Int32Array(3000).fill(1), new Int32Array(3000).fill(2)];
    expect(2 * 3000).toBeGreaterThan(mostDifferent);
    expect(differences(a, b, "first")).toBeNull();
    const repeated = Int32Array.from({ length: 60_000 }, (_, i) => i % 40);
    const shifted = Int32Array.from({ length: 60_000 }, (_, i) => (i + 1) % 40);
    for (const by of alignments) expect(differences(repeated, shifted, by)?.length).toBeLessThan(3);
  });

  it("lines are lines with their feed", () => {
    const table = new LineTable();
    expect([...table.of(Buffer.from("a\nb\na\na"))]).toEqual([0, 1, 0, 2]);
    expect([...table.of(Buffer.from(""))]).toEqual([]);
    expect([...table.of(Buffer.from("a\r\n\n"))]).toEqual([3, 4]);
  });
});

describe("takeBack", () => {
  const text = (all: readonly number[]) => Buffer.from(all.map((n) => `${n}\n`).join(""));
  const texts = fc.array(fc.nat(9), { maxLength: 12 });

  it("of an unchanged text is the old one; of nothing is the text as it is", () => {
    fc.assert(
      fc.property(texts, texts, texts, (x, y, z) => {
        const [old, now, state] = [text(x), text(y), text(z)];
        for (const by of alignments) {
          expect(takeBack({ old, now, state: now }, by)?.text).toEqual(old);
          expect(takeBack({ old: now, now, state }, by)?.text).toEqual(state);
          const again = takeBack({ old, now, state: old }, by);
          expect(again?.text).toEqual(old);
          expect(again?.already).toBe(again?.places);
        }
      }),
    );
  });

  it("far from each other, both changes stand, in whichever order", () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), fc.boolean(), (x, y, before) => {
        const line = (i: number) => `line ${i}\n`;
        const whole = Array.from({ length: 30 }, (_, i) => line(i));
        const change = (at: number, put: string) => whole.map((l, i) => (i === at ? put : l));
        const [undone, since] = before ? [x, 15 + y] : [15 + x, y];
        const state = change(undone, "undone\n").map((l, i) => (i === since ? "since\n" : l));
        const given = {
          old: Buffer.from(whole.join("")),
          now: Buffer.from(change(undone, "undone\n").join("")),
          state: Buffer.from(state.join("")),
        };
        for (const by of alignments) {
          const expected = change(since, "since\n").join("");
          expect(takeBack(given, by)?.text.toString()).toBe(expected);
        }
      }),
    );
  });

  it("where they touch, refuses or takes the regions' order; mere insertions have none", () => {
    const given = { old: text([1, 4]), now: text([1, 2, 4]), state: text([1, 3, 2, 4]) };
    expect(takeBack(given, "first")).toBeNull();
    expect(takeBack(given, "first", "allowed")?.text).toEqual(text([1, 3, 4]));
    const after = { ...given, state: text([1, 2, 3, 4]) };
    expect(takeBack(after, "first")).toBeNull();
    expect(takeBack(after, "first", "allowed")?.text).toEqual(text([1, 3, 4]));
    const both = { old: text([1, 2, 4]), now: text([1, 4]), state: text([1, 3, 4]) };
    expect(takeBack(both, "first", "allowed")).toBeNull();
    expect(takeBack({ ...given, state: text([1, 5, 4]) }, "first", "allowed")).toBeNull();
  });
});
