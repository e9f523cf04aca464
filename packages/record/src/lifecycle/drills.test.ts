/** Drills by a schedule: when they fall due, what is told of those nobody saw, how they are held and end. */
import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { actor, envelopeOf } from "../testing/actors.ts";
import { at, bo, cleo, ines, ledger, open } from "../testing/cast.ts";
import { day, hour, Steps } from "../testing/steps.ts";
import { aboutRecord } from "../statements/statement-type.ts";
import { deadlinesOf } from "./deadlines.ts";
import { dutiesOf } from "./duties.ts";
import { beginEntry, emptyWorld, replayEntry } from "./replay.ts";

let plan: Steps;
beforeEach(async () => {
  await open();
  plan = new Steps(ledger, "PL-2026-1");
  await plan.propose(ines, { mode: "plan" });
});

const schedule = (changes: JsonObject = {}) => ({
  owner: "cleo",
  first: at(7 * day),
  every: "P30D",
  until: at(365 * day),
  withinDays: 10,
  target: "planned",
  ...changes,
});
const schedules = (changes: JsonObject = {}, by = ines) =>
  plan.says(by, "drill-scheduled", schedule(changes));
const cancels = () =>
  plan.says(bo, "drill-cancelled", { rationale: ledger.commit("the service is gone") });
const types = () => plan.state.timeline.map((item) => item.type);

/** Somebody says that DR-2026-2 was the drill; the ledger knows of it what `known` says. */
function held(known: { plan?: string; openedAt?: string } | undefined, outcome = "succeeded") {
  const drill = known === undefined ? undefined : { plan: plan.id, openedAt: at(0), ...known };
  ledger.facts = {
    overdueOfActor: 0,
    overdueOfService: 0,
    ranBefore: false,
    ...(drill === undefined ? {} : { drill }),
  };
  return plan.says(cleo, "drill-held", { drill: "DR-2026-2", outcome });
}

async function refused(rule: string, attempt: () => Promise<unknown>): Promise<void> {
  expect(await plan.outcome(attempt)).toBe(rule);
}

describe("a schedule", () => {
  test("is of a plan that stands, by a person who may initiate, one at a time", async () => {
    const other = new Steps(ledger, "RB-2026-2");
    await other.propose(ines, { uid: "00000000-0000-4000-8000-000000000002" });
    expect(await other.outcome(() => other.says(ines, "drill-scheduled", schedule()))).toBe(
      "lifecycle",
    );
    const agent = actor("robot");
    await ledger.enrol(agent, { kind: "agent", permissions: ["initiate"] });
    await refused("humans-decide", () => schedules({}, agent));
    await schedules();
    await refused("lifecycle", () => schedules());
    await cancels();
    await schedules({ every: "P1M" });
    expect(plan.state.drills?.schedule.every).toBe("P1M");
    expect(plan.state.drills?.cancelled).toBeUndefined();
  });

  test("has an owner who is a person here, a first time ahead, and an end", async () => {
    await refused("humans-decide", () => schedules({ owner: "nobody" }));
    const agent = actor("robot");
    await ledger.enrol(agent, { kind: "agent", permissions: ["initiate"] });
    await refused("humans-decide", () => schedules({ owner: "robot" }));
    await refused("policy", () => schedules({ first: at(0) }));
    await refused("policy", () => schedules({ until: at(7 * day - 1) }));
    await refused("policy", () => schedules({ until: at(1830 * day + 1) }));
    await schedules({ first: at(1), until: at(1830 * day) });
  });

  test("may be of one drill only", async () => {
    await schedules({ until: at(7 * day) });
    await plan.wait(7 * day);
    expect(types().at(-1)).toBe("drill-due");
    expect(deadlinesOf(plan.state).map((item) => item.type)).toEqual(["drill-overdue"]);
    // It is over, and another may follow; what is due stays due.
    await schedules();
    expect(plan.state.drills?.due).toBeDefined();
  });

  test("outlives a revision of its plan, and not the plan", async () => {
    await schedules();
    await plan.revise(ines, { checks: ["smoke"] });
    expect(deadlinesOf(plan.state)).toMatchObject([{ type: "drill-due", at: at(7 * day) }]);
    await plan.says(ines, "withdrawn", {});
    expect(deadlinesOf(plan.state)).toEqual([]);
    expect(dutiesOf(plan.state).map((item) => item.term)).not.toContain("Drill due");
  });
});

describe("a drill that falls due", () => {
  test("is told at each time, and the first that was not held stays the one to be held", async () => {
    await schedules();
    await plan.wait(7 * day);
    const first = at(0);
    expect(plan.state.drills?.due).toMatchObject({ at: first, missed: 0 });
    await plan.wait(30 * day);
    expect(types().slice(-3)).toEqual(["drill-due", "drill-overdue", "drill-due"]);
    expect(plan.state.drills?.due).toMatchObject({ at: first, missed: 1 });
    expect(plan.state.drills?.due?.overdue).toBeDefined();
    expect(dutiesOf(plan.state).find((item) => item.term === "Drill due")).toMatchObject({
      actor: "cleo",
      tone: "bad",
      says: expect.stringMatching(/and 1 more not held/),
    });
  });

  test("while nobody was there to say it, is told once, with how many were missed", async () => {
    await schedules();
    await plan.wait(200 * day);
    expect(types().filter((type) => type === "drill-due")).toHaveLength(1);
    expect(plan.state.drills).toMatchObject({
      told: at(-13 * day),
      due: { at: at(-13 * day), missed: 6 },
    });
    expect(deadlinesOf(plan.state)).toMatchObject([{ type: "drill-due", at: at(17 * day) }]);
  });

  test("before the end only, however late it is told", async () => {
    await schedules({ until: at(100 * day) });
    await plan.wait(4000 * day);
    expect(types().filter((type) => type === "drill-due")).toHaveLength(1);
    expect(plan.state.drills?.due).toMatchObject({ at: at(-3903 * day), missed: 3 });
    expect(deadlinesOf(plan.state)).toEqual([]);
  });

  test("on the last moment of the schedule is one of it", async () => {
    await schedules({ until: at(37 * day) });
    await plan.wait(36 * day);
    await plan.wait(day);
    expect(types().filter((type) => type === "drill-due")).toHaveLength(2);
  });

  test("is told with no other time and no other number", async () => {
    await schedules();
    ledger.now += 100 * day;
    const say = (body: JsonObject) =>
      ledger.append(
        plan.id,
        envelopeOf(
          ledger.system,
          "drill-due",
          aboutRecord({}, plan.state),
          { record: plan.id, ...body },
          ledger.time(),
        ),
      );
    const right = { deadline: at(-3 * day), missed: 3 };
    for (const wrong of [
      { ...right, missed: 0 },
      { ...right, deadline: at(-93 * day) },
      { ...right, deadline: at(-33 * day), missed: 2 },
    ]) {
      await expect(say(wrong)).rejects.toMatchObject({ rule: "system-only" });
    }
    await say(right);
  });

  test("is the same after a restart", async () => {
    await schedules({ every: "P1M" });
    for (const wait of [7 * day, 3 * day, 100 * day, hour]) {
      await plan.wait(wait);
      const world = emptyWorld("unchecked");
      for (const [index, bytes] of ledger.entries.entries())
        await replayEntry(world, beginEntry(world, index, bytes));
      expect(world.records).toEqual(ledger.world.records);
    }
  });
});

describe("holding it", () => {
  beforeEach(async () => {
    await schedules();
  });

  test("needs one that is due", async () => {
    await refused("lifecycle", () => held({}));
  });

  test("needs an exercise of this plan that ran, opened since it fell due", async () => {
    await plan.wait(7 * day);
    await refused("lifecycle", () => held(undefined));
    await refused("lifecycle", () => held({ plan: "PL-2026-9" }));
    await refused("lifecycle", () => held({ openedAt: at(-1) }));
    await held({});
    expect(plan.state.drills?.due).toBeUndefined();
    expect(plan.state.drills?.held).toMatchObject([
      { drill: "DR-2026-2", outcome: "succeeded", actor: "cleo" },
    ]);
    await refused("lifecycle", () => held({}));
  });

  test("is refused where the entry does not say what is known", async () => {
    await plan.wait(7 * day);
    await refused("chain", () => {
      ledger.facts = undefined;
      return plan.says(cleo, "drill-held", { drill: "DR-2026-2", outcome: "succeeded" });
    });
  });

  test("late is late, and the next falls due as planned", async () => {
    await plan.wait(7 * day + 20 * day);
    expect(types().at(-1)).toBe("drill-overdue");
    await held({}, "failed");
    expect(dutiesOf(plan.state).find((item) => item.term === "Drill held")?.tone).toBe("bad");
    await plan.wait(10 * day);
    expect(plan.state.drills?.due).toMatchObject({ at: at(0), missed: 0 });
  });
});

describe("cancelling", () => {
  test("ends what is to come and what is due", async () => {
    await refused("lifecycle", cancels);
    await schedules();
    await plan.wait(7 * day);
    await cancels();
    expect(deadlinesOf(plan.state)).toEqual([]);
    expect(plan.state.drills?.due).toBeUndefined();
    await refused("lifecycle", cancels);
    await refused("lifecycle", () => held({}));
  });

  test("drops what is due of a schedule that has ended", async () => {
    await schedules({ until: at(7 * day) });
    await plan.wait(8 * day);
    await cancels();
    expect(plan.state.drills?.due).toBeUndefined();
    await refused("lifecycle", cancels);
  });
});
