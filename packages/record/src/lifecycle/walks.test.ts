/**
 * Random walks: people say whatever they like, in any order, while the clock
 * moves. Most of it is refused. What is never to happen never happens.
 */
import * as fc from "fast-check";
import { formatSignerKey, formatVerifierKey, parseSignerKey } from "@countermand/tlog";
import { expect, test } from "vitest";
import { Refusal } from "../constitution/refusal.ts";
import { makePackage } from "../package/make.ts";
import { verifyPackage } from "../package/verify.ts";
import { parseEntry } from "../entry/entry.ts";
import { permissions } from "../statements/words.ts";
import { actor, instance, TestLedger, type Actor } from "../testing/actors.ts";
import { partsOf } from "../testing/packaged.ts";
import { day, hour, judgeThat, minute, Steps, withRules } from "../testing/steps.ts";
import { deadlinesOf } from "./deadlines.ts";
import { follows } from "./follows.ts";
import { beginEntry, emptyWorld, replayEntry } from "./replay.ts";
import { ended, openedAt, type DecisionKind, type RecordState, type Status } from "./state.ts";

const people = ["ines", "bo", "cleo", "dan"].map(actor);
const second = actor("second-admin");
const person = fc.constantFrom(...people);

type Act = (steps: Steps) => Promise<unknown>;
const waits = [1, minute, minute, 30 * minute, 30 * minute, hour, 4 * hour, 3 * day];
const commits = ["a", "d", "f"].map((letter) => letter.repeat(40));

const act: fc.Arbitrary<readonly [name: string, act: Act]> = fc.oneof(
  fc.constantFrom(...waits).map((time) => [`wait ${time}`, (it: Steps) => it.wait(time)] as const),
  person.map((by) => [`${by.id} assesses`, (it: Steps) => it.assess(by)] as const),
  fc.tuple(person, person).map(
    ([by, author]) =>
      [
        `${by.id} assesses ${author.id}'s`,
        (it: Steps) =>
          it.assess(by, {
            authors: [author.id],
            unknowns: [],
            inverse: { digest: "9".repeat(64), size: 9 },
          }),
      ] as const,
  ),
  person.map((by) => [`${by.id} revises`, (it: Steps) => it.revise(by)] as const),
  fc
    .tuple(
      person,
      fc.constantFrom<DecisionKind>("approve", "approve", "approve", "reject", "request-changes"),
    )
    .map(([by, what]) => [`${by.id} says ${what}`, (it: Steps) => it.decide(by, what)] as const),
  fc
    .tuple(person, person)
    .map(
      ([by, to]) =>
        [
          `${by.id} delegates to ${to.id}`,
          (it: Steps) => it.decide(by, "delegate", { to: to.id }),
        ] as const,
    ),
  person.map(
    (by) =>
      [`${by.id} escalates`, (it: Steps) => it.decide(by, "escalate", { to: "sre" })] as const,
  ),
  person.map((by) => [`${by.id} takes back`, (it: Steps) => it.takeBack(by)] as const),
  person.map((by) => [`${by.id} starts`, (it: Steps) => it.start(by)] as const),
  fc
    .tuple(
      person,
      fc.constantFrom<object>(
        { type: "exited", code: 0 },
        { type: "exited", code: 1 },
        { type: "unknown" },
      ),
    )
    .map(([by, how]) => [`${by.id} finishes`, (it: Steps) => it.finish(by, how as never)] as const),
  person.map((by) => [`${by.id} goes through the gate`, (it: Steps) => it.gate(by.id)] as const),
  fc
    .tuple(person, fc.constantFrom(...commits))
    .map(([by, commit]) => [`${by.id} observes`, (it: Steps) => it.observe(by, commit)] as const),
  fc
    .tuple(person, fc.constantFrom("passed" as const, "failed" as const))
    .map(([by, how]) => [`${by.id} verifies ${how}`, (it: Steps) => it.verify(by, how)] as const),
  person.map((by) => [`${by.id} reviews`, (it: Steps) => it.review(by)] as const),
  person.map((by) => [`${by.id} closes`, (it: Steps) => it.close(by)] as const),
  person.map((by) => [`${by.id} judges`, (it: Steps) => it.judge(by)] as const),
  person.map((by) => [`${by.id} withdraws`, (it: Steps) => it.says(by, "withdrawn", {})] as const),
  person.map(
    (by) =>
      [
        `${by.id} overrides`,
        (it: Steps) => {
          const until = new Date(it.ledger.now + 2 * day).toISOString();
          const text = it.ledger.commit("x");
          return it.says(by, "overridden", { until, control: text, rationale: text });
        },
      ] as const,
  ),
  person.map(
    (by) =>
      [
        `${by.id} asks for longer`,
        (it: Steps) => {
          const until = new Date(it.ledger.now + 20 * day).toISOString();
          const rationale = it.ledger.commit("x");
          return it.says(by, "exception-requested", { kind: "renew", until, rationale });
        },
      ] as const,
  ),
  fc.tuple(person, fc.constantFrom("approve", "approve", "reject")).map(
    ([by, decision]) =>
      [
        `${by.id} answers that with ${decision}`,
        (it: Steps) =>
          it.says(by, "exception-decided", {
            request: it.state.exceptions.at(-1)?.id ?? "00000000-0000-4000-8000-00000000000f",
            decision,
          }),
      ] as const,
  ),
  person.map(
    (by) =>
      [
        `the key of ${by.id} was compromised`,
        async ({ ledger }: Steps) => {
          await ledger.registrySays(ledger.administrator, "key-revoked", {
            person: by.id,
            fingerprint: by.fingerprint,
            reason: "compromised",
            since: new Date(ledger.now - hour).toISOString(),
          });
        },
      ] as const,
  ),
);

/** What would come next in a state, so that walks go beyond the first refusal. */
const onwards: Partial<Record<Status, (it: Steps, by: Actor) => Promise<unknown>>> = {
  proposed: (it, by) => it.assess(by),
  pending_approval: (it, by) => it.approve(by),
  authorised: (it, by) => it.start(by),
  execution_failed: (it, by) => it.start(by),
  executing: (it, by) => it.finish(by),
  executed: (it, by) => it.observe(by),
  partial: (it, by) => it.observe(by),
  verifying: (it, by) => it.verify(by),
  stabilised: (it, by) => it.review(by),
  in_review: (it, by) => it.close(by),
};

const opening = fc.constantFrom<object>(
  {},
  { expiresAt: "2026-11-28T02:00:00.000Z" },
  { mode: "emergency", incident: "INC-1" },
  { mode: "emergency", incident: "INC-1", expiresAt: "2026-11-28T02:00:00.000Z" },
  { obligation: { signal: "CVE-1", owner: "dan", deadline: "2026-11-26T02:00:00.000Z" } },
  { mode: "exercise" },
);
const rules = fc.constantFrom<object | undefined>(
  undefined,
  undefined,
  { approvals: 0, lane: "clean-revert", samplePercent: 50 },
  { roles: [{ role: "sre", count: 1 }] },
);

const next = person.map(
  (by) =>
    [
      `${by.id} goes on`,
      (it: Steps) => onwards[it.state.status]?.(it, by) ?? it.wait(30 * minute),
    ] as const,
);

async function newLedger(approvals: number, asks: object | undefined): Promise<TestLedger> {
  const key = await parseSignerKey(await formatSignerKey(instance, new Uint8Array(32).fill(5)));
  const ledger = await TestLedger.open({ approvals }, formatVerifierKey(key.verifier));
  for (const who of people) await ledger.enrol(who);
  await ledger.enrol(second, { permissions });
  ledger.facts = { overdueOfActor: 0, overdueOfService: 0, ranBefore: true };
  await ledger.registrySays(ledger.administrator, "role-granted", { person: "bo", role: "sre" });
  if (asks !== undefined)
    await withRules(
      ledger,
      second,
      judgeThat(() => asks),
    );
  return ledger;
}

/** What holds of a record at every moment. */
function check(ledger: TestLedger, before: RecordState | undefined, state: RecordState): void {
  expect(follows(state, ledger.registry, ledger.time(), ledger.world.judging)).toBeUndefined();
  for (const { at } of deadlinesOf(state)) expect(at > ledger.time()).toBe(true);
  if (before !== undefined && ended.includes(before.status)) {
    expect(state.status).toBe(before.status);
  }
  const grant = state.authorisation;
  if (state.status === "authorised") expect(grant).toBeDefined();
  if (grant !== undefined) checkGrant(state, grant);
  const runs = state.executions.length - (before?.executions.length ?? 0);
  if (runs > 0) {
    expect(runs).toBe(1);
    expect(before?.authorisation?.hash).toBe(state.hash);
    const at = state.executions.at(-1)?.recordedAt ?? "";
    expect(at >= (grant?.notBefore ?? "") && at < (grant?.notAfter ?? "")).toBe(true);
  }
  const uses = state.executions.filter((item) => item.index > (grant?.index ?? 0));
  if (uses.some((item) => item.gate !== undefined)) expect(uses).toHaveLength(1);
  if (state.proposal.mode === "exercise") {
    expect(state.executions.every((item) => item.gate === undefined)).toBe(true);
  }
  if (state.timeline.some((item) => item.says.includes("(emergency;"))) {
    expect(state.retrospective).toBeDefined();
  }
  const judged = state.retrospective?.done?.actor ?? "";
  expect(state.proposers).not.toContain(judged);
  if (state.proposal.obligation !== undefined) {
    expect(["withdrawn", "rejected", "expired", "lapsed"]).not.toContain(state.status);
  }
}

function checkGrant(state: RecordState, grant: NonNullable<RecordState["authorisation"]>): void {
  expect(grant.hash).toBe(state.hash);
  if (grant.lane === "emergency") {
    expect(Date.parse(grant.notAfter)).toBe(Date.parse(openedAt(state)) + hour);
    return;
  }
  if (grant.lane === "clean-revert") {
    expect(grant.approvals).toEqual([]);
    expect(state.assessment).toMatchObject({ ranBefore: true, unknowns: [] });
    return;
  }
  const approvals = state.decisions.filter((item) => grant.approvals.includes(item.leafHash));
  const voices = new Set(approvals.map((item) => item.actor));
  expect(voices.size).toBe(grant.approvals.length);
  expect(voices.size).toBeGreaterThanOrEqual(Math.max(1, state.obligations.approvals));
  for (const item of approvals) {
    expect(item).toMatchObject({ decision: "approve", hash: grant.hash });
    expect(item.index).toBeLessThan(grant.index);
    expect(state.proposers).not.toContain(item.actor);
    expect(state.assessment?.authors).not.toContain(item.actor);
  }
}

async function attempt(steps: Steps, by: Act): Promise<boolean> {
  try {
    await by(steps);
    return true;
  } catch (error) {
    // A body without what it needs is refused by its shape.
    if (error instanceof Refusal || (error as { code?: unknown }).code === "shape") return false;
    throw error;
  }
}

test("whatever is said, in whatever order: no run without its grant, nothing owed for ever, and all of it replays", async () => {
  let accepted = 0;
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        changes: opening,
        approvals: fc.constantFrom(1, 2),
        asks: rules,
        by: person,
        acts: fc.array(fc.oneof(act, next, next), { minLength: 20, maxLength: 60 }),
      }),
      async ({ changes, approvals, asks, by, acts }) => {
        const ledger = await newLedger(approvals, asks);
        const exercise = (changes as { mode?: string }).mode === "exercise";
        const steps = new Steps(ledger, exercise ? "DR-2026-1" : "RB-2026-1");
        await steps.propose(by, changes as never);
        for (const [, what] of acts) {
          const before: RecordState = steps.state;
          accepted += Number(await attempt(steps, what));
          await ledger.settle(steps.id);
          check(ledger, before, steps.state);
          seen.add(steps.state.status);
          // A clock that goes back writes nothing.
          const entries = ledger.entries.length;
          const { now } = ledger;
          const newest = parseEntry(ledger.entries.at(-1) ?? new Uint8Array());
          ledger.now = Date.parse(newest.recordedAt) - 1;
          await attempt(steps, (it) => it.evidence(people[1] as Actor, "log", "e"));
          ledger.now = now;
          expect(ledger.entries.length).toBe(entries);
        }
        const world = emptyWorld(ledger.world.judging);
        for (const [index, bytes] of ledger.entries.entries()) {
          await replayEntry(world, beginEntry(world, index, bytes));
        }
        expect(world.records).toEqual(ledger.world.records);
        const ids = ledger.entries.map((bytes) => parseEntry(bytes).recordedAt);
        expect(ids).toEqual(ids.toSorted());
        if (!exercise) {
          // Texts of what was refused would open nothing.
          const parts = { ...(await partsOf(ledger)), openings: [] };
          const report = await verifyPackage(makePackage(parts));
          expect(report.findings).toEqual([]);
          expect(report.record).toEqual(steps.state);
        }
      },
    ),
    { numRuns: 30 },
  );
  // The walks go somewhere.
  expect(accepted).toBeGreaterThan(150);
  for (const status of ["pending_approval", "authorised", "executing"]) {
    expect(seen).toContain(status);
  }
});
