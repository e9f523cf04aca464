/** How grave an advisory is and why, in the same words wherever it is told. */
import type { Severity } from "../rules/rule.ts";
import type { Advisory } from "./advisory-index.ts";

/** Known to be exploited: critical. Without a score: high, since nobody has said that it is less. */
export function gravity(advisory: Advisory): Severity {
  if (advisory.exploitedSince !== undefined) return "critical";
  return advisory.severity ?? "high";
}

/** `CVSS 7.5 (high), EPSS 1.2 %, known exploited since 2024-03-01, published 2024-02-11`. */
export function gravityText(advisory: Advisory): string {
  const { score, severity, epss, exploitedSince, published } = advisory;
  const parts = [
    score !== undefined
      ? `CVSS ${tenths(score)} (${severity ?? gravity(advisory)})`
      : severity !== undefined
        ? `no score, ${severity} by its database`
        : "no score, taken for high",
  ];
  if (epss !== undefined) parts.push(`EPSS ${tenths(epss)} %`);
  if (exploitedSince !== undefined) {
    parts.push(`known exploited since ${exploitedSince.slice(0, 10)}`);
  }
  if (published !== undefined) parts.push(`published ${published.slice(0, 10)}`);
  return parts.join(", ");
}

/** Whether it was public at that time; without a date it is taken to have been. */
export function isPublic(advisory: Advisory, asOf: string): boolean {
  return advisory.published === undefined || Date.parse(advisory.published) <= Date.parse(asOf);
}

function tenths(value: number): string {
  return `${Math.floor(value / 10)}.${value % 10}`;
}
