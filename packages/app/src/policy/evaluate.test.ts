/** Our evaluator and search against Cedar: they look at policies, so they must read them as Cedar does. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PolicyRequest } from "@countermand/record";
import { matches, NotModelled, type Value } from "./evaluate.ts";
import { factsOf } from "./facts.ts";
import { loadJudge } from "./judge.ts";
import { factKinds, find, other, regionsOf } from "./regions.ts";
import { schemaToJson } from "@cedar-policy/cedar-wasm/nodejs";
import { schema3 } from "./schema.ts";
import { bundleOf, request } from "./testing/requests.ts";

const atom = fc.constantFrom(
  "resource.emergency",
  "resource.assessed",
  "resource.inverse",
  "resource.risk > 3",
  "resource.risk <= 4",
  "5 >= resource.risk",
  "resource.risk == 4",
  "resource.risk != -1",
  "resource.files + 2 < 5",
  "resource.files * 2 - 1 == 3",
  'resource.level == Level::"high"',
  'resource.level in [Level::"low", Level::"none"]',
  '[Level::"high", Level::"critical"].contains(resource.level)',
  'resource.implications.contains("a")',
  'resource.implications.containsAny(["a", "b"])',
  'resource.implications.containsAll(["a", "b"])',
  "resource.implications.isEmpty()",
  'resource.environment like "prod*"',
  'resource.environment like "*-*d"',
  'resource.environment == "prod-d"',
  '["prod", "prod-d"].contains(resource.environment)',
  'principal.kind == ActorKind::"human"',
  'principal == Actor::"p-somebody"',
  'principal in [Actor::"p-somebody", Actor::"p-other"]',
  "resource has risk",
  'context.now < datetime("2026-12-01")',
  'context.now >= datetime("2026-11-23T10:00:00Z")',
  "resource.files < resource.commits",
  "(if resource.emergency then resource.risk else resource.files) > 3",
);
const condition = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    atom,
    fc.tuple(tie("expr"), tie("expr")).map(([a, b]) => `(${a} && ${b})`),
    fc.tuple(tie("expr"), tie("expr")).map(([a, b]) => `(${a} || ${b})`),
    tie("expr").map((a) => `!(${a})`),
    fc
      .tuple(tie("expr"), tie("expr"), tie("expr"))
      .map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
  ),
})).expr;

const resource = fc.record({
  emergency: fc.boolean(),
  assessed: fc.boolean(),
  inverse: fc.boolean(),
  risk: fc.integer({ min: -1, max: 6 }),
  files: fc.integer({ min: 0, max: 5 }),
  commits: fc.integer({ min: 0, max: 5 }),
  level: fc.constantFrom("none", "low", "high", "critical", "unknown"),
  implications: fc.subarray(["a", "b", "c"]),
  environment: fc.constantFrom("prod", "prod-d", "x-d", "staging", ""),
});
const now = fc.constantFrom(
  "2026-11-23T09:59:59.999Z",
  "2026-11-23T10:00:00.000Z",
  "2026-12-01T00:00:00.000Z",
);
const asked = fc
  .tuple(resource, now, fc.constantFrom("human", "agent"), fc.constantFrom("p-somebody", "p-x"))
  .map(([facts, at, kind, id]) =>
    request({ resource: facts, context: { now: at }, principal: { kind, id } }),
  );

/** One rule, if Cedar's strict check takes it: `true && x` may be impossible. */
function rule(when: string) {
  try {
    return loadJudge(bundleOf(`@id("a") permit (principal, action, resource) when { ${when} };`));
  } catch {
    return undefined;
  }
}

describe("the evaluator", () => {
  it("says of every condition and all facts what Cedar says", () => {
    let compared = 0;
    fc.assert(
      fc.property(condition, fc.array(asked, { minLength: 5, maxLength: 5 }), (when, requests) => {
        const policy = rule(when);
        const [only] = policy?.rules ?? [];
        if (policy === undefined || only === undefined) return;
        for (const it of requests) {
          expect(matches(only, factsOf(it)), when).toBe(policy.permits(it).allowed);
          compared += 1;
        }
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(700);
  });

  it("decides with facts missing only what holds whatever they are", () => {
    fc.assert(
      fc.property(condition, asked, fc.nat(3), (when, it, keep) => {
        const [only] = rule(when)?.rules ?? [];
        if (only === undefined) return;
        const whole = factsOf(it);
        let seen = 0;
        const some = (fact: string): Value | undefined => {
          seen += 1;
          return seen > keep ? undefined : whole(fact);
        };
        const early = matches(only, some);
        if (early !== undefined) expect(early).toBe(matches(only, whole));
      }),
      { numRuns: 300 },
    );
  });

  it("refuses what it does not model instead of guessing", () => {
    for (const when of [
      'resource.implications == ["a"]',
      'ip("10.0.0.1").isLoopback() || resource.emergency',
      'context.now.toTime() < duration("8h")',
      "9223372036854775807 > resource.risk + 1",
    ]) {
      const [only] = rule(when)?.rules ?? [];
      if (only === undefined) expect.fail(when);
      expect(() => matches(only, factsOf(request())), when).toThrow(NotModelled);
    }
  });
});

describe("the search", () => {
  it("knows every fact of the schema, and no other", () => {
    const answer = schemaToJson(schema3);
    if (answer.type === "failure") expect.fail("the schema is one");
    const { entityTypes, commonTypes } = answer.json[""] as unknown as {
      entityTypes: Record<string, { shape: { attributes: object }; enum: readonly string[] }>;
      commonTypes: Record<string, { attributes: object }>;
    };
    const facts = [
      ...Object.keys(entityTypes["Actor"]?.shape.attributes ?? {}).map((n) => `principal.${n}`),
      ...Object.keys(entityTypes["Rollback"]?.shape.attributes ?? {}).map((n) => `resource.${n}`),
      ...Object.keys(commonTypes["Moment"]?.attributes ?? {}).map((n) => `context.${n}`),
    ];
    expect(facts.sort()).toEqual([...factKinds.keys()].sort());
    for (const [fact, kind] of factKinds) {
      if (kind.type !== "word") continue;
      expect(entityTypes[kind.entity]?.enum, fact).toEqual(kind.words);
    }
  });

  it("finds facts that Cedar agrees to, or there are none", () => {
    let some = 0;
    let none = 0;
    fc.assert(
      fc.property(condition, condition, fc.array(asked, { maxLength: 20 }), (a, b, requests) => {
        const policies = [rule(a), rule(b)];
        const rules = policies.flatMap((policy) => policy?.rules ?? []);
        const [first, second] = rules;
        if (first === undefined || second === undefined) return;
        const regions = regionsOf(rules);
        const found = find(regions, { action: "Action::approve" }, (facts) => {
          const both = [matches(first, facts), matches(second, facts)];
          if (both.includes(false)) return false;
          return both.includes(undefined) ? undefined : true;
        });
        const agree = (it: PolicyRequest) =>
          policies.every((policy) => policy?.permits(it).allowed);
        if (found === "none") {
          none += 1;
          if (regions.inexact.size > 0) return;
          for (const it of requests) expect(possible(it) && agree(it), `${a} / ${b}`).toBe(false);
        } else if (found !== undefined) {
          some += 1;
          expect(agree(made(found)), `${a} / ${b}`).toBe(true);
        }
      }),
      { numRuns: 250 },
    );
    expect([some > 30, none > 3]).toEqual([true, true]);
  });
});

/** What the facts of one request hold of each other (`regions.ts`), said again. */
function possible({ resource: it }: PolicyRequest): boolean {
  return (
    it.assessed ||
    (it.risk === -1 &&
      it.level === "unknown" &&
      it.coverage === 0 &&
      it.implications.length === 0 &&
      it.unknowns === 0 &&
      it.commits === 0 &&
      it.files === 0 &&
      !it.inverse)
  );
}

/** A request with the facts that were found. */
function made(found: ReadonlyMap<string, Value>): PolicyRequest {
  const whole = structuredClone(request()) as unknown as Record<string, Record<string, unknown>>;
  for (const [key, value] of found) {
    const [path = "", item] = key.split("∋");
    const [part = "", name = ""] = path.split(".");
    const facts = whole[part];
    if (facts === undefined || typeof facts === "string") continue;
    if (item !== undefined) {
      const set = (facts[name] as string[]).filter((member) => member !== item);
      facts[name] = value === true ? [...set, item] : set;
    } else if (name === "now") {
      facts[name] = new Date(value as number).toISOString();
    } else {
      facts[name] = typeof value === "string" ? value.replace(/^\w+::/, "") : value;
    }
  }
  expect(JSON.stringify(whole)).not.toContain("undefined");
  expect(other).not.toContain("∋");
  return whole as unknown as PolicyRequest;
}
