/**
 * revert.origin-unresolved: a commit says that it goes back, and what it undoes was
 * found neither by its message nor by its content. Then nothing is known of what
 * was done for security in it, so the answer can never be "none".
 */
import { statement } from "../clear.ts";
import { finding, type Finding, type Rule } from "../rule.ts";

export const revertOriginUnresolved: Rule = {
  id: "revert.origin-unresolved",
  version: 1,
  implications: ["revert.origin-unresolved"],
  run({ reversal, undoing }): readonly Finding[] {
    if (reversal?.resolvedBy !== "none" || undoing === null) return [];
    return [
      finding(revertOriginUnresolved, {
        implication: "revert.origin-unresolved",
        direction: "changed",
        subject: undoing.commit,
        locations: [],
        evidence: [{ kind: "message", text: undoing.subject, commit: undoing.commit }],
        severity: "info",
        confidence: 100,
        rootCause: `reversal:${undoing.commit}`,
        clearBy: [statement("the author names the commits that are undone")],
      }),
    ];
  },
  unknowns({ reversal }) {
    return reversal?.resolvedBy === "none" ? ["what this undoes was not found"] : [];
  },
};
