import { expect, test } from "vitest";
import { lintRationale, rationaleHelp } from "./rationale.ts";

const refused = (text: string, others: string[] = []) =>
  lintRationale(text, others)
    .filter((remark) => remark.level === "refused")
    .map((remark) => remark.says);

test("the example in the help passes without a remark", () => {
  const example = /"(.+)"/.exec(rationaleHelp)?.[1] ?? "";
  expect(lintRationale(example)).toEqual([]);
});

test.each([
  ["", /0 words/],
  ["prod is broken", /3 words/],
  ["we need to roll back because prod is broken and this is urgent please", /not what/],
  ["error error error error error error error error error", /same words/],
])("refuses %j", (text, why) => {
  expect(refused(text).join(" ")).toMatch(why);
});

test("refuses a text that repeats another field, whatever its case and punctuation", () => {
  const impact = "Customers cannot pay since 02:40, about 7 % of checkouts fail";
  expect(refused(`${impact.toUpperCase()}!`, [impact])).toEqual([
    expect.stringMatching(/repeats another field/),
  ]);
  expect(refused(impact, ["something else"])).toEqual([]);
});

test("a text of 4001 characters is refused whole, and quickly", () => {
  expect(refused("x ".repeat(2001))).toEqual([expect.stringMatching(/under 4000/)]);
});

test("other languages are words too", () => {
  expect(
    refused("Seit 02:40 schlagen 7 % der Bezahlungen im Checkout mit Zeitüberschreitung fehl"),
  ).toEqual([]);
});
