import { describe, expect, it } from "vitest";
import { z } from "zod";
import { riskOf } from "../risk/score.ts";
import { statement } from "../rules/clear.ts";
import { type Finding, finding, severities } from "../rules/rule.ts";
import { parseUndoReport } from "../range/parse-report.ts";
import { renderUndo, undoReportBytes } from "../range/render.ts";
import { type UndoReport, undoReportVersion } from "../range/report.ts";
import { explainFinding, findFindings } from "./explain.ts";
import { code, toMarkdown } from "./markdown.ts";
import { toSarif } from "./sarif.ts";

const rule = { id: "gate.scanner-disabled", version: 3 };
const wild = "a`|<img src=x>@team\u202e\n\u001b[31m[x](http://e.vil)";

function make(facts: Partial<Finding> = {}): Finding {
  return finding(rule, {
    implication: "gate.scanner-disabled",
    direction: "worse",
    subject: "CodeQL",
    locations: [
      { side: "before", path: ".github/workflows/a b.yml", startLine: 3, endLine: 9 },
      { side: "after", path: ".github/workflows/ci.yml", startLine: 1, endLine: 1 },
    ],
    evidence: [{ kind: "value", text: "it ran on every pull request", commit: "c".repeat(40) }],
    severity: "medium",
    confidence: 90,
    rootCause: "scanner:codeql",
    clearBy: [statement("another scanner looks at the same")],
    ...facts,
  });
}

function report(findings: readonly Finding[], more: Partial<UndoReport> = {}): UndoReport {
  return {
    version: undoReportVersion,
    mode: "restore",
    from: "b".repeat(40),
    target: "a".repeat(40),
    undone: [],
    undoneCount: 3,
    spared: [],
    gained: [],
    comesBack: [],
    files: [],
    fileCount: 5,
    components: [],
    blast: {
      version: 1,
      owners: [],
      services: [],
      dependents: [],
      contracts: [],
      tests: { files: 0, removed: 0 },
      unknowns: [],
    },
    authors: [],
    tags: [],
    findings,
    risk: riskOf(findings, { wanted: 4, unread: 0, originUnresolved: false }),
    inputs: { asOf: "2026-11-23T00:00:00Z" },
    rules: [rule],
    unknowns: ["no advisory data is here"],
    ...more,
  };
}

describe("a report as bytes", () => {
  it("is what was written, and nothing else is taken for one", () => {
    const one = report([make(), make({ direction: "better", severity: "info", subject: "Trivy" })]);
    expect(parseUndoReport(undoReportBytes(one))).toEqual(one);
    const text = Buffer.from(undoReportBytes(one)).toString();
    for (const wrong of [
      "",
      "[]",
      "{}",
      text.slice(1),
      text.replace('"version":2', '"version":1'),
      text.replace('"score":', '"score":-'),
      text.replace('"direction":"worse"', '"direction":"up"'),
      "[".repeat(100_000),
    ]) {
      expect(() => parseUndoReport(Buffer.from(wrong))).toThrow(
        /this is not a report of countermand undo/,
      );
    }
  });
});

describe("a report from somebody else", () => {
  const good = report([make(), make({ subject: "Trivy" })]);
  const json = JSON.parse(Buffer.from(undoReportBytes(good)).toString()) as UndoReport;
  const read = (changed: object) => parseUndoReport(Buffer.from(JSON.stringify(changed)));
  const [one] = json.findings;

  it("holds no names that are markup or escapes", () => {
    const [step] = json.risk.steps;
    for (const changed of [
      { ...json, findings: [{ ...one, implication: wild }] },
      { ...json, findings: [{ ...one, rule: wild }] },
      { ...json, findings: [{ ...one, fingerprint: "\u001b[31m" }] },
      { ...json, inputs: { asOf: "<b>2026" } },
      { ...json, risk: { ...json.risk, steps: [{ ...step, implication: wild }] } },
      { ...json, risk: { ...json.risk, steps: [{ ...step, beneath: [wild] }] } },
      { ...json, rules: [{ id: wild, version: 1 }] },
      { ...json, target: wild },
      { ...json, mode: "sideways" },
      { ...json, comesBack: [{ commit: wild, revertedBy: wild }] },
    ]) {
      expect(() => read(changed)).toThrow(/this is not a report/);
    }
  });

  it("has all that is shown, or is refused", () => {
    for (const key of ["blast", "undone", "spared", "gained", "files", "components", "tags"]) {
      expect(() =>
        read(Object.fromEntries(Object.entries(json).filter(([k]) => k !== key))),
      ).toThrow(new RegExp(`${key}: `));
    }
  });

  it("shows its own words as text, wherever they stand", () => {
    const changed = read({
      ...json,
      risk: { ...json.risk, floors: [wild] },
      unknowns: [wild],
      tags: [wild],
      components: [{ name: wild, files: 1 }],
      findings: [{ ...one, subject: wild }],
    });
    expect(toMarkdown(changed)).not.toMatch(/[\u202e\u001b@`]|<img/);
    expect(renderUndo(changed)).not.toMatch(/[\u202e\u001b]/);
    const [finding] = changed.findings;
    expect(explainFinding(finding ?? make(), changed)).not.toMatch(/[\u202e\u001b]/);
  });
});

describe("SARIF", () => {
  const text = z.object({ text: z.string().min(1) });
  const place = z.object({
    physicalLocation: z.object({
      artifactLocation: z.object({ uri: z.string().regex(/^[\w.%/~-]+$/), uriBaseId: z.string() }),
      region: z.object({ startLine: z.int().min(1), endLine: z.int().min(1) }),
    }),
  });
  /** What SARIF 2.1.0 demands of the members that we write. */
  const log = z.object({
    $schema: z.url(),
    version: z.literal("2.1.0"),
    runs: z.array(
      z.object({
        tool: z.object({
          driver: z.object({
            name: z.string(),
            rules: z.array(
              z.object({
                id: z.string(),
                shortDescription: text,
                help: z.object({ text: z.string(), markdown: z.string() }).optional(),
                defaultConfiguration: z.object({
                  level: z.enum(["none", "note", "warning", "error"]),
                }),
              }),
            ),
          }),
        }),
        invocations: z.array(
          z.object({
            executionSuccessful: z.boolean(),
            toolExecutionNotifications: z.array(z.object({ level: z.string(), message: text })),
          }),
        ),
        results: z.array(
          z.object({
            ruleId: z.string(),
            ruleIndex: z.int().min(0),
            kind: z.enum(["pass", "open", "informational", "notApplicable", "review", "fail"]),
            level: z.enum(["none", "note", "warning", "error"]),
            message: text,
            baselineState: z.enum(["new", "unchanged", "updated", "absent"]),
            locations: z.array(place),
            relatedLocations: z.array(place.extend({ id: z.int(), message: text })),
            partialFingerprints: z.record(z.string(), z.string()),
          }),
        ),
      }),
    ),
  });

  it("has what the standard demands, and says what is unknown", () => {
    const better = make({ direction: "better", severity: "info", subject: "Trivy", locations: [] });
    const read = log.parse(
      toSarif(report([make(), better, make({ subject: wild, implication: "scanner.x" })])),
    );
    const [run] = read.runs;
    expect(run?.results.map((r) => [r.kind, r.level, r.baselineState])).toEqual([
      ["fail", "warning", "new"],
      ["pass", "none", "absent"],
      ["fail", "warning", "new"],
    ]);
    for (const result of run?.results ?? []) {
      expect(run?.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
    }
    expect(run?.results[0]?.relatedLocations[0]?.physicalLocation.artifactLocation.uri).toBe(
      ".github/workflows/a%20b.yml",
    );
    expect(run?.tool.driver.rules[0]?.help?.text).toContain(
      "docs/implications/gate.scanner-disabled.md",
    );
    expect(run?.invocations[0]?.toolExecutionNotifications[0]?.message.text).toMatch(/^unknown: /);
  });
});

describe("SARIF for code scanning", () => {
  it("gives each severity its band", () => {
    const findings = severities.map((severity) => make({ severity, subject: severity }));
    const json = JSON.stringify(toSarif(report(findings)));
    const found = [...json.matchAll(/"reach":[^}]*"security-severity":"([\d.]+)"/g)].map((m) =>
      Number(m[1]),
    );
    const band = (n: number) =>
      n > 9 ? "critical" : n >= 7 ? "high" : n >= 4 ? "medium" : n > 0 ? "low" : "info";
    expect(found.map(band)).toEqual(severities);
  });

  it("takes any path, half a character too", () => {
    const path = "a/\ud800b";
    const locations = [{ side: "after" as const, path, startLine: 1, endLine: 1 }];
    expect(JSON.stringify(toSarif(report([make({ locations })])))).toContain("a/%EF%BF%BDb");
  });
});

describe("Markdown", () => {
  it("shows text of the repository as text: no markup, no mention, nothing that turns", () => {
    const shown = code(wild);
    expect(shown).toMatch(/^<code>[A-Za-z0-9 ,;/&#+-]*<\/code>$/);
    expect(shown).toContain("U+202E");
    expect(code("x".repeat(1000)).length).toBeLessThan(330);
  });

  it("says risk, findings, unknowns; what gets better is folded away", () => {
    const better = make({ direction: "better", severity: "info", subject: "Trivy" });
    const text = toMarkdown(report([make({ subject: wild }), better]));
    expect(text).toMatch(
      /^### Going back from <code>b{12}<\/code> to <code>a{12}<\/code>: medium risk, 27 of 100\n/,
    );
    expect(text).toContain("<summary>Gets better (1)</summary>");
    expect(text).toContain("#### Unknown");
    expect(text).not.toMatch(/[\u202e\u001b@`]/);
  });

  it("stays below what a comment may have, and says that it was cut", () => {
    const many = Array.from({ length: 2000 }, (_, i) => make({ subject: `${i} ${wild}` }));
    const text = toMarkdown(report(many));
    expect(text.length).toBeLessThanOrEqual(60_000);
    expect(text).toContain("longer than a comment may be");
    expect(text.indexOf("#### Unknown")).toBeGreaterThan(0);
    expect(text.indexOf("#### Unknown")).toBeLessThan(text.indexOf("#### Worse"));
    const better = many.map((one) => ({ ...one, direction: "better" as const }));
    const folded = toMarkdown(report(better, { unknowns: Array(500).fill("u") }));
    expect(folded).toContain("longer than a comment may be");
    expect(folded.split("<details>").length).toBe(folded.split("</details>").length);
    expect(folded).toContain("- and 440 more");
  });
});

describe("what is cleared", () => {
  const [one, other] = [make({ subject: "CodeQL" }), make({ subject: "Trivy" })];
  const cleared = [
    {
      fingerprint: one.fingerprint,
      by: "vex" as const,
      who: wild,
      why: `not_affected: ${wild}`,
      until: "2027-01-01T00:00:00.000Z",
    },
  ];
  const whole = report([one, other], { cleared });

  it("is apart from the rest, with who, why and until, and never left out", () => {
    const text = renderUndo(whole, 200);
    expect(text).toMatch(/Look at this first\n.*Trivy.*\n\n/);
    expect(text).toMatch(
      /Cleared: 1 finding\n.*CodeQL.*\n.*by vex of .*not_affected.*, until 2027-01-01T/,
    );
    const markdown = toMarkdown(whole);
    expect(markdown).toMatch(/#### Worse\n[^~]*Trivy[^~]*#### Cleared\n[^~]*CodeQL/);
    expect(markdown).toContain("| 2027-01-01T00:00:00.000Z |");
    for (const shown of [text, markdown, explainFinding(one, whole)]) {
      expect(shown).not.toMatch(/[\u202e\u001b]/);
    }
    expect(markdown).not.toMatch(/@|<img/);
    expect(explainFinding(one, whole)).toContain("until 2027-01-01T00:00:00.000Z");
    expect(explainFinding(other, whole)).not.toContain("cleared");
    expect(parseUndoReport(undoReportBytes(whole))).toEqual(whole);
    expect(() =>
      parseUndoReport(undoReportBytes({ ...whole, cleared: [{ ...cleared[0]!, until: wild }] })),
    ).toThrow(/cleared.0.until/);
  });

  it("is suppressed in SARIF, and what is not says so", () => {
    const { runs } = JSON.parse(JSON.stringify(toSarif(whole))) as {
      runs: { results: { suppressions: { kind: string; justification: string }[] }[] }[];
    };
    expect(runs[0]?.results.map(({ suppressions }) => suppressions)).toEqual([
      [
        expect.objectContaining({
          kind: "external",
          status: "accepted",
          justification: expect.stringContaining("not_affected"),
          properties: { until: "2027-01-01T00:00:00.000Z" },
        }),
      ],
      [],
    ]);
  });
});

describe("the context of a finding", () => {
  it("is in every output", () => {
    const context = { components: ["payments"], tier: "1", regulations: ["pci-dss"] } as const;
    const one = { ...make(), context };
    const whole = report([one]);
    for (const shown of [renderUndo(whole, 200), explainFinding(one, whole)]) {
      expect(shown).toContain("payments, tier 1, pci-dss");
    }
    expect(toMarkdown(whole)).toContain("payments, tier 1, pci-dss");
    expect(JSON.stringify(toSarif(whole))).toContain(
      '"tags":["component/payments","tier/1","regulation/pci-dss"]',
    );
    expect(parseUndoReport(undoReportBytes(whole))).toEqual(whole);
    const wrong = report([{ ...one, context: { regulations: [wild] } }]);
    expect(() => parseUndoReport(undoReportBytes(wrong))).toThrow(/regulations/);
  });
});

describe("text and explanation", () => {
  it("shows how the score comes about, and nothing that a terminal obeys", () => {
    const text = renderUndo(report([make({ subject: wild }), make({ subject: "Trivy" })]));
    expect(text).toContain("Risk: medium, 27 of 100; 100 % of what was to be looked at was seen");
    expect(text).not.toMatch(/[\u202e\u001b]/);
  });

  it("of one finding says why, where, and what would settle it", () => {
    const [first, second] = [make(), make({ subject: "Trivy" })];
    const whole = report([first, second]);
    const [found] = findFindings(whole, first.fingerprint.slice(0, 8));
    expect(found).toEqual(first);
    expect(findFindings(whole, "gate.scanner-disabled")).toHaveLength(2);
    expect(findFindings(whole, "Trivy")).toEqual([second]);
    expect(findFindings(whole, first.fingerprint.slice(0, 5))).toEqual([]);
    const text = explainFinding(first, whole);
    for (const part of [
      "a scanner or update bot is off or weaker",
      "medium (300 of 1000) × 90 % sure × ci (100 %)",
      "state left      .github/workflows/a b.yml:3-9",
      "another scanner looks at the same (said and signed by a person)",
      "CWE-1053, ATT&CK T1562.001, RA-5, SI-2",
      "docs/implications/gate.scanner-disabled.md",
      first.fingerprint,
    ]) {
      expect(text).toContain(part);
    }
    const beneath = report([first, make({ subject: "Trivy", severity: "low" })]);
    expect(explainFinding(beneath.findings[1] ?? first, beneath)).toContain("has the same cause");
  });
});
