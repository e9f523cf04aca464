/**
 * Severity of an advisory: from its CVSS vectors (v2, 3.0, 3.1, 4.0; FIRST), else
 * from the word of its database. A v2 score counts only where there is no newer
 * one; among newer ones the highest counts, so that their order does not matter.
 */
import cvss from "ae-cvss-calculator";
import type { Severity } from "../rules/rule.ts";

const vector = /^(?:CVSS:(?:3\.[01]|4\.0)\/)?(?:[A-Za-z]{1,3}:[A-Za-z]{1,6}\/?){6,40}$/;
const known = new Map<string, number | null>();

/** CVSS base score times ten, or null where the vector is none or incomplete. */
export function scoreOf(text: string): number | null {
  if (text.length > 300 || !vector.test(text)) return null;
  let score = known.get(text);
  if (score === undefined) {
    score = calculate(text);
    // A few thousand vectors cover most advisories.
    if (known.size < 20_000) known.set(text, score);
  }
  return score;
}

function calculate(text: string): number | null {
  try {
    const base: unknown = cvss.fromVector(text)?.calculateScores().base;
    return typeof base === "number" && base >= 0 && base <= 10 ? Math.round(base * 10) : null;
  } catch {
    return null;
  }
}

/** The score of the vectors of one record, or null. */
export function highestScore(vectors: readonly string[]): number | null {
  const scores = (some: readonly string[]) =>
    some.map(scoreOf).filter((score): score is number => score !== null);
  const newer = scores(vectors.filter((text) => text.startsWith("CVSS:")));
  const all = newer.length > 0 ? newer : scores(vectors);
  return all.length === 0 ? null : Math.max(...all);
}

/** The ratings of CVSS 3.1 section 5 (also of 4.0); v2 has no critical of its own. */
export function severityOfScore(score: number): Severity {
  if (score >= 90) return "critical";
  if (score >= 70) return "high";
  if (score >= 40) return "medium";
  return score > 0 ? "low" : "info";
}

const words: Readonly<Record<string, Severity>> = {
  CRITICAL: "critical",
  HIGH: "high",
  IMPORTANT: "high",
  MODERATE: "medium",
  MEDIUM: "medium",
  LOW: "low",
};

export function severityOfWord(word: unknown): Severity | null {
  return typeof word === "string" ? (words[word.toUpperCase()] ?? null) : null;
}
