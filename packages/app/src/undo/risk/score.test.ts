import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reaches } from "../rules/reach.ts";
import { type Finding, finding, severities } from "../rules/rule.ts";
import { riskOf, type Seen } from "./score.ts";
import { levels } from "./weights.ts";

const rule = { id: "test.rule", version: 1 };
const all: Seen = { wanted: 10, unread: 0, originUnresolved: false };

function make(facts: Partial<Finding> & { readonly subject: string }): Finding {
  return finding(rule, {
    implication: "dep.downgraded",
    direction: "worse",
    locations: [],
    evidence: [],
    severity: "high",
    confidence: 100,
    reach: "runtime",
    rootCause: facts.subject,
    clearBy: [],
    ...facts,
  });
}

const someFinding = fc
  .record({
    subject: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    implication: fc.constantFrom("x.one", "x.two", "x.three"),
    direction: fc.constantFrom("worse" as const, "changed" as const, "better" as const),
    severity: fc.constantFrom(...severities),
    confidence: fc.integer({ min: 1, max: 100 }),
    reach: fc.constantFrom(...reaches),
    rootCause: fc.constantFrom("r1", "r2", "r3", "r4", "r5", "r6", "r7"),
  })
  .map(make);
const some = fc.array(someFinding, { maxLength: 12 });

/** The same rule in floating point, written from docs/spec/risk.md and not from the code. */
function oracle(findings: readonly Finding[]): number {
  const s = { critical: 0.85, high: 0.6, medium: 0.3, low: 0.1, info: 0 };
  const r = { runtime: 1, ci: 1, development: 0.4, example: 0.2 };
  const d = { worse: 1, changed: 0.5, better: 0 };
  const p = (f: Finding) => s[f.severity] * (f.confidence / 100) * r[f.reach] * d[f.direction];
  const strongest: Finding[] = [];
  for (const cause of new Set(findings.map((f) => f.rootCause))) {
    const group = findings.filter((f) => f.rootCause === cause && f.direction !== "better");
    group.sort(
      (a, b) =>
        Math.round(1e9 * p(b)) - Math.round(1e9 * p(a)) ||
        severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
        (a.implication < b.implication ? -1 : 1),
    );
    if (group[0] !== undefined) strongest.push(group[0]);
  }
  let rest = 1;
  for (const implication of new Set(strongest.map((f) => f.implication))) {
    const ps = strongest.filter((f) => f.implication === implication).map(p);
    ps.sort((a, b) => b - a).forEach((one, k) => (rest *= 1 - one / 2 ** k));
  }
  return 100 * (1 - rest);
}

describe("the score", () => {
  it("is that of the formula, for anything", () => {
    fc.assert(
      fc.property(some, (findings) => {
        expect(Math.abs(riskOf(findings, all).score - oracle(findings))).toBeLessThan(0.5 + 1e-6);
      }),
    );
  });

  it("one certain finding gives the level of its severity", () => {
    const level = (severity: Finding["severity"]) => {
      const { score, level: found } = riskOf([make({ subject: "a", severity })], all);
      return [score, found];
    };
    expect(severities.map(level)).toEqual([
      [0, "none"],
      [10, "low"],
      [30, "medium"],
      [60, "high"],
      [85, "critical"],
    ]);
  });

  it("counts a root cause once: a vulnerable package that comes back, whose fix was undone", () => {
    const rootCause = "advisory:GO-2026-4394";
    const risk = riskOf(
      [
        make({ subject: "otel", implication: "dep.vuln-reintroduced", confidence: 95, rootCause }),
        make({
          subject: "GO-2026-4394",
          implication: "fix.advisory-reverted",
          confidence: 90,
          rootCause,
        }),
        make({ subject: "go.mod", severity: "low", rootCause }),
      ],
      all,
    );
    expect(risk).toMatchObject({ score: 57, level: "high" });
    expect(risk.steps).toMatchObject([{ weight: 570, counts: 570, total: 57 }]);
    expect(risk.steps[0]?.beneath).toHaveLength(2);
  });

  it("halves each further root cause of one implication, not those of others", () => {
    const same = ["a", "b", "c"].map((subject) => make({ subject, severity: "medium" }));
    expect(riskOf(same, all).steps.map(({ counts, total }) => [counts, total])).toEqual([
      [300, 30],
      [150, 41],
      [75, 45],
    ]);
    const others = same.map((f, i) => ({ ...f, implication: `x.${i}` }));
    expect(riskOf(others, all).score).toBe(66);
    const many = Array.from({ length: 5000 }, (_, i) => make({ subject: `${i}`, severity: "low" }));
    expect(riskOf(many, all).score).toBe(19);
  });

  it("does not depend on the order, and never goes down for one more root cause", () => {
    fc.assert(
      fc.property(some, someFinding, (findings, one) => {
        const risk = riskOf(findings, all);
        expect(riskOf(findings.toReversed(), all)).toEqual(risk);
        const more = [...findings, { ...one, rootCause: "another" }];
        expect(riskOf(more, all).score).toBeGreaterThanOrEqual(risk.score);
        const better = [
          ...findings,
          { ...one, rootCause: "another", direction: "better" as const },
        ];
        expect(riskOf(better, all).score).toBe(risk.score);
      }),
    );
  });

  it("the steps lead to the score", () => {
    fc.assert(
      fc.property(some, (findings) => {
        const { steps, score } = riskOf(findings, all);
        expect(steps.at(-1)?.total ?? 0).toBe(score);
        const totals = steps.map(({ total }) => total);
        expect(totals).toEqual(totals.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("the level", () => {
  it("has floors: a sure critical finding, and a secret that is back", () => {
    const critical = make({ subject: "a", severity: "critical", confidence: 80 });
    expect(riskOf([critical], all)).toMatchObject({ score: 68, level: "high", floors: [] });
    const secret = { ...critical, implication: "secret.reintroduced" };
    expect(riskOf([secret], all)).toMatchObject({ level: "critical" });
  });

  it("is never none where too little was seen", () => {
    const level = (seen: Partial<Seen>) => riskOf([], { ...all, ...seen }).level;
    expect(level({})).toBe("none");
    expect(level({ originUnresolved: true })).toBe("unknown");
    expect(level({ unread: 2 })).toBe("none");
    expect(level({ unread: 3 })).toBe("unknown");
    expect(level({ wanted: 0, unread: 0 })).toBe("none");
    expect(level({ scanners: 1, incomparable: 0 })).toBe("none");
    expect(level({ scanners: 1, incomparable: 1 })).toBe("unknown");
    const low = riskOf([make({ subject: "a", severity: "low" })], { ...all, unread: 9 });
    expect(low).toMatchObject({ level: "low", coverage: 10 });
  });

  it("is one that there is", () => {
    fc.assert(
      fc.property(some, (findings) => {
        expect(levels).toContain(riskOf(findings, all).level);
      }),
    );
  });
});
