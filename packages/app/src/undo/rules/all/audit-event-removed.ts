/**
 * audit.event-removed: a function stays and no longer records what happened.
 * One root cause a function.
 */
import { sourceFindings } from "../../models/source/findings.ts";
import { isComparedSource } from "../../models/source/losses.ts";
import type { Rule } from "../rule.ts";

export const auditEventRemoved: Rule = {
  id: "audit.event-removed",
  version: 1,
  implications: ["audit.logging-removed"],
  reads: isComparedSource,
  run(input) {
    const clear = ["the same event is recorded elsewhere", "the event can no longer happen"];
    return sourceFindings(
      { rule: auditEventRemoved, implication: "audit.logging-removed", clear },
      input,
    );
  },
};
