/** What the server is told of a signal before it says anything is what the rules then hold it to. */
import { beforeEach, expect, test } from "vitest";
import { ledger, open, second } from "../testing/cast.ts";
import { judgeThat, withRules } from "../testing/steps.ts";
import type { Obliging, PolicyRequest } from "./judge.ts";
import { obligationOf, signalReason, signalRequest } from "./obliging.ts";

const asked: PolicyRequest[] = [];
let answer: Obliging;
const judge = judgeThat(
  () => ({}),
  () => true,
  (request) => {
    asked.push(request);
    return answer;
  },
);

beforeEach(async () => {
  await open();
  asked.length = 0;
  answer = { rules: ["critical"], minutes: 90, owners: ["cleo"] };
  await withRules(ledger, second, judge);
});

const place = { service: "api", environment: "prod", kind: "revert" };
const signal = {
  source: "scanner",
  id: "GHSA-1",
  type: "vulnerability",
  severity: "high",
  ids: ["CVE-2", "CVE-1"],
  occurredAt: "2026-11-23T00:00:00.000Z",
  digest: "d".repeat(64),
} as const;
const request = () => signalRequest(ledger.registry, signal, place, ledger.time());

test("its obligation is the rules' time from now, owned by who can", () => {
  expect(obligationOf(judge, ledger.registry, request())).toEqual({
    rules: ["critical"],
    owners: ["cleo"],
    owner: "cleo",
    deadline: new Date(ledger.now + 90 * 60_000).toISOString(),
  });
});

test("there is none where no rule matches, and where nobody is left to own it", async () => {
  answer = { ...answer, rules: [] };
  expect(obligationOf(judge, ledger.registry, request())).toBeUndefined();
  answer = { ...answer, rules: ["critical"] };
  const nobody = { ...ledger.registry, persons: {} };
  expect(obligationOf(judge, nobody, request())).toBeUndefined();
});

test("is asked with the facts that the statement is judged by", async () => {
  const { rules: _, ...obligation } = obligationOf(judge, ledger.registry, request()) ?? {
    rules: [],
  };
  await ledger.says(ledger.system, "obliged", {
    uid: "00000000-0000-4000-8000-000000000001",
    signal: { ...signal, ids: [...signal.ids] },
    policy: "e".repeat(64),
    rules: ["critical"],
    ...obligation,
    ...place,
    reason: signalReason(ledger.registry),
    stabiliseMinutes: 60,
    rationale: ledger.commit("found"),
    impact: ledger.commit("unknown"),
    security: ledger.commit("high"),
  });
  expect(asked).toHaveLength(2);
  expect(asked[1]).toEqual(asked[0]);
});

test("its reason is security where the policy knows that, else its first", () => {
  expect(signalReason(ledger.registry)).toBe("security");
  const { registry } = ledger;
  const policy = { ...registry.policy, reasons: ["outage", "other"] };
  expect(signalReason({ ...registry, policy })).toBe("outage");
});
