/** The figures of an audit, gathered while the reversals pass; holds a few numbers per reversal. */
import { advisoryIds } from "../rules/advisory-ids.ts";
import { type MatchKind, matchKinds } from "./match.ts";
import type { Coverage, Reversal } from "./reversal.ts";

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
  readonly worthALook: readonly Noteworthy[];
  readonly latest: readonly Reversal[];
  readonly coverage: Coverage | null;
};

const mostLatest = 20;
const mostNoteworthy = 5;

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
    if (delay !== null) this.#delays.push(delay);
    if (this.#latest.length < mostLatest) this.#latest.push(reversal);
    this.#note(reversal, best, says);
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
    const notes = [...this.#advisories, ...this.#conflicts.slice(0, 2), ...this.#unsaid];
    return {
      reversals: this.#reversals,
      byMatch: { ...this.#byMatch },
      claimed: this.#claimed,
      unclaimed: this.#unclaimed,
      reapplied: this.#reapplied,
      medianDelay: sorted[sorted.length >> 1] ?? null,
      withReason: this.#withReason,
      withTicket: this.#withTicket,
      worthALook: notes.slice(0, mostNoteworthy),
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
