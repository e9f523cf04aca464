import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaultPolicy, permissions } from "@countermand/record";
import { diffPolicies, isSame } from "./diff.ts";
import { explainRequest } from "./explain.ts";
import { readDefault } from "./folder.ts";
import { loadJudge } from "./judge.ts";
import { bundleOf, permitAll, request } from "./testing/requests.ts";

const policy = loadJudge((await readDefault()).bundle);

describe("an explanation", () => {
  it("names the rule that allows, and its conditions", () => {
    const found = explainRequest(policy, request({ principal: { permissions: ["approve"] } }));
    expect(found.verdict.allowed).toBe(true);
    expect(found.would).toEqual([]);
    expect(found.rules[0]).toEqual({
      id: "decide",
      effect: "permit",
      file: "access.cedar",
      line: 18,
      matches: true,
      conditions: [{ text: 'principal.permissions.contains("approve")', holds: true }],
    });
  });

  it("says what would have to be true: one thing", () => {
    const { verdict, would } = explainRequest(policy, request());
    expect(verdict).toMatchObject({ allowed: false, rules: [] });
    expect(would).toEqual([
      [{ fact: "principal.permissions", is: "without approve", be: "with approve" }],
    ]);
  });

  it("each way out of what forbids", () => {
    const { verdict, rules, would } = explainRequest(
      policy,
      request({
        principal: { permissions: ["approve"], keyAgeMinutes: 30 },
        resource: { level: "high" },
      }),
    );
    expect(verdict.rules).toEqual(["quiet-key"]);
    expect(rules[0]).toMatchObject({ effect: "permit", matches: true });
    expect(rules[1]).toMatchObject({ id: "quiet-key", matches: true });
    const said = would.map((change) => change.map(({ fact, be }) => `${fact} ${be}`).join(" and "));
    expect(said).toContain("principal.keyAgeMinutes 1440");
    expect(said).toContain("resource.level medium");
    expect(said.every((text) => !text.includes(" and "))).toBe(true);
  });

  it("or two things together, where one is not enough", () => {
    const { would } = explainRequest(
      policy,
      request({ principal: { keyAgeMinutes: 30 }, resource: { level: "high" } }),
    );
    expect(would.length).toBeGreaterThan(0);
    for (const change of would) {
      expect(change).toHaveLength(2);
      expect(change).toContainEqual({
        fact: "principal.permissions",
        is: "without approve",
        be: "with approve",
      });
    }
  });

  it("of a number the nearest on either side", () => {
    const late = loadJudge(
      bundleOf(
        `${permitAll}@id("late") @says("not in the evening hours") forbid (principal, action, resource) when { context.minute >= 960 && resource.files < 9 };`,
      ),
    );
    const { would } = explainRequest(late, request({ context: { minute: 970 } }));
    expect(would).toEqual([
      [{ fact: "context.minute", is: "970", be: "959" }],
      [{ fact: "resource.files", is: "1", be: "9" }],
    ]);
  });

  it("never promises what Cedar would refuse", () => {
    const odd = loadJudge(
      bundleOf(
        `@id("a") permit (principal, action, resource) when { resource.files > 3 && resource.files * 9223372036854775807 >= 0 };`,
      ),
    );
    expect(explainRequest(odd, request())).toMatchObject({ would: [] });
  });

  it("says of a condition that it does not model that it does not know", () => {
    const odd = loadJudge(
      bundleOf(
        '@id("a") permit (principal, action, resource) when { resource.evidence == ["junit"] };',
      ),
    );
    const [rule] = explainRequest(odd, request()).rules;
    expect(rule).not.toHaveProperty("matches");
    expect(rule?.conditions).toEqual([{ text: 'resource.evidence == ["junit"]' }]);
  });
});

describe("the difference of two policies", () => {
  const rules = (text: string) => ({
    settings: defaultPolicy,
    rules: loadJudge(bundleOf(text)).rules,
  });

  it("is none where only the order differs", () => {
    const b = '@id("b") permit (principal, action, resource) when { resource.files > 3 };\n';
    expect(isSame(diffPolicies(rules(permitAll + b), rules(b + permitAll)))).toBe(true);
  });

  it("is by rule and by setting", () => {
    const before = rules(
      `${permitAll}@id("b")\npermit (principal, action, resource)\nwhen { resource.files > 3 };`,
    );
    const after = {
      ...rules(
        `@id("b")\npermit (principal, action, resource)\nwhen { resource.files > 4 };@id("c") permit (principal, action, resource);`,
      ),
      settings: { ...defaultPolicy, approvals: 2, renewals: 1 },
    };
    const diff = diffPolicies(before, after);
    expect(diff.settings).toEqual([
      { name: "approvals", from: "1", to: "2" },
      { name: "renewals", from: "not set", to: "1" },
    ]);
    expect(diff.removed.map((rule) => rule.id)).toEqual(["all"]);
    expect(diff.added.map((rule) => rule.id)).toEqual(["c"]);
    expect(diff.changed.map((item) => item.lines)).toEqual([
      [
        '  @id("b")',
        "  permit (principal, action, resource)",
        "- when { resource.files > 3 };",
        "+ when { resource.files > 4 };",
      ],
    ]);
  });
});

it("every permission that a ledger can give has a rule in the default policy that asks for it", () => {
  const text = policy.rules.map((rule) => rule.text).join("");
  for (const item of permissions) {
    // Who administers changes the registry, which no rule is asked about.
    if (item !== "administer") expect(text).toContain(`"${item}"`);
  }
  expect(readdirSync(new URL("./default", import.meta.url)).sort()).toEqual([
    "access.cedar",
    "cases.yaml",
    "classes.cedar",
    "gate.cedar",
    "guards.cedar",
    "schema.cedarschema",
    "settings.json",
    "signals.cedar",
  ]);
});
