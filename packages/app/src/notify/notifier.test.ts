/** The outbox and who empties it, on both stores: at least once, never twice at once, never in the way. */
import { expect, test } from "vitest";
import { makeTestLog } from "../ledger/testing/ledger-under-test.ts";
import type { Database } from "../storage/database.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import type { Channel, Message, Outcome } from "./channels/channel.ts";
import type { Notice } from "./notice.ts";
import { Notifier, type NotifierOptions } from "./notifier.ts";
import { Outbox, writeNotices } from "./outbox.ts";
import { noticeOf, settingsOf } from "./testing/notices.ts";

const start = Date.parse("2026-11-23T02:00:00.000Z");
const never = new AbortController().signal;
const logId = 1;

/** A channel that keeps what it is given, and answers what the test says. */
class FakeChannel implements Channel {
  readonly type = "webhook";
  readonly messages: Message[] = [];
  answer: (message: Message) => Outcome | Promise<Outcome> = () => ({ kind: "sent" });

  async send(message: Message): Promise<Outcome> {
    this.messages.push(message);
    return await this.answer(message);
  }

  get ids(): string[] {
    return this.messages.map(({ id }) => id);
  }
}

class Room {
  readonly database: Database;
  readonly ops = new FakeChannel();
  readonly reported: string[] = [];
  readonly addresses = new Map<string, readonly string[]>();
  now = start;

  constructor(database: Database) {
    this.database = database;
  }

  /** One server more. */
  notifier(changes: Partial<NotifierOptions> = {}): Notifier {
    return new Notifier({
      database: this.database,
      logId,
      ledger: "example.com/rollbacks",
      settings: settingsOf({ ops: this.ops }),
      url: new URL("https://audit.example.com"),
      addressesOf: async (person) => this.addresses.get(person) ?? [],
      now: () => new Date(this.now),
      random: () => 1,
      report: (line) => this.reported.push(line),
      every: 5,
      ...changes,
    });
  }

  async write(...notices: Notice[]): Promise<void> {
    await this.database.transaction((tx) => writeNotices(tx, logId, notices));
  }

  async all() {
    return await new Outbox(this.database, logId).list(["waiting", "sent", "dead", "skipped"], 200);
  }
}

async function room(open: () => Promise<Database>): Promise<Room> {
  const database = await open();
  await makeTestLog(database);
  return new Room(database);
}

const notices = (n: number) =>
  Array.from({ length: n }, (_, index) =>
    noticeOf({ index, leafHash: index.toString(16).padStart(8, "0").repeat(8) }),
  );

describeOnBothStores("telling people", (store) => {
  const make = () => room(() => store.open());

  test("each notice once, with a link to the record", async () => {
    const it = await make();
    const notifier = it.notifier();
    await it.write(...notices(3));
    expect(await notifier.route()).toBe(3);
    expect(await notifier.route()).toBe(0);
    expect(await notifier.deliver("ops", never)).toBe(3);
    expect(await notifier.deliver("ops", never)).toBe(0);
    expect(new Set(it.ops.ids).size).toBe(3);
    expect(it.ops.messages[0]).toMatchObject({
      ledger: "example.com/rollbacks",
      link: "https://audit.example.com/records/RB-2026-1",
    });
    expect((await it.all()).map(({ state }) => state)).toEqual(["sent", "sent", "sent"]);
  });

  test("an entry that is not committed is not told", async () => {
    const it = await make();
    await expect(
      it.database.transaction(async (tx) => {
        await writeNotices(tx, logId, notices(1));
        throw new Error("the disk is full");
      }),
    ).rejects.toThrow("the disk is full");
    expect(await it.notifier().route()).toBe(0);
  });

  test("who dies between sending and marking has it sent again, under the same id", async () => {
    const it = await make();
    await it.write(...notices(1));
    const first = it.notifier();
    await first.route();
    // It was received, and the server is gone before it can say so.
    it.ops.answer = () => Promise.reject(new Error("killed"));
    await expect(first.deliver("ops", never)).rejects.toThrow("killed");
    it.ops.answer = () => ({ kind: "sent" });
    const second = it.notifier();
    // The lease holds while the first might still be sending.
    expect(await second.deliver("ops", never)).toBe(0);
    it.now += 121_000;
    expect(await second.deliver("ops", never)).toBe(1);
    expect(it.ops.ids).toHaveLength(2);
    expect(new Set(it.ops.ids).size).toBe(1);
    it.now += 86_400_000;
    expect(await second.deliver("ops", never)).toBe(0);
  });

  test("who wakes up after its lease ran out changes nothing any more", async () => {
    const it = await make();
    await it.write(...notices(1));
    const slow = it.notifier();
    await slow.route();
    const wake = Promise.withResolvers<Outcome>();
    it.ops.answer = () => wake.promise;
    const sleeping = slow.deliver("ops", never);
    while (it.ops.messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    it.now += 121_000;
    it.ops.answer = () => ({ kind: "sent" });
    expect(await it.notifier().deliver("ops", never)).toBe(1);
    wake.resolve({ kind: "dead", problem: "late" });
    await sleeping;
    expect(await it.all()).toMatchObject([{ state: "sent", attempts: 1 }]);
  });

  test("several servers share the work, and none does what another does", async () => {
    const it = await make();
    await it.write(...notices(100));
    const servers = [1, 2, 3].map(() => it.notifier());
    await Promise.all(servers.map((server) => server.route()));
    for (let left = 100, rounds = 0; left > 0 && rounds < 200; rounds += 1) {
      const done = await Promise.all(servers.map((server) => server.deliver("ops", never)));
      left -= done.reduce((sum, n) => sum + n, 0);
    }
    expect(it.ops.ids).toHaveLength(100);
    expect(new Set(it.ops.ids).size).toBe(100);
  });

  test("what fails is tried less and less often, then given up, seen, and tried again when told", async () => {
    const it = await make();
    await it.write(...notices(1));
    const notifier = it.notifier();
    await notifier.route();
    it.ops.answer = () => ({ kind: "retry", problem: "hooks.example.com answers 500" });
    const pauses: number[] = [];
    while ((await it.all())[0]?.state !== "dead") {
      const before = it.now;
      expect(await notifier.deliver("ops", never)).toBe(1);
      const [delivery] = await it.all();
      if (delivery?.state === "dead") break;
      // Not a moment sooner.
      it.now = Date.parse(delivery?.at ?? "") - 1;
      expect(await notifier.deliver("ops", never)).toBe(0);
      it.now += 1;
      pauses.push((it.now - before) / 1000);
    }
    expect(pauses.slice(0, 8)).toEqual([5, 15, 45, 135, 405, 1215, 3600, 3600]);
    expect(it.now - start).toBeLessThan(3 * 86_400_000);
    expect(it.now - start).toBeGreaterThan(3 * 86_400_000 - 3_700_000);
    expect(it.reported.at(-1)).toMatch(/rollback\.authorised of entry 0 was given up on .* ops/);
    expect(await notifier.list(["dead"], 10)).toMatchObject([
      { index: 0, channel: "ops", record: "RB-2026-1", problem: "hooks.example.com answers 500" },
    ]);
    it.ops.answer = () => ({ kind: "sent" });
    expect(await notifier.retry(99)).toBe(0);
    expect(await notifier.retry(0)).toBe(1);
    expect(await notifier.deliver("ops", never)).toBe(1);
    expect(await it.all()).toMatchObject([{ state: "sent" }]);
    expect(new Set(it.ops.ids).size).toBe(1);
  });

  test("a receiver that asks for patience gets it, and one that is gone is left alone", async () => {
    const it = await make();
    await it.write(...notices(2));
    const notifier = it.notifier();
    await notifier.route();
    it.ops.answer = ({ notice }) =>
      notice.index === 0
        ? { kind: "retry", problem: "429", after: 600_000 }
        : { kind: "dead", problem: "410" };
    await notifier.deliver("ops", never);
    expect(await it.all()).toMatchObject([
      { index: 1, state: "dead" },
      { index: 0, state: "waiting", at: new Date(start + 600_000).toISOString() },
    ]);
  });

  test("while a channel fails one message tries it; the others go on", async () => {
    const it = await make();
    const chat = new FakeChannel();
    const settings = settingsOf({ ops: it.ops, chat });
    const notifier = it.notifier({ settings });
    await it.write(...notices(40));
    await notifier.route();
    it.ops.answer = () => ({ kind: "retry", problem: "down" });
    expect(await notifier.deliver("ops", never)).toBe(8);
    expect(await notifier.deliver("ops", never)).toBe(1);
    expect(await notifier.deliver("ops", never)).toBe(1);
    expect(await notifier.deliver("chat", never)).toBe(8);
    expect(notifier.health().channels).toMatchObject([
      { name: "ops", failingSince: new Date(start).toISOString() },
      { name: "chat" },
    ]);
    expect(it.reported).toEqual(["the channel ops does not take notices: down"]);
    it.ops.answer = () => ({ kind: "sent" });
    expect(await notifier.deliver("ops", never)).toBe(1);
    expect(await notifier.deliver("ops", never)).toBe(8);
    expect(it.reported.at(-1)).toBe("the channel ops takes notices again");
  });

  test("a person without an address is not told, visibly, and told once there is one", async () => {
    const it = await make();
    const settings = settingsOf({ ops: it.ops }, { people: "ops", routes: [] });
    const notifier = it.notifier({ settings });
    await it.write(noticeOf({ kind: "key.used", person: "bo", key: "SHA256:x" }));
    await notifier.route();
    await notifier.deliver("ops", never);
    expect(it.ops.ids).toEqual([]);
    expect(await it.all()).toMatchObject([
      {
        state: "skipped",
        person: "bo",
        problem: "bo has no mail address here: none was given, or it was deleted",
      },
    ]);
    it.addresses.set("bo", ["bo@example.com"]);
    expect(await notifier.retry(undefined)).toBe(1);
    await notifier.deliver("ops", never);
    expect(it.ops.messages).toMatchObject([{ addresses: ["bo@example.com"] }]);
    // The address is in the message alone.
    for (const table of ["notice", "notice_delivery"] as const) {
      const rows = await it.database.read.selectFrom(table).selectAll(table).execute();
      expect(JSON.stringify(rows)).not.toContain("bo@");
    }
  });

  test("a group that no route names is seen, and is nothing to try again", async () => {
    const it = await make();
    const notifier = it.notifier();
    await it.write(noticeOf({ groups: ["legal"] }));
    await notifier.route();
    expect(await notifier.list(["skipped"], 10)).toMatchObject([{ channel: "group:legal" }]);
    expect(await notifier.retry(undefined)).toBe(0);
  });

  test("what waits for a channel that is gone is given up in time, and old news is forgotten", async () => {
    const it = await make();
    await it.write(...notices(2));
    await it.notifier().route();
    const outbox = new Outbox(it.database, logId);
    expect(await outbox.expire(new Date(start + 86_400_000))).toBe(0);
    expect(await outbox.prune(new Date(start + 86_400_000), 100)).toBe(0);
    expect(await outbox.expire(new Date(start + 3 * 86_400_000))).toBe(2);
    expect(await it.all()).toMatchObject([{ state: "dead" }, { state: "dead" }]);
    expect(await outbox.prune(new Date(start), 100)).toBe(0);
    expect(await outbox.prune(new Date(start + 1), 1)).toBe(1);
    expect(await outbox.prune(new Date(start + 1), 100)).toBe(1);
    expect(await it.all()).toEqual([]);
  });

  test("runs until it is ended, and gives back what it was sending", async () => {
    const it = await make();
    const ended = new AbortController();
    const sending: Message[] = [];
    const hanging: Channel = {
      type: "webhook",
      send: (message, signal) =>
        new Promise((_resolve, reject) => {
          sending.push(message);
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    };
    const settings = settingsOf({ ops: it.ops, hanging });
    // As many as are sent together: all of them are leased.
    await it.write(...notices(8));
    const running = it.notifier({ settings }).run(ended.signal);
    // One that never answers holds up nobody else.
    while (it.ops.messages.length < 8) await new Promise((resolve) => setTimeout(resolve, 5));
    while (sending.length < 8) await new Promise((resolve) => setTimeout(resolve, 5));
    ended.abort(new Error("the server ends"));
    await running;
    const other = it.notifier({ settings: settingsOf({ hanging: it.ops }) });
    const before = it.ops.messages.length;
    expect(await other.deliver("hanging", never)).toBe(8);
    expect(it.ops.messages).toHaveLength(before + 8);
  });

  test("a trial is sent at once and leaves nothing behind", async () => {
    const it = await make();
    const notifier = it.notifier();
    expect(await notifier.test("ops")).toEqual({ kind: "sent" });
    expect(it.ops.messages).toMatchObject([{ notice: { kind: "test" } }]);
    await expect(notifier.test("nothing")).rejects.toThrow(
      "there is no channel nothing; there is ops",
    );
    expect(await it.all()).toEqual([]);
  });
});
