/**
 * Every rule, and how they are run. A test holds this list to the files in
 * `all/`.
 */
import { depDowngraded } from "./all/dep-downgraded.ts";
import { fixAdvisoryReverted } from "./all/fix-advisory-reverted.ts";
import { gateCiCheckRemoved } from "./all/gate-ci-check-removed.ts";
import { gateCiPrivilegeWidened } from "./all/gate-ci-privilege-widened.ts";
import { gateScannerDisabled } from "./all/gate-scanner-disabled.ts";
import { testRemoved } from "./all/test-removed.ts";
import { workloadHardeningRemoved } from "./all/workload-hardening-removed.ts";
import { compareText } from "./order.ts";
import { type Finding, type Rule, type RuleInput, severities } from "./rule.ts";

export const rules: readonly Rule[] = [
  depDowngraded,
  fixAdvisoryReverted,
  gateCiCheckRemoved,
  gateCiPrivilegeWidened,
  gateScannerDisabled,
  testRemoved,
  workloadHardeningRemoved,
];

/** Rules that need no file content: cheap enough for every reversal of a history. */
export const cheapRules: readonly Rule[] = rules.filter((rule) => rule.reads === undefined);

/** Runs the rules; findings come the gravest first, then by implication and subject. */
export function runRules(some: readonly Rule[], input: RuleInput): Finding[] {
  return some.flatMap((rule) => rule.run(input)).sort(byGravity);
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
