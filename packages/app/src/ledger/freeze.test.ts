/** Frozen from outside, while commits are under way: everybody is told, and nothing acknowledged is lost. */
import { expect, test } from "vitest";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { checkHistory } from "./testing/check-history.ts";
import { makeTestLog } from "./testing/ledger-under-test.ts";

describeOnBothStores("a ledger that is frozen at work", (store) => {
  test.each(["before-transaction", "before-commit", "after-commit", "after-sign", "after-mark"])(
    "at %s",
    async (step) => {
      const database = await store.open();
      const log = await makeTestLog(database);
      let frozen: Promise<void> | undefined;
      let times = 0;
      const ledger = await log.open(database, {
        onStep(at) {
          if (at === step && ++times === 3) frozen = ledger.freeze("a witness says so");
        },
      });
      const said: string[] = [];
      const lanes = await Promise.allSettled(
        Array.from({ length: 8 }, async (_, name) => {
          for (let i = 0; i < 50; i++) {
            const text = `note ${name}-${i}`;
            await ledger.submit({ id: text.slice("note ".length), text });
            said.push(text);
          }
        }),
      );
      await frozen;
      for (const one of lanes) {
        expect(one).toMatchObject({
          status: "rejected",
          reason: { message: expect.stringContaining("a witness says so") },
        });
      }
      expect(ledger.state()).toEqual({ kind: "frozen", reason: "a witness says so" });
      await ledger.close();
      const rows = await database.read.selectFrom("entry").select("leaf").execute();
      const stored = new Set(rows.map(({ leaf }) => Buffer.from(leaf).toString()));
      expect(said.filter((text) => !stored.has(text))).toEqual([]);
      await checkHistory(database, log);
    },
  );
});
