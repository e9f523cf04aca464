import { describe, expect, it } from "vitest";
import { defaultPolicy } from "@countermand/record";
import { parseCases, requestOf, runCase } from "./cases.ts";
import { PolicyError } from "./error.ts";
import { loadJudge } from "./judge.ts";
import { bundleOf, permitAll } from "./testing/requests.ts";

const policy = loadJudge(
  bundleOf(
    `${permitAll}@id("grave") @class("grave") @approvals("2") @roles("sre") permit (principal, action == Action::"classify", resource) when { resource.level == Level::"high" };`,
  ),
);
const run = (yaml: string) =>
  parseCases("cases.yaml", yaml).map((item) => runCase(policy, defaultPolicy, item));

describe("cases", () => {
  it("say only what matters, and are compared only in what they expect", () => {
    expect(
      run(`
cases:
  - name: anyone
    action: approve
    expect: { allowed: true }
  - name: grave
    action: classify
    resource: { level: high }
    expect: { classes: [grave], rules: [grave], obligations: { approvals: 2, roles: [{ role: sre, count: 1 }] } }
  - name: gate
    action: deploy-unchecked
    expect: { gate: fail-closed }
`),
    ).toEqual([
      { name: "anyone", differences: [], why: "allowed by all" },
      { name: "grave", differences: [], why: "rules grave" },
      { name: "gate", differences: [], why: "fail-closed" },
    ]);
  });

  it("show what came out instead", () => {
    expect(
      run(`
cases:
  - name: nobody
    action: approve
    expect: { allowed: false, rules: [] }
  - name: small
    action: classify
    expect: { obligations: { approvals: 3 } }
`),
    ).toEqual([
      {
        name: "nobody",
        differences: [
          { what: "allowed", expected: "false", found: "true" },
          { what: "rules", expected: "[]", found: '["all"]' },
        ],
        why: "allowed by all",
      },
      {
        name: "small",
        differences: [{ what: "approvals", expected: "3", found: "1" }],
        why: "no rule matches",
      },
    ]);
  });

  it("have the weekday and the minute of their time", () => {
    const [item] = parseCases(
      "cases.json",
      '{"cases":[{"name":"a","action":"approve","context":{"now":"2026-11-27T23:59:30.000Z"},"expect":{"allowed":true}}]}',
    );
    if (item === undefined) expect.fail("there is one");
    expect(requestOf(item).context).toMatchObject({ weekday: "fri", minute: 1439 });
  });

  it.each([
    ["no YAML", "cases: [", "cases.yaml:1"],
    ["nothing", "", "cases.yaml"],
    ["no cases", "cases: []", "cases: "],
    [
      "an unknown fact",
      "cases: [{name: a, action: approve, resource: {rsk: 3}, expect: {allowed: true}}]",
      "rsk",
    ],
    [
      "an unknown word",
      "cases: [{name: a, action: approve, resource: {level: extreme}, expect: {allowed: true}}]",
      "cases.0.resource.level",
    ],
    [
      "an unknown action",
      "cases: [{name: a, action: aprove, expect: {allowed: true}}]",
      "cases.0.action",
    ],
    ["no expectation", "cases: [{name: a, action: approve, expect: {}}]", "expects nothing"],
    [
      "an expectation of something else",
      "cases: [{name: a, action: approve, expect: {classes: []}}]",
      "expects classes; approve gives allowed, rules",
    ],
    [
      "a class expected to be allowed",
      "cases: [{name: a, action: classify, expect: {allowed: true}}]",
      "expects allowed",
    ],
    [
      "an alias that would be gigabytes",
      "a: &a [1,1]\nb: &b [*a,*a]\ncases: [*b,*b]",
      "cases.yaml",
    ],
    ["far too much", `cases: [${" ".repeat(600_000)}]`, "at most"],
  ])("are refused where there is %s", (_what, text, words) => {
    expect(() => parseCases("cases.yaml", text)).toThrow(PolicyError);
    expect(() => parseCases("cases.yaml", text)).toThrow(words);
  });
});
