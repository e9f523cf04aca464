/**
 * When something that repeats falls due: a first time and an interval, as one
 * unit of an ISO 8601 duration (`P14D`, `P2W`, `P3M`, `P1Y`). In UTC, so no day
 * has 23 hours. Every occurrence is counted from the first, never from the one
 * before: what began on the 31st comes on the 30th of a shorter month, and on
 * the 31st again after it.
 */
import { string } from "../bytes/shape.ts";

export const interval = string({
  pattern: /^P[1-9][0-9]{0,2}[DWMY]$/,
  what: "an interval such as P14D, P2W, P3M or P1Y",
});

const day = 86_400_000;

/** The time of occurrence `n`; 0 is `first` itself. */
export function occurrence(first: string, every: string, n: number): string {
  const { count, unit } = parts(every);
  const begin = new Date(first);
  if (unit === "D" || unit === "W") {
    return new Date(begin.getTime() + n * count * days(unit) * day).toISOString();
  }
  const months = n * count * (unit === "Y" ? 12 : 1);
  const to = new Date(begin);
  to.setUTCDate(1);
  to.setUTCMonth(to.getUTCMonth() + months);
  const longest = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate();
  to.setUTCDate(Math.min(begin.getUTCDate(), longest));
  return to.toISOString();
}

/** The number of the newest occurrence at `now`; -1 before the first. */
export function newestOccurrence(first: string, every: string, now: string): number {
  if (now < first) return -1;
  const { count, unit } = parts(every);
  const [from, to] = [new Date(first), new Date(now)];
  if (unit === "D" || unit === "W") {
    return Math.floor((to.getTime() - from.getTime()) / (count * days(unit) * day));
  }
  const months =
    (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  const n = Math.floor(months / (count * (unit === "Y" ? 12 : 1)));
  // In its own month it may be still to come.
  return occurrence(first, every, n) > now ? n - 1 : n;
}

function parts(every: string): { readonly count: number; readonly unit: string } {
  return { count: Number(every.slice(1, -1)), unit: every.slice(-1) };
}

function days(unit: "D" | "W"): number {
  return unit === "D" ? 1 : 7;
}
