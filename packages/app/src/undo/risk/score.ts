/**
 * How grave the findings are together, 0 to 100, as steps that a person can follow.
 * Never one number alone: beside it stands how much was seen.
 *
 * A finding weighs severity × confidence × reach × direction; one that rests on words
 * weighs nothing. Findings of one root cause count once: the one with which the score
 * is greatest, so that one more finding never lowers it. The k-th root cause of one
 * implication counts 1/2^(k-1). The score is 1 − Π(1 − weight), in whole per cent, half up. Fractions
 * are kept exact (numerator and denominator), so the same findings give the same
 * bytes everywhere. What gets better is listed and takes nothing away: a bad change
 * must not hide behind a good one.
 */
import { chooseOptions } from "./choose.ts";
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
  surerThanWords,
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
  /** Fingerprints of the other findings of the same root cause. */
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
  /** The same in bytes, as far as sizes are known. */
  readonly wantedBytes?: number;
  readonly unreadBytes?: number;
  /** Scanners that were to be run, and how many of them gave nothing that can be compared. */
  readonly scanners?: number;
  readonly incomparable?: number;
  readonly originUnresolved: boolean;
};

/** The risk of findings that nothing cleared; `seen` says how much they can mean. */
export function riskOf(findings: readonly Finding[], seen: Seen): Risk {
  const causes = rootCauses(findings);
  const rank = new Map<string, number>();
  let rest = one;
  const steps = causes.map(({ counted: finding, beneath }): RiskStep => {
    const k = rank.get(finding.implication) ?? 0;
    rank.set(finding.implication, k + 1);
    const weight = weightOf(finding);
    const counts: Fraction =
      k < mostOfOne ? { n: weight.n, d: weight.d * 2n ** BigInt(k) } : { n: 0n, d: 1n };
    rest = { n: rest.n * (counts.d - counts.n), d: rest.d * counts.d };
    return {
      fingerprint: finding.fingerprint,
      implication: finding.implication,
      subject: finding.subject,
      weight: rounded(weight, 1000n),
      counts: rounded(counts, 1000n),
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

const wholeWeight = 1000n * 100n * 100n * 100n;

function weightOf({ severity, confidence, reach, direction }: Finding): Fraction {
  const sure = confidence < surerThanWords ? 0 : confidence;
  const n = severityWeight[severity] * sure * reachWeight[reach] * directionWeight[direction];
  return { n: BigInt(n), d: wholeWeight };
}

/** The fraction times `scale`, half up. */
function rounded({ n, d }: Fraction, scale: bigint): number {
  return Number((2n * scale * n + d) / (2n * d));
}

type Cause = { readonly counted: Finding; readonly beneath: readonly Finding[] };

/** By root cause the finding that counts and the rest, what counts most first. */
function rootCauses(findings: readonly Finding[]): Cause[] {
  const harm = findings.filter(({ direction }) => direction !== "better");
  const groups = [...Map.groupBy(harm, ({ rootCause }) => rootCause).values()]
    .map((group) => group.toSorted(heaviestFirst) as [Finding, ...Finding[]])
    .sort(([a], [b]) => heaviestFirst(a, b));
  // Of one implication only the heaviest of a cause can count.
  const eligible = groups.map((group) =>
    [
      ...new Map(
        group
          .toReversed()
          .filter((one) => weightOf(one).n > 0n)
          .map((one) => [one.implication, one]),
      ).values(),
    ].sort(heaviestFirst),
  );
  const options = eligible.map((group) =>
    group.map((one) => ({ implication: one.implication, weight: weightOf(one).n })),
  );
  const chosen = chooseOptions(options, wholeWeight);
  return groups
    .map((group, i) => {
      const counted = eligible[i]?.[chosen[i] ?? 0] ?? group[0];
      return { counted, beneath: group.filter((one) => one !== counted) };
    })
    .sort((a, b) => heaviestFirst(a.counted, b.counted));
}

function heaviestFirst(a: Finding, b: Finding): number {
  // One denominator: the numerators compare.
  const difference = weightOf(b).n - weightOf(a).n;
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return (
    severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
    compareText(a.implication, b.implication) ||
    compareText(a.fingerprint, b.fingerprint) ||
    compareText(a.rootCause, b.rootCause)
  );
}

/**
 * The lesser share of files and of bytes: a lock file that nobody could read is one of
 * many files and most of the bytes. A scanner weighs as much as all that rules read.
 */
function coverageOf({
  wanted,
  unread,
  wantedBytes = 0,
  unreadBytes = 0,
  scanners = 0,
  incomparable = 0,
}: Seen): number {
  const read = Math.min(share(wanted, unread), share(wantedBytes, unreadBytes));
  return Math.floor((read + 100 * (scanners - Math.min(incomparable, scanners))) / (1 + scanners));
}

function share(wanted: number, unread: number): number {
  return wanted === 0 ? 100 : Math.floor((100 * (wanted - Math.min(unread, wanted))) / wanted);
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
    ({ direction, reach, confidence }) =>
      direction === "worse" &&
      confidence >= surerThanWords &&
      (reach === "runtime" || reach === "ci"),
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
