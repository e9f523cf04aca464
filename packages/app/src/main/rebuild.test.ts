import { expect, test } from "vitest";
import { checkViews } from "../rollbacks/fsck-views.ts";
import { rebuildViews } from "../rollbacks/rebuild.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

async function findings(it: RollbacksUnderTest, logId: number): Promise<string[]> {
  const found: string[] = [];
  for await (const { where, problem } of checkViews(it.store.database, logId, it.store.judges)) {
    found.push(`${where}: ${problem}`);
  }
  return found;
}

/** A dozen records whose entries are far apart. */
async function ledger(it: RollbacksUnderTest): Promise<number> {
  for (let i = 0; i < 12; i++) await it.propose();
  for (let i = 1; i <= 12; i++) await it.assess(`RB-2026-${i}`);
  for (let i = 12; i > 0; i -= 2) await it.decide(it.bo, `RB-2026-${i}`);
  const logId = it.service.opened?.logId;
  if (logId === undefined) throw new Error("no ledger");
  return logId;
}

describeOnBothStores("rebuilding the views", (under) => {
  test("gives what was there, and goes on from there", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const logId = await ledger(it);
    const { database } = it.store;
    const seen: number[] = [];
    const once = await rebuildViews(database, logId, ({ done }) => seen.push(done));
    expect(once).toEqual({ entries: 39, different: [] });
    expect(seen).toEqual([39]);
    // Little room: every record is read back from the view that is being written.
    for (const room of [
      { entries: 7, records: 2 },
      { entries: 1, records: 0 },
      { entries: 39, records: 1 },
    ]) {
      expect(await rebuildViews(database, logId, () => {}, room)).toEqual(once);
    }
    expect(await findings(it, logId)).toEqual([]);
    await it.propose();
    expect((await it.state("RB-2026-13")).status).toBe("proposed");
  });

  test("names the views that were not what the entries give, and mends them", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    const logId = it.service.opened?.logId ?? 0;
    const { database } = it.store;
    await database.transaction(async (tx) => {
      await tx.updateTable("record").set({ reason: "none" }).where("log_id", "=", logId).execute();
    });
    expect((await findings(it, logId)).length).toBeGreaterThan(0);
    expect((await rebuildViews(database, logId)).different).toEqual(["record"]);
    expect(await findings(it, logId)).toEqual([]);
    expect((await rebuildViews(database, logId)).different).toEqual([]);
  });

  test("that ends early leaves the old views", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    const logId = it.service.opened?.logId ?? 0;
    const stop = new Error("stop");
    const failed = rebuildViews(it.store.database, logId, () => {
      throw stop;
    });
    await expect(failed).rejects.toBe(stop);
    expect(await findings(it, logId)).toEqual([]);
    expect((await it.state()).status).toBe("proposed");
  });
});
