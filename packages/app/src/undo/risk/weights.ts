/**
 * The weights of the risk score, all in one place. Whole numbers: per mille and
 * per cent, so that a score is the same on every machine. A change of any of them
 * raises the version, which every report and assessment names.
 */
import type { Reach } from "../rules/reach.ts";
import type { Direction, Severity } from "../rules/rule.ts";

export const weightsVersion = 2;

/** Per mille, for a certain finding that reaches all the way. */
export const severityWeight: Readonly<Record<Severity, number>> = {
  critical: 850,
  high: 600,
  medium: 300,
  low: 100,
  info: 0,
};

/** Per cent. What only developers run, or only read, harms less. */
export const reachWeight: Readonly<Record<Reach, number>> = {
  runtime: 100,
  ci: 100,
  development: 40,
  example: 20,
};

/** Per cent. What changes without being weaker or stronger may be either; what gets better is no harm. */
export const directionWeight: Readonly<Record<Direction, number>> = {
  worse: 100,
  changed: 50,
  better: 0,
};

export const levels = ["none", "low", "medium", "high", "critical"] as const;
export type Level = (typeof levels)[number];

/** The lowest score of each level: one certain finding of a severity gives the level of its name. */
export const levelFrom: Readonly<Record<Level, number>> = {
  none: 0,
  low: 5,
  medium: 25,
  high: 50,
  critical: 75,
};

/** Per cent of what was to be looked at; below it the answer is never "none". */
export const leastCoverage = 80;
/** Per cent: from here on a critical finding is at least high, whatever the sum says. */
export const sureConfidence = 80;
/** Per cent: what is less sure rests on words, and words alone are worth knowing and no harm. */
export const surerThanWords = 50;
/** A root cause of an implication counts half of the one before it; beyond this many nothing is left. */
export const mostOfOne = 20;
