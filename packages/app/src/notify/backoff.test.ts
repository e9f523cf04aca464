import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pauseAfter, retryAfter } from "./backoff.ts";

test("three times as long each time, an hour at most", () => {
  const whole = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((n) => pauseAfter(n, 1) / 1000);
  expect(whole).toEqual([5, 15, 45, 135, 405, 1215, 3600, 3600, 3600]);
  expect(pauseAfter(3, 0)).toBe(22_500);
});

test("never none, never more than an hour, whatever is asked", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      (attempts, random, asked) => {
        const pause = pauseAfter(attempts, random, asked);
        expect(pause).toBeGreaterThanOrEqual(Math.min(2_500, 3_600_000));
        expect(pause).toBeGreaterThanOrEqual(Math.min(asked, 3_600_000));
        expect(pause).toBeLessThanOrEqual(3_600_000);
      },
    ),
  );
});

test.each([
  [undefined, 0],
  ["30", 30_000],
  ["Mon, 23 Nov 2026 02:00:30 GMT", 30_000],
  ["Mon, 23 Nov 2026 01:00:00 GMT", 0],
  ["-5", expect.any(Number) as number],
  ["soon", 0],
])("Retry-After %s", (header, wanted) => {
  const found = retryAfter(header, new Date("2026-11-23T02:00:00.000Z"));
  expect(found).toEqual(wanted);
  expect(found).toBeGreaterThanOrEqual(0);
});
