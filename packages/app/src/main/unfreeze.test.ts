/** A log that had stopped goes on by exactly one entry, which says why it had stopped. */
import { join } from "node:path";
import {
  defaultPolicy,
  makePayload,
  parseEntry,
  parsePayload,
  permissions,
  registryStream,
  statementTypes,
  type JsonObject,
} from "@countermand/record";
import { actor, envelopeOf, personOf } from "@countermand/record/testing";
import { expect, test } from "vitest";
import { readConfig } from "../config/config.ts";
import { formatAlarm, parseAlarm } from "../ledger/alarm.ts";
import { temporaryFolder } from "../ledger/testing/ledger-under-test.ts";
import { checkViews } from "../rollbacks/fsck-views.ts";
import type { RollbackService } from "../rollbacks/service.ts";
import { describeOnBothStores, type StoreUnderTest } from "../storage/testing/both-stores.ts";
import { openApplication } from "./application.ts";

const origin = "example.com/stopped";
const ada = actor("ada");
const now = () => new Date("2026-11-23T12:00:00.000Z");

async function stopped(under: StoreUnderTest) {
  const data = join(temporaryFolder(), "data");
  const location = await under.place();
  const env: Record<string, string> = "url" in location ? { DATABASE_URL: location.url } : {};
  const open = (thaw: boolean) => openApplication(readConfig(env, { data }), now, { thaw });
  const application = await open(false);
  await application.service.openLedger({
    origin,
    policy: defaultPolicy,
    administrator: personOf(ada, permissions),
    openings: [],
  });
  await application.service.opened?.ledger.freeze("a witness contradicts the log");
  await application.close();
  return open;
}

async function says(service: RollbackService, type: string, body: JsonObject) {
  const { registry } = await service.instance();
  const kind = statementTypes.get(type);
  if (kind?.stream !== registryStream) throw new TypeError(type);
  const subjects = kind.subjects(body, registry);
  const envelope = envelopeOf(ada, type, subjects, body, now().toISOString(), { instance: origin });
  return service.submit({ envelope, openings: [] });
}

const alarm = {
  found: "a witness contradicts the log",
  foundAt: "2026-11-23T12:00:00.000Z",
};

describeOnBothStores("a frozen log", (under) => {
  test("goes on by the statement that says why it had stopped, and by nothing else", async () => {
    const open = await stopped(under);
    await expect(open(false)).rejects.toThrow("is frozen: a witness contradicts the log (found at");
    const first = await open(true);
    const { service } = first;
    expect(parseAlarm(service.opened?.ledger.thaws() ?? "")).toEqual(alarm);
    const person = personOf(actor("bo"), []);
    await expect(says(service, "person-added", { person })).rejects.toThrow("the log is frozen");
    await expect(says(service, "alarm-cleared", { ...alarm, found: "nothing" })).rejects.toThrow(
      "names another alarm",
    );
    await expect(says(service, "alarm-cleared", { found: alarm.found })).rejects.toThrow("another");
    await first.close();
    // Nothing was changed by all that.
    await expect(open(false)).rejects.toThrow("is frozen");

    const again = await open(true);
    const accepted = await says(again.service, "alarm-cleared", alarm);
    expect(accepted.receipts.map(({ index, type }) => [index, type])).toEqual([
      [1, "alarm-cleared"],
    ]);
    // It goes on at once, and there is no second one.
    await expect(says(again.service, "alarm-cleared", alarm)).rejects.toThrow("is not frozen");
    await says(again.service, "person-added", { person });
    await again.close();

    const after = await open(false);
    const { opened } = after.service;
    if (opened === undefined) throw new Error("it is not open");
    const leaf = await opened.ledger.log().entry(1);
    const { envelope } = parseEntry(leaf ?? new Uint8Array());
    expect(parsePayload(Buffer.from(envelope.payload, "base64")).body).toEqual(alarm);
    const { registry } = await after.service.instance();
    expect(registry.alarms).toEqual([
      { index: 1, ...alarm, clearedBy: "ada", clearedAt: "2026-11-23T12:00:00.000Z" },
    ]);
    for await (const finding of checkViews(opened.database, opened.logId, opened.judges)) {
      expect(finding).toBeUndefined();
    }
    await after.close();
  });

  test("that was frozen for something else meanwhile stays frozen", async () => {
    const open = await stopped(under);
    const application = await open(true);
    const { service, store } = application;
    await store.database.transaction((tx) =>
      tx.updateTable("log").set({ reason: "a mirror is ahead" }).execute(),
    );
    await expect(says(service, "alarm-cleared", alarm)).rejects.toThrow("a mirror is ahead");
    await application.close();
    await expect(open(false)).rejects.toThrow("is frozen: a mirror is ahead");
  });
});

test("an alarm in a row can be read back, and fits into a statement", () => {
  for (const one of [alarm, { found: "an operator said so" }, { found: "a (found at b)" }]) {
    expect(parseAlarm(formatAlarm(one))).toEqual(one);
  }
  const long = parseAlarm(formatAlarm({ ...alarm, found: "x🚒".repeat(3_000) }));
  expect(long.foundAt).toBe(alarm.foundAt);
  const head = {
    id: crypto.randomUUID(),
    actor: "ada",
    key: ada.fingerprint,
    instance: origin,
    occurredAt: now().toISOString(),
  };
  const about = [{ name: "urn:countermand:registry:x", digest: { sha256: "a".repeat(64) } }];
  expect(makePayload("alarm-cleared", about, head, { ...long }).length).toBeLessThan(16_384);
});
