/**
 * kill -9 at any moment, again and again on one log: whatever was acknowledged is there,
 * under the index that was said, and the store is what the entries and the mark say.
 * Unlike crash.test.ts nobody chooses the step. `npm run torture` does 1,000 rounds on
 * each store, which takes about an hour; COUNTERMAND_TORTURE_ROUNDS says how many.
 */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { DatabaseLocation } from "../storage/open.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { checkHistory } from "./testing/check-history.ts";
import { makeTestLog } from "./testing/ledger-under-test.ts";

const rounds = roundsFrom(process.env["COUNTERMAND_TORTURE_ROUNDS"]);
/** Reading everything through grows with the log; in between, what the round wrote is looked at. */
const wholeEvery = 25;
const child = new URL("./testing/crash-child.ts", import.meta.url).pathname;

function roundsFrom(value: string | undefined): number {
  if (value === undefined || value === "") return 20;
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new TypeError("COUNTERMAND_TORTURE_ROUNDS is a whole number from 1 to 999999");
}

/** Lets the child write until a moment that nobody chose; gives what was acknowledged, text to index. */
async function round(order: {
  readonly location: DatabaseLocation;
  readonly markFolder: string;
  readonly name: string;
}): Promise<ReadonlyMap<string, number>> {
  // It never comes to this many steps by itself.
  const whole = JSON.stringify({ ...order, step: "after-mark", times: 1_000_000 });
  const started = spawn(process.execPath, ["-C", "source", child, whole], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  const enough = Math.random() * 4_000;
  const written = Promise.withResolvers<undefined>();
  started.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (output.length > enough) written.resolve(undefined);
  });
  started.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const closed = new Promise<string | null>((resolve) =>
    started.on("close", (_code, by) => resolve(by)),
  );
  await Promise.race([written.promise, closed]);
  await sleep(Math.random() * 15);
  started.kill("SIGKILL");
  const signal = await closed;
  // All that it had to write may be written.
  if (signal === null) expect([started.exitCode, errors]).toEqual([0, ""]);
  const lines = output.split("\n").slice(0, -1);
  return new Map(
    lines.map((line) => {
      const [index = "", ...words] = line.split(" ");
      return [words.join(" "), Number(index)];
    }),
  );
}

describeOnBothStores("torture", (store) => {
  test(
    `${rounds} times SIGKILL at any moment`,
    async () => {
      const location = await store.place();
      const database = await store.open(location);
      const log = await makeTestLog(database);
      const all = new Map<string, number>();
      for (let i = 0; i < rounds; i++) {
        const { markFolder } = log;
        const acknowledged = await round({ location, markFolder, name: `${i}-` });
        const ledger = await log.open(database);
        for (const [text, index] of acknowledged) {
          expect(Buffer.from((await ledger.log().entry(index)) ?? []).toString()).toBe(text);
          all.set(text, index);
        }
        // It is as good as before: it appends.
        await ledger.submit({ id: `after ${i}`, text: `note after ${i}` });
        await ledger.close();
        if (i % wholeEvery === 0 || i === rounds - 1) await checkHistory(database, log);
      }
      const ledger = await log.open(database);
      for (const [text, index] of all) {
        expect(Buffer.from((await ledger.log().entry(index)) ?? []).toString()).toBe(text);
      }
      await ledger.close();
      expect(all.size).toBeGreaterThan(0);
      expect(new Set(all.values()).size).toBe(all.size);
    },
    60_000 + rounds * 20_000,
  );
});
