/**
 * The default policy against an oracle that was written from its documentation,
 * over all facts that it can tell apart; and every rule and every condition of it
 * taken away once, which some case must notice.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  defaultPolicy,
  obligationsOf,
  permissions,
  policyActions,
  type PolicyRequest,
} from "@countermand/record";
import { formatBundle } from "./bundle.ts";
import { parseCases, runCase } from "./cases.ts";
import { checkPolicy } from "./check.ts";
import { matches } from "./evaluate.ts";
import { conjuncts } from "./expression.ts";
import { conditionText, type Expr } from "./cedar.ts";
import { factsOf } from "./facts.ts";
import { readDefault } from "./folder.ts";
import { loadJudge, type LoadedPolicy } from "./judge.ts";
import { schemaName } from "./limits.ts";
import { defaultFolder } from "./schema.ts";
import type { Rule } from "./rules.ts";
import { request } from "./testing/requests.ts";

const folder = await readDefault();
const policy = loadJudge(folder.bundle);
const cases = parseCases("cases.yaml", readFileSync(new URL("cases.yaml", defaultFolder), "utf8"));
const least = obligationsOf(folder.settings, false);

type Action = PolicyRequest["action"];

/** Which permission an action needs; more than one: any of them; none: nobody is asked for one. */
const needs: Readonly<Record<Exclude<Action, "classify" | "signal">, readonly string[]>> = {
  initiate: ["initiate"],
  "initiate-emergency": ["initiate"],
  assess: ["initiate"],
  "attach-evidence": [],
  approve: ["approve"],
  reject: ["approve"],
  "request-changes": ["approve"],
  delegate: ["approve"],
  escalate: ["approve"],
  "clear-implication": ["approve"],
  "request-exception": ["initiate"],
  override: ["override"],
  execute: ["execute"],
  observe: ["observe"],
  verify: ["verify"],
  review: ["review"],
  close: ["review"],
  withdraw: ["initiate"],
  oblige: ["initiate", "observe"],
  plan: ["initiate", "execute"],
};

function mayDo({ action, principal, resource }: PolicyRequest): boolean {
  if (action === "classify" || action === "signal") return false;
  const wanted = needs[action];
  if (wanted.length > 0 && !wanted.some((item) => principal.permissions.includes(item)))
    return false;
  if (action === "initiate-emergency" && principal.kind !== "human") return false;
  if (action === "initiate" && principal.kind === "agent") return resource.kind !== "state-restore";
  const ended = resource.clearingsExpired > 0 && resource.status === "pending_approval";
  if (action === "approve" && ended) return false;
  const weighty = ["approve", "clear-implication", "override"].includes(action);
  const grave = ["high", "critical", "unknown"].includes(resource.level);
  return !(weighty && grave && principal.keyAgeMinutes < 24 * 60);
}

function classOf(it: PolicyRequest["resource"]): {
  classes: string[];
  lane: string;
  approvals: number;
  window: number;
  request: number;
} {
  const small = it.assessed && (it.level === "none" || it.level === "low");
  const clean = small && it.implications.length === 0 && it.unknowns === 0;
  const severe = it.level === "high" || it.level === "critical";
  const unseen = !it.assessed || it.level === "unknown" || it.coverage < 50;
  const data =
    it.kind === "state-restore" || it.implications.includes("data.migration-irreversible");
  const exposed = it.implications.length > 0;
  const hand = it.humanClearedHigh > 0 || it.humanClearedCritical > 0;
  const fast = clean && it.inverse && it.ranBefore && !it.emergency;
  const all: readonly (readonly [string, boolean])[] = [
    ["routine", clean],
    ["clean-revert", fast],
    ["security", exposed],
    ["severe", severe],
    ["cleared-by-hand", hand],
    ["unseen", unseen],
    ["data", data],
    ["exposed-for-a-time", it.temporary && exposed],
    ["emergency", it.emergency],
    ["mandatory", it.obliged],
    ["drill", it.exercise],
  ];
  return {
    classes: all
      .filter(([, holds]) => holds)
      .map(([name]) => name)
      .sort(),
    lane: fast && !severe && !unseen && !data && !it.exercise ? "clean-revert" : "quorum",
    approvals: severe || data || hand ? 2 : 1,
    window: severe || unseen ? 60 : 240,
    request: unseen || it.obliged ? 24 : 72,
  };
}

/** Every combination of values, one from each list. */
function* product<T extends Readonly<Record<string, readonly unknown[]>>>(
  lists: T,
): Generator<{ [K in keyof T]: T[K][number] }> {
  const names = Object.keys(lists);
  const total = names.reduce((sum, name) => sum * (lists[name]?.length ?? 0), 1);
  for (let n = 0; n < total; n++) {
    let rest = n;
    const chosen: Record<string, unknown> = {};
    for (const name of names) {
      const values = lists[name] ?? [];
      chosen[name] = values[rest % values.length];
      rest = Math.floor(rest / values.length);
    }
    yield chosen as { [K in keyof T]: T[K][number] };
  }
}

const actions = policyActions.filter((action) => action !== "classify" && action !== "signal");
const kinds = ["human", "workload", "controller", "agent"] as const;
const levels = ["none", "low", "medium", "high", "critical", "unknown"] as const;
const flags = [false, true] as const;

/** Tens of thousands of judgements; seconds alone, more beside others. */
const patient = { timeout: 300_000 };

describe("the default policy", () => {
  it("has the settings that a ledger opens with, one version on", () => {
    expect(folder.settings).toEqual({
      ...defaultPolicy,
      version: defaultPolicy.version + 1,
      emergencyMinutes: 60,
      executionMinutes: 120,
      retrospectiveHours: 72,
      renewals: 2,
    });
  });

  it(
    "permits what the oracle permits, in every combination: each permission alone, none, all",
    patient,
    () => {
      const each = [[], ...permissions.map((item) => [item]), [...permissions]];
      let asked = 0;
      for (const { action, kind, held, age, level, what, ended } of product({
        action: actions,
        kind: kinds,
        held: each,
        age: [1439, 1440],
        level: levels,
        what: ["revert", "state-restore"],
        ended: [0, 1],
      })) {
        const it = request({
          action,
          principal: { kind, permissions: held, keyAgeMinutes: age },
          resource: { level, kind: what, clearingsExpired: ended },
        });
        asked += 1;
        const { allowed, reason } = policy.permits(it);
        if (allowed !== mayDo(it)) expect.fail(`${JSON.stringify(it)}: ${reason}`);
      }
      expect(asked).toBe(20 * 4 * 10 * 2 * 6 * 2 * 2);
    },
  );

  it(
    "permits it for every set of permissions, by the evaluator that Cedar is held against",
    patient,
    () => {
      const subsets = Array.from({ length: 2 ** permissions.length }, (_, bits) =>
        permissions.filter((_item, i) => (bits & (1 << i)) !== 0),
      );
      const about = new Map(
        actions.map((action) => [
          action,
          policy.rules.filter(
            (rule) => rule.purpose === "permission" && rule.actions?.includes(action) !== false,
          ),
        ]),
      );
      for (const { action, kind, held, age, level, what } of product({
        action: actions,
        kind: kinds,
        held: subsets,
        age: [1439, 1440],
        level: levels,
        what: ["revert", "state-restore"],
      })) {
        const it = request({
          action,
          principal: { kind, permissions: held, keyAgeMinutes: age },
          resource: { level, kind: what },
        });
        const facts = factsOf(it, action);
        const matching = (about.get(action) ?? []).filter((rule) => matches(rule, facts) === true);
        const allowed =
          matching.some((rule) => rule.effect === "permit") &&
          !matching.some((rule) => rule.effect === "forbid");
        if (allowed !== mayDo(it)) expect.fail(JSON.stringify(it));
      }
    },
  );

  it("classifies as the oracle does, in every combination", patient, () => {
    let asked = 0;
    for (const { hand, ...facts } of product({
      hand: [{}, { humanClearedHigh: 1 }, { humanClearedCritical: 1 }],
      assessed: flags,
      level: levels,
      implications: [[], ["authn.weakened"], ["authn.weakened", "data.migration-irreversible"]],
      unknowns: [0, 1],
      inverse: flags,
      ranBefore: flags,
      emergency: flags,
      kind: ["revert", "state-restore"],
      coverage: [49, 50],
      temporary: flags,
      obliged: flags,
      exercise: flags,
    })) {
      const it = request({ action: "classify", resource: { ...facts, ...hand } });
      asked += 1;
      const { classes, obligations } = policy.classify(it, least);
      const { lane, approvals, windowMinutes, requestHours } = obligations;
      const found = { classes, lane, approvals, window: windowMinutes, request: requestHours };
      if (JSON.stringify(found) !== JSON.stringify(classOf(it.resource))) {
        expect.fail(`${JSON.stringify(facts)}: ${JSON.stringify(found)}`);
      }
    }
    expect(asked).toBe(3 * 18_432);
  });

  it("keeps the fast lane to what the constitution lets through it anyway", () => {
    for (const rule of policy.rules.filter(({ asks }) => asks.lane === "clean-revert")) {
      const needed = ["inverse", "ranBefore", "implications", "unknowns"];
      for (const fact of needed) expect(rule.text).toContain(`resource.${fact}`);
    }
  });

  it("passes its own cases and its own check", () => {
    for (const item of cases) {
      expect(runCase(policy, folder.settings, item), item.name).toMatchObject({ differences: [] });
    }
    const known = { implications: ["data.migration-irreversible"] };
    expect(checkPolicy(policy.rules, folder.settings, known)).toEqual({
      remarks: [],
      unanswered: [],
    });
  });
});

/** The default policy with one rule's text replaced. */
function changed(rule: Rule, text: string): LoadedPolicy {
  const files = new Map(
    [...folder.files].map(([name, source]): [string, string] => [
      name,
      name === rule.file
        ? source.slice(0, rule.from) + text + source.slice(rule.from + rule.text.length)
        : source,
    ]),
  );
  // A file without rules is fine, and so is a policy without a file.
  for (const [name, source] of files) {
    if (name !== schemaName && !/^\s*@/m.test(source)) files.delete(name);
  }
  return loadJudge(formatBundle(files));
}

const noticed = (other: LoadedPolicy) =>
  cases.some((item) => runCase(other, folder.settings, item).differences.length > 0);

describe("nothing in the default policy is idle:", () => {
  it.each(policy.rules.map((rule) => [rule.id, rule] as const))(
    "without %s a case fails",
    (_id, rule) => {
      const without = changed(rule, "");
      expect(noticed(without)).toBe(true);
    },
  );

  const parts = policy.rules.flatMap((rule) =>
    rule.json.conditions.flatMap(({ body }) =>
      conjuncts(body).map((part, i, all) => [rule, part, all.toSpliced(i, 1)] as const),
    ),
  );
  it.each(parts.map(([rule, part, rest]) => [rule.id, conditionText(part), rule, rest] as const))(
    "without the condition of %s that %s, a case fails",
    (_id, _text, rule, rest) => {
      const without = changed(rule, withConditions(rule, rest));
      expect(noticed(without)).toBe(true);
    },
  );

  const asked = policy.rules.flatMap((rule) =>
    Object.keys(rule.json.annotations ?? {})
      .filter((name) => !["id", "says"].includes(name))
      .map((name) => [rule.id, name, rule] as const),
  );
  it.each(asked)("without the @%s of it that asks for %s, a case fails", (_id, name, rule) => {
    const line = new RegExp(`@${name}\\("[^"]*"\\)`);
    const other: Readonly<Record<string, string>> = {
      class: '@class("other")',
      oblige: '@oblige("25h")',
    };
    const replacement = other[name] ?? "";
    const without = changed(rule, rule.text.replace(line, replacement));
    expect(noticed(without)).toBe(true);
  });
});

function withConditions(rule: Rule, rest: readonly Expr[]): string {
  const head = rule.text.slice(0, rule.text.lastIndexOf("\nwhen"));
  const when = rest.map((part) => `(${conditionText(part)})`).join(" && ");
  return when === "" ? `${head};` : `${head}\nwhen { ${when} };`;
}
