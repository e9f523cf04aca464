/**
 * authz.guard-removed: a function, class or route stays and loses what guards access to it.
 * One root cause a function.
 */
import { sourceFindings } from "../../models/source/findings.ts";
import { isComparedSource } from "../../models/source/losses.ts";
import type { Rule } from "../rule.ts";

export const authzGuardRemoved: Rule = {
  id: "authz.guard-removed",
  version: 1,
  implications: ["authz.guard-removed"],
  reads: isComparedSource,
  run(input) {
    const clear = [
      "another guard covers the same requests (show which)",
      "what was guarded can no longer be reached",
    ];
    return sourceFindings(
      { rule: authzGuardRemoved, implication: "authz.guard-removed", clear },
      input,
    );
  },
};
