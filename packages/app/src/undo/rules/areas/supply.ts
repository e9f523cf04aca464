/** Rules about what is built from: dependencies, their advisories, provenance. */
import { depDowngraded } from "../all/dep-downgraded.ts";
import { fixAdvisoryReverted } from "../all/fix-advisory-reverted.ts";
import type { Rule } from "../rule.ts";

export const supplyRules: readonly Rule[] = [depDowngraded, fixAdvisoryReverted];
