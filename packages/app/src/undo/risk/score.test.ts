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
    confidence: fc.oneof(fc.integer({ min: 40, max: 100 }), fc.constant(100)),
    reach: fc.constantFrom(...reaches),
    rootCause: fc.constantFrom("r1", "r2", "r3", "r4", "r5", "r6", "r7"),
  })
  .map(make);
const some = fc.array(someFinding, { maxLength: 12 });

/** The same rule in floating point, written from docs/spec/risk.md and not from the code: all choices are tried. */
function oracle(findings: readonly Finding[]): number {
  const s = { critical: 0.85, high: 0.6, medium: 0.3, low: 0.1, info: 0 };
  const r = { runtime: 1, ci: 1, development: 0.4, example: 0.2 };
  const d = { worse: 1, changed: 0.5, better: 0 };
  const p = (f: Finding) =>
    f.confidence < 50 ? 0 : s[f.severity] * (f.confidence / 100) * r[f.reach] * d[f.direction];
  const scoreOf = (chosen: readonly Finding[]) => {
    let rest = 1;
    for (const implication of new Set(chosen.map((f) => f.implication))) {
      const ps = chosen.filter((f) => f.implication === implication).map(p);
      ps.sort((a, b) => b - a).forEach((one, k) => (rest *= 1 - one / 2 ** k));
    }
    return 100 * (1 - rest);
  };
  let choices: Finding[][] = [[]];
  for (const cause of new Set(findings.map((f) => f.rootCause))) {
    const group = findings.filter((f) => f.rootCause === cause && f.direction !== "better");
    if (group.length > 0) choices = choices.flatMap((made) => group.map((one) => [...made, one]));
  }
  return Math.max(...choices.map(scoreOf));
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

  it("does not depend on the order, and never goes down for one more finding", () => {
    fc.assert(
      fc.property(some, someFinding, (findings, one) => {
        const risk = riskOf(findings, all);
        expect(riskOf(findings.toReversed(), all)).toEqual(risk);
        for (const rootCause of [one.rootCause, "another"]) {
          const more = [...findings, { ...one, rootCause }];
          expect(riskOf(more, all).score).toBeGreaterThanOrEqual(risk.score);
        }
        const better = [
          ...findings,
          { ...one, rootCause: "another", direction: "better" as const },
        ];
        expect(riskOf(better, all).score).toBe(risk.score);
      }),
    );
  });

  it("lets a cause count where the sum is greatest, not always as its heaviest finding", () => {
    const first = make({
      subject: "a",
      rootCause: "r1",
      implication: "A",
      severity: "medium",
      confidence: 99,
    });
    const other = make({ subject: "b", rootCause: "r2", implication: "B", confidence: 50 });
    expect(riskOf([first, other], all).score).toBe(51);
    const more = make({ subject: "c", rootCause: "r1", implication: "B", severity: "medium" });
    const risk = riskOf([first, other, more], all);
    expect(risk.score).toBe(51);
    expect(risk.steps.map(({ fingerprint, beneath }) => [fingerprint, beneath])).toEqual([
      [other.fingerprint, []],
      [first.fingerprint, [more.fingerprint]],
    ]);
    // Two causes that must change places: no single change is better.
    const at = (rootCause: string, implication: string, confidence: number) =>
      make({ subject: `${rootCause}${implication}`, rootCause, implication, confidence });
    const swap = [at("x", "A", 90), at("x", "B", 90), at("y", "A", 90), at("y", "B", 70)];
    expect(riskOf(swap, all).score).toBe(79);
  });

  it("takes hundreds of causes with a choice of hundreds of places", () => {
    const many = Array.from({ length: 3000 }, (_, i) =>
      make({
        subject: `${i}`,
        rootCause: `r${i % 900}`,
        implication: `x.${i % 43}`,
        severity: "low",
        confidence: 50 + (i % 50),
      }),
    );
    const risk = riskOf(many, all);
    expect(risk.score).toBeGreaterThan(95);
    expect(risk.steps.length).toBe(900);
  });

  it("counts nothing that rests on words", () => {
    const words = make({ subject: "a", severity: "critical", confidence: 30 });
    expect(riskOf([words], all)).toMatchObject({ score: 0, level: "none", steps: [] });
    expect(riskOf([{ ...words, confidence: 49 }], all).score).toBe(0);
    expect(riskOf([{ ...words, confidence: 50 }], all).score).toBe(43);
    const secret = { ...words, implication: "secret.reintroduced" };
    expect(riskOf([secret], all).level).toBe("none");
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
    expect(level({ wantedBytes: 1000, unreadBytes: 200 })).toBe("none");
    expect(level({ wantedBytes: 1000, unreadBytes: 201 })).toBe("unknown");
    expect(level({ unread: 3, wantedBytes: 1000, unreadBytes: 0 })).toBe("unknown");
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
