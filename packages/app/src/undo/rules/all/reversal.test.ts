import { describe, expect, it } from "vitest";
import { ruleInput } from "../../testing/rule-input.ts";
import type { ReversalFacts } from "../rule.ts";
import { revertInexact } from "./revert-inexact.ts";
import { revertOriginUnresolved } from "./revert-origin-unresolved.ts";
import { revertReapplied } from "./revert-reapplied.ts";

const undoing = { commit: "a".repeat(40), subject: "Back to what it was", message: "" };
const facts: ReversalFacts = {
  resolvedBy: "id",
  exact: false,
  share: 80,
  extra: [{ side: "after", path: "src/list.ts", startLine: 3, endLine: 4 }],
  reapplies: false,
};

describe("revert.inexact", () => {
  it("shows the lines beyond the inverse, and weighs those in guarding files more", () => {
    const [found] = revertInexact.run(ruleInput({ undoing, reversal: facts }));
    expect(found).toMatchObject({ direction: "changed", severity: "low", locations: facts.extra });
    const extra = [{ side: "after" as const, path: "src/auth/login.ts", startLine: 1, endLine: 1 }];
    const [guarding] = revertInexact.run(ruleInput({ undoing, reversal: { ...facts, extra } }));
    expect(guarding?.severity).toBe("medium");
  });

  it("says nothing of an exact inverse, of an unknown origin, or of a plan", () => {
    for (const reversal of [
      { ...facts, exact: true },
      { ...facts, resolvedBy: "none" as const },
      null,
    ]) {
      expect(revertInexact.run(ruleInput({ undoing, reversal }))).toEqual([]);
    }
    expect(revertInexact.run(ruleInput({ reversal: facts }))).toEqual([]);
  });
});

describe("revert.origin-unresolved", () => {
  it("is said, and is an unknown", () => {
    const input = ruleInput({ undoing, reversal: { ...facts, resolvedBy: "none" } });
    expect(revertOriginUnresolved.run(input)).toMatchObject([{ severity: "info" }]);
    expect(revertOriginUnresolved.unknowns?.(input)).toEqual(["what this undoes was not found"]);
    expect(revertOriginUnresolved.run(ruleInput({ undoing, reversal: facts }))).toEqual([]);
  });
});

describe("revert.reapplied", () => {
  it("names what comes in again; a revert of a revert of a revert does not", () => {
    const subjects = ['Revert "Add x"', 'Revert "Revert "Add x""', 'Reapply "Add x"', "Add x"];
    const undone = subjects.map((subject, i) => ({ commit: `${i}`, subject, message: subject }));
    expect(revertReapplied.run(ruleInput({ undone })).map((f) => f.subject)).toEqual(["0"]);
  });
});
