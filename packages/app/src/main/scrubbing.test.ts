/** A server's own ledger is read through: real entries have the identities that their rows say. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { dataDirectory } from "../storage/data-directory.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { startScrubbing } from "./scrubbing.ts";
import { RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

function scrub(it: RollbacksUnderTest, rate: number) {
  const ended = new AbortController();
  const lines: string[] = [];
  const context = { err: (line: string) => void lines.push(line), now: () => new Date(it.now) };
  const application = { service: it.service, directory: dataDirectory(join(it.folder, "data")) };
  const scrubbing = startScrubbing(application, rate, context);
  const running = scrubbing.run(ended.signal);
  return {
    scrubbing,
    lines,
    end: async (): Promise<void> => {
      ended.abort();
      await running;
    },
  };
}

describeOnBothStores("reading through", (under) => {
  test("a ledger of records is as it was written; 0 turns it off", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.assess();
    const { scrubbing, lines, end } = scrub(it, 1_000_000);
    await expect.poll(() => scrubbing.health()?.last?.entries).toBeGreaterThan(2);
    expect(scrubbing.health()?.alarm).toBeUndefined();
    await end();
    expect(lines).toEqual([]);
    expect(it.service.opened?.ledger.state().kind).toBe("running");
    const off = scrub(it, 0);
    await off.end();
    expect(off.scrubbing.health()).toBeUndefined();
  });
});
