/**
 * Every rule, by area, and how they are run. A test holds the areas to the files
 * in `all/`.
 */
import { cloudRules } from "./areas/cloud.ts";
import { codeRules } from "./areas/code.ts";
import { dataRules } from "./areas/data.ts";
import { deliveryRules } from "./areas/delivery.ts";
import { platformRules } from "./areas/platform.ts";
import { reversalRules } from "./areas/reversal.ts";
import { supplyRules } from "./areas/supply.ts";
import { compareText } from "./order.ts";
import { type Finding, type Rule, type RuleInput, severities } from "./rule.ts";

export const rules: readonly Rule[] = [
  ...cloudRules,
  ...codeRules,
  ...dataRules,
  ...deliveryRules,
  ...platformRules,
  ...reversalRules,
  ...supplyRules,
].sort((a, b) => compareText(a.id, b.id));

/** Rules that need no file content: cheap enough for every reversal of a history. */
export const cheapRules: readonly Rule[] = rules.filter((rule) => rule.reads === undefined);

/** Runs the rules; findings come the gravest first, then by implication and subject. */
export function runRules(some: readonly Rule[], input: RuleInput): Finding[] {
  return ordered(some.flatMap((rule) => rule.run(input)));
}

/** What is worse first, the gravest first. */
export function ordered(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(byGravity);
}

const directionOrder = { worse: 0, changed: 1, better: 2 } as const;

function byGravity(a: Finding, b: Finding): number {
  return (
    directionOrder[a.direction] - directionOrder[b.direction] ||
    severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
    compareText(a.implication, b.implication) ||
    compareText(a.subject, b.subject) ||
    compareText(a.fingerprint, b.fingerprint)
  );
}

export function wantsContent(path: string): boolean {
  return rules.some((rule) => rule.reads?.(path) === true);
}
