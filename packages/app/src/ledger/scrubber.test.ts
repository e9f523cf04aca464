/** The log is read through while it is worked on: nothing is found in a good one, and damage stops it. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { describeOnBothStores, type StoreUnderTest } from "../storage/testing/both-stores.ts";
import { Scrubber, type ScrubberOptions } from "./scrubber.ts";
import { findLog } from "./log-rows.ts";
import { makeTestLog } from "./testing/ledger-under-test.ts";
import { noteIdentity } from "./testing/notes.ts";
import { origin } from "./testing/test-signer.ts";

const never = new AbortController().signal;

async function scrubbed(store: StoreUnderTest, more: Partial<ScrubberOptions> = {}) {
  const location = await store.place();
  const database = await store.open(location);
  const log = await makeTestLog(database);
  const ledger = await log.open(database, { maxWaiting: 1_000 });
  const submit = (from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, i) =>
        ledger.submit({ id: `${from + i}`, text: `note ${from + i}` }),
      ),
    );
  await submit(0, 300);
  await submit(300, 600);
  const reported: string[] = [];
  const scrubber = new Scrubber({
    database,
    logId: (await findLog(database.read, origin)) ?? 0,
    verifier: log.signer.verifier,
    signed: () => ledger.log().published(),
    identityOf: (leaf) => noteIdentity(Buffer.from(leaf).toString().slice("note ".length)),
    freeze: (reason) => ledger.freeze(reason),
    now: () => new Date("2026-11-23T10:00:00.000Z"),
    report: (line) => void reported.push(line),
    rate: 1_000_000,
    ...more,
  });
  return { database, ledger, location, log, reported, scrubber, submit };
}

const damage: Readonly<Record<string, readonly [string, string, RegExp]>> = {
  "an old entry": [
    "update entry set leaf = cast('note x' as blob) where idx = 17",
    "update entry set leaf = convert_to('note x', 'UTF8') where idx = 17",
    /entry 17: its bytes do not match its leaf hash/,
  ],
  "an entry that is gone": [
    "delete from entry where idx = 300",
    "delete from entry where idx = 300",
    /entry 300: it is missing/,
  ],
  "a tile that is gone": [
    "delete from tile where level = 0 and n = 1",
    "delete from tile where level = 0 and n = 1",
    /tile 0\/1: it is missing/,
  ],
  "a checkpoint of something else": [
    "update checkpoint set note = replace(note, 'log.example', 'log2.example') where size > 0",
    "update checkpoint set note = replace(note, 'log.example', 'log2.example') where size > 0",
    /checkpoint \d+: it does not open with the log's key/,
  ],
};

describeOnBothStores("the scrubber", (store) => {
  test("finds nothing in a log that grows under it, and says how far it is", async () => {
    const { ledger, reported, scrubber, submit } = await scrubbed(store);
    expect(scrubber.health()).toEqual({ checked: 0, of: 0 });
    const [outcome] = await Promise.all([scrubber.pass(never), submit(600, 1_100)]);
    expect(outcome).toBe("good");
    expect(await scrubber.pass(never)).toBe("good");
    expect(scrubber.health()).toEqual({
      checked: 1_100,
      of: 1_100,
      last: { at: "2026-11-23T10:00:00.000Z", entries: 1_100 },
    });
    expect([ledger.state().kind, reported]).toEqual(["running", []]);
  });

  test.each(Object.entries(damage))("%s freezes the log for every process", async (_, of) => {
    const [sqlite, postgresql, says] = of;
    const { database, ledger, location, log, scrubber } = await scrubbed(store);
    await store.tamper(location, store.engine === "sqlite" ? sqlite : postgresql);
    await scrubber.run(never);
    expect(await ledger.frozen).toMatch(says);
    expect(scrubber.health().alarm).toMatch(says);
    const row = await database.read.selectFrom("log").select(["state", "reason"]).execute();
    expect(row).toEqual([{ state: "frozen", reason: expect.stringMatching(says) as string }]);
    await expect(ledger.submit({ id: "new", text: "note new" })).rejects.toMatchObject({
      code: "frozen",
    });
    await ledger.close();
    await expect(log.open(database)).rejects.toMatchObject({ code: "frozen" });
  });

  test("what a second reading does not find is an alarm, and the log goes on", async () => {
    const { database, ledger, log, reported } = await scrubbed(store);
    let readings = 0;
    const scrubber = new Scrubber({
      database,
      logId: 1,
      verifier: log.signer.verifier,
      signed: () => ledger.log().published(),
      // As memory that fails: the first reading of entry 17 differs, the second does not.
      identityOf(leaf) {
        const text = Buffer.from(leaf).toString();
        if (text !== "note 17") return noteIdentity(text.slice("note ".length));
        readings += 1;
        return noteIdentity(readings === 1 ? "71" : "17");
      },
      freeze: (reason) => ledger.freeze(reason),
      now: () => new Date(),
      report: (line) => void reported.push(line),
      rate: 1_000_000,
    });
    expect(await scrubber.pass(never)).toBe("good");
    expect(readings).toBe(2);
    expect(reported).toEqual([expect.stringContaining("entry 17: its identity hash")]);
    expect(scrubber.health().alarm).toContain("a second reading said otherwise");
    expect(ledger.state().kind).toBe("running");
  });

  test("reads no faster than it was told, and ends when the server does", async () => {
    const { scrubber } = await scrubbed(store, { rate: 256 });
    const ended = new AbortController();
    const running = scrubber.run(ended.signal);
    await expect.poll(() => scrubber.health().of).toBe(600);
    // A page a second: the second page cannot have been read yet.
    expect(scrubber.health().checked).toBe(0);
    ended.abort();
    await running;
    expect(scrubber.health()).toEqual({ checked: 0, of: 600 });
  });

  test("a store that cannot be read is an alarm and no finding", async () => {
    const { database, ledger, reported, scrubber } = await scrubbed(store, { every: 5 });
    await ledger.close();
    await database.close();
    const ended = new AbortController();
    const running = scrubber.run(ended.signal);
    await expect.poll(() => scrubber.health().alarm).toMatch(/could not be read through/);
    await sleep(30);
    ended.abort();
    await running;
    expect(reported).toHaveLength(1);
  });
});
