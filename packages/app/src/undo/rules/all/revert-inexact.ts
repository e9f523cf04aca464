/**
 * revert.inexact: a commit that goes back is not, or not only, the inverse of what
 * it undoes. What it writes beyond the inverse was reviewed by nobody as a change
 * of its own, which is why a way back is a place to hide one.
 *
 * Weighs more where the lines beyond the inverse are in files that guard something.
 */
import { statement } from "../clear.ts";
import { isDocumentation, isTest, securityWord } from "../file-classes.ts";
import { finding, type Finding, type Rule } from "../rule.ts";

export const revertInexact: Rule = {
  id: "revert.inexact",
  version: 1,
  implications: ["revert.inexact"],
  run({ reversal, undoing }): readonly Finding[] {
    if (reversal === null || undoing === null) return [];
    if (reversal.exact || reversal.resolvedBy === "none") return [];
    const { extra, share } = reversal;
    const guards = extra.some(({ path }) => isGuard(path));
    return [
      finding(revertInexact, {
        implication: "revert.inexact",
        direction: "changed",
        subject: undoing.commit,
        locations: extra,
        evidence: [
          { kind: "value", text: `${share} % of the undone lines are taken back` },
          ...(extra.length === 0
            ? []
            : [
                {
                  kind: "value" as const,
                  text: `${extra.length} ${extra.length === 1 ? "place has" : "places have"} lines that are in neither change`,
                },
              ]),
        ],
        severity: guards ? "medium" : "low",
        confidence: 90,
        rootCause: `reversal:${undoing.commit}`,
        clearBy: [statement("a named reviewer read the lines that are not the inverse")],
      }),
    ];
  },
};

function isGuard(path: string): boolean {
  if (isTest(path) || isDocumentation(path)) return false;
  return (
    /^\.github\/workflows\/|(?:^|\/)(?:CODEOWNERS|Dockerfile)$/.test(path) ||
    securityWord(path) !== null
  );
}
