/** Duties shared out among servers on one PostgreSQL: who has them, and who gets them next. */
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import type { Database } from "../storage/database.ts";
import { postgresqlLocks } from "../storage/locks.ts";
import { describeOnBothStores, describePostgresql } from "../storage/testing/both-stores.ts";
import { Duties } from "./duties.ts";

/** A server that does one thing as long as it may. */
function server(database: Database, what = "") {
  const ended = new AbortController();
  const lines: string[] = [];
  const spans: string[] = [];
  const duties = new Duties({
    database,
    logId: () => 1,
    report: (line) => void lines.push(line),
    pause: 30,
  });
  const running = duties.run("scrub", what, ended.signal, async (on) => {
    spans.push("begun");
    on.addEventListener("abort", () => spans.push("ended"), { once: true });
  });
  const end = async () => {
    ended.abort();
    await running;
    await duties.close();
  };
  onTestFinished(end);
  return { duties, lines, spans, end, isHere: () => duties.health()?.["scrub"] === "here" };
}

const until = async (condition: () => boolean) => {
  await expect.poll(condition, { timeout: 10_000 }).toBe(true);
};

describePostgresql("duties of several servers", (store) => {
  test("are done by one, and by the next when it ends", async () => {
    const location = await store.place();
    const one = server(await store.open(location));
    await until(() => one.spans.length === 1);
    const two = server(await store.open(location));
    const other = server(await store.open(location), "something else");
    await until(() => two.duties.isElsewhere("scrub") && other.isHere());
    await sleep(150);
    expect([one.isHere(), two.spans]).toEqual([true, []]);
    await one.end();
    expect(one.spans).toEqual(["begun", "ended"]);
    await until(() => two.isHere());
    expect(two.spans).toEqual(["begun"]);
    expect([...one.lines, ...two.lines]).toEqual([]);
  });

  test("go to another when the holder's session is gone, and the holder hears of it", async () => {
    const location = await store.place();
    if (!("url" in location)) throw new Error("not PostgreSQL");
    const one = server(await store.open(location));
    await until(() => one.isHere());
    const two = server(await store.open(location));
    await until(() => two.duties.isElsewhere("scrub"));
    const admin = new Client({ connectionString: location.url });
    await admin.connect();
    await admin.query(
      "select pg_terminate_backend(a.pid) from pg_stat_activity a join pg_locks l on l.pid = a.pid and l.locktype = 'advisory' and l.granted where a.application_name = 'countermand duties' and a.datname = current_database()",
    );
    await admin.end();
    await until(() => one.spans.includes("ended"));
    // Whoever asks first has it; there is one, and soon.
    await until(() => one.isHere() !== two.isHere());
    const begun = [...one.spans, ...two.spans].filter((span) => span === "begun").length;
    expect(begun).toBe(2);
  });
});

describeOnBothStores("locks", (store) => {
  test("of a process that is stopped are lost, by the store's clock", async () => {
    const location = await store.place();
    if (!("url" in location)) {
      // An embedded store has one process, which has every lock.
      const locks = await (await store.open(location)).locks();
      expect([await locks.take("a"), await locks.take("a")]).toEqual([true, true]);
      return;
    }
    const stopped = await postgresqlLocks(location.url, 600);
    const other = await postgresqlLocks(location.url, 60_000);
    onTestFinished(async () => {
      await stopped.close();
      await other.close();
    });
    expect([await stopped.take("a"), await stopped.take("a")]).toEqual([true, true]);
    expect([await other.take("a"), await other.take("b")]).toEqual([false, true]);
    // As long as it speaks it keeps them.
    await sleep(1_500);
    expect([stopped.lost.aborted, await other.take("a")]).toEqual([false, false]);
    // Nothing of this process runs meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    expect(await other.take("a")).toBe(true);
    await expect.poll(() => stopped.lost.aborted).toBe(true);
    await expect(stopped.take("c")).rejects.toMatchObject({ code: "unavailable" });
    await other.give("a");
    await other.give("a");
    expect(await other.take("a")).toBe(true);
  });
});
