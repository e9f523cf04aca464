/** Lists that people look for things in, on both stores: what is mandatory, of a mode, or falls due. */
import { expect, test } from "vitest";
import type { RecordQuery } from "../rollbacks/countermand.ts";
import { checkViews } from "../rollbacks/fsck-views.ts";
import { rebuildViews } from "../rollbacks/rebuild.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

const hour = 3_600_000;

/** RB-…-1 ordinary, -2 mandatory, -3 an emergency, DR-…-4, PL-…-5, RB-…-6 mandatory elsewhere. */
async function filled(it: RollbacksUnderTest): Promise<void> {
  const obligation = { signal: "CVE-1", owner: "cleo", deadline: "2026-11-23T08:00:00.000Z" };
  await it.propose(it.ada);
  await it.propose(it.ada, { obligation });
  await it.propose(it.ada, { mode: "emergency", incident: "INC-1" });
  await it.propose(it.ada, { mode: "exercise" });
  await it.propose(it.ada, { mode: "plan" });
  await it.propose(it.ada, { obligation, service: "shop" });
}

describeOnBothStores("the list of records", (under) => {
  test("by mode, by what must run, by when it falls due, and all of it together", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await filled(it);
    const ids = async (query: RecordQuery) =>
      (await it.service.records(query)).items.map(({ id }) => id.replace("-2026", ""));
    expect(await ids({})).toEqual(["RB-6", "PL-5", "DR-4", "RB-3", "RB-2", "RB-1"]);
    expect(await ids({ mode: "ordinary" })).toEqual(["RB-6", "RB-2", "RB-1"]);
    expect(await ids({ mode: "emergency" })).toEqual(["RB-3"]);
    expect(await ids({ mode: "exercise" })).toEqual(["DR-4"]);
    expect(await ids({ mode: "plan" })).toEqual(["PL-5"]);
    expect(await ids({ mandatory: true })).toEqual(["RB-6", "RB-2"]);
    expect(await ids({ mandatory: false })).toHaveLength(6);
    expect(await ids({ mandatory: true, service: "shop", mode: "ordinary" })).toEqual(["RB-6"]);
    expect(await ids({ mandatory: true, mode: "emergency" })).toEqual([]);
    // The emergency's window ends after one hour, the obligations after six.
    const by = (hours: number) => new Date(it.now + hours * hour).toISOString();
    expect(await ids({ dueBy: by(2) })).toEqual(["RB-3"]);
    expect(await ids({ dueBy: by(6) })).toEqual(["RB-6", "RB-3", "RB-2"]);
    expect(await ids({ dueBy: by(6), mandatory: true, status: ["proposed"] })).toEqual([
      "RB-6",
      "RB-2",
    ]);
  });

  test("page after page under a filter, without a gap and without one twice", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await filled(it);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await it.service.records({
        mode: "ordinary",
        limit: 1,
        ...(after === undefined ? {} : { after }),
      });
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(["RB-2026-6", "RB-2026-2", "RB-2026-1"]);
  });

  test("what must run leaves the list when it ran, and a rebuild says the same", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await filled(it);
    const owed = async () =>
      (await it.service.records({ mandatory: true })).items.map(({ id }) => id);
    await it.assess("RB-2026-2");
    await it.decide(it.bo, "RB-2026-2");
    await it.service.gate({
      id: crypto.randomUUID(),
      service: "api",
      environment: "prod",
      target: { type: "commit", commit: "a".repeat(40) },
      caller: "argocd",
      record: "RB-2026-2",
    });
    // The gate let it through; nobody has seen it running.
    expect(await owed()).toEqual(["RB-2026-6", "RB-2026-2"]);
    const state = await it.state("RB-2026-2");
    await it.service.submit(
      await it.submission(
        it.cleo,
        "observation",
        {
          record: "RB-2026-2",
          running: { type: "commit", commit: "a".repeat(40) },
          source: "kubectl",
        },
        {},
        state,
      ),
    );
    expect(await owed()).toEqual(["RB-2026-6"]);
    const logId = it.service.opened?.logId ?? 0;
    const found: string[] = [];
    for await (const { where } of checkViews(it.store.database, logId, it.store.judges)) {
      found.push(where);
    }
    expect(found).toEqual([]);
    expect((await rebuildViews(it.store.database, logId)).different).toEqual([]);
    expect(await owed()).toEqual(["RB-2026-6"]);
  });
});
