/**
 * revert.reapplied: what is undone was itself a going back, so the change that it
 * had taken out comes in again. The other rules look at it as what it is, a change
 * from one state to another; this one says that its first removal had a reason.
 */
import { statement } from "../clear.ts";
import { revertDepth } from "../../message/revert-depth.ts";
import { finding, type Finding, type Rule } from "../rule.ts";

export const revertReapplied: Rule = {
  id: "revert.reapplied",
  version: 1,
  implications: ["revert.reapplied"],
  run({ undone }): readonly Finding[] {
    return undone
      .filter(({ subject }) => revertDepth(subject) % 2 === 1)
      .map(({ commit, subject }) =>
        finding(revertReapplied, {
          implication: "revert.reapplied",
          direction: "changed",
          subject: commit,
          locations: [],
          evidence: [{ kind: "message", text: subject, commit }],
          severity: "info",
          confidence: 90,
          rootCause: `reversal:${commit}`,
          clearBy: [statement("the reason for the first reversal is addressed")],
        }),
      );
  },
};
