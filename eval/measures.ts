/** From what was found and what a person labelled to the numbers that are held against the gates. */
import type { Case } from "./cases.ts";
import { isBenign } from "./cases.ts";

export type Level = "none" | "low" | "medium" | "high" | "critical";

export type Outcome = {
  readonly label: Case;
  /** Implications reported as worse or changed, info left out unless it is all there is. */
  readonly reported: ReadonlySet<string>;
  /** Reported as worse with at least low severity. */
  readonly harm: ReadonlySet<string>;
  readonly better: ReadonlySet<string>;
  readonly level: Level;
};

export type Measures = {
  readonly cases: number;
  readonly absent: number;
  /** Mean over cases of the share of expected implications that were reported. */
  readonly recallPerCase: number;
  readonly perImplication: ReadonlyMap<string, { readonly found: number; readonly of: number }>;
  /** Of what was reported as harm in labelled cases, the share that is expected or allowed. */
  readonly precision: number;
  readonly notExpected: readonly string[];
  /** Improvements that were reported as such. */
  readonly improvements: { readonly found: number; readonly of: number };
  readonly benignQuiet: { readonly quiet: number; readonly of: number };
};

export const gates = {
  recallPerCase: 0.9,
  recallPerImplication: 0.8,
  benignQuiet: 0.9,
  randomLoud: 0.08,
} as const;

export function isLoud(level: Level): boolean {
  return level === "medium" || level === "high" || level === "critical";
}

export function measure(outcomes: readonly Outcome[], absent: number): Measures {
  const perImplication = new Map<string, { found: number; of: number }>();
  const shares: number[] = [];
  const notExpected: string[] = [];
  let [right, all, improved, improvements] = [0, 0, 0, 0];
  for (const { label, reported, harm, better } of outcomes) {
    const found = label.expected.filter((id) => reported.has(id));
    if (label.expected.length > 0) shares.push(found.length / label.expected.length);
    for (const id of label.expected) {
      const row = perImplication.get(id) ?? { found: 0, of: 0 };
      row.of++;
      if (reported.has(id)) row.found++;
      perImplication.set(id, row);
    }
    for (const id of label.notExpected) {
      if (harm.has(id)) notExpected.push(`${label.id}: ${id}`);
    }
    for (const id of harm) {
      all++;
      if ([...label.expected, ...label.allowed].includes(id)) right++;
    }
    improvements += label.improves.length;
    improved += label.improves.filter((id) => better.has(id)).length;
  }
  const benign = outcomes.filter(({ label }) => isBenign(label));
  return {
    cases: outcomes.length,
    absent,
    recallPerCase: mean(shares),
    perImplication,
    precision: all === 0 ? 1 : right / all,
    notExpected,
    improvements: { found: improved, of: improvements },
    benignQuiet: { quiet: benign.filter(({ level }) => !isLoud(level)).length, of: benign.length },
  };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 1 : values.reduce((sum, one) => sum + one, 0) / values.length;
}
