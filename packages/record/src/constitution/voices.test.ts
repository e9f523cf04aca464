/** Ways to have more voices than one, or to make a decision mean more than it said. */
import { beforeEach, describe, expect, test } from "vitest";
import { parseEntry } from "../entry/entry.ts";
import { actor, type Actor } from "../testing/actors.ts";
import {
  at,
  bo,
  cleo,
  compromised,
  dan,
  decideOn,
  emergency,
  ines,
  ledger,
  open,
  record,
  refused,
  registrySays,
  renewal,
  role,
  second,
} from "../testing/cast.ts";
import { day, hour, judgeThat, withRules } from "../testing/steps.ts";
beforeEach(async () => open());

describe("a second key is no second person", () => {
  async function another(who: Actor): Promise<Actor> {
    const key = actor(who.id);
    await registrySays(ledger.administrator, "key-added", {
      person: who.id,
      newKey: { fingerprint: key.fingerprint, line: key.line },
    });
    return key;
  }

  test("the proposer's other key decides as little as the first", async () => {
    await record.propose(ines);
    await record.assess(ines);
    const other = await another(ines);
    await refused("approver-not-proposer", () => record.approve(other));
  });

  test("nor does it judge an emergency, review, or decide on an exception", async () => {
    await record.propose(ines, { ...emergency, expiresAt: at(2 * day) });
    await record.run(ines);
    const other = await another(ines);
    await refused("approver-not-proposer", () => record.judge(other));
    await record.says(ines, "exception-requested", renewal(3 * day));
    await refused("approver-not-proposer", () => decideOn(other, "approve"));
    await record.observe(bo, "f".repeat(40));
    await refused("reviewer-took-no-part", () => record.review(other));
  });
});

describe("delegation", () => {
  beforeEach(async () => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({ roles: [{ role: "sre", count: 1 }] })),
    );
    await role(bo, "sre");
    await record.propose(ines);
    await record.assess(ines);
  });

  test("goes one step, to a person who could decide, and not in a ring", async () => {
    await record.decide(bo, "delegate", { to: "cleo" });
    await refused("one-person-one-voice", () => record.approve(bo));
    await refused("quorum", () => record.decide(cleo, "delegate", { to: "dan" }));
    await refused("quorum", () => record.decide(dan, "delegate", { to: "bo" }));
    await refused("quorum", () => record.decide(dan, "delegate", { to: "dan" }));
    await refused("quorum", () => record.decide(dan, "delegate", { to: "nobody" }));
    await refused("approver-not-proposer", () => record.decide(dan, "delegate", { to: "ines" }));
    await record.approve(cleo);
    expect(record.state.status).toBe("authorised");
  });

  test("not to a machine, and not to an author of what is undone", async () => {
    await ledger.enrol(actor("robot"), { kind: "workload", permissions: ["verify"] });
    await refused("quorum", () => record.decide(bo, "delegate", { to: "robot" }));
    await record.assess(ines, { authors: ["cleo"] });
    await refused("approver-not-author", () => record.decide(bo, "delegate", { to: "cleo" }));
  });

  test("nobody takes back what another said, or what is not in force", async () => {
    await record.decide(bo, "delegate", { to: "cleo" });
    const decision = record.state.decisions[0]?.id ?? "";
    const takeBack = (by: typeof bo, id: string) => () =>
      record.says(by, "decision-withdrawn", { decision: id });
    await refused("lifecycle", takeBack(cleo, decision));
    await refused("lifecycle", takeBack(bo, "00000000-0000-4000-8000-00000000000f"));
    await takeBack(bo, decision)();
    await refused("lifecycle", takeBack(bo, decision));
  });

  test("without it the role is missing; taken back, the authorisation falls", async () => {
    await record.approve(cleo);
    expect(record.state.status).toBe("pending_approval");
    await record.decide(bo, "delegate", { to: "cleo" });
    expect(record.state.status).toBe("authorised");
    await record.takeBack(bo);
    expect(record.state).toMatchObject({ status: "pending_approval" });
    expect(record.state.authorisation).toBeUndefined();
  });

  test("by a key that turns out compromised it lends nothing", async () => {
    await record.decide(bo, "delegate", { to: "cleo" });
    await compromised(bo);
    await record.approve(cleo);
    expect(record.state.status).toBe("pending_approval");
  });

  test("a delegation of yesterday's version is void", async () => {
    await record.decide(bo, "delegate", { to: "cleo" });
    await record.assess(ines, { commits: 3 });
    await record.approve(cleo);
    expect(record.state.status).toBe("pending_approval");
  });
});

describe("escalation and changes asked for", () => {
  beforeEach(async () => {
    await record.propose(ines);
    await record.assess(ines);
  });

  test("whoever escalates has spoken, and a role that nobody holds lets nothing through", async () => {
    await record.decide(bo, "escalate", { to: "ciso" });
    await refused("one-person-one-voice", () => record.approve(bo));
    await record.approve(cleo);
    expect(record.state.status).toBe("pending_approval");
    await role(dan, "ciso", { services: ["other"] });
    await record.approve(dan);
    expect(record.state.status).toBe("pending_approval");
    await role(cleo, "ciso", { environments: ["prod"] });
    await ledger.settle();
    expect(record.state.status).toBe("authorised");
  });

  test("changes asked for hold everything back until they are made or it is taken back", async () => {
    await record.decide(bo, "request-changes");
    await record.approve(cleo);
    await record.approve(dan);
    expect(record.state.status).toBe("pending_approval");
    await record.takeBack(bo);
    expect(record.state.status).toBe("authorised");
  });

  test("`to` and conditions belong to the decisions that have them", async () => {
    await refused("lifecycle", () => record.approve(bo, { to: "cleo" }));
    await refused("lifecycle", () => record.decide(bo, "escalate"));
    await refused("lifecycle", () => record.decide(bo, "delegate"));
    const conditions = [{ type: "until", at: at(hour) }];
    await refused("lifecycle", () => record.decide(bo, "reject", { conditions }));
    await refused("lifecycle", () => record.decide(bo, "escalate", { to: "sre", conditions }));
  });
});

describe("conditions", () => {
  beforeEach(async () => {
    await record.propose(ines);
    await record.assess(ines);
  });
  const only = (conditions: readonly object[]) => ({ conditions: conditions as never });

  test("a check must have passed, newest report, about this version", async () => {
    await record.check(dan, "canary", "passed");
    await record.revise(ines, { target: { type: "commit", commit: "d".repeat(40) } });
    await record.assess(ines);
    await record.approve(bo, only([{ type: "check", name: "canary" }]));
    await refused("condition", () => record.start(ines));
    await record.check(dan, "canary", "passed");
    await record.check(dan, "canary", "failed");
    await refused("condition", () => record.start(ines));
    await refused("condition", () => record.gate("ci"));
    await record.check(dan, "canary", "passed");
    expect(await record.outcome(() => record.start(ines))).toBe("accepted");
  });

  test("until T is before T; only in E is only in E", async () => {
    await record.approve(
      bo,
      only([
        { type: "until", at: at(hour) },
        { type: "environment", environment: "prod" },
      ]),
    );
    await record.wait(hour);
    await refused("condition", () => record.start(ines));
    ledger.now -= 1;
    await refused("condition", () => record.gate("ci", { environment: "staging" }));
    expect(await record.outcome(() => record.start(ines))).toBe("accepted");
  });

  test("an environment that is not the record's is never let through", async () => {
    await record.approve(bo, only([{ type: "environment", environment: "staging" }]));
    await refused("condition", () => record.start(ines));
    await refused("target-pinned", () => record.gate("ci", { environment: "staging" }));
  });

  test("of every approval that counts, each once", async () => {
    await open({ approvals: 2 });
    await record.propose(ines);
    await record.assess(ines);
    const until = { type: "until", at: at(hour) };
    await record.approve(bo, only([until]));
    await record.approve(cleo, only([until, { type: "check", name: "canary" }]));
    expect(record.state.authorisation?.conditions).toEqual([
      until,
      { type: "check", name: "canary" },
    ]);
  });

  test("as many as an entry cannot hold are refused when they are set, not when they are owed", async () => {
    await open({ approvals: 8 });
    const many = ["p1", "p2", "p3", "p4", "p5"].map(actor);
    for (const who of many) await ledger.enrol(who);
    await record.propose(ines);
    await record.assess(ines);
    for (const [i, who] of [bo, cleo, dan, ...many].entries()) {
      const conditions = Array.from({ length: 10 }, (_, j) => ({
        type: "check",
        name: `${"n".repeat(96)}-${i}-${j}`,
      }));
      const expected = i < 5 ? "accepted" : "condition";
      expect(await record.outcome(() => record.approve(who, only(conditions)))).toBe(expected);
      if (i >= 5) await record.approve(who);
    }
    expect(record.state.status).toBe("authorised");
  });
});

test("a role with the longest of names can still be granted for", async () => {
  const name = "r".repeat(100);
  await withRules(
    ledger,
    second,
    judgeThat(() => ({ roles: [{ role: name, count: 1 }] })),
  );
  await role(bo, name);
  await record.propose(ines);
  await record.assess(ines);
  await record.approve(bo);
  expect(record.state.status).toBe("authorised");
});

describe("evidence that the rules ask for", () => {
  test("must be about the target that is approved", async () => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({ evidence: ["junit", "sarif"] })),
    );
    await record.propose(ines);
    await record.assess(ines);
    await record.evidence(dan, "junit", "1");
    await refused("policy", () => record.approve(bo));
    await record.evidence(dan, "sarif", "2");
    await record.revise(ines, { target: { type: "commit", commit: "d".repeat(40) } });
    await record.assess(ines);
    await refused("policy", () => record.approve(bo));
    await record.evidence(dan, "junit", "3");
    await record.evidence(dan, "sarif", "4");
    await record.approve(bo);
    expect(record.state.status).toBe("authorised");
  });
});

describe("the same thing twice", () => {
  /** The newest entry of this kind once more, as a ledger's operator could write it. */
  async function again(type: string): Promise<string> {
    const index = record.state.timeline.findLast((item) => item.type === type)?.index ?? -1;
    const { envelope } = parseEntry(ledger.entries[index] ?? new Uint8Array());
    return record.outcome(() => ledger.append(record.id, envelope));
  }

  test("a decision that was taken back does not come back", async () => {
    await record.propose(ines);
    await record.assess(ines);
    await record.approve(bo);
    await record.takeBack(bo);
    expect(record.state.status).toBe("pending_approval");
    expect(await again("decision")).toBe("chain");
  });

  test("nor does a check's earlier report", async () => {
    await record.propose(ines);
    await record.assess(ines);
    await record.check(dan, "canary", "passed");
    expect(await again("check-reported")).toBe("chain");
    await record.check(dan, "canary", "failed");
    expect(record.state.checks).toHaveLength(2);
  });
});
