/** From an entry to a receiver: a real ledger, real webhooks and real mail, on both stores. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultPolicy, type JsonObject } from "@countermand/record";
import { actor } from "@countermand/record/testing";
import { SMTPServer } from "smtp-server";
import { expect, onTestFinished, test } from "vitest";
import { checkSignature, parseSecret } from "../notify/channels/signature.ts";
import { startReceiver, type Receiver } from "../notify/testing/receiver.ts";
import { describeOnBothStores, type StoreUnderTest } from "../storage/testing/both-stores.ts";
import { addressesOf, startNotifying, type Notifying } from "./notifying.ts";
import { rebuildViews } from "../rollbacks/rebuild.ts";
import { RollbacksUnderTest, texts } from "./testing/rollbacks-under-test.ts";

const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;

interface Letter {
  readonly to: readonly string[];
  readonly text: string;
}

async function startMail(): Promise<{ port: number; letters: Letter[] }> {
  const letters: Letter[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    onData(stream, { envelope }, done) {
      let text = "";
      stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
      stream.on("end", () => {
        letters.push({ to: envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return { port: address.port, letters };
}

interface World {
  readonly it: RollbacksUnderTest;
  readonly hooks: Receiver;
  readonly letters: Letter[];
  readonly notifying: Notifying;
  /** What the receiver got, by kind, in the order in which it came. */
  readonly kinds: () => string[];
  readonly quiet: () => Promise<void>;
}

async function start(
  store: StoreUnderTest,
  config: (hooks: Receiver, mailPort: number) => JsonObject = usual,
): Promise<World> {
  const it = await RollbacksUnderTest.start(store);
  const folder = mkdtempSync(join(tmpdir(), "countermand-notifying-"));
  const [hooks, mail] = [await startReceiver(), await startMail()];
  writeFileSync(join(folder, "ops.secret"), secret);
  const file = join(folder, "notify.json");
  writeFileSync(file, JSON.stringify(config(hooks, mail.port)));
  const ended = new AbortController();
  const errors: string[] = [];
  const context = { cwd: folder, err: (text: string) => errors.push(text), now: it.store.now };
  const notifying = await startNotifying(
    it,
    { notify: file, url: new URL("https://audit.example.com") },
    context,
    ended.signal,
  );
  const running = notifying.run();
  onTestFinished(async () => {
    ended.abort();
    await running;
    await it[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    it,
    hooks,
    letters: mail.letters,
    notifying,
    kinds: () => hooks.received.map(({ body }) => (JSON.parse(body) as { type: string }).type),
    async quiet() {
      for (;;) {
        const open = await it.store.database.read
          .selectFrom("notice as n")
          .leftJoin("notice_delivery as d", (join) =>
            join.onRef("d.idx", "=", "n.idx").onRef("d.kind", "=", "n.kind"),
          )
          .select("n.idx")
          .where((eb) => eb.or([eb("n.routed_at", "is", null), eb("d.state", "=", "waiting")]))
          .execute();
        if (open.length === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

function usual(hooks: Receiver, port: number): JsonObject {
  return {
    channels: {
      ops: {
        type: "webhook",
        url: hooks.url.href,
        secretFiles: ["ops.secret"],
        inside: true,
      },
      mail: { type: "email", server: `smtp://127.0.0.1:${port}`, from: "c@example.com" },
    },
    people: "mail",
    routes: [{ to: ["ops"] }],
  };
}

describeOnBothStores("from an entry to a receiver", (store) => {
  test("a rollback's way, signed, without names and texts; its people of their keys", async () => {
    const { it, hooks, letters, kinds, quiet } = await start(store);
    await it.propose();
    await it.assess();
    await it.decide();
    await quiet();
    expect(kinds().sort()).toEqual(["approval.requested", "decision.made", "rollback.authorised"]);
    for (const { headers, body } of hooks.received) {
      const signed = {
        id: String(headers["webhook-id"]),
        timestamp: Number(headers["webhook-timestamp"]),
        body,
      };
      const signature = String(headers["webhook-signature"]);
      expect(checkSignature(signed, signature, parseSecret(secret, "the test"))).toBe(true);
      for (const text of [...Object.values(texts), "ada@example.com", "salt"]) {
        expect(body).not.toContain(text);
      }
    }
    const authorised = hooks.received.map(({ body }) => JSON.parse(body) as JsonObject).at(-1);
    expect(authorised).toMatchObject({
      data: { link: "https://audit.example.com/records/RB-2026-1", record: { service: "api" } },
    });
    // Ada signed several times, and is told of each; bo decided and has no address.
    expect(letters.length).toBeGreaterThan(0);
    for (const { to, text } of letters) {
      expect(to).toEqual(["ada@example.com"]);
      expect(text).toContain("Your key signed");
    }
    const used = await it.store.database.read
      .selectFrom("notice")
      .select("idx")
      .where("kind", "=", "key.used")
      .where("person", "=", "ada")
      .execute();
    expect(letters).toHaveLength(used.length);
    const skipped = await it.store.database.read
      .selectFrom("notice_delivery")
      .select(["kind", "problem"])
      .where("state", "=", "skipped")
      .execute();
    expect(skipped).toEqual([
      {
        kind: "key.used",
        problem: "bo has no mail address here: none was given, or it was deleted",
      },
    ]);
  });

  test("a person is told by mail when a key is theirs, until the address is deleted", async () => {
    const { it, letters, quiet } = await start(store);
    const spare = actor("spare");
    await it.registrySays(it.ada, "key-added", {
      person: "ada",
      newKey: { fingerprint: spare.fingerprint, line: spare.line },
    });
    await quiet();
    const added = letters.filter(({ text }) => text.includes("A key was added to you"));
    expect(added.map(({ to }) => to)).toEqual([["ada@example.com"]]);
    expect(added[0]?.text).toMatch(/Subject: \[countermand\] A key was added to you/);
    const settings = { ...defaultPolicy, version: 2 };
    await it.registrySays(it.ada, "policy-proposed", { settings });
    await quiet();
    expect(letters.at(-1)?.text).toMatch(/Your key signed/);
    const opened = it.service.opened;
    if (opened === undefined) throw new TypeError("not open");
    expect(await addressesOf(opened, "ada")).toEqual(["ada@example.com"]);
    const commitment = (await it.service.instance()).registry.persons["ada"]?.emails[0] ?? "";
    await it.store.database.transaction(async (tx) => {
      await tx.deleteFrom("opening").where("opening.commitment", "=", commitment).execute();
    });
    expect(await addressesOf(opened, "ada")).toEqual([]);
    await it.store.database.transaction(async (tx) => {
      const value = JSON.stringify("ada@example.com, mallory@example.com");
      await tx
        .insertInto("opening")
        .values({ log_id: opened.logId, commitment, idx: 0, salt: "", value })
        .execute();
    });
    expect(await addressesOf(opened, "ada")).toEqual([]);
    expect(await addressesOf(opened, "constructor")).toEqual([]);
  });

  test("an emergency tells every channel at once, though no route names it", async () => {
    const { it, kinds, quiet } = await start(store, (hooks, port) => ({
      ...usual(hooks, port),
      routes: [],
    }));
    await it.propose(it.ada, { mode: "emergency", incident: "INC-7" });
    await quiet();
    expect(kinds()).toEqual(["emergency.opened"]);
  });

  test("time is told by entries: what a timer fires is told once, however often it is looked at", async () => {
    const { it, kinds, quiet } = await start(store);
    await it.propose();
    await it.assess();
    await quiet();
    it.now += (defaultPolicy.requestHours + 1) * 3_600_000;
    await it.service.tick();
    await it.service.tick();
    await quiet();
    expect(kinds().sort()).toEqual(["approval.requested", "rollback.expired"]);
  });

  test("a repeated statement, a refused one and a rebuild tell nothing", async () => {
    const { it, kinds, quiet } = await start(store);
    await it.propose();
    await it.assess();
    const state = await it.state();
    await quiet();
    const before = kinds().length;
    await expect(it.decide(it.ada)).rejects.toThrow();
    const opened = it.service.opened;
    if (opened === undefined) throw new TypeError("not open");
    expect((await rebuildViews(opened.database, opened.logId)).different).toEqual([]);
    expect(await it.state()).toEqual(state);
    await quiet();
    expect(kinds()).toHaveLength(before);
  });

  test("a receiver that does not answer keeps nobody from appending", async () => {
    const { it, hooks } = await start(store);
    hooks.answer = () => ({ after: "never" });
    await it.propose();
    await it.assess();
    while (hooks.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    // The first message hangs for ten seconds; all of this is over before.
    for (let n = 0; n < 20; n += 1) await it.propose();
    expect((await it.state("RB-2026-21")).status).toBe("proposed");
    const sent = await it.store.database.read
      .selectFrom("notice_delivery")
      .select("state")
      .where("state", "<>", "waiting")
      .where("channel", "=", "ops")
      .execute();
    expect(sent).toEqual([]);
  });
});

test("without a file nobody is told, and a file that cannot be used stops the server", async () => {
  const context = { cwd: "/", err: () => undefined, now: () => new Date() };
  const service = { opened: undefined } as never;
  const ended = AbortSignal.abort();
  const quiet = await startNotifying(
    { service },
    { notify: undefined, url: undefined },
    context,
    ended,
  );
  expect(quiet.notifier).toBeUndefined();
  await quiet.run();
  await expect(
    startNotifying({ service }, { notify: "nowhere/notify.json", url: undefined }, context, ended),
  ).rejects.toThrow("/nowhere/notify.json cannot be read (ENOENT).");
});
