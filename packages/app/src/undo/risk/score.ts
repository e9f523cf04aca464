/**
 * How grave the findings are together, 0 to 100, as steps that a person can follow.
 * Never one number alone: beside it stands how much was seen.
 *
 * A finding weighs severity × confidence × reach × direction. Findings of one root
 * cause count once, the strongest; the k-th root cause of one implication counts
 * 1/2^(k-1). The score is 1 − Π(1 − weight), in whole per cent, half up. Fractions
 * are kept exact (numerator and denominator), so the same findings give the same
 * bytes everywhere. What gets better is listed and takes nothing away: a bad change
 * must not hide behind a good one.
 */
import { compareText } from "../rules/order.ts";
import { type Finding, severities } from "../rules/rule.ts";
import {
  directionWeight,
  leastCoverage,
  type Level,
  levelFrom,
  levels,
  mostOfOne,
  reachWeight,
  severityWeight,
  sureConfidence,
  weightsVersion,
} from "./weights.ts";

export type RiskStep = {
  readonly fingerprint: string;
  readonly implication: string;
  readonly subject: string;
  /** Its own weight, per mille. */
  readonly weight: number;
  /** What of it counts beside stronger root causes of the same implication, per mille. */
  readonly counts: number;
  /** The score with it and all above. */
  readonly total: number;
  /** Fingerprints of weaker findings of the same root cause. */
  readonly beneath: readonly string[];
};

export type Risk = {
  /** 0 to 100. */
  readonly score: number;
  readonly level: Level | "unknown";
  /** Per cent of what was to be looked at. */
  readonly coverage: number;
  readonly weights: number;
  /** The heaviest first. */
  readonly steps: readonly RiskStep[];
  /** Why the level is not the one of the score, one sentence each. */
  readonly floors: readonly string[];
};

export type Seen = {
  /** Files that rules wanted to read, and how many of them they could not. */
  readonly wanted: number;
  readonly unread: number;
  /** Scanners that were to be run, and how many of them gave nothing that can be compared. */
  readonly scanners?: number;
  readonly incomparable?: number;
  readonly originUnresolved: boolean;
};

/** The risk of findings that nothing cleared; `seen` says how much they can mean. */
export function riskOf(findings: readonly Finding[], seen: Seen): Risk {
  const causes = [...rootCauses(findings)];
  const rank = new Map<string, number>();
  let rest = one;
  const steps = causes.map(({ strongest, beneath }): RiskStep => {
    const k = rank.get(strongest.implication) ?? 0;
    rank.set(strongest.implication, k + 1);
    const weight = weightOf(strongest);
    const counted: Fraction =
      k < mostOfOne ? { n: weight.n, d: weight.d * 2n ** BigInt(k) } : { n: 0n, d: 1n };
    rest = { n: rest.n * (counted.d - counted.n), d: rest.d * counted.d };
    return {
      fingerprint: strongest.fingerprint,
      implication: strongest.implication,
      subject: strongest.subject,
      weight: rounded(weight, 1000n),
      counts: rounded(counted, 1000n),
      total: rounded({ n: rest.d - rest.n, d: rest.d }, 100n),
      beneath: beneath.map(({ fingerprint }) => fingerprint),
    };
  });
  const score = rounded({ n: rest.d - rest.n, d: rest.d }, 100n);
  const coverage = coverageOf(seen);
  return {
    score,
    ...levelOf(score, coverage, findings, seen),
    coverage,
    weights: weightsVersion,
    steps: steps.filter(({ weight }) => weight > 0),
  };
}

type Fraction = { readonly n: bigint; readonly d: bigint };
const one: Fraction = { n: 1n, d: 1n };

function weightOf({ severity, confidence, reach, direction }: Finding): Fraction {
  const n = severityWeight[severity] * confidence * reachWeight[reach] * directionWeight[direction];
  return { n: BigInt(n), d: 1000n * 100n * 100n * 100n };
}

/** The fraction times `scale`, half up. */
function rounded({ n, d }: Fraction, scale: bigint): number {
  return Number((2n * scale * n + d) / (2n * d));
}

/** By root cause the strongest finding and the rest, the heaviest cause first. */
function rootCauses(
  findings: readonly Finding[],
): { readonly strongest: Finding; readonly beneath: readonly Finding[] }[] {
  const harm = findings.filter(({ direction }) => direction !== "better");
  return [...Map.groupBy(harm, ({ rootCause }) => rootCause).values()]
    .map((group) => {
      const [strongest, ...beneath] = group.toSorted(heaviestFirst) as [Finding, ...Finding[]];
      return { strongest, beneath };
    })
    .sort((a, b) => heaviestFirst(a.strongest, b.strongest));
}

function heaviestFirst(a: Finding, b: Finding): number {
  // One denominator: the numerators compare.
  const difference = weightOf(b).n - weightOf(a).n;
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return (
    severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
    compareText(a.implication, b.implication) ||
    compareText(a.fingerprint, b.fingerprint)
  );
}

/** A scanner weighs as much as all files that rules read together. */
function coverageOf({ wanted, unread, scanners = 0, incomparable = 0 }: Seen): number {
  const read =
    wanted === 0 ? 100 : Math.floor((100 * (wanted - Math.min(unread, wanted))) / wanted);
  return Math.floor((read + 100 * (scanners - Math.min(incomparable, scanners))) / (1 + scanners));
}

function levelOf(
  score: number,
  coverage: number,
  findings: readonly Finding[],
  { originUnresolved }: Seen,
): Pick<Risk, "level" | "floors"> {
  let level: Level = levels.findLast((name) => score >= levelFrom[name]) ?? "none";
  const floors: string[] = [];
  const raise = (to: Level, why: string) => {
    if (levels.indexOf(to) <= levels.indexOf(level)) return;
    level = to;
    floors.push(why);
  };
  const shipped = findings.filter(
    ({ direction, reach }) => direction === "worse" && (reach === "runtime" || reach === "ci"),
  );
  if (shipped.some((f) => f.severity === "critical" && f.confidence >= sureConfidence)) {
    raise("high", "a critical finding that is sure is at least high");
  }
  if (shipped.some((f) => f.implication === "secret.reintroduced" && f.severity === "critical")) {
    raise("critical", "a secret that comes back is critical");
  }
  if (level !== "none") return { level, floors };
  const missing = [
    ...(originUnresolved ? ["what is undone was not found"] : []),
    ...(coverage < leastCoverage ? [`${coverage} % of what was to be looked at was seen`] : []),
  ];
  return missing.length === 0 ? { level, floors } : { level: "unknown", floors: missing };
}
