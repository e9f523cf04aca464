/** The primary dies under load and its synchronous standby takes over: nothing acknowledged is lost. */
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../storage/open.ts";
import { describePostgresql } from "../storage/testing/both-stores.ts";
import { ReplicatedPostgresql } from "../storage/testing/replicated-postgresql.ts";
import { checkHistory } from "./testing/check-history.ts";
import { makeTestLog, temporaryFolder } from "./testing/ledger-under-test.ts";
import { startServer } from "./testing/server-process.ts";

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await setTimeout(20);
  expect(condition()).toBe(true);
}

describePostgresql("failover", () => {
  test("three servers go on at the standby; no acknowledged entry is lost, no fork", async () => {
    const pair = await ReplicatedPostgresql.start();
    onTestFinished(() => pair.stop());
    const location = { url: pair.url() };
    const before = await openDatabase(location);
    const log = await makeTestLog(before);
    await before.close();
    const servers = ["a", "b", "c"].map((name) => {
      const markFolder = name === "a" ? log.markFolder : temporaryFolder();
      return startServer({ location, markFolder, step: "never", times: 1, name });
    });
    const least = () => Math.min(...servers.map(({ lines }) => lines.length));
    await until(() => least() > 30);
    await pair.killPrimary();
    await setTimeout(300);
    const reached = servers.map(({ lines }) => lines.length);
    await pair.promote();
    await until(() => servers.every(({ lines }, i) => lines.length > (reached[i] ?? 0) + 50));
    for (const server of servers) server.kill("SIGKILL");
    await Promise.all(servers.map(({ ended }) => ended));

    const after = await openDatabase(location);
    onTestFinished(() => after.close());
    await checkHistory(after, log);
    const rows = await after.read.selectFrom("entry").select(["idx", "leaf"]).execute();
    const stored = new Map(rows.map(({ idx, leaf }) => [idx, Buffer.from(leaf).toString()]));
    for (const line of servers.flatMap(({ lines }) => lines)) {
      const [index = "", ...words] = line.split(" ");
      expect(stored.get(Number(index))).toBe(words.join(" "));
    }
  });
});
