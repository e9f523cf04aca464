import * as fc from "fast-check";
import { expect, test } from "vitest";
import { interval, newestOccurrence, occurrence } from "./interval.ts";

const first = "2026-01-31T09:30:00.000Z";

test.each([
  ["P14D", 2, "2026-02-28T09:30:00.000Z"],
  ["P2W", 1, "2026-02-14T09:30:00.000Z"],
  ["P1M", 1, "2026-02-28T09:30:00.000Z"],
  ["P1M", 2, "2026-03-31T09:30:00.000Z"],
  ["P1M", 3, "2026-04-30T09:30:00.000Z"],
  ["P3M", 4, "2027-01-31T09:30:00.000Z"],
  ["P1M", 25, "2028-02-29T09:30:00.000Z"],
  ["P1Y", 2, "2028-01-31T09:30:00.000Z"],
  ["P1D", 0, first],
])("%s, occurrence %i", (every, n, at) => {
  expect(occurrence(first, every, n)).toBe(at);
});

test("a leap day comes on the 28th of other years, and on the 29th of the next leap year", () => {
  const leap = "2024-02-29T00:00:00.000Z";
  expect(occurrence(leap, "P1Y", 1)).toBe("2025-02-28T00:00:00.000Z");
  expect(occurrence(leap, "P1Y", 4)).toBe("2028-02-29T00:00:00.000Z");
});

const everyInterval = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom("D", "W", "M", "Y"))
  .map(([count, unit]) => `P${count}${unit}`);
const time = (from: string, to: string) =>
  fc
    .date({ min: new Date(from), max: new Date(to), noInvalidDate: true })
    .map((date) => date.toISOString());

test("the newest occurrence is the last that has come", () => {
  fc.assert(
    fc.property(
      everyInterval,
      time("2020-01-01", "2030-01-01"),
      time("2019-12-01", "2060-01-01"),
      (every, begin, now) => {
        const n = newestOccurrence(begin, every, now);
        if (n >= 0) expect(occurrence(begin, every, n) <= now).toBe(true);
        else expect(now < begin).toBe(true);
        expect(occurrence(begin, every, n + 1) > now).toBe(true);
      },
    ),
  );
});

test("at the very millisecond it has come, and one before it has not", () => {
  fc.assert(
    fc.property(
      everyInterval,
      time("2020-01-01", "2030-01-01"),
      fc.integer({ min: 0, max: 50 }),
      (every, begin, n) => {
        const at = occurrence(begin, every, n);
        expect(newestOccurrence(begin, every, at)).toBe(n);
        const before = new Date(Date.parse(at) - 1).toISOString();
        expect(newestOccurrence(begin, every, before)).toBe(n - 1);
        expect(occurrence(begin, every, n + 1) > at).toBe(true);
      },
    ),
  );
});

test.each(["", "P", "P0D", "P1", "PT1H", "P1M2D", "P1000D", "p1d", "P01D", "-P1D", "P1.5D"])(
  "%s is no interval",
  (text) => {
    expect(() => interval(text)).toThrow(/P14D/);
  },
);
