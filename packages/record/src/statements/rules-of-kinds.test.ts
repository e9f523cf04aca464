/** Rules of single kinds that no larger story comes by. */
import { beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../constitution/refusal.ts";
import type { JsonObject } from "../bytes/canonical-json.ts";
import {
  at,
  bo,
  cleo,
  dan,
  emergency,
  ines,
  ledger,
  open,
  record,
  refused,
} from "../testing/cast.ts";
import { day } from "../testing/steps.ts";
import { statementTypes } from "./types.ts";

beforeEach(async () => open());

/** The rule by which the kind's own check refuses what a security key signed without a PIN. */
function withoutPin(type: string, by: string, body: JsonObject): string {
  const kind = statementTypes.get(type);
  if (kind?.stream !== "record") throw new Error(`no ${type}`);
  const head = { id: "x", actor: by, key: "k", instance: "i", occurredAt: ledger.time() };
  const said = {
    head,
    stream: record.id,
    userVerified: false,
    recordedAt: ledger.time(),
  } as never;
  try {
    kind.check?.(body, record.state, { said, registry: ledger.registry });
    return "accepted";
  } catch (error) {
    if (error instanceof Refusal) return error.rule;
    throw error;
  }
}

test("an exception is decided on with a key that saw its owner", async () => {
  await record.propose(ines, { expiresAt: at(5 * day) });
  await record.assess(ines);
  await record.approve(bo);
  await record.run(ines);
  await record.says(ines, "exception-requested", {
    kind: "make-permanent",
    rationale: ledger.commit("it stays"),
  });
  const request = record.state.exceptions[0]?.id ?? "";
  expect(withoutPin("exception-decided", "bo", { request, decision: "approve" })).toBe("key-type");
});

test("what was asked of a temporary rollback has no object once it is undone", async () => {
  await record.propose(ines, { expiresAt: at(5 * day) });
  await record.assess(ines);
  await record.approve(bo);
  await record.run(ines);
  await record.says(ines, "exception-requested", {
    kind: "make-permanent",
    rationale: ledger.commit("it stays"),
  });
  const request = record.state.exceptions[0]?.id ?? "";
  await record.says(bo, "temporary-undone", {
    running: record.state.proposal.current,
    source: "cluster",
  });
  await refused("lifecycle", async () =>
    record.says(cleo, "exception-decided", { request, decision: "approve" }),
  );
});

describe("an emergency", () => {
  test("is declared, and judged, with a key that saw its owner, or one that cannot say", async () => {
    await record.propose(ines, emergency);
    const again = { ...emergency, revises: { record: record.id, hash: record.state.hash } };
    const { uid, proposal } = record.state;
    const whole = { ...proposal, ...again, uid } as unknown as JsonObject;
    expect(withoutPin("proposed", "ines", whole)).toBe("key-type");
    expect(record.state.proposal.stepUp).toBe(false);
    await record.run(ines);
    const judged = { outcome: "justified", actions: [], findings: ledger.commit("it was right") };
    expect(withoutPin("retrospective", "dan", judged)).toBe("key-type");
    await record.says(dan, "retrospective", judged);
    expect(record.state.retrospective?.done).toMatchObject({ actor: "dan", stepUp: false });
    // A key that saw its owner: the state says so, of both.
    const head = { id: "x", actor: "dan", key: "k", instance: "i", occurredAt: ledger.time() };
    const said = {
      head,
      stream: record.id,
      payloadDigest: "0".repeat(64),
      userVerified: true,
      recordedAt: ledger.time(),
    } as never;
    const applied = (type: string, body: JsonObject, state?: typeof record.state) => {
      const kind = statementTypes.get(type);
      if (kind?.stream !== "record") throw new Error(`no ${type}`);
      return kind.apply(body, state, { said, registry: ledger.registry });
    };
    expect(applied("proposed", whole).proposal.stepUp).toBe(true);
    const ordinary = { ...whole, mode: undefined } as unknown as JsonObject;
    expect(applied("proposed", ordinary).proposal).not.toHaveProperty("stepUp");
    expect(applied("retrospective", judged, record.state).retrospective?.done?.stepUp).toBe(true);
  });
});

describe("clearing a finding", () => {
  const clear = (changes: JsonObject = {}) => ({
    findings: ["0".repeat(32)],
    ground: "accepted-risk",
    scope: "record",
    until: at(day),
    rationale: ledger.commit("the path is not reached"),
    ...changes,
  });
  beforeEach(async () => {
    await record.propose(ines);
    await record.assess(ines);
  });

  test("names each once, and ends", async () => {
    const say = (changes: JsonObject) => () =>
      record.says(bo, "implication-cleared", clear(changes));
    const twice = ["0".repeat(32), "0".repeat(32)];
    await refused("lifecycle", say({ findings: twice }));
    await refused("policy", say({ until: at(0) }));
    await refused("policy", say({ until: at(366 * day + 1) }));
    await say({ until: at(366 * day) })();
    expect(record.state.clearings).toHaveLength(1);
  });

  test("needs a key that saw its owner", () => {
    expect(withoutPin("implication-cleared", "bo", clear())).toBe("key-type");
  });

  test("voids nothing and changes no hash", async () => {
    const { hash } = record.state;
    await record.approve(bo);
    await record.says(cleo, "implication-cleared", clear());
    expect(record.state).toMatchObject({ hash, status: "authorised" });
  });
});

test("an override needs a key that saw its owner", async () => {
  const obligation = { signal: "CVE-1", owner: "cleo", deadline: at(day) };
  await record.propose(ines, { obligation });
  expect(withoutPin("overridden", "bo", { until: at(day) })).toBe("key-type");
});

test("what somebody runs is not observed before they report; what a gate let through is", async () => {
  await record.propose(ines);
  await record.assess(ines);
  await record.approve(bo);
  await record.start(ines);
  await refused("lifecycle", () => record.observe(dan));
  await record.finish(ines);
  await record.observe(dan);
  expect(record.state.status).toBe("verifying");
});

test("actions belong to a judgement that asks for them", async () => {
  await record.propose(ines, emergency);
  await record.run(ines);
  const judge = (outcome: string, actions: readonly string[]) => () =>
    record.says(cleo, "retrospective", {
      outcome,
      actions,
      findings: ledger.commit("what we learnt"),
    });
  await refused("lifecycle", judge("justified", ["OPS-1"]));
  await refused("lifecycle", judge("justified-with-actions", []));
  expect(await record.outcome(judge("not-justified", []))).toBe("accepted");
});

test("an emergency with something to do is judged with its actions", async () => {
  await record.propose(ines, emergency);
  await record.run(ines);
  await record.says(cleo, "retrospective", {
    outcome: "justified-with-actions",
    actions: ["OPS-1"],
    findings: ledger.commit("what we learnt"),
  });
  expect(record.state.retrospective?.done?.outcome).toBe("justified-with-actions");
});

test("only an emergency is judged", async () => {
  await record.propose(ines);
  await record.assess(ines);
  await record.approve(bo);
  await record.run(ines);
  await refused("lifecycle", () => record.judge(cleo));
});
