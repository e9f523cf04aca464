/** Rules about what is built from: dependencies, their advisories, provenance. */
import { depDowngraded } from "../all/dep-downgraded.ts";
import { depIntegrityWeakened } from "../all/dep-integrity-weakened.ts";
import { depUnpinned } from "../all/dep-unpinned.ts";
import { depVulnReintroduced } from "../all/dep-vuln-reintroduced.ts";
import { fixAdvisoryReverted } from "../all/fix-advisory-reverted.ts";
import { supplyProvenanceDropped } from "../all/supply-provenance-dropped.ts";
import type { Rule } from "../rule.ts";

export const supplyRules: readonly Rule[] = [
  depDowngraded,
  depIntegrityWeakened,
  depUnpinned,
  depVulnReintroduced,
  fixAdvisoryReverted,
  supplyProvenanceDropped,
];
