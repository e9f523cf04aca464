/** The figures of an audit, gathered while the reversals pass; holds a few numbers per reversal. */
import { advisoryIds } from "../rules/advisory-ids.ts";
import { type MatchKind, matchKinds } from "./match.ts";
import type { AuditRisk, Coverage, Reversal } from "./reversal.ts";
import { levels } from "../risk/weights.ts";

export type RiskLevel = AuditRisk["level"];
/** The gravest first; what is not known before what is nothing. */
export const riskLevels: readonly RiskLevel[] = [
  ...levels.filter((level) => level !== "none").reverse(),
  "unknown",
  "none",
];

export type Noteworthy = { readonly reversal: Reversal; readonly why: string };

export type AuditSummary = {
  readonly reversals: number;
  /** By the best match of a reversal; `none` for one that undoes nothing that was found. */
  readonly byMatch: Readonly<Record<MatchKind | "none", number>>;
  readonly claimed: number;
  /** Inverse by content, and no message says so. */
  readonly unclaimed: number;
  readonly reapplied: number;
  /** Seconds from the undone commit to the reversal; null when none is known. */
  readonly medianDelay: number | null;
  readonly withReason: number;
  readonly withTicket: number;
  /** Whose message names somebody who looked: Signed-off-by alone is its writer's. */
  readonly withReview: number;
  /** Null where risk was not told. */
  readonly byRisk: Readonly<Record<RiskLevel, number>> | null;
  readonly worthALook: readonly Noteworthy[];
  readonly latest: readonly Reversal[];
  readonly coverage: Coverage | null;
};

const mostLatest = 20;
const mostNoteworthy = 5;
const mostGrave = 3;

export class SummaryBuilder {
  readonly #byMatch: Record<MatchKind | "none", number> = {
    exact: 0,
    partial: 0,
    conflicting: 0,
    "claimed-only": 0,
    none: 0,
  };
  #reversals = 0;
  #claimed = 0;
  #unclaimed = 0;
  #reapplied = 0;
  #withReason = 0;
  #withTicket = 0;
  #withReview = 0;
  #byRisk: Record<RiskLevel, number> | null = null;
  readonly #gravest: Noteworthy[] = [];
  readonly #delays: number[] = [];
  readonly #latest: Reversal[] = [];
  readonly #advisories: Noteworthy[] = [];
  readonly #conflicts: Noteworthy[] = [];
  readonly #unsaid: Noteworthy[] = [];
  coverage: Coverage | null = null;

  /** `delay`: seconds from the first undone commit to the reversal, where it is known. */
  add(reversal: Reversal, delay: number | null): void {
    this.#reversals++;
    const best = bestMatch(reversal);
    this.#byMatch[best]++;
    const says =
      reversal.claims.length > 0 || reversal.unknowns.some((u) => u.startsWith("the message"));
    if (says) this.#claimed++;
    else this.#unclaimed++;
    if (reversal.reappliedBy !== null) this.#reapplied++;
    if (reversal.reason !== null) this.#withReason++;
    if (reversal.tickets.length > 0) this.#withTicket++;
    if (reversal.reviews.some(({ trailer }) => trailer !== "Signed-off-by")) this.#withReview++;
    if (delay !== null) this.#delays.push(delay);
    if (reversal.risk !== null) this.#addRisk(reversal, reversal.risk);
    if (this.#latest.length < mostLatest) this.#latest.push(reversal);
    this.#note(reversal, best, says);
  }

  #addRisk(reversal: Reversal, { level, score }: AuditRisk): void {
    this.#byRisk ??= { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, none: 0 };
    this.#byRisk[level]++;
    if ((level !== "critical" && level !== "high") || reversal.reappliedBy !== null) return;
    const why = `risk ${level}, ${score} of 100; not re-applied`;
    this.#gravest.push({ reversal, why });
    this.#gravest.sort((a, b) => (b.reversal.risk?.score ?? 0) - (a.reversal.risk?.score ?? 0));
    this.#gravest.splice(mostGrave);
  }

  #note(reversal: Reversal, best: MatchKind | "none", says: boolean): void {
    const advisory = reversal.implications.find(
      (i) => i.id === "fix.advisory-reverted" && i.direction === "worse" && i.severity !== "info",
    );
    if (advisory !== undefined && reversal.reappliedBy === null) {
      const ids = advisoryIds(reversal.implications.map((i) => i.subject).join(" "));
      push(this.#advisories, {
        reversal,
        why: `undoes a fix for ${ids.join(", ")}; not re-applied`,
      });
    } else if (best === "conflicting") {
      push(this.#conflicts, { reversal, why: "claims to go back and writes something else" });
    } else if (!says && best === "exact" && reversal.reappliedBy === null) {
      push(this.#unsaid, { reversal, why: "goes back exactly and does not say so" });
    }
  }

  finish(): AuditSummary {
    const sorted = this.#delays.toSorted((a, b) => a - b);
    const notes = [
      ...this.#advisories.slice(0, mostNoteworthy - 1),
      ...this.#gravest,
      ...this.#conflicts.slice(0, 2),
      ...this.#unsaid,
    ];
    const first = new Map(notes.toReversed().map((note) => [note.reversal.commit, note]));
    return {
      reversals: this.#reversals,
      byMatch: { ...this.#byMatch },
      claimed: this.#claimed,
      unclaimed: this.#unclaimed,
      reapplied: this.#reapplied,
      medianDelay: sorted[sorted.length >> 1] ?? null,
      withReason: this.#withReason,
      withTicket: this.#withTicket,
      withReview: this.#withReview,
      byRisk: this.#byRisk === null ? null : { ...this.#byRisk },
      // One that is noted twice is shown once, for the first of its reasons.
      worthALook: notes
        .filter((note) => first.get(note.reversal.commit) === note)
        .slice(0, mostNoteworthy),
      latest: [...this.#latest],
      coverage: this.coverage,
    };
  }
}

function push(notes: Noteworthy[], note: Noteworthy): void {
  if (notes.length < mostNoteworthy) notes.push(note);
}

/** The strongest match of a reversal, in the order of `matchKinds`. */
export function bestMatch(reversal: Reversal): MatchKind | "none" {
  return matchKinds.find((kind) => reversal.undoes.some(({ match }) => match === kind)) ?? "none";
}
