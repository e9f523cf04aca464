/**
 * What time does by itself: every timer a millisecond before its time, at it and
 * long after; several at one moment; a restart in between; two servers at once.
 */
import { beforeEach, describe, expect, test } from "vitest";
import { envelopeOf } from "../testing/actors.ts";
import {
  at,
  bo,
  cleo,
  dan,
  emergency,
  ines,
  ledger,
  open,
  record as usual,
  renewal,
  second,
} from "../testing/cast.ts";
import { day, hour, judgeThat, minute, putInForce, Steps, withRules } from "../testing/steps.ts";
import { deadlineOf, deadlinesOf, timers, type TimerType } from "./deadlines.ts";
import { follows } from "./follows.ts";
import { beginEntry, emptyWorld, replayEntry } from "./replay.ts";
import { aboutRecord } from "../statements/statement-type.ts";

beforeEach(async () => open());

let record: Steps;
beforeEach(() => {
  record = usual;
});

const owed = (later = 0) => follows(record.state, ledger.registry, at(later), ledger.world.judging);

async function pending(changes = {}): Promise<void> {
  await record.propose(ines, changes);
  await record.assess(ines);
}
async function running(changes = {}): Promise<void> {
  await pending(changes);
  await record.approve(bo);
  await record.run(ines);
}
const obliged = (later: number) => ({
  obligation: { signal: "CVE-1", owner: "cleo", deadline: at(later) },
});
const override = (until: number) =>
  record.says(bo, "overridden", {
    until: at(until),
    control: ledger.commit("blocked at the edge"),
    rationale: ledger.commit("the fix is due"),
  });

/** What starts the time, how long it runs, and the state that follows. */
const table: readonly (readonly [
  name: string,
  timer: TimerType,
  after: number,
  status: string,
  begin: () => Promise<void>,
])[] = [
  ["a proposal", "expired", 72 * hour, "expired", () => record.propose(ines)],
  ["a request", "expired", 72 * hour, "expired", pending],
  [
    "a request, from its last revision",
    "expired",
    72 * hour,
    "expired",
    async () => {
      await pending();
      await record.wait(71 * hour);
      await record.revise(ines);
    },
  ],
  [
    "a request that rules give less time",
    "expired",
    hour,
    "expired",
    async () => {
      await withRules(
        ledger,
        second,
        judgeThat(() => ({ requestHours: 1 })),
      );
      await pending();
    },
  ],
  [
    "a grant",
    "lapsed",
    4 * hour,
    "lapsed",
    async () => {
      await pending();
      await record.approve(bo);
    },
  ],
  ["an emergency's grant", "lapsed", hour, "lapsed", () => record.propose(ines, emergency)],
  [
    "a mandatory rollback's grant",
    "lapsed",
    4 * hour,
    "pending_approval",
    async () => {
      await pending(obliged(5 * day));
      await record.approve(bo);
    },
  ],
  [
    "what is watched",
    "stabilised",
    30 * minute,
    "stabilised",
    async () => {
      await running();
      await record.observe(bo);
      await record.verify(bo);
    },
  ],
  [
    "what is watched, from its last verification",
    "stabilised",
    30 * minute,
    "stabilised",
    async () => {
      await running();
      await record.observe(bo);
      await record.verify(bo);
      await record.wait(29 * minute);
      await record.verify(dan);
    },
  ],
  [
    "what is watched for no time",
    "stabilised",
    0,
    "stabilised",
    async () => {
      await running({ stabiliseMinutes: 0 });
      await record.observe(bo);
      await ledger.append(
        record.id,
        envelopeOf(
          bo,
          "verification",
          aboutRecord({}, record.state),
          { record: record.id, outcome: "passed", checks: [] },
          ledger.time(),
        ),
      );
    },
  ],
  [
    "a mandatory rollback whose run failed",
    "lapsed",
    4 * hour,
    "pending_approval",
    async () => {
      await pending(obliged(5 * day));
      await record.approve(bo);
      await record.run(ines, { type: "exited", code: 1 });
    },
  ],
  [
    "a run that nobody reports on",
    "execution-overdue",
    2 * hour,
    "executing",
    async () => {
      await pending();
      await record.approve(bo);
      await record.start(ines);
    },
  ],
  [
    "a run that the settings give less time",
    "execution-overdue",
    10 * minute,
    "executing",
    async () => {
      await putInForce(ledger, second, { executionMinutes: 10 });
      await pending();
      await record.approve(bo);
      await record.start(ines);
    },
  ],
  [
    "what a gate let through and nobody saw running",
    "execution-overdue",
    2 * hour,
    "executing",
    async () => {
      await pending();
      await record.approve(bo);
      await record.gate("ci");
    },
  ],
  [
    "a request to stay longer",
    "exception-expired",
    72 * hour,
    "executed",
    async () => {
      await running({ expiresAt: at(10 * day) });
      await record.says(ines, "exception-requested", renewal(20 * day));
    },
  ],
  [
    "an override",
    "override-ended",
    3 * day,
    "pending_approval",
    async () => {
      await pending(obliged(5 * day));
      await override(3 * day);
    },
  ],
  [
    "an override before any assessment",
    "override-ended",
    3 * day,
    "proposed",
    async () => {
      await record.propose(ines, obliged(5 * day));
      await override(3 * day);
    },
  ],
  [
    "the warning of a long stay",
    "temporary-expiring",
    9 * day,
    "executed",
    () => running({ expiresAt: at(10 * day) }),
  ],
  [
    "the warning of a short stay, a quarter before",
    "temporary-expiring",
    3 * hour,
    "executed",
    () => running({ expiresAt: at(4 * hour) }),
  ],
  [
    "a stay",
    "temporary-expired",
    day,
    "executed",
    async () => {
      await running({ expiresAt: at(10 * day) });
      await record.wait(9 * day);
    },
  ],
  [
    "a retrospective",
    "retrospective-overdue",
    72 * hour,
    "executed",
    async () => {
      await record.propose(ines, emergency);
      await record.run(ines);
    },
  ],
  [
    "a retrospective that rules want sooner",
    "retrospective-overdue",
    12 * hour,
    "executed",
    async () => {
      await withRules(
        ledger,
        second,
        judgeThat(() => ({ retrospectiveHours: 12 })),
      );
      await record.propose(ines, emergency);
      await record.run(ines);
    },
  ],
  [
    "an obligation",
    "obligation-overdue",
    5 * day,
    "proposed",
    () => record.propose(ines, obliged(5 * day)),
  ],
  ["a drill", "drill-due", 7 * day, "planned", drills],
  [
    "a drill that is not held",
    "drill-overdue",
    14 * day,
    "planned",
    async () => {
      await drills();
      await record.wait(7 * day);
    },
  ],
  [
    "an obligation that is overridden for less",
    "override-ended",
    2 * day,
    "pending_approval",
    async () => {
      await pending(obliged(5 * day));
      await override(2 * day);
    },
  ],
];

const deadline = (timer: TimerType, time: string) =>
  timer === "drill-due" ? { deadline: time, missed: 0 } : { deadline: time };

async function drills(): Promise<void> {
  record = new Steps(ledger, "PL-2026-1");
  await record.propose(ines, { mode: "plan" });
  await record.says(ines, "drill-scheduled", {
    owner: "cleo",
    first: at(7 * day),
    every: "P90D",
    until: at(400 * day),
    withinDays: 14,
    target: "planned",
  });
}

describe("each timer", () => {
  test("is in the table", () => {
    expect(new Set(table.map(([, timer]) => timer))).toEqual(new Set(timers));
  });

  test.each(table)("%s: %s", async (_name, timer, after, status, begin) => {
    await begin();
    const entries = ledger.entries.length;
    expect(deadlineOf(record.state)).toMatchObject({ type: timer, at: at(after) });
    if (after > 0) expect(owed(after - 1)).toBeUndefined();
    const time =
      timer === "stabilised" ? { since: expect.any(String) } : deadline(timer, at(after));
    const following = { type: timer, body: { record: record.id, ...time } };
    expect(owed(after)).toEqual(following);
    // What repeats is told once, with the newest time.
    if (timer !== "drill-due") expect(owed(after + 400 * day)).toEqual(following);
    await record.wait(after);
    expect(record.state.status).toBe(status);
    expect(record.state.timeline.at(-1)?.type).toBe(timer);
    expect(ledger.entries.length).toBe(entries + 1);
    // It has fired, and stays fired.
    const left = deadlinesOf(record.state);
    expect(left.map((item) => (item.type === "drill-due" ? "" : item.type))).not.toContain(timer);
    await record.wait(0);
    expect(ledger.entries.length).toBe(entries + 1);
  });

  test.each(table)("%s: %s, said a moment early or by another, is refused", async (...row) => {
    const [, timer, after, , begin] = row;
    await begin();
    const due = deadlineOf(record.state);
    const body = {
      record: record.id,
      ...(timer === "stabilised" ? { since: due?.since ?? "" } : deadline(timer, due?.at ?? "")),
    };
    const say = (who = ledger.system) =>
      ledger.append(
        record.id,
        envelopeOf(who, timer, aboutRecord({}, record.state), body, ledger.time()),
      );
    ledger.now += after - 1;
    if (after > 0) await expect(say()).rejects.toMatchObject({ rule: "system-only" });
    ledger.now += 1;
    await expect(say(ines)).rejects.toMatchObject({ rule: "system-only" });
    await say();
    // Another server that was as fast finds that nothing is owed any more.
    await expect(say()).rejects.toMatchObject({ rule: "system-only" });
  });
});

test("a deadline is compared whole: another time in it is refused", async () => {
  await record.propose(ines);
  ledger.now += 73 * hour;
  const body = { record: record.id, deadline: ledger.time() };
  const subjects = aboutRecord({}, record.state);
  await expect(
    ledger.append(record.id, envelopeOf(ledger.system, "expired", subjects, body, ledger.time())),
  ).rejects.toMatchObject({ rule: "system-only" });
});

describe("several deadlines", () => {
  const types = (from: number) => record.state.timeline.slice(from).map((item) => item.type);

  test("at one millisecond, in the order of the table", async () => {
    await record.propose(ines, { ...emergency, expiresAt: at(72 * hour) });
    await record.run(ines);
    await record.wait(72 * hour - 1);
    const from = record.state.timeline.length;
    await record.wait(1);
    expect(types(from)).toEqual(["temporary-expired", "retrospective-overdue"]);
  });

  test("a grant that lapses when its obligation is due: first one, then the other", async () => {
    await pending(obliged(4 * hour));
    await record.approve(bo);
    const from = record.state.timeline.length;
    await record.wait(4 * hour);
    expect(types(from)).toEqual(["lapsed", "obligation-overdue"]);
    expect(record.state.status).toBe("pending_approval");
  });

  test("in one jump of a year: all that came due, the earliest first, once", async () => {
    await record.propose(ines, { ...emergency, expiresAt: at(2 * day) });
    await record.run(ines);
    await record.observe(bo);
    await record.verify(bo);
    const from = record.state.timeline.length;
    await record.wait(365 * day);
    expect(types(from)).toEqual([
      "stabilised",
      "temporary-expiring",
      "temporary-expired",
      "retrospective-overdue",
    ]);
    expect(deadlinesOf(record.state)).toEqual([]);
  });

  test("of different times, by their times and not by the table", async () => {
    await record.propose(ines, { ...emergency, expiresAt: at(10 * day) });
    await record.run(ines);
    expect(deadlinesOf(record.state).map((item) => item.type)).toEqual([
      "retrospective-overdue",
      "temporary-expiring",
      "temporary-expired",
    ]);
    const from = record.state.timeline.length;
    await record.wait(72 * hour);
    expect(types(from)).toEqual(["retrospective-overdue"]);
  });

  test("an override that ends after the deadline moves it; one that ends before does not", async () => {
    await pending(obliged(5 * day));
    await override(2 * day);
    expect(deadlinesOf(record.state).map((item) => [item.type, item.at])).toEqual([
      ["override-ended", at(2 * day)],
      ["obligation-overdue", at(5 * day)],
    ]);
    await record.wait(2 * day);
    await override(9 * day);
    expect(deadlinesOf(record.state).map((item) => [item.type, item.at])).toEqual([
      ["override-ended", at(9 * day)],
      ["obligation-overdue", at(9 * day)],
    ]);
  });

  test("a renewal begins a time of its own, also after the end was said", async () => {
    await running({ expiresAt: at(2 * day) });
    await record.wait(2 * day);
    expect(record.state.temporary?.expired).toBeDefined();
    await record.says(ines, "exception-requested", {
      kind: "renew",
      until: at(4 * day),
      rationale: ledger.commit("the fix is late"),
    });
    const request = record.state.exceptions[0]?.id ?? "";
    for (const who of [cleo, dan]) {
      await record.says(who, "exception-decided", { request, decision: "approve" });
    }
    expect(deadlinesOf(record.state).map((item) => [item.type, item.at])).toEqual([
      ["temporary-expiring", at(3 * day)],
      ["temporary-expired", at(4 * day)],
    ]);
  });
});

test("what is made permanent or undone has no deadline any more", async () => {
  await running({ expiresAt: at(2 * day) });
  await record.says(dan, "temporary-undone", {
    running: { type: "commit", commit: "d".repeat(40) },
    source: "kubectl",
  });
  expect(deadlinesOf(record.state)).toEqual([]);
});

test("a restart changes nothing: from the entries alone, the same deadlines", async () => {
  await record.propose(ines, { ...emergency, expiresAt: at(3 * day) });
  await record.run(ines);
  await record.observe(bo);
  await record.verify(bo);
  for (const wait of [0, 30 * minute, 2 * day, day, 0]) {
    await record.wait(wait);
    const world = emptyWorld("unchecked");
    for (const [index, bytes] of ledger.entries.entries())
      await replayEntry(world, beginEntry(world, index, bytes));
    expect(world.records).toEqual(ledger.world.records);
    expect(world.registry).toEqual(ledger.world.registry);
    expect(deadlinesOf(record.state)).toEqual(
      deadlinesOf(world.records.get(record.id) ?? record.state),
    );
  }
});

test("what is mandatory never expires, and a plan has no deadline at all", async () => {
  await pending(obliged(300 * day));
  expect(deadlinesOf(record.state).map((item) => item.type)).toEqual(["obligation-overdue"]);
  const plan = new Steps(ledger, "PL-2026-2");
  await plan.propose(ines, { mode: "plan", uid: "00000000-0000-4000-8000-000000000002" });
  expect(deadlinesOf(plan.state)).toEqual([]);
});
