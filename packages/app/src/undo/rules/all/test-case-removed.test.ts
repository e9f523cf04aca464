import { expect, test } from "vitest";
import { changed, ruleInput } from "../../testing/rule-input.ts";
import { testCaseRemoved } from "./test-case-removed.ts";

const path = "src/login.test.ts";
const runs = 'it("refuses a wrong csrf token", check);\n';
const skipped = 'it.skip("refuses a wrong csrf token", check);\n';

function implications(before: string, after: string): string[] {
  const input = ruleInput({ files: [changed(path, before, after)] });
  return testCaseRemoved.run(input).map(({ implication }) => implication);
}

test("a case that is skipped after going back is dropped", () => {
  expect(implications(runs, skipped)).toEqual(["test.security-dropped"]);
  expect(implications(runs, skipped.replace("skip", "todo"))).toEqual(["test.security-dropped"]);
});

test("a case that runs again, is only indented or marked otherwise is not", () => {
  expect(implications(skipped, runs)).toEqual([]);
  expect(implications(runs, `  ${runs}`)).toEqual([]);
  expect(implications(runs, runs.replace("it(", "it.concurrent("))).toEqual([]);
});

test("taking away a case that was skipped loses nothing", () => {
  expect(implications(skipped, "")).toEqual([]);
});
