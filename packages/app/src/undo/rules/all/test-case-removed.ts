/**
 * test.case-removed: single test cases go from files that stay, or no longer run. As
 * for whole files (test.removed) this is `info`, and `low` where a name is about
 * protection; a file that goes is told here only where its cases say what its name
 * does not.
 *
 * Cases are found line by line, by the declarations of common frameworks; one that is
 * only renamed counts as removed and added. One that is marked to be skipped, pending
 * or ignored does not run and counts as absent. Left out: focused tests, rows of
 * tables, conditions that skip at run time after the third line.
 */
import { statement } from "../clear.ts";
import { isTest, securityWord } from "../file-classes.ts";
import { compareText } from "../order.ts";
import { type ChangedFile, finding, type Finding, type Rule } from "../rule.ts";

export const testCaseRemoved: Rule = {
  id: "test.case-removed",
  version: 1,
  implications: ["test.removed", "test.security-dropped"],
  reads: (path) => isTest(path) && /\.[a-z]{2,4}$/.test(path),
  run(input): Finding[] {
    return input.files
      .filter((file) => isTest(file.path))
      .toSorted((a, b) => compareText(a.path, b.path))
      .flatMap(lossOf);
  },
};

function lossOf(file: ChangedFile): Finding[] {
  const { path, status, before, after } = file;
  if (status === "added" || before === undefined) return [];
  if (status === "modified" && after === undefined) return [];
  const left = new Set(testCases(after ?? ""));
  const cases = [...new Set(testCases(before))].filter((name) => !left.has(name)).sort();
  const telling = cases.filter((name) => securityWord(name) !== null);
  if (status === "removed" && (telling.length === 0 || securityWord(path) !== null)) return [];
  if (cases.length === 0) return [];
  const secures = telling.length > 0 || securityWord(path) !== null;
  const shown = [...telling, ...cases.filter((name) => !telling.includes(name))].slice(0, 10);
  return [
    finding(testCaseRemoved, {
      implication: secures ? "test.security-dropped" : "test.removed",
      direction: "worse",
      subject: path,
      locations: [{ side: "before", path, startLine: 1, endLine: 1 }],
      evidence: shown.map((text) => ({ kind: "value", text })),
      severity: secures ? "low" : "info",
      confidence: 70,
      rootCause: `test:${path}`,
      clearBy: [
        statement("the same assertions are made elsewhere"),
        statement("the tested code goes with its tests"),
      ],
    }),
  ];
}

/** JavaScript, Ruby, Go, Python, Rust, Java, Kotlin and C# names, PHP, git's own shell tests. */
const declarations = [
  /^\s*(?:it|test|describe|context|specify|scenario|feature)(?:\.(?!skip\b|todo\b|failing\b)\w{1,20})?\s*\(?\s*(?:["'`]([^"'`]{1,200})["'`])/,
  /^\s*func\s+(?:\([^)]{1,80}\)\s*)?((?:Test|Fuzz|Benchmark)\w{1,200})\s*\(/,
  /^\s*(?:async\s+)?def\s+(test_?\w{1,200})/,
  /^\s*(?:pub\s+)?(?:async\s+)?fn\s+(test_\w{1,200}|\w{1,200}_test)\s*\(/,
  /^\s*(?:public\s+)?(?:void|fun|function)\s+`?(test\w{1,200})`?\s*\(/,
  /^\s*test_expect_(?:success|failure)\s+(?:[A-Z_,!]{1,100}\s+)?'([^']{1,200})'/,
  /^\s*t\.Run\(\s*"([^"]{1,200})"/,
];
/** A name below an annotation that makes it a case. */
const marked = /^\s*(?:\w{1,20}\s+){0,4}(?:void|fun|fn|Task|\w{1,40})\s+`?([\w ]{1,200}?)`?\s*\(/;
const marks =
  /^\s*(?:@(?:Test|ParameterizedTest|test)\b|\[(?:Fact|Theory|Test|TestMethod|TestCase)\b|#\[(?:\w{1,20}::)?test\b)/;
const skips =
  /^\s*(?:@(?:pytest\.mark\.(?:skip|xfail)|unittest\.skip|skip|Disabled|Ignore)\b|\[Ignore\b|#\[ignore\b|\[(?:Fact|Theory|Test)\s?\(\s?Skip\b)/;
const skipsInside =
  /^\s*(?:t\.Skip(?:f|Now)?\(|pytest\.skip\(|self\.skipTest\(|skip(?:\s|\(|$)|pending(?:\s|\(|$)|this\.skip\(|\$this->markTestSkipped)/;

function testCases(text: string): string[] {
  const names: string[] = [];
  // A longer line is minified or data; the patterns look at its start only.
  const lines = text.split("\n").map((line) => line.slice(0, 400));
  let isCase = false;
  let isSkipped = false;
  for (const [index, line] of lines.entries()) {
    if (marks.test(line) || skips.test(line)) {
      isCase ||= marks.test(line);
      isSkipped ||= skips.test(line);
      continue;
    }
    const name = nameIn(line) ?? (isCase ? marked.exec(line)?.[1] : undefined);
    const inside = lines.slice(index + 1, index + 3).some((next) => skipsInside.test(next));
    if (name !== undefined && !isSkipped && !inside) names.push(name);
    if (name !== undefined || !/^\s*(?:[@[#]|$)/.test(line)) isCase = isSkipped = false;
  }
  return names;
}

function nameIn(line: string): string | undefined {
  for (const declaration of declarations) {
    const name = declaration.exec(line)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}
