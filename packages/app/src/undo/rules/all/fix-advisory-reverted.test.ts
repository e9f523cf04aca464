import { describe, expect, it } from "vitest";
import {
  type Advisory,
  type AdvisoryIndex,
  noAdvisories,
} from "../../advisories/advisory-index.ts";
import { ruleInput } from "../../testing/rule-input.ts";
import type { RuleInput, UndoneCommit } from "../rule.ts";
import { fixAdvisoryReverted } from "./fix-advisory-reverted.ts";

const fix = "d45961bcda453fcbdb6469c22d6e88a1f9970a53";
const advisory: Advisory = {
  id: "GHSA-9h8m-3fm2-qjrq",
  aliases: ["CVE-2026-24051", "GHSA-9h8m-3fm2-qjrq", "GO-2026-4394"],
  summary: "code by way of the path",
  severity: "medium",
  score: 55,
  published: "2026-03-01T00:00:00Z",
};
const withdrawn: Advisory = {
  id: "CVE-2026-9999",
  aliases: ["CVE-2026-9999"],
  summary: "never was",
};

const advisories: AdvisoryIndex = {
  ...noAdvisories,
  digest: "sha256:test",
  find: (id) =>
    advisory.aliases.includes(id)
      ? { advisory }
      : id === withdrawn.id
        ? { advisory: withdrawn, withdrawn: "2026-04-01T00:00:00Z" }
        : null,
  fixedByCommit: (commit) => (commit === fix ? [advisory] : []),
  fixedByPullRequest: (repository, number) =>
    repository === "open/telemetry" && number === 7 ? [advisory] : [],
};

function undone(message: string, commit = "c".repeat(40)): UndoneCommit {
  return { commit, subject: message.split("\n")[0] ?? "", message };
}

const run = (some: UndoneCommit[], more: Partial<RuleInput> = {}) =>
  fixAdvisoryReverted.run(
    ruleInput({ undone: some, advisories, repository: "open/telemetry", ...more }),
  );
const brief = (some: UndoneCommit[], more: Partial<RuleInput> = {}) =>
  run(some, more).map((f) => [f.direction, f.severity, f.subject]);
const back = [["worse", "medium", advisory.id]];

describe("fix.advisory-reverted with advisory data", () => {
  it("finds the fix by its own id, by the commit that it was picked from and by its pull request", () => {
    expect(brief([undone("Tidy the look-up", fix)])).toEqual(back);
    expect(brief([undone(`Tidy\n\n(cherry picked from commit ${fix})`)])).toEqual(back);
    expect(brief([undone("Tidy the look-up (#7)")])).toEqual(back);
    expect(brief([undone("Merge pull request #7 from a/b")])).toEqual(back);
    expect(run([undone("Tidy the look-up", fix)])[0]).toMatchObject({
      confidence: 95,
      rootCause: `advisory:${advisory.id}`,
      evidence: [
        { kind: "value", text: `${advisory.id} refers to commit ${fix}`, commit: fix },
        {
          kind: "value",
          text: `${advisory.id}, CVE-2026-24051, GO-2026-4394: code by way of the path (CVSS 5.5 (medium), published 2026-03-01)`,
        },
      ],
    });
  });

  it("finds nothing for other commits, numbers and repositories, or before it was public", () => {
    expect(brief([undone("Tidy", "d".repeat(40)), undone("Tidy (#8)"), undone("see #7")])).toEqual(
      [],
    );
    expect(brief([undone("Tidy (#7)")], { repository: "a/fork" })).toEqual([]);
    expect(brief([undone("Tidy (#7)")], { repository: null })).toEqual([]);
    expect(brief([undone(`cherry picked from ${fix}`)])).toEqual([]);
    expect(brief([undone("Tidy", fix)], { asOf: "2026-02-01T00:00:00Z" })).toEqual([]);
    expect(brief([undone("Tidy", fix)], { advisories: noAdvisories })).toEqual([]);
  });

  it("tells one flaw once, whichever of its ids and ways name it", () => {
    const found = run([
      undone("Fix CVE-2026-24051, GO-2026-4394 (#7)", fix),
      undone("and GHSA-9h8m-3fm2-qjrq"),
    ]);
    expect(found.map((f) => [f.subject, f.confidence])).toEqual([[advisory.id, 95]]);
    expect(found[0]?.evidence.length).toBe(5);
  });

  it("weighs by the score, keeps what is withdrawn as information, and what is not in the data as it was", () => {
    expect(brief([undone("Fix CVE-2026-24051")])).toEqual(back);
    expect(brief([undone("Fix CVE-2026-9999")])).toEqual([["worse", "info", "CVE-2026-9999"]]);
    expect(brief([undone("Fix CVE-2026-1234")])).toEqual([["worse", "high", "CVE-2026-1234"]]);
    const exploited = {
      ...advisories,
      find: () => ({ advisory: { ...advisory, exploitedSince: "2026-04-01T00:00:00Z" } }),
    };
    expect(brief([undone("Fix CVE-2026-24051")], { advisories: exploited })[0]?.[1]).toBe(
      "critical",
    );
  });

  it("is better where a revert of the fix is undone, unless the data say that the revert is the fix", () => {
    expect(brief([undone('Revert "Fix CVE-2026-24051"')])).toEqual([
      ["better", "info", advisory.id],
    ]);
    expect(brief([undone('Revert "Faster path"', fix)])).toEqual(back);
    const both = [
      undone('Revert "Fix CVE-2026-24051"'),
      undone("Fix CVE-2026-24051", "d".repeat(40)),
    ];
    expect([brief(both), brief(both.toReversed())]).toEqual([back, back]);
  });

  it("stays quiet where only documentation changes", () => {
    const files = [{ path: "docs/a.md", status: "modified" as const }];
    expect(brief([undone("Tidy", fix)], { files })[0]?.[1]).toBe("info");
  });

  it("reads ids of Snyk", () => {
    const message = "[Snyk] Security upgrade\n\n- https://snyk.io/vuln/SNYK-RUBY-RACK-1061917";
    expect(brief([undone(message)])).toEqual([["worse", "high", "SNYK-RUBY-RACK-1061917"]]);
    expect(brief([undone("SNYK-JS-x SNYK-RUBY")])).toEqual([]);
  });

  it("reads a message of one long line at once", () => {
    expect(brief([undone("(cherry picked from commit ".repeat(40_000))])).toEqual([]);
    expect(brief([undone(`SNYK-JS-${"A".repeat(1_000_000)}`)])).toEqual([]);
  });
});
