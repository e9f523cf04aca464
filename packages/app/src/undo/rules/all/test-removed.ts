/**
 * test.removed: whole test files go away with the reversal. Every revert deletes the
 * tests of what it reverts (15 % of 1,000 real reverts lost tests), so on its own this
 * is `info`; tests that are about protection by their name are `low` and have the
 * implication test.security-dropped. Other rules' findings give it weight. Needs paths
 * alone; single cases are test.case-removed's.
 */
import { statement } from "../clear.ts";
import { isTest, securityWord } from "../file-classes.ts";
import { compareText } from "../order.ts";
import { finding, type Finding, type Rule } from "../rule.ts";

export const testRemoved: Rule = {
  id: "test.removed",
  version: 3,
  implications: ["test.removed", "test.security-dropped"],
  run(input): Finding[] {
    return input.files
      .filter(({ path, status }) => status === "removed" && isTest(path))
      .toSorted((a, b) => compareText(a.path, b.path))
      .map(({ path }) => {
        const word = securityWord(path);
        return finding(testRemoved, {
          implication: word === null ? "test.removed" : "test.security-dropped",
          direction: "worse",
          subject: path,
          locations: [{ side: "before", path, startLine: 1, endLine: 1 }],
          evidence: [{ kind: "path", text: `${path} is deleted` }],
          severity: word === null ? "info" : "low",
          confidence: 90,
          rootCause: `test:${path}`,
          clearBy: [
            statement("the same assertions are made elsewhere"),
            statement("the tested code goes with its tests"),
          ],
        });
      });
  },
};
