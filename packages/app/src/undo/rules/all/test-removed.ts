/**
 * test.removed: tests go away with the reversal. Every revert deletes the tests
 * of what it reverts (15 % of 1,000 real reverts lost tests), so on its own this
 * is `info`; tests that are about protection by their name are `low` and have
 * the implication test.security-dropped. Other rules' findings give it weight.
 *
 * Test cases are counted in changed test files when their content is at hand, by
 * the declarations of common frameworks; a case that is only renamed counts as
 * removed and added. A case that JavaScript marks `.skip` or `.todo` does not run and
 * counts as absent. Left out: skip marks of other languages, focused tests.
 */
import { statement } from "../clear.ts";
import { isTest, securityWord } from "../file-classes.ts";
import { compareText } from "../order.ts";
import { type ChangedFile, finding, type Finding, type Rule } from "../rule.ts";

/** The whole files that go, and single cases that go from files that stay. */
type Loss = { readonly path: string; readonly cases: readonly string[] };

export const testRemoved: Rule = {
  id: "test.removed",
  version: 2,
  implications: ["test.removed", "test.security-dropped"],
  run(input): Finding[] {
    const losses = input.files.filter((file) => isTest(file.path)).flatMap(lossOf);
    return losses
      .sort((a, b) => compareText(a.path, b.path))
      .map(({ path, cases }) => {
        const word = securityWord(path) ?? firstSecurityWord(cases);
        const whole = cases.length === 0;
        return finding(testRemoved, {
          implication: word === null ? "test.removed" : "test.security-dropped",
          direction: "worse",
          subject: path,
          locations: [{ side: "before", path, startLine: 1, endLine: 1 }],
          evidence: whole
            ? [{ kind: "path", text: `${path} is deleted` }]
            : cases.slice(0, 10).map((name) => ({ kind: "value" as const, text: name })),
          severity: word === null ? "info" : "low",
          confidence: whole ? 90 : 70,
          rootCause: `test:${path}`,
          clearBy: [
            statement("the same assertions are made elsewhere"),
            statement("the tested code goes with its tests"),
          ],
        });
      });
  },
};

function lossOf(file: ChangedFile): Loss[] {
  if (file.status === "removed") return [{ path: file.path, cases: [] }];
  if (file.status === "added" || file.before === undefined || file.after === undefined) return [];
  const left = new Set(testCases(file.after));
  const cases = [...new Set(testCases(file.before))].filter((name) => !left.has(name)).sort();
  return cases.length === 0 ? [] : [{ path: file.path, cases }];
}

function firstSecurityWord(names: readonly string[]): string | null {
  for (const name of names) {
    const word = securityWord(name);
    if (word !== null) return word;
  }
  return null;
}

/** One declaration a line: JavaScript, Ruby, Go, Python, Rust, Java and Kotlin names, git's own shell tests. */
const declarations = [
  /^\s*(?:it|test|describe|context|specify|scenario)(?:\.(?!skip\b|todo\b)\w{1,20})?\s*\(?\s*["'`]([^"'`]{1,200})["'`]/,
  /^\s*func\s+((?:Test|Fuzz|Benchmark)\w{1,200})\s*\(/,
  /^\s*(?:async\s+)?def\s+(test_?\w{1,200})/,
  /^\s*(?:pub\s+)?(?:async\s+)?fn\s+(test_\w{1,200}|\w{1,200}_test)\s*\(/,
  /^\s*(?:public\s+)?(?:void|fun)\s+`?(test\w{1,200})`?\s*\(/,
  /^\s*test_expect_(?:success|failure)\s+(?:[A-Z_,!]{1,100}\s+)?'([^']{1,200})'/,
];

function testCases(text: string): string[] {
  const names: string[] = [];
  for (const line of text.split("\n")) {
    // A longer line is minified or data; the patterns look at its start only.
    const start = line.slice(0, 400);
    for (const declaration of declarations) {
      const name = declaration.exec(start)?.[1];
      if (name !== undefined) {
        names.push(name);
        break;
      }
    }
  }
  return names;
}
