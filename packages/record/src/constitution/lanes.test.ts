/** Ways to a grant without its quorum, or to use one for more than it is for. */
import { beforeEach, describe, expect, test } from "vitest";
import { follows } from "../lifecycle/follows.ts";
import { isOverdue } from "../lifecycle/state.ts";
import { actor } from "../testing/actors.ts";
import {
  at,
  bo,
  cleo,
  compromised,
  dan,
  emergency,
  ines,
  ledger,
  open,
  record,
  refused,
  registrySays,
  role,
  second,
} from "../testing/cast.ts";
import { hour, judgeThat, minute, putInForce, Steps, withRules } from "../testing/steps.ts";
beforeEach(async () => open());

describe("an emergency", () => {
  test("has one window from its first entry, however often it is revised and assessed", async () => {
    await record.propose(ines, emergency);
    const end = record.state.authorisation?.notAfter;
    await record.wait(30 * minute);
    await record.revise(ines);
    expect(record.state.authorisation?.notAfter).toBe(end);
    await record.wait(20 * minute);
    await record.assess(ines);
    expect(record.state.authorisation?.notAfter).toBe(end);
    const due = record.state.retrospective?.dueAt;
    await record.wait(10 * minute);
    expect(record.state.status).toBe("lapsed");
    expect(record.state.retrospective?.dueAt).toBe(due);
  });

  test.each(["withdraw", "reject", "lapse"])(
    "%s: what it owes is still owed, and falls overdue",
    async (how) => {
      await record.propose(ines, emergency);
      if (how === "withdraw") await record.says(ines, "withdrawn", {});
      if (how === "reject") await record.decide(bo, "reject");
      if (how === "lapse") await record.wait(hour);
      await record.wait(72 * hour - (how === "lapse" ? hour : 0) - 1);
      expect(isOverdue(record.state)).toBe(false);
      await record.wait(1);
      expect(isOverdue(record.state)).toBe(true);
      await record.judge(cleo);
      expect(isOverdue(record.state)).toBe(false);
      await refused("lifecycle", () => record.judge(dan));
    },
  );

  test("is not judged before anything was done, nor by who took part", async () => {
    await record.propose(ines, emergency);
    await refused("lifecycle", () => record.judge(cleo));
    await record.check(cleo, "smoke", "passed");
    await record.run(bo);
    await refused("approver-not-proposer", () => record.judge(ines));
    await refused("reviewer-took-no-part", () => record.judge(bo));
    await refused("reviewer-took-no-part", () => record.judge(cleo));
    await record.judge(dan);
    await record.observe(cleo, "f".repeat(40));
    await record.review(dan);
    await record.close(dan);
    expect(record.state.status).toBe("closed");
  });

  test("is not closed while nobody judged it", async () => {
    await record.propose(ines, emergency);
    await record.start(bo);
    await record.finish(bo, { type: "exited", code: 1 });
    await record.review(cleo);
    await refused("retrospective-owed", () => record.close(cleo));
  });

  test("past its window it is a request like any, and its quorum can be lost", async () => {
    await record.propose(ines, emergency);
    await record.wait(20 * minute);
    await putInForce(ledger, second, { emergencyMinutes: 10 });
    await record.revise(ines);
    expect(record.state.status).toBe("proposed");
    await record.assess(ines);
    expect(record.state.status).toBe("pending_approval");
    await record.approve(bo);
    expect(record.state.authorisation?.lane).toBe("quorum");
    await record.takeBack(bo);
    expect(record.state.status).toBe("pending_approval");
    await record.approve(cleo);
    expect(record.state.status).toBe("authorised");
    await compromised(cleo);
    await refused("quorum", () => record.start(dan));
  });

  test("by a key that was compromised by then lets nobody run", async () => {
    await record.propose(ines, emergency);
    await compromised(ines);
    await refused("quorum", () => record.start(bo));
    await record.revise(bo);
    expect(await record.outcome(() => record.start(bo))).toBe("accepted");
  });

  test("needs an incident, a human, and the ledger's word that nothing is overdue", async () => {
    await refused("lifecycle", () => record.propose(ines, { mode: "emergency" }));
    await refused("lifecycle", () => record.propose(ines, { incident: "INC-1" }));
    const bot = actor("bot");
    await ledger.enrol(bot, { kind: "agent", permissions: ["initiate"] });
    await refused("humans-decide", () => record.propose(bot, emergency));
    ledger.facts = undefined;
    await refused("chain", () => record.propose(ines, emergency));
    ledger.facts = { overdueOfActor: 1, overdueOfService: 0, ranBefore: false };
    await refused("retrospective-owed", () => record.propose(ines, emergency));
    ledger.facts = { overdueOfActor: 0, overdueOfService: 1, ranBefore: false };
    await refused("retrospective-owed", () => record.propose(ines, emergency));
  });

  test("an ordinary record does not become one, nor one ordinary", async () => {
    await record.propose(ines);
    await refused("record-bound", () => record.revise(ines, emergency));
    const other = new Steps(ledger, "RB-2026-2");
    await other.propose(ines, { ...emergency, uid: "00000000-0000-4000-8000-000000000002" });
    const { hash, uid } = other.state;
    const plain = { uid, revises: { record: "RB-2026-2", hash } };
    expect(await other.outcome(() => other.propose(ines, plain))).toBe("record-bound");
  });
});

describe("the lane for clean reverts", () => {
  const clean = {
    unknowns: [],
    inverse: { digest: "9".repeat(64), size: 10 },
  };
  let asks: object;
  beforeEach(async () => {
    asks = { lane: "clean-revert", approvals: 0 };
    await withRules(
      ledger,
      second,
      judgeThat(() => asks),
    );
    ledger.facts = { overdueOfActor: 0, overdueOfService: 0, ranBefore: true };
    await record.propose(ines);
  });

  test("needs nobody, and is closed without a review unless it was sampled", async () => {
    await record.assess(ines, clean);
    expect(record.state.authorisation).toMatchObject({ lane: "clean-revert", sampled: false });
    await record.run(ines);
    await record.observe(bo);
    await record.verify(bo);
    await record.wait(30 * minute);
    expect(await record.outcome(() => record.close(dan))).toBe("accepted");
  });

  test("sampled, it is reviewed first", async () => {
    asks = { ...asks, samplePercent: 100 };
    await record.assess(ines, clean);
    expect(record.state.authorisation?.sampled).toBe(true);
    await record.run(ines);
    await record.observe(bo);
    await record.verify(bo);
    await record.wait(30 * minute);
    await refused("lifecycle", () => record.close(dan));
    await record.review(dan);
    await record.close(dan);
  });

  const worse = {
    id: "authz.guard-removed",
    rule: "r",
    direction: "worse",
    severity: "low",
    count: 1,
  };
  test.each([
    ["no proof", { inverse: undefined }, {}, true],
    ["something unknown", { unknowns: ["no-advisory-data"] }, {}, true],
    ["an implication for the worse", { implications: [worse] }, {}, true],
    ["a target that never ran here", {}, {}, false],
    ["evidence that is asked for", {}, { evidence: ["junit"] }, true],
    ["a role that is asked for", {}, { roles: [{ role: "sre", count: 1 }] }, true],
    ["another lane", {}, { lane: "quorum" }, true],
  ] as const)("not with %s", async (_name, assessment, asked, ranBefore) => {
    asks = { ...asks, ...asked };
    ledger.facts = { overdueOfActor: 0, overdueOfService: 0, ranBefore };
    const { inverse, ...rest } = { ...clean, ...assessment };
    await record.assess(ines, {
      ...rest,
      ...(inverse === undefined ? {} : { inverse }),
    });
    expect(record.state.status).toBe("pending_approval");
  });

  test("the entry that does not say whether the target ran says no", async () => {
    ledger.facts = undefined;
    await record.assess(ines, clean);
    expect(record.state.status).toBe("pending_approval");
  });

  test("asked for evidence, it goes on when that is there, for this target", async () => {
    asks = { ...asks, evidence: ["junit"] };
    await record.evidence(dan, "junit", "1");
    await record.revise(ines, { target: { type: "commit", commit: "d".repeat(40) } });
    await record.assess(ines, clean);
    expect(record.state.status).toBe("pending_approval");
    await record.evidence(dan, "junit", "2");
    expect(record.state.authorisation?.lane).toBe("clean-revert");
  });

  test("of its approvals none is none: with a quorum taken back it falls", async () => {
    await record.assess(ines, { ...clean, unknowns: ["no-advisory-data"] });
    await record.approve(bo);
    expect(record.state.authorisation?.lane).toBe("quorum");
    await record.takeBack(bo);
    expect(record.state.status).toBe("pending_approval");
  });

  test("a compromised key's word carries no grant", async () => {
    await record.assess(bo, clean);
    await compromised(bo);
    await refused("quorum", () => record.start(ines));
  });

  test("a proposer cannot choose not to be sampled: the same version, another entry", async () => {
    await record.assess(bo, { ...clean, unknowns: ["x"] });
    const { decisions: _none, ...state } = record.state;
    const sampled = (head: string, samplePercent: number) => {
      const pending = {
        ...state,
        decisions: [],
        assessment: { ...record.state.assessment, unknowns: [] } as never,
        head: `${head}${state.head.slice(8)}`,
        obligations: { ...state.obligations, samplePercent },
      };
      const owed = follows(pending, ledger.registry, ledger.time(), ledger.world.judging);
      return owed?.body?.["sampled"] === true;
    };
    // 0, 49 and 99 in a hundred.
    expect(sampled("00000000", 0)).toBe(false);
    expect(sampled("00000000", 1)).toBe(true);
    expect(sampled("00000031", 49)).toBe(false);
    expect(sampled("00000031", 50)).toBe(true);
    expect(sampled("00000063", 99)).toBe(false);
    expect(sampled("00000063", 100)).toBe(true);
  });
});

describe("a grant", () => {
  beforeEach(async () => {
    await record.propose(ines);
    await record.assess(ines);
    await record.approve(bo);
  });

  test("is used once by a gate, and not again by saying that nobody knows how it went", async () => {
    await record.gate("ci-token");
    await refused("lifecycle", () => record.gate("ci-token"));
    await refused("lifecycle", () => record.start(ines));
    await record.finish(dan, { type: "unknown" });
    await refused("lifecycle", () => record.gate("ci-token"));
    await refused("lifecycle", () => record.start(ines));
  });

  test("is for its target, its environment and its time, by a gate too", async () => {
    await refused("target-pinned", () => record.gate("ci", { target: "0".repeat(64) }));
    await refused("target-pinned", () => record.gate("ci", { environment: "staging" }));
    await record.wait(4 * hour);
    await refused("lifecycle", () => record.gate("ci"));
  });

  test("nobody but the system says that it was used", async () => {
    const body = { target: record.target, environment: "prod", caller: "ines" };
    await refused("system-only", () => record.says(ines, "grant-used", body));
  });

  test("who went through the gate does not review", async () => {
    await record.gate("dan");
    await record.observe(cleo, "f".repeat(40));
    await record.observe(cleo);
    expect(record.state.status).toBe("verifying");
    await record.verify(cleo, "failed");
    await refused("reviewer-took-no-part", () => record.review(dan));
    await record.review(second);
  });

  test("nor does their own look at it move anything", async () => {
    await record.gate("dan");
    await record.observe(dan);
    expect(record.state.status).toBe("executing");
    expect(record.state.observations[0]).toMatchObject({ agrees: true, independent: false });
  });

  test("falls with the role, and with the key, that it stood on", async () => {
    await open();
    await withRules(
      ledger,
      second,
      judgeThat(() => ({ roles: [{ role: "sre", count: 1 }] })),
    );
    await role(bo, "sre");
    await record.propose(ines);
    await record.assess(ines);
    await record.approve(bo);
    const grant = ledger.registry.persons["bo"]?.roles[0]?.id ?? "";
    await registrySays(ledger.administrator, "role-revoked", { person: "bo", grant });
    await refused("quorum", () => record.start(ines));
    await refused("quorum", () => record.gate("ci"));
  });

  test("a role that ends is held by the time of the grant", async () => {
    await open();
    await withRules(
      ledger,
      second,
      judgeThat(() => ({ roles: [{ role: "sre", count: 1 }] })),
    );
    await role(bo, "sre", { until: at(hour) });
    await record.propose(ines);
    await record.assess(ines);
    await record.wait(hour - 1);
    await record.approve(bo);
    await record.wait(1);
    expect(await record.outcome(() => record.start(ines))).toBe("accepted");
    const other = new Steps(ledger, "RB-2026-2");
    await other.propose(ines, { uid: "00000000-0000-4000-8000-000000000002" });
    await other.assess(ines);
    await other.approve(bo);
    expect(other.state.status).toBe("pending_approval");
  });

  test("what was approved before a policy changed is run under what was approved", async () => {
    await putInForce(ledger, second, { approvals: 3, windowMinutes: 1 });
    expect(await record.outcome(() => record.start(ines))).toBe("accepted");
    const other = new Steps(ledger, "RB-2026-2");
    await other.propose(ines, { uid: "00000000-0000-4000-8000-000000000002" });
    await other.assess(ines);
    await other.approve(bo);
    expect(other.state.status).toBe("pending_approval");
  });
});

describe("a drill and a plan", () => {
  test("a drill is run by hand and let through by no gate", async () => {
    const drill = new Steps(ledger, "DR-2026-1");
    await drill.propose(ines, { mode: "exercise" });
    await drill.assess(ines);
    await drill.approve(bo);
    expect(await drill.outcome(() => drill.gate("ci"))).toBe("target-pinned");
    await drill.run(ines);
    expect(drill.state.status).toBe("executed");
  });

  test("a plan is never decided on and never run", async () => {
    const plan = new Steps(ledger, "PL-2026-1");
    await plan.propose(ines, { mode: "plan" });
    await plan.assess(ines);
    expect(plan.state.status).toBe("planned");
    expect(await plan.outcome(() => plan.approve(bo))).toBe("lifecycle");
    expect(await plan.outcome(() => plan.start(ines))).toBe("lifecycle");
    expect(await plan.outcome(() => plan.gate("ci"))).toBe("lifecycle");
    await plan.says(ines, "withdrawn", {});
  });

  test.each([
    ["RB", { mode: "exercise" }],
    ["RB", { mode: "plan" }],
    ["DR", {}],
    ["PL", {}],
    ["DR", { mode: "plan" }],
    ["PL", { mode: "exercise" }],
  ])("a number with %s is not given to %o", async (prefix, mode) => {
    const wrong = new Steps(ledger, `${prefix}-2026-1`);
    expect(await wrong.outcome(() => wrong.propose(ines, mode))).toBe("record-bound");
  });

  test("a number has the year in which it was given, and keeps it", async () => {
    const wrong = new Steps(ledger, "RB-2025-1");
    expect(await wrong.outcome(() => wrong.propose(ines))).toBe("record-bound");
    ledger.now = Date.parse("2026-12-31T23:00:00.000Z");
    await record.propose(ines);
    await record.wait(2 * hour);
    await record.revise(ines);
    expect(record.state.revision).toBe(2);
  });
});
