/** What the rules are asked about: the action of each statement, and the state it is judged in. */
import { beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { at, bo, emergency, ines, ledger, open, record, refused, second } from "../testing/cast.ts";
import { day, judgeThat, withRules } from "../testing/steps.ts";
import { statementTypes } from "../statements/types.ts";
import { policyActionOf } from "./facts.ts";
import type { PolicyRequest } from "./judge.ts";

const asked: PolicyRequest[] = [];

beforeEach(async () => {
  await open();
  asked.length = 0;
  await withRules(
    ledger,
    second,
    judgeThat(
      () => ({}),
      (request) => {
        asked.push(request);
        return request.resource.reason !== "compliance" && request.resource.approvals === 0;
      },
    ),
  );
});

const obligation = { signal: "S-1", owner: "bo", deadline: "2026-11-24T00:00:00.000Z" };

test.each<[string, JsonObject, boolean, string | undefined]>([
  ["proposed", {}, true, "initiate"],
  ["proposed", {}, false, "initiate"],
  ["proposed", { mode: "emergency" }, true, "initiate-emergency"],
  ["proposed", { mode: "emergency" }, false, "initiate-emergency"],
  ["proposed", { mode: "exercise" }, true, "initiate"],
  ["proposed", { mode: "plan" }, true, "plan"],
  ["proposed", { obligation }, true, "oblige"],
  ["proposed", { obligation }, false, "initiate"],
  ["obliged", {}, true, "signal"],
  ["assessed", {}, false, "assess"],
  ["evidence", {}, false, "attach-evidence"],
  ["decision", { decision: "approve" }, false, "approve"],
  ["decision", { decision: "escalate" }, false, "escalate"],
  ["exception-requested", {}, false, "request-exception"],
  ["exception-decided", { decision: "reject" }, false, "reject"],
  ["implication-cleared", {}, false, "clear-implication"],
  ["overridden", {}, false, "override"],
  ["execution-started", {}, false, "execute"],
  ["execution-finished", {}, false, "execute"],
  ["observation", {}, false, "observe"],
  ["temporary-undone", {}, false, "observe"],
  ["verification", {}, false, "verify"],
  ["check-reported", {}, false, "verify"],
  ["reviewed", {}, false, "review"],
  ["retrospective", {}, false, "review"],
  ["closed", {}, false, "close"],
  ["withdrawn", {}, false, "withdraw"],
  ["drill-scheduled", {}, false, "plan"],
  ["drill-cancelled", {}, false, "plan"],
  ["drill-held", {}, false, "plan"],
  ["decision-withdrawn", {}, false, undefined],
  ["workload-key", {}, false, undefined],
  ["opening-deleted", {}, false, undefined],
])("%s with %j, opening a record: %s", (type, body, opens, action) => {
  expect(policyActionOf(type, body, opens)).toBe(action);
});

test("no rule is asked about what the system says, but about a signal", () => {
  const system = [...statementTypes.values()].filter((type) => type.saidBy === "system");
  const judged = system.filter(({ name }) => policyActionOf(name, {}, false) !== undefined);
  expect(judged.map(({ name }) => name)).toEqual(["obliged"]);
});

test("a proposal and its revision are judged as what they propose", async () => {
  await refused("policy", () => record.propose(ines, { reason: "compliance" }));
  await record.propose(ines);
  expect(asked.at(-1)).toMatchObject({
    action: "initiate",
    resource: { reason: "availability", status: "proposed" },
  });
  await refused("policy", () => record.revise(ines, { reason: "compliance" }));
  await record.revise(ines, { reason: "performance" });
  expect(asked.at(-1)).toMatchObject({ resource: { reason: "performance" } });
});

test("anything else is judged in the state that it is said about", async () => {
  await record.propose(ines);
  await record.assess(ines);
  expect(asked.at(-1)).toMatchObject({
    action: "assess",
    resource: { assessed: false, status: "proposed" },
  });
  await record.approve(bo);
  expect(asked.at(-1)).toMatchObject({
    action: "approve",
    principal: { id: "bo", key: "ssh" },
    resource: { assessed: true, status: "pending_approval", approvals: 0 },
  });
});

test("an emergency, a plan and an obligation are asked about as what they are", async () => {
  await record.propose(ines, emergency);
  expect(asked.at(-1)?.action).toBe("initiate-emergency");
  await record.revise(ines);
  expect(asked.at(-1)).toMatchObject({
    action: "initiate-emergency",
    resource: { emergency: true },
  });
  await open();
  await withRules(
    ledger,
    second,
    judgeThat(
      () => ({}),
      (request) => {
        asked.push(request);
        return true;
      },
    ),
  );
  await record.propose(ines, { obligation: { ...obligation, deadline: at(day) } });
  expect(asked.at(-1)).toMatchObject({ action: "oblige", resource: { obliged: true } });
});
