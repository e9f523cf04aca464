/** Ways to escape what is owed: an end, an obligation, the clock, the rules of the policy. */
import { beforeEach, describe, expect, test } from "vitest";
import { maxRecordEntries } from "../lifecycle/advance.ts";
import { beginEntry, emptyWorld, replayEntry } from "../lifecycle/replay.ts";
import { isOverdue } from "../lifecycle/state.ts";
import { actor, assessmentBody, envelopeOf, type Actor } from "../testing/actors.ts";
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
  renewal,
  second,
} from "../testing/cast.ts";
import { day, hour, judgeThat, Steps, withRules } from "../testing/steps.ts";
beforeEach(async () => open());

describe("what is temporary", () => {
  async function running(expires = 10 * day): Promise<void> {
    await record.propose(ines, { expiresAt: at(expires) });
    await record.assess(ines);
    await record.approve(bo);
    await record.run(ines);
  }

  test("stays no longer than the rules say, whatever the proposal says", async () => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({ temporaryDays: 3 })),
    );
    await running();
    expect(record.state.temporary?.expiresAt).toBe(at(3 * day));
  });

  test("an end before that is kept", async () => {
    await running(2 * day);
    expect(record.state.temporary?.expiresAt).toBe(at(2 * day));
  });

  test("a renewal that nobody finished deciding on does not raise what was undone", async () => {
    await running();
    await record.says(ines, "exception-requested", renewal(20 * day));
    await decideOn(cleo, "approve");
    await record.says(dan, "temporary-undone", {
      running: { type: "commit", commit: "d".repeat(40) },
      source: "kubectl",
    });
    await refused("lifecycle", () => decideOn(dan, "approve"));
    expect(record.state.temporary?.ended?.how).toBe("undone");
    expect(record.state.exceptions[0]?.outcome).toBe("void");
    await record.wait(30 * day);
    expect(record.state.timeline.map((item) => item.type)).not.toContain("exception-expired");
  });

  test("a renewal asks for one person more each time, over what the record needed", async () => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({ approvals: 2, renewals: 1 })),
    );
    await record.propose(ines, { expiresAt: at(10 * day) });
    await record.assess(ines);
    await record.approve(bo);
    await record.approve(cleo);
    await record.run(ines);
    await record.says(ines, "exception-requested", renewal(12 * day));
    expect(record.state.exceptions[0]?.approvals).toBe(3);
    await decideOn(bo, "approve");
    await refused("one-person-one-voice", () => decideOn(bo, "approve"));
    await decideOn(cleo, "approve");
    expect(record.state.temporary?.renewals).toBe(0);
    await decideOn(dan, "approve");
    expect(record.state.temporary).toMatchObject({ renewals: 1, expiresAt: at(12 * day) });
    await refused("policy", () => record.says(ines, "exception-requested", renewal(15 * day)));
  });

  test("approvals of a compromised key renew nothing", async () => {
    await running();
    await record.says(ines, "exception-requested", renewal(20 * day));
    await decideOn(cleo, "approve");
    await compromised(cleo);
    await decideOn(bo, "approve");
    expect(record.state.temporary?.renewals).toBe(0);
    await decideOn(dan, "approve");
    expect(record.state.temporary?.renewals).toBe(1);
  });

  test("one refusal ends a request; requests come one at a time, and within bounds", async () => {
    await running();
    const ask = (body: ReturnType<typeof renewal>) => () =>
      record.says(ines, "exception-requested", body);
    await refused("policy", ask(renewal(10 * day)));
    await refused("policy", ask(renewal(30 * day + 1)));
    await refused("lifecycle", ask({ ...renewal(20 * day), kind: "make-permanent" }));
    const { until: _none, ...endless } = renewal(20 * day);
    await refused("lifecycle", ask(endless));
    await record.says(ines, "exception-requested", renewal(30 * day));
    await refused("lifecycle", ask(renewal(20 * day)));
    await decideOn(bo, "reject");
    await refused("lifecycle", () => decideOn(cleo, "approve"));
    await record.says(ines, "exception-requested", { ...endless, kind: "make-permanent" });
    await decideOn(bo, "approve");
    await decideOn(cleo, "approve");
    expect(record.state.temporary?.ended?.how).toBe("permanent");
    await refused("lifecycle", ask(renewal(20 * day)));
  });

  test("is not undone while the target runs, and not twice", async () => {
    await running();
    const undone = (commit: string) => () =>
      record.says(dan, "temporary-undone", {
        running: { type: "commit", commit },
        source: "kubectl",
      });
    await refused("lifecycle", undone("a".repeat(40)));
    await undone("d".repeat(40))();
    await refused("lifecycle", undone("d".repeat(40)));
  });

  test("closing the record does not end it", async () => {
    await running(2 * day);
    await record.observe(bo);
    await record.verify(bo, "failed");
    await record.review(cleo);
    await record.close(cleo);
    await record.wait(2 * day);
    expect(record.state.temporary?.expired).toBeDefined();
    expect(record.state.status).toBe("closed");
  });

  test("an ordinary record has nothing to renew or undo", async () => {
    await record.propose(ines);
    await record.assess(ines);
    await record.approve(bo);
    await record.run(ines);
    await refused("lifecycle", () => record.says(ines, "exception-requested", renewal(day)));
    await refused("lifecycle", () =>
      record.says(dan, "temporary-undone", {
        running: { type: "commit", commit: "d".repeat(40) },
        source: "kubectl",
      }),
    );
  });
});

describe("what is mandatory", () => {
  const obliged = () => ({ obligation: { signal: "CVE-1", owner: "cleo", deadline: at(5 * day) } });
  beforeEach(async () => {
    await record.propose(ines, obliged());
  });

  test("is not withdrawn, rejected, left out, changed or moved elsewhere", async () => {
    await refused("mandatory", () => record.says(ines, "withdrawn", {}));
    await record.assess(ines);
    await refused("mandatory", () => record.decide(bo, "reject"));
    const { hash, uid, proposal } = record.state;
    const revises = { record: "RB-2026-1", hash };
    await refused("mandatory", () => record.propose(ines, { uid, revises }));
    const late = { ...proposal.obligation, deadline: at(9 * day) } as never;
    await refused("mandatory", () => record.revise(ines, { obligation: late }));
    await refused("mandatory", () => record.revise(ines, { service: "toy" }));
    await refused("mandatory", () => record.revise(ines, { environment: "staging" }));
    await record.revise(ines, { target: { type: "commit", commit: "d".repeat(40) } });
  });

  test("does not expire and does not lapse away", async () => {
    await record.wait(4 * day);
    expect(record.state.status).toBe("proposed");
    await record.assess(ines);
    await record.approve(bo);
    await record.wait(4 * hour);
    expect(record.state.status).toBe("pending_approval");
    expect(record.state.decisions[0]?.voidedBy).toBeDefined();
  });

  test.each(["a run that fails, and a review", "a run that never reports"])(
    "%s does not meet it",
    async (how) => {
      await record.assess(ines);
      await record.approve(bo);
      await record.start(ines);
      if (how.startsWith("a run that fails")) {
        await record.finish(ines, { type: "exited", code: 1 });
        await refused("mandatory", () => record.review(dan));
      }
      await record.wait(5 * day);
      expect(record.state.obligationOverdue).toBe(ledger.entries.length - 1);
    },
  );

  test.each(["reported", "seen"])("a target that ran meets it: %s", async (how) => {
    await record.assess(ines);
    await record.approve(bo);
    if (how === "reported") await record.run(ines);
    else {
      await record.gate("ci");
      await record.observe(dan);
    }
    await record.wait(6 * day);
    expect(record.state.obligationOverdue).toBeUndefined();
  });

  test("an override is another person's, ends, and moves the deadline to its end", async () => {
    const override = (by: Actor, until: number) => () =>
      record.says(by, "overridden", {
        until: at(until),
        control: ledger.commit("the path is blocked at the edge"),
        rationale: ledger.commit("the fix is due on Friday"),
      });
    await refused("approver-not-proposer", override(ines, day));
    await refused("approver-not-proposer", override(cleo, day));
    await refused("policy", override(bo, 0));
    await refused("policy", override(bo, 30 * day + 1));
    await record.assess(ines);
    await record.approve(dan);
    await override(bo, 10 * day)();
    expect(record.state).toMatchObject({ status: "overridden" });
    expect(record.state.authorisation).toBeUndefined();
    await refused("lifecycle", () => record.start(ines));
    await record.wait(10 * day - 1);
    expect(record.state.obligationOverdue).toBeUndefined();
    await record.wait(1);
    expect(record.state.status).toBe("pending_approval");
    expect(record.state.timeline.slice(-2).map((item) => item.type)).toEqual([
      "override-ended",
      "obligation-overdue",
    ]);
  });

  test("an ordinary record is not overridden, and an obligation is an ordinary record's", async () => {
    const other = new Steps(ledger, "RB-2026-2");
    const uid = "00000000-0000-4000-8000-000000000002";
    await other.propose(ines, { uid });
    const body = { until: at(day), control: ledger.commit("x"), rationale: ledger.commit("y") };
    expect(await other.outcome(() => other.says(bo, "overridden", body))).toBe("mandatory");
    const drill = new Steps(ledger, "DR-2026-3");
    const wrong = { uid: uid.replace(/2$/, "3"), ...obliged() };
    expect(await drill.outcome(() => drill.propose(ines, { ...wrong, mode: "exercise" }))).toBe(
      "mandatory",
    );
    const third = new Steps(ledger, "RB-2026-3");
    const nobody = { ...obliged().obligation, owner: "nobody" };
    expect(await third.outcome(() => third.propose(ines, { ...wrong, obligation: nobody }))).toBe(
      "mandatory",
    );
    const past = { ...obliged().obligation, deadline: ledger.time() };
    expect(await third.outcome(() => third.propose(ines, { ...wrong, obligation: past }))).toBe(
      "mandatory",
    );
  });
});

describe("filling a record", () => {
  test("stops those who take part, and neither time nor those who judge", async () => {
    await record.propose(ines, emergency);
    await record.run(ines);
    const item = record.state.timeline[1] as (typeof record.state.timeline)[number];
    const timeline = [
      ...record.state.timeline,
      ...Array.from({ length: maxRecordEntries }, () => item),
    ];
    ledger.world.records.set(record.id, { ...record.state, timeline });
    await refused("record-bound", () => record.evidence(dan, "log", "1"));
    await record.wait(72 * hour);
    expect(isOverdue(record.state)).toBe(true);
    await record.judge(cleo);
    expect(isOverdue(record.state)).toBe(false);
  });
});

describe("the ledger's clock", () => {
  test("that goes back is refused, in a record and across the registry", async () => {
    await record.propose(ines);
    ledger.now -= 1;
    expect(await record.outcome(() => record.assess(ines))).toBe("clock");
    await expect(ledger.enrol(actor("eve"))).rejects.toMatchObject({ rule: "clock" });
    ledger.now += 1;
    await record.assess(ines);
  });

  test("an approval cannot be dated back before the request expired", async () => {
    await record.propose(ines);
    await record.assess(ines);
    ledger.now += 72 * hour;
    await ledger.enrol(actor("eve"));
    ledger.now -= 1;
    expect(await record.outcome(() => record.approve(bo))).toBe("clock");
  });

  test("that jumps ahead: what fell due is said, and nothing else", async () => {
    await record.propose(ines);
    await record.assess(ines);
    ledger.now += 400 * day;
    await refused("lifecycle", () => record.approve(bo));
    expect(record.state.status).toBe("expired");
  });
});

describe("rules of the policy", () => {
  test("what they do not permit is refused, and what is not at hand permits nothing", async () => {
    await withRules(
      ledger,
      second,
      judgeThat(
        () => ({}),
        ({ action }) => action !== "approve",
      ),
    );
    await record.propose(ines);
    await record.assess(ines);
    await refused("policy", () => record.approve(bo));
    ledger.world = { ...ledger.world, judging: () => undefined };
    await refused("policy", () => record.decide(bo, "reject"));
  });

  test("classify what was assessed; an emergency at once, and each version once", async () => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({})),
    );
    const times = () => record.state.timeline.filter((item) => item.type === "classified").length;
    await record.propose(ines);
    expect(times()).toBe(0);
    await record.assess(ines);
    expect(times()).toBe(1);
    await record.approve(bo);
    expect(record.state.status).toBe("authorised");
    expect(times()).toBe(1);
    const urgent = new Steps(ledger, "RB-2026-2");
    const uid = "00000000-0000-4000-8000-000000000002";
    await urgent.propose(ines, { uid, mode: "emergency", incident: "INC-1" });
    expect(urgent.state.timeline.map((item) => item.type)).toEqual([
      "proposed",
      "classified",
      "authorised",
    ]);
  });

  test("a classification is of the rules in force, with a judge and without", async () => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({})),
    );
    await record.propose(ines);
    await record.assess(ines);
    expect(record.state.classification?.classes).toEqual(["test"]);
    const unchecked = emptyWorld("unchecked");
    for (const [index, bytes] of ledger.entries.entries()) {
      await replayEntry(unchecked, beginEntry(unchecked, index, bytes));
    }
    expect(unchecked.records.get(record.id)?.classification?.classes).toEqual(["test"]);
  });

  test("unchecked, a classification of other rules is refused all the same", async () => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({})),
    );
    await record.propose(ines);
    // Up to the assessment only: `append` says nothing of what follows.
    const state = record.state;
    const subject = [
      { name: `urn:countermand:record:${state.id}`, digest: { sha256: state.hash } },
    ];
    const context = { overdueOfActor: 0, overdueOfService: 0, ranBefore: false };
    await ledger.append(
      record.id,
      envelopeOf(ines, "assessed", subject, assessmentBody(), ledger.time()),
      { context },
    );
    ledger.world = { ...ledger.world, judging: "unchecked" };
    const body = {
      record: record.id,
      policy: "0".repeat(64),
      classes: [],
      rules: [],
      obligations: { ...state.obligations },
    };
    const classified = envelopeOf(
      ledger.system,
      "classified",
      [{ name: `urn:countermand:record:${state.id}`, digest: { sha256: record.state.hash } }],
      body,
      ledger.time(),
    );
    await expect(ledger.append(record.id, classified)).rejects.toMatchObject({ rule: "policy" });
  });
});
