/**
 * authn.weakened: a function stays and no longer checks what a login needs.
 * One root cause a function.
 */
import { sourceFindings } from "../../models/source/findings.ts";
import { isComparedSource } from "../../models/source/losses.ts";
import type { Rule } from "../rule.ts";

export const authnWeakened: Rule = {
  id: "authn.weakened",
  version: 1,
  implications: ["authn.weakened"],
  reads: isComparedSource,
  run(input) {
    const clear = [
      "another check of the login covers the same",
      "the login that was checked is no longer offered",
    ];
    return sourceFindings({ rule: authnWeakened, implication: "authn.weakened", clear }, input);
  },
};
