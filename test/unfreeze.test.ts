/** A log that had stopped, and the administrator who has it go on, as a person would. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { Workplace } from "./command-line.ts";

function tamper(place: Workplace, sql: string): void {
  const database = new DatabaseSync(join(place.data, "ledger.db"));
  database.exec(sql);
  database.close();
}

test("a frozen log goes on once its store is in order, and says why it had stopped", () => {
  using place = new Workplace();
  place.makeRepository();
  expect(place.as("ada", "init", "--id", "ada").code).toBe(0);
  expect(place.as("ada", "unfreeze")).toMatchObject({
    code: 0,
    out: expect.stringContaining("is not frozen. Nothing was changed."),
  });
  const reason = "a mirror is full; make room (found at 2026-11-23T08:00:00.000Z)";
  tamper(place, `update log set state = 'frozen', reason = '${reason}'`);
  expect(place.as("ada", "list")).toMatchObject({
    code: 3,
    err: expect.stringContaining("is frozen: a mirror is full"),
  });
  tamper(place, "update registry set idx = 7");
  tamper(place, "update registry set state = '{}'");
  expect(place.as("ada", "unfreeze")).toMatchObject({
    code: 1,
    out: expect.stringMatching(/✗ the registry: .*\nNothing was changed/),
  });
  expect(place.run("rebuild").code).toBe(0);
  const done = place.as("ada", "unfreeze");
  expect(done).toMatchObject({
    code: 0,
    err: expect.stringContaining(
      "The log is frozen, since 2026-11-23 08:00:00 UTC: a mirror is full; make room",
    ),
    out: expect.stringMatching(/recorded alarm-cleared as entry 1 .*\nThe log is active again/),
  });
  expect(place.as("ada", "list").code).toBe(0);
  expect(place.run("fsck").code).toBe(0);
});
