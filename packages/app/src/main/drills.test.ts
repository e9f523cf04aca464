/** Drills in a ledger on a real store: by the loop, after a restart, and apart from what is real. */
import {
  digestOf,
  formatEntry,
  parseEntry,
  type Identity,
  type JsonObject,
} from "@countermand/record";
import { expect, test } from "vitest";
import { checkViews } from "../rollbacks/fsck-views.ts";
import { wasSeen } from "../rollbacks/views.ts";
import type { Database } from "../storage/database.ts";
import { describeOnBothStores, type StoreUnderTest } from "../storage/testing/both-stores.ts";
import { RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

const day = 86_400_000;
const plan = "PL-2026-1";

async function says(
  it: RollbacksUnderTest,
  by: RollbacksUnderTest["ada"],
  type: string,
  id: string,
  body: JsonObject,
): Promise<void> {
  const state = await it.state(id);
  await it.service.submit(await it.submission(by, type, { record: id, ...body }, {}, state));
}

async function scheduled(under: StoreUnderTest): Promise<RollbacksUnderTest> {
  const it = await RollbacksUnderTest.start(under);
  await it.propose(it.ada, { mode: "plan" });
  const at = (later: number) => new Date(it.now + later).toISOString();
  await says(it, it.ada, "drill-scheduled", plan, {
    owner: "bo",
    first: at(7 * day),
    every: "P30D",
    until: at(365 * day),
    withinDays: 14,
    target: "planned",
  });
  return it;
}

/** The exercise `DR-2026-2`, run by bo. */
async function exercise(it: RollbacksUnderTest): Promise<string> {
  const id = "DR-2026-2";
  await it.propose(it.bo, { mode: "exercise", plan });
  await it.assess(id);
  await it.decide(it.cleo, id);
  const state = await it.state(id);
  const target = digestOf(state.proposal.target);
  const started = await it.submission(
    it.bo,
    "execution-started",
    { record: id, target },
    { command: "helm rollback api 41" },
    state,
  );
  await it.service.submit(started);
  const execution = (await it.state(id)).executions[0]?.id ?? "";
  const outcome = { type: "exited", code: 0 };
  const times = { startedAt: it.time(), finishedAt: it.time() };
  await says(it, it.bo, "execution-finished", id, { execution, outcome, ...times });
  return id;
}

async function findings(it: RollbacksUnderTest, database: Database): Promise<string[]> {
  const found: string[] = [];
  for await (const { where, problem } of checkViews(database, 1, it.store.judges)) {
    found.push(`${where}: ${problem}`);
  }
  return found;
}

const types = async (it: RollbacksUnderTest) =>
  (await it.state(plan)).timeline.map((item) => item.type);

describeOnBothStores("drills", (under) => {
  test("fall due by the loop, once, whoever runs it and however late", async () => {
    await using it = await scheduled(under);
    await it.service.tick();
    expect(await types(it)).toEqual(["proposed", "drill-scheduled"]);
    it.now += 7 * day;
    // Two loops at the same moment.
    await Promise.all([it.service.tick(), it.service.tick()]);
    expect((await types(it)).slice(2)).toEqual(["drill-due"]);
    it.now += 100 * day;
    await it.restart();
    await it.service.tick();
    expect((await types(it)).slice(2)).toEqual(["drill-due", "drill-overdue", "drill-due"]);
    expect((await it.state(plan)).drills?.due).toMatchObject({ missed: 3 });
    // A clock that steps back says nothing twice.
    it.now -= 50 * day;
    await it.service.tick();
    expect(await types(it)).toHaveLength(5);
    expect(await findings(it, it.store.database)).toEqual([]);
  });

  test("are held by an exercise that ran, as the ledger knows it", async () => {
    await using it = await scheduled(under);
    it.now += 8 * day;
    const held = (drill: string) =>
      says(it, it.bo, "drill-held", plan, { drill, outcome: "succeeded" });
    await it.propose(it.ada);
    await expect(held("RB-2026-2")).rejects.toMatchObject({ rule: "lifecycle" });
    await expect(held("DR-2026-9")).rejects.toMatchObject({ rule: "lifecycle" });
    await expect(held(plan)).rejects.toMatchObject({ rule: "lifecycle" });
  });

  test("are not real: what is seen in one was not seen running here, and nothing dangles", async () => {
    await using it = await scheduled(under);
    it.now += 8 * day;
    const id = await exercise(it);
    const { proposal } = await it.state(id);
    const source = { source: "kubectl", running: { ...proposal.target } };
    await says(it, it.cleo, "observation", id, source);
    const { service, environment } = proposal;
    const here = { service, environment, digest: digestOf(proposal.target) };
    const { database } = it.store;
    expect(await wasSeen(database.read, 1, here)).toBe(false);
    const asked = { service, environment, caller: "ci", id: crypto.randomUUID() };
    const forward = await it.service.gate({
      ...asked,
      target: proposal.current as Identity,
      dryRun: true,
    });
    expect(forward).toMatchObject({ allowed: true, rule: "forward" });
    await says(it, it.bo, "drill-held", plan, { drill: id, outcome: "succeeded" });
    expect((await it.state(plan)).drills?.held).toMatchObject([{ drill: id }]);
    expect(await findings(it, database)).toEqual([]);
  });
});

describeOnBothStores("the ledger's facts in an entry", (under) => {
  test.each([
    ["left out", undefined],
    ["that are others", { overdueOfActor: 0, overdueOfService: 0, ranBefore: true }],
  ])("%s, are found", async (_how, context) => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.assess();
    const index = (await it.state()).timeline.at(-1)?.index ?? 0;
    const row = await it.store.database.read
      .selectFrom("entry")
      .select("leaf")
      .where("idx", "=", index)
      .executeTakeFirstOrThrow();
    const { context: was, ...entry } = parseEntry(row.leaf);
    expect(was).toBeDefined();
    const bytes = formatEntry({ ...entry, ...(context === undefined ? {} : { context }) });
    const hex = Buffer.from(bytes).toString("hex");
    const leaf = under.engine === "sqlite" ? `x'${hex}'` : `'\\x${hex}'::bytea`;
    await it.stop();
    await under.tamper(it.location, `update entry set leaf = ${leaf} where idx = ${index}`);
    const database = await under.open(it.location);
    const found = await findings(it, database);
    expect(found[0]).toContain(
      `entry ${index}: the ledger's facts in the entry are ${context === undefined ? "none" : "{"}`,
    );
  });
});
