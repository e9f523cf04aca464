/**
 * Each operation on the store fails without effect, and fails after its effect.
 * Then everything is loaded anew and recounted: what was acknowledged is there
 * with the same bytes, and every checkpoint given out is of the same history.
 */
import { setImmediate } from "node:timers/promises";
import { openCheckpoint, verifyConsistency } from "@countermand/tlog";
import { describe, expect, test } from "vitest";
import type { Database } from "../storage/database.ts";
import { runSql } from "../storage/database.ts";
import { describeOnBothStores, type StoreUnderTest } from "../storage/testing/both-stores.ts";
import { faultyStore, type Fault, type FaultyStore } from "../storage/testing/faults.ts";
import { LedgerError } from "./error.ts";
import type { Ledger, Receipt } from "./ledger.ts";
import { newestCheckpoint } from "./log-rows.ts";
import { checkHistory } from "./testing/check-history.ts";
import { checkReceipt, makeTestLog, type TestLog } from "./testing/ledger-under-test.ts";
import type { NoteCommand } from "./testing/notes.ts";

const note = (id: number): NoteCommand => ({ id: `${id}`, text: `note ${id}` });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
/** In the log before anything fails. */
const before = range(0, 250);
/** The fourth fills a tile, the third holds a retry. */
const batches = [range(250, 252), range(252, 253), [250, 253], range(254, 259), range(259, 261)];
const all = 261;

interface Acknowledged {
  readonly text: string;
  readonly receipt: Receipt;
}

/** Submits every batch; what was not recorded, or not acknowledged, is submitted again while that can help. */
async function submitAll(
  ledger: Ledger<NoteCommand, string>,
): Promise<{ acknowledged: Acknowledged[]; codes: string[] }> {
  const acknowledged: Acknowledged[] = [];
  const codes: string[] = [];
  for (const batch of batches) {
    const answers = await Promise.allSettled(batch.map((id) => ledger.submit(note(id))));
    answers.forEach((answer, i) => {
      if (answer.status === "fulfilled") {
        const [receipt] = answer.value.receipts;
        if (receipt !== undefined) acknowledged.push({ text: `note ${batch[i]}`, receipt });
      } else {
        expect(answer.reason).toBeInstanceOf(LedgerError);
        codes.push((answer.reason as LedgerError).code);
      }
    });
  }
  return { acknowledged, codes };
}

let origins = 0;

async function scenario(store: FaultyStore, database: Database, fault: Fault | undefined) {
  const log = await makeTestLog(database, `log.example.com/fault-${++origins}`);
  const ledger = await log.open(database, { maxWaiting: 1_000, recoveryTime: 500 });
  await Promise.all(before.map((id) => ledger.submit(note(id))));
  // What is owed is stored in a quiet moment: have it behind us.
  while ((await newestCheckpoint(database.read, ledger.log().logId))?.size !== before.length) {
    await setImmediate();
  }
  store.arm(fault);
  const { acknowledged, codes } = await submitAll(ledger);
  await ledger.close();
  const operations = [...store.operations];
  store.arm(undefined);
  return { log, acknowledged, codes, operations };
}

async function recount(
  database: Database,
  log: TestLog,
  acknowledged: readonly Acknowledged[],
  already: number,
): Promise<void> {
  await checkHistory(database, log);
  const ledger = await log.open(database, { maxWaiting: 1_000 });
  const { signer } = log;
  const reader = ledger.log();
  for (const { text, receipt } of acknowledged) {
    await checkReceipt(receipt, text, signer.verifier);
    expect(Buffer.from((await reader.entry(receipt.index)) ?? []).toString()).toBe(text);
  }
  const newest = await openCheckpoint(reader.checkpoint(), [signer.verifier], signer.name);
  for (const checkpoint of new Set(acknowledged.map(({ receipt }) => receipt.checkpoint))) {
    const old = await openCheckpoint(Buffer.from(checkpoint), [signer.verifier], signer.name);
    verifyConsistency({
      oldSize: old.size,
      oldRoot: old.root,
      newSize: newest.size,
      newRoot: newest.root,
      proof: await reader.consistencyProof(old.size),
    });
  }
  // Whoever got no answer submits again, and nothing is recorded twice.
  const again = await submitAll(ledger);
  expect(again.codes).toEqual([]);
  const indexes = new Map(again.acknowledged.map(({ text, receipt }) => [text, receipt.index]));
  expect(new Set(indexes.values()).size).toBe(all - before.length);
  for (const { text, receipt } of acknowledged) expect(indexes.get(text)).toBe(receipt.index);
  expect(ledger.state()).toMatchObject({ size: all - before.length + already });
  await ledger.close();
  await checkHistory(database, log);
}

describeOnBothStores("ledger faults", (store: StoreUnderTest) => {
  // Sixty small ledgers one after another: 7 s on a quiet machine.
  test(
    "every operation fails once, without effect and after it",
    { timeout: 300_000 },
    async () => {
      const location = await store.place();
      await (await store.open(location)).close();
      let faulty: FaultyStore | undefined;
      const database = await store.openThrough(location, (inner) => (faulty = faultyStore(inner)));
      if (faulty === undefined) throw new TypeError("the store was not wrapped");
      const clean = await scenario(faulty, database, undefined);
      expect(clean.codes).toEqual([]);
      expect(clean.operations).toContain("commit");
      expect(clean.operations).toContain("insert tile");
      await recount(database, clean.log, clean.acknowledged, before.length);
      for (const effect of ["none", "done"] as const) {
        for (const [at, name] of clean.operations.entries()) {
          const fault = `${name} (operation ${at}) fails, effect ${effect}`;
          const { log, acknowledged, codes } = await scenario(faulty, database, { at, effect });
          expect(
            codes.filter((code) => code !== "not-recorded"),
            fault,
          ).toEqual([]);
          await recount(database, log, acknowledged, before.length);
        }
      }
    },
  );

  describe.each(["after-sign", "after-mark"] as const)("a failure %s", (step) => {
    test("stops the ledger; what was recorded is given again after a restart", async () => {
      const database = await store.open();
      const log = await makeTestLog(database);
      let countdown = 2;
      const ledger = await log.open(database, {
        maxWaiting: 1_000,
        onStep(at) {
          if (at === step && --countdown === 0) throw new Error("injected");
        },
      });
      const { acknowledged, codes } = await submitAll(ledger);
      expect(acknowledged.map(({ receipt }) => receipt.index)).toEqual([0, 1]);
      expect(codes[0]).toBe("unacknowledged");
      expect(new Set(codes.slice(1))).toEqual(new Set(["frozen"]));
      expect(await ledger.frozen).toBe("injected");
      expect(ledger.state()).toEqual({ kind: "frozen", reason: "injected" });
      await ledger.close();
      await recount(database, log, acknowledged, 0);
    });
  });

  test("a bit that flipped in the store is found before its tile is frozen", async () => {
    const location = await store.place();
    const database = await store.open(location);
    const log = await makeTestLog(database);
    const ledger = await log.open(database, { maxWaiting: 1_000 });
    await Promise.all(range(0, 250).map((id) => ledger.submit(note(id))));
    await store.tamper(
      location,
      store.engine === "sqlite"
        ? "update entry set leaf = x'00' where idx = 100"
        : "update entry set leaf = '\\x00' where idx = 100",
    );
    const answers = await Promise.allSettled(range(250, 260).map((id) => ledger.submit(note(id))));
    const reason = /entry 100: its bytes in the database do not match its leaf hash/;
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => "rejected"));
    expect(await ledger.frozen).toMatch(reason);
    expect(ledger.log().published().size).toBe(250);
    await ledger.close();
    // The log is frozen for everybody, until an operator has looked.
    await expect(log.open(database)).rejects.toMatchObject({
      code: "frozen",
      message: expect.stringMatching(reason),
    });
  });

  test("a process that is held up between commit and signature signs no fork", async () => {
    const location = await store.place();
    const [one, two] = [await store.open(location), await store.open(location)];
    const log = await makeTestLog(one);
    let go!: () => void;
    let arrived!: () => void;
    const paused = new Promise<void>((resolve) => (go = resolve));
    const here = new Promise<void>((resolve) => (arrived = resolve));
    const first = await log.open(one, {
      async onStep(step) {
        if (step !== "after-commit") return;
        arrived();
        await paused;
      },
    });
    const slow = first.submit(note(1));
    await here;
    const second = await log.open(two);
    const { receipts: later } = await second.submit(note(2));
    go();
    const { receipts: earlier } = await slow;
    expect([earlier[0]?.index, later[0]?.index]).toEqual([0, 1]);
    await first.close();
    await second.close();
    for (const receipt of earlier) await checkReceipt(receipt, "note 1", log.signer.verifier);
    await checkHistory(two, log);
  });

  test("a frozen log refuses to start; a closed one is read, and takes nothing", async () => {
    const location = await store.place();
    const database = await store.open(location);
    const log = await makeTestLog(database);
    await store.tamper(location, "update log set state = 'frozen', reason = 'because'");
    await expect(log.open(database)).rejects.toMatchObject({
      code: "frozen",
      message: expect.stringContaining("is frozen: because"),
    });
    await store.tamper(location, "update log set state = 'closed', reason = 'because'");
    const closed = await log.open(database);
    expect(closed.state()).toEqual({ kind: "ended", reason: "because" });
    expect(closed.log().published().size).toBe(0);
    await expect(closed.submit(note(1))).rejects.toMatchObject({ code: "ended" });
    await closed.close();
    await store.tamper(location, "update log set state = 'active', reason = null");
    const ledger = await log.open(database);
    await database.transaction((tx) =>
      runSql(tx, "update log set state = 'frozen', reason = 'an operator said so'"),
    );
    await expect(ledger.submit(note(1))).rejects.toThrow("the log is frozen: an operator said so");
  });
});
