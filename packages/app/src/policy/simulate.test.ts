import { describe, expect, it } from "vitest";
import { readDefault } from "./folder.ts";
import { loadJudge } from "./judge.ts";
import { simulateReversal, Tally } from "./simulate.ts";
import { bundleOf } from "./testing/requests.ts";

const { settings, bundle } = await readDefault();
const policy = { settings, rules: loadJudge(bundle) };
const as = { service: "checkout", environment: "production", ranBefore: true };

const reversal = {
  commit: "4f6c000000000000000000000000000000000000",
  committedAt: "2026-06-29T16:46:54Z",
  subject: "Revert",
  undoes: [{ commit: "485c", match: "exact", share: 1 }],
  implications: [] as object[],
  unknowns: [] as string[],
};
const line = (changes: object = {}) => JSON.stringify({ ...reversal, ...changes });
const worse = (id: string, severity: string) => ({
  id,
  rule: `${id}@1`,
  direction: "worse",
  subject: "x",
  severity,
  confidence: 90,
});

describe("a reversal of an audited history", () => {
  it("goes at once where it is an exact inverse of what ran there, and nothing speaks against it", () => {
    expect(simulateReversal(line(), policy, as)).toEqual({
      id: reversal.commit,
      outcome: "allowed",
      classes: ["clean-revert", "routine"],
      approvals: 0,
      blocked: [],
      delayed: [],
    });
  });

  it.each([
    ["without knowing that the target ran there", {}, false, ["routine"], 1],
    [
      "a partial inverse",
      { undoes: [{ commit: "a", match: "partial", share: 0.5 }] },
      true,
      ["routine"],
      1,
    ],
    ["one that undoes nothing that was found", { undoes: [] }, true, ["routine"], 1],
    ["with something unknown", { unknowns: ["the base"] }, true, ["unseen"], 1],
    [
      "that weakens something",
      { implications: [worse("authn.weakened", "medium")] },
      true,
      ["security"],
      1,
    ],
    [
      "that brings back something grave",
      { implications: [worse("fix.advisory-reverted", "critical")] },
      true,
      ["security", "severe"],
      2,
    ],
    [
      "that only improves something",
      { implications: [{ ...worse("a.b", "high"), direction: "better" }] },
      true,
      ["clean-revert", "routine"],
      0,
    ],
  ])("waits for people: %s", (_what, changes, ranBefore, classes, approvals) => {
    const found = simulateReversal(line(changes), policy, { ...as, ranBefore });
    expect(found).toMatchObject({
      outcome: approvals === 0 ? "allowed" : "delayed",
      classes,
      approvals,
    });
  });

  it("waits where the constitution would not open the lane, whatever a policy says", () => {
    const open = {
      settings,
      rules: loadJudge(
        bundleOf(
          '@id("a") @class("a") @lane("clean-revert") permit (principal, action == Action::"classify", resource);',
        ),
      ),
    };
    expect(simulateReversal(line(), open, as).outcome).toBe("allowed");
    for (const changes of [
      { unknowns: ["the base"] },
      { implications: [worse("authn.weakened", "low")] },
      { undoes: [{ commit: "a", match: "partial", share: 0.9 }] },
    ]) {
      expect(simulateReversal(line(changes), open, as).outcome).toBe("delayed");
    }
    expect(simulateReversal(line(), open, { ...as, ranBefore: false }).outcome).toBe("delayed");
  });

  it("waits for as many as the settings say where there are no rules", () => {
    expect(simulateReversal(line(), { settings: { ...settings, approvals: 3 } }, as)).toMatchObject(
      {
        outcome: "delayed",
        approvals: 3,
        delayed: ["it would have needed 3 approvals"],
      },
    );
  });

  it.each([
    ["no JSON", "{", "JSON"],
    ["an array", "[]", "no object"],
    ["null", "null", "no object"],
    ["no commit", line({ commit: "HEAD" }), "no commit id"],
    ["no time", line({ committedAt: "yesterday" }), "no time"],
    ["no list", line({ undoes: {} }), "no list"],
    ["no objects", line({ implications: [1] }), "no objects"],
    ["no text", line({ implications: [{ id: 3 }] }), "no text"],
  ])("is refused where the line is %s", (_what, text, words) => {
    expect(() => simulateReversal(text, policy, as)).toThrow(SyntaxError);
    expect(() => simulateReversal(text, policy, as)).toThrow(words);
  });

  it("of a later version is read as far as it is known", () => {
    expect(simulateReversal(line({ mood: "gloomy" }), policy, as).outcome).toBe("allowed");
  });
});

it("counts stay bounded whatever is counted", () => {
  const tally = new Tally();
  for (let i = 0; i < 3000; i++) {
    tally.add({
      id: String(i),
      outcome: "blocked",
      classes: [],
      approvals: 1,
      blocked: [`reason ${i}`, "the same"],
      delayed: [],
    });
  }
  expect(tally.total).toBe(3000);
  expect(tally.outcomes.blocked).toBe(3000);
  expect(tally.reasons.length).toBe(1000);
  expect(tally.reasons[0]).toEqual(["the same", 3000]);
});
