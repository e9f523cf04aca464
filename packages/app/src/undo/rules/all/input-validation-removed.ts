/**
 * input.validation-removed: a function, model or schema stays and takes what it refused, or does not clean it.
 * One root cause a function.
 */
import { sourceFindings } from "../../models/source/findings.ts";
import { isComparedSource } from "../../models/source/losses.ts";
import type { Rule } from "../rule.ts";

export const inputValidationRemoved: Rule = {
  id: "input.validation-removed",
  version: 1,
  implications: ["input.validation-removed"],
  reads: isComparedSource,
  run(input) {
    const clear = ["an equal check stands behind it", "the input cannot come from outside"];
    return sourceFindings(
      { rule: inputValidationRemoved, implication: "input.validation-removed", clear },
      input,
    );
  },
};
