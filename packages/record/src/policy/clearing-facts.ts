/**
 * What the policy's rules see of findings and of what took them off the score:
 * counts, as the assessment in force weighed them, at the time of asking. Where
 * no report says anything nothing is known, and that is not zero.
 */
import { clearingsInForce, type RecordState } from "../lifecycle/state.ts";
import type { WeighedFindings } from "../statements/words.ts";
import type { ResourceFacts } from "./judge.ts";

type ClearingFacts = Pick<
  ResourceFacts,
  | "openCritical"
  | "openHigh"
  | "openMedium"
  | "openLow"
  | "humanClearedCritical"
  | "humanClearedHigh"
  | "humanClearedMedium"
  | "humanClearedLow"
  | "machineClearedCritical"
  | "machineClearedHigh"
  | "machineClearedMedium"
  | "machineClearedLow"
  | "clearedBy"
  | "clearingsExpired"
  | "clearingGrounds"
>;

type Severity = WeighedFindings["open"][number]["severity"];

export function clearingFacts(state: RecordState, now: string): ClearingFacts {
  const grounds = clearingsInForce(state, now).map((item) => item.ground);
  const found = state.assessment?.findings;
  const cleared = found?.cleared ?? [];
  const holding = cleared.filter((item) => item.until === undefined || item.until > now);
  const ended = cleared.filter((item) => !holding.includes(item));
  const human = holding.filter((item) => item.by === "statement");
  const machine = holding.filter((item) => item.by !== "statement");
  const of = (rows: WeighedFindings["open"], severity?: Severity) =>
    found === undefined ? -1 : sum(rows, severity);
  const open = [...(found?.open ?? []), ...ended];
  return {
    openCritical: of(open, "critical"),
    openHigh: of(open, "high"),
    openMedium: of(open, "medium"),
    openLow: of(open, "low"),
    humanClearedCritical: of(human, "critical"),
    humanClearedHigh: of(human, "high"),
    humanClearedMedium: of(human, "medium"),
    humanClearedLow: of(human, "low"),
    machineClearedCritical: of(machine, "critical"),
    machineClearedHigh: of(machine, "high"),
    machineClearedMedium: of(machine, "medium"),
    machineClearedLow: of(machine, "low"),
    clearedBy: [...new Set(holding.map((item) => item.by))].sort(),
    clearingsExpired: of(ended),
    clearingGrounds: [...new Set(grounds)].sort(),
  };
}

function sum(rows: WeighedFindings["open"], severity: Severity | undefined): number {
  return rows
    .filter((row) => severity === undefined || row.severity === severity)
    .reduce((total, row) => total + row.count, 0);
}
