/** The gate over a real store: forward, back, a grant used once, and what was told late. */
import type { Identity, JsonObject } from "@countermand/record";
import { expect, test } from "vitest";
import type { GateRequest } from "../rollbacks/countermand.ts";
import { checkViews } from "../rollbacks/fsck-views.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

const commit = (letter: string): Identity => ({ type: "commit", commit: letter.repeat(40) });
const ask = (it: RollbacksUnderTest, letter: string, changes: Partial<GateRequest> = {}) =>
  it.service.gate({
    id: crypto.randomUUID(),
    service: "api",
    environment: "prod",
    target: commit(letter),
    caller: "argocd",
    ...changes,
  });

async function authorised(it: RollbacksUnderTest, changes: JsonObject = {}): Promise<string> {
  const { stream } = await it.propose(it.ada, changes);
  if ((await it.state(stream)).status !== "authorised") {
    await it.assess(stream);
    await it.decide(it.bo, stream);
  }
  expect((await it.state(stream)).status).toBe("authorised");
  return stream;
}

async function findings(it: RollbacksUnderTest): Promise<string[]> {
  const found: string[] = [];
  const logId = it.service.opened?.logId ?? 0;
  for await (const { where, problem } of checkViews(it.store.database, logId, it.store.judges)) {
    found.push(`${where}: ${problem}`);
  }
  return found;
}

describeOnBothStores("the gate", (under) => {
  test("forward goes through and is remembered; back needs a record", async () => {
    await using it = await RollbacksUnderTest.start(under);
    expect(await ask(it, "a")).toMatchObject({ allowed: true, rule: "forward" });
    it.now += 1000;
    expect(await ask(it, "b")).toMatchObject({ allowed: true, rule: "forward" });
    expect(await ask(it, "b")).toMatchObject({ allowed: true, rule: "unchanged" });
    expect(await ask(it, "a")).toMatchObject({ allowed: false, rule: "older" });
    expect(await ask(it, "a", { environment: "stage" })).toMatchObject({ allowed: true });
    expect(await ask(it, "a", { service: "shop" })).toMatchObject({ allowed: true });
    expect(await ask(it, "c", { older: true })).toMatchObject({ allowed: false, rule: "older" });
    const events = await it.service.gateEvents({});
    expect(events.items).toHaveLength(6);
  });

  test("a grant lets its target through once, and what it was taken back from stays out", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await ask(it, "a");
    it.now += 1000;
    await ask(it, "b");
    const id = await authorised(it);
    const request = { id: crypto.randomUUID() };
    const first = await ask(it, "a", request);
    expect(first).toMatchObject({ allowed: true, rule: "grant", record: id });
    expect(await ask(it, "a", request)).toEqual(first);
    expect((await it.state(id)).status).toBe("executing");
    expect((await it.state(id)).executions).toMatchObject([{ gate: "argocd" }]);
    it.now += 1000;
    expect(await ask(it, "b")).toMatchObject({ allowed: false, rule: "dangling", record: id });
    expect(await ask(it, "a", { record: id })).toMatchObject({ allowed: false, rule: "lifecycle" });
    expect(await ask(it, "c")).toMatchObject({ allowed: true, rule: "forward" });
    it.now += 1000;
    expect(await ask(it, "a")).toMatchObject({ allowed: false, rule: "older" });
    expect(await findings(it)).toEqual([]);
  });

  test("two at once: one of them uses the grant", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const id = await authorised(it);
    const answers = await Promise.all([1, 2, 3].map(() => ask(it, "a", { record: id })));
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(1);
  });

  test("another target, service or environment, a closed window, an exercise: denied", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const id = await authorised(it);
    expect(await ask(it, "c", { record: id })).toMatchObject({
      allowed: false,
      rule: "target-pinned",
    });
    expect(await ask(it, "a", { record: id, service: "shop" })).toMatchObject({
      allowed: false,
      rule: "target-pinned",
    });
    expect(await ask(it, "a", { record: id, environment: "stage" })).toMatchObject({
      allowed: false,
      rule: "target-pinned",
    });
    expect(await ask(it, "a", { record: "RB-2026-9" })).toMatchObject({
      allowed: false,
      rule: "record",
    });
    it.now += 241 * 60_000;
    expect(await ask(it, "a", { record: id })).toMatchObject({ allowed: false });
    expect((await it.state(id)).status).toBe("lapsed");
    const drill = await authorised(it, { mode: "exercise" });
    expect(drill).toBe("DR-2026-2");
    expect(await ask(it, "a", { record: drill })).toMatchObject({ allowed: false });
    expect(await ask(it, "a", { older: true })).toMatchObject({ allowed: false, rule: "older" });
    expect(await findings(it)).toEqual([]);
  });

  test("only asking uses nothing and remembers nothing", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const id = await authorised(it);
    expect(await ask(it, "a", { record: id, dryRun: true })).toMatchObject({ allowed: true });
    expect(await ask(it, "z", { dryRun: true })).toMatchObject({ allowed: true });
    expect((await it.state(id)).status).toBe("authorised");
    expect(await it.service.gateEvents({})).toEqual({ items: [] });
  });

  test("what went through unasked is told late, and a bypass is found", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await ask(it, "a");
    it.now += 1000;
    await ask(it, "b");
    it.now += 60_000;
    const at = new Date(it.now - 30_000).toISOString();
    expect(await ask(it, "a", { spooled: { at, allowed: true } })).toMatchObject({
      allowed: false,
      late: true,
      bypassed: true,
    });
    expect(await ask(it, "b", { spooled: { at, allowed: false } })).toMatchObject({
      late: true,
      bypassed: false,
    });
    const { items } = await it.service.gateEvents({ bypassed: true });
    expect(items).toMatchObject([{ at, late: true, bypassed: true, allowed: false }]);
    expect(await ask(it, "a")).toMatchObject({ rule: "unchanged" });
  });

  test("the same id for something else is refused; pages do not drift", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const id = crypto.randomUUID();
    await ask(it, "a", { id });
    await expect(ask(it, "b", { id })).rejects.toMatchObject({ code: "conflict" });
    for (const letter of "bcdef") {
      it.now += 1000;
      await ask(it, letter);
    }
    const first = await it.service.gateEvents({ limit: 4 });
    const second = await it.service.gateEvents({ limit: 4, after: first.next ?? "" });
    expect([...first.items, ...second.items]).toHaveLength(6);
    expect(second.next).toBeUndefined();
    await expect(it.service.gateEvents({ after: "x" })).rejects.toMatchObject({ code: "invalid" });
  });

  test("an emergency's grant is there at once, and only one retrospective may be overdue", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const { stream } = await it.propose(it.ada, { mode: "emergency", incident: "INC-9" });
    expect(await ask(it, "a", { older: true })).toMatchObject({ allowed: true, record: stream });
    it.now += 73 * 3_600_000;
    await it.service.tick();
    expect((await it.state(stream)).retrospective?.overdue).toBeDefined();
    await expect(
      it.propose(it.ada, { mode: "emergency", incident: "INC-10" }),
    ).rejects.toMatchObject({ rule: "retrospective-owed" });
    await expect(
      it.propose(it.bo, { mode: "emergency", incident: "INC-10" }),
    ).rejects.toMatchObject({ rule: "retrospective-owed" });
    await it.propose(it.bo, { mode: "emergency", incident: "INC-10", service: "shop" });
    expect(await findings(it)).toEqual([]);
  });
});
