/** What a run that fails, or never reports, leaves people to do; and a mandatory rollback until it ran. */
import { beforeEach, describe, expect, test } from "vitest";
import { at, bo, cleo, dan, ines, ledger, open, record, refused, second } from "../testing/cast.ts";
import { day, hour, judgeThat, minute, withRules } from "../testing/steps.ts";
import { deadlinesOf } from "./deadlines.ts";
import { dutiesOf } from "./duties.ts";
import { isDangling } from "./state.ts";

beforeEach(async () => open());

const failed = { type: "exited", code: 1 };
const overrides = (until = day) =>
  record.says(bo, "overridden", {
    until: at(until),
    control: ledger.commit("the path is blocked at the edge"),
    rationale: ledger.commit("the run failed twice"),
  });

async function granted(changes = {}): Promise<void> {
  await record.propose(ines, changes);
  await record.assess(ines);
  await record.approve(bo);
}

describe("a mandatory rollback whose run failed", () => {
  const obliged = () => ({ obligation: { signal: "CVE-1", owner: "cleo", deadline: at(5 * day) } });

  test("is tried again under its grant, and after it under a new one", async () => {
    await granted(obliged());
    await record.run(ines, failed);
    await record.run(ines, failed);
    await record.wait(4 * hour);
    expect(record.state).toMatchObject({ status: "pending_approval" });
    expect(record.state.authorisation).toBeUndefined();
    await refused("lifecycle", () => record.start(ines));
    await record.approve(bo);
    await record.run(ines);
    expect(record.state.status).toBe("executed");
    await record.wait(10 * day);
    expect(record.state.obligationOverdue).toBeUndefined();
  });

  test("is revised at once, and then needs its decisions anew", async () => {
    await granted(obliged());
    await record.run(ines, failed);
    const target = { type: "commit", commit: "d".repeat(40) };
    await record.revise(ines, { target });
    expect(record.state).toMatchObject({ status: "proposed", revision: 2 });
    expect(record.state.decisions.every((item) => item.voidedBy !== undefined)).toBe(true);
    await refused("mandatory", () => record.revise(ines, { obligation: { ...later() } }));
    await record.assess(ines);
    await record.approve(bo);
    await record.run(ines);
    await record.observe(dan, "d".repeat(40));
    expect(record.state.status).toBe("verifying");
  });
  const later = () => ({ signal: "CVE-1", owner: "cleo", deadline: at(9 * day) });

  test("that a gate let through is revised too: its grant is used up", async () => {
    await granted(obliged());
    await record.gate("ci");
    await record.finish(dan, { type: "unknown" });
    await refused("lifecycle", () => record.start(ines));
    await record.revise(ines);
    await record.assess(ines);
    await record.approve(bo);
    await record.gate("ci");
    expect(record.state.status).toBe("executing");
  });

  test("is overridden, by neither owner nor proposer, and waits again at the end", async () => {
    await granted(obliged());
    await record.run(ines, failed);
    await refused("approver-not-proposer", () =>
      record.says(cleo, "overridden", {
        until: at(day),
        control: ledger.commit("x"),
        rationale: ledger.commit("y"),
      }),
    );
    await overrides();
    expect(record.state.status).toBe("overridden");
    await record.wait(day);
    expect(record.state.status).toBe("pending_approval");
    expect(deadlinesOf(record.state).map((item) => item.type)).toEqual(["obligation-overdue"]);
  });

  test("is overridden after its deadline as well", async () => {
    await granted(obliged());
    await record.run(ines, failed);
    await record.wait(6 * day);
    expect(record.state.obligationOverdue).toBeDefined();
    await overrides();
    expect(record.state.status).toBe("overridden");
  });

  test("is not reviewed away; once it ran, it is", async () => {
    await granted(obliged());
    await record.run(ines, failed);
    await refused("mandatory", () => record.review(dan));
    await record.run(ines);
    await record.observe(bo);
    await record.verify(bo);
    await record.wait(30 * minute);
    await record.review(dan);
    expect(record.state.status).toBe("in_review");
  });

  test("begins its stay with the attempt that runs, and asks for nothing of the one before", async () => {
    await granted({ ...obliged(), expiresAt: at(10 * day) });
    await record.run(ines, failed);
    await record.says(ines, "exception-requested", {
      kind: "make-permanent",
      rationale: ledger.commit("the fix is not there"),
    });
    await record.wait(4 * hour);
    expect(record.state.temporary).toBeUndefined();
    expect(record.state.exceptions[0]?.outcome).toBe("void");
    expect(deadlinesOf(record.state).map((item) => item.type)).toEqual(["obligation-overdue"]);
    await record.approve(bo);
    await record.run(ines);
    expect(record.state.temporary).toMatchObject({ from: at(0), renewals: 0 });
  });

  test("dangles only while a run of it may stand", async () => {
    await granted(obliged());
    await record.start(ines);
    expect(isDangling(record.state)).toBe(true);
    await record.finish(ines, failed);
    expect(isDangling(record.state)).toBe(false);
    await record.wait(4 * hour);
    expect(isDangling(record.state)).toBe(false);
    await record.approve(bo);
    expect(isDangling(record.state)).toBe(false);
    await record.run(ines);
    expect(isDangling(record.state)).toBe(true);
  });

  test("has no second go in the lane for clean reverts", async () => {
    ledger.facts = { overdueOfActor: 0, overdueOfService: 0, ranBefore: true };
    await withRules(
      ledger,
      second,
      judgeThat(() => ({ approvals: 0, lane: "clean-revert" })),
    );
    await record.propose(ines, obliged());
    const inverse = { digest: "9".repeat(64), size: 9 };
    await record.assess(ines, { unknowns: [], inverse });
    expect(record.state.authorisation?.lane).toBe("clean-revert");
    await record.run(ines, failed);
    await record.wait(4 * hour);
    expect(record.state.status).toBe("pending_approval");
    await record.approve(bo);
    expect(record.state.authorisation?.lane).toBe("quorum");
  });
});

describe("an ordinary rollback whose run failed", () => {
  beforeEach(async () => {
    await granted();
    await record.run(ines, failed);
  });

  test("is not revised or overridden, and its window ends without a word", async () => {
    await refused("lifecycle", () => record.revise(ines));
    await refused("mandatory", () => overrides());
    await record.wait(10 * day);
    expect(record.state.status).toBe("execution_failed");
    await record.review(dan);
    expect(isDangling(record.state)).toBe(false);
  });
});

describe("a run that nobody reports on", () => {
  beforeEach(async () => {
    await granted();
    await record.start(ines);
  });
  const says = () => dutiesOf(record.state).find((item) => item.term === "Execution");

  test("is a duty of who began it, and told once", async () => {
    expect(says()).toMatchObject({ tone: "waits", actor: "ines" });
    const since = at(0);
    await record.wait(2 * hour - 1);
    expect(says()?.tone).toBe("waits");
    await record.wait(1);
    expect(says()?.tone).toBe("bad");
    expect(says()?.says).toContain(`not reported since ${since}`);
    const entries = ledger.entries.length;
    await record.wait(30 * day);
    expect(ledger.entries.length).toBe(entries);
  });

  test("is reported late by who began it", async () => {
    await record.wait(3 * hour);
    await refused("same-executor", () => record.finish(dan));
    await record.finish(ines);
    expect(record.state.status).toBe("executed");
    expect(record.state.executions[0]).toMatchObject({ overdue: ledger.entries.length - 2 });
  });

  test("is declared lost by another, and still told by who began it, once", async () => {
    await record.wait(3 * hour);
    await record.finish(dan, { type: "unknown" });
    expect(record.state.status).toBe("execution_failed");
    await refused("lifecycle", () => record.finish(cleo, { type: "unknown" }));
    await refused("same-executor", () => record.finish(dan));
    await record.finish(ines);
    expect(record.state).toMatchObject({ status: "executed" });
    await refused("lifecycle", () => record.finish(ines));
  });

  test("that was told as failed is not told otherwise", async () => {
    await record.finish(ines, failed);
    await refused("lifecycle", () => record.finish(ines));
  });

  test("is seen by another, only once it is overdue", async () => {
    await refused("lifecycle", () => record.observe(dan));
    await record.wait(2 * hour);
    await record.observe(dan, "d".repeat(40));
    expect(record.state.status).toBe("executing");
    await record.observe(ines);
    expect(record.state.status).toBe("executing");
    await record.observe(dan);
    expect(record.state.status).toBe("verifying");
  });

  test("begins its time anew when it is tried again", async () => {
    await record.finish(ines, failed);
    await record.wait(hour);
    await record.start(ines);
    expect(deadlinesOf(record.state)).toMatchObject([
      { type: "execution-overdue", at: at(2 * hour) },
    ]);
  });
});

describe("a request to let something stay", () => {
  test("that expired counts no longer, and another may be made", async () => {
    await granted({ expiresAt: at(10 * day) });
    await record.run(ines);
    const ask = () =>
      record.says(ines, "exception-requested", {
        kind: "make-permanent",
        rationale: ledger.commit("it is better so"),
      });
    const decide = (who: typeof bo) => {
      const request = record.state.exceptions.at(-1)?.id ?? "";
      return record.says(who, "exception-decided", { request, decision: "approve" });
    };
    await ask();
    await decide(cleo);
    await record.wait(72 * hour);
    expect(record.state.exceptions[0]?.outcome).toBe("expired");
    await refused("lifecycle", () => decide(dan));
    await ask();
    await decide(dan);
    expect(record.state.temporary?.ended).toBeUndefined();
    await decide(cleo);
    expect(record.state.temporary?.ended?.how).toBe("permanent");
  });
});
