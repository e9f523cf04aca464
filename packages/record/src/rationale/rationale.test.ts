import { assert, constantFrom, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { rationaleOf } from "./of-statement.ts";
import { checkRationale, faultNames, type RationaleToCheck } from "./rationale.ts";
import { good, refused, thin, type Labelled } from "./testing/labelled.ts";
import { exampleFor, guidance, hintNames, rationaleHelp, rationaleUses } from "./uses.ts";

const remarks = (item: Labelled | Partial<RationaleToCheck>) =>
  checkRationale({ use: "proposal", text: "", ...item });
const names = (item: Labelled | Partial<RationaleToCheck>) => remarks(item).map(({ name }) => name);

describe("the labelled set", () => {
  test.each(good)("good, $language $use: $text", (item) => {
    expect(remarks(item)).toEqual([]);
  });

  test.each(thin)("thin, $language $use: $text", ({ hints, ...item }) => {
    expect(remarks(item)).toMatchObject(hints.map((name) => ({ level: "hint", name })));
  });

  test.each(refused)("refused, $fault: $text", ({ fault, ...item }) => {
    expect(remarks(item)).toMatchObject([{ level: "refused", name: fault }]);
  });

  test("has every name", () => {
    expect(new Set(refused.map(({ fault }) => fault))).toEqual(new Set(faultNames));
    expect(new Set(thin.flatMap(({ hints }) => hints))).toEqual(new Set(hintNames));
  });
});

test.each(rationaleUses)("%s: every example has what is asked for, and cannot be copied", (use) => {
  for (const [reason, text] of Object.entries(guidance[use].examples)) {
    expect([reason, remarks({ use, reason, text: `${text} (Ada)` })]).toEqual([reason, []]);
    expect(names({ use, text })).toEqual(["copied"]);
    expect(exampleFor({ use, reason })).toBe(text);
  }
  expect(exampleFor({ use, reason: "cosmic-rays" })).toBe(guidance[use].examples[""]);
  expect(exampleFor({ use, reason: "constructor" })).toBe(guidance[use].examples[""]);
  expect(rationaleHelp({ use })).toContain(guidance[use].examples[""]);
});

test("a hint has one sentence and an example of the same reason", () => {
  const [first] = remarks({ reason: "security", text: "The admin page is open to everybody now" });
  expect(first?.example).toBe(guidance.proposal.examples["security"]);
  for (const { expects } of Object.values(guidance)) {
    for (const says of Object.values(expects))
      expect(says).toMatch(/^[A-Z][^.?!]*(?:\.\d[^.?!]*)?\.$/);
  }
});

test("what no record demands is never refused", () => {
  for (const use of rationaleUses) {
    const demanded = ["proposal", "emergency", "exercise", "plan"].includes(use);
    for (const { fault, ...item } of refused) {
      expect(remarks({ ...item, use })).toMatchObject([
        { level: demanded ? "refused" : "hint", name: fault },
      ]);
    }
  }
});

test("a statement's text is judged by its kind and mode", () => {
  const texts = new Map([
    ["rationale", "why"],
    ["comment", "because"],
    ["impact", "users"],
    ["control", "a rule"],
  ]);
  const use = (type: string, body: Record<string, string | string[]> = {}) =>
    rationaleOf(type, body, texts);
  expect(use("proposed", { reason: "security", tickets: ["INC-1"] })).toEqual({
    use: "proposal",
    reason: "security",
    text: "why",
    fields: { impact: "users", security: "" },
    tickets: ["INC-1"],
  });
  expect(use("proposed", { mode: "emergency", tickets: [] })).toMatchObject({ use: "emergency" });
  expect(use("implication-cleared", { ground: "accepted-risk" })).toEqual({
    use: "clearing",
    reason: "accepted-risk",
    text: "why",
  });
  expect(use("overridden")).toMatchObject({ use: "override", fields: { control: "a rule" } });
  expect(use("exception-requested")).toMatchObject({ use: "exception" });
  expect(use("decision", { decision: "reject" })).toEqual({ use: "rejection", text: "because" });
  expect(use("decision", { decision: "request-changes" })?.use).toBe("change-request");
  expect(use("decision", { decision: "approve" })).toBeUndefined();
  expect(use("decision", { decision: "approve", conditions: [] })?.use).toBe("condition");
  expect(
    rationaleOf("decision", { decision: "approve", conditions: [] }, new Map()),
  ).toBeUndefined();
  expect(use("observation")).toBeUndefined();
});

test("any text gets an answer, the same one twice", () => {
  const use = constantFrom(...rationaleUses);
  assert(
    property(use, string({ unit: "grapheme", maxLength: 300 }), (mode, text) => {
      const once = remarks({ use: mode, text });
      expect(remarks({ use: mode, text })).toEqual(once);
      expect(new Set(once.map(({ name }) => name)).size).toBe(once.length);
    }),
    { numRuns: 500 },
  );
});

test("4,000 characters of anything are judged without getting stuck", () => {
  for (const unit of ["a", "a.", "a/", "_a", "1:", "ab_", "` ", "#1", "漢", "٠", "A1-", "a@b."]) {
    const began = performance.now();
    remarks({ text: `x${unit.repeat(4000 / unit.length - 1)}` });
    // Far from what one takes, and far below what a pattern that goes back and forth would.
    expect(performance.now() - began).toBeLessThan(2000);
  }
});

test("digits of every script are digits", () => {
  for (const digits of ["۰۲:۴۰", "०२:४०", "０２：４０", "๐๒:๔๐"]) {
    expect(names({ text: `Nobody can pay anything any more, ${digits}` })).not.toContain("no-time");
  }
});
