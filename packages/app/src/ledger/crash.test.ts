/** SIGKILL at each step of the commit path, a full disk, and a COMMIT whose answer is lost. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, statSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runSql } from "../storage/database.ts";
import { openDatabase, type DatabaseLocation } from "../storage/open.ts";
import { describeOnBothStores, describePostgresql } from "../storage/testing/both-stores.ts";
import type { Step } from "./ledger.ts";
import { checkHistory } from "./testing/check-history.ts";
import { makeTestLog, temporaryFolder } from "./testing/ledger-under-test.ts";
import type { NoteCommand } from "./testing/notes.ts";

const note = (id: number | string, text = `note ${id}`): NoteCommand => ({ id: `${id}`, text });

const child = new URL("./testing/crash-child.ts", import.meta.url).pathname;

/** Runs the child until it is dead; gives the lines of what was acknowledged. */
async function crash(order: {
  location: DatabaseLocation;
  markFolder: string;
  step: Step;
  times: number;
}): Promise<{ lines: string[]; signal: string | null; errors: string }> {
  const started = spawn(process.execPath, ["-C", "source", child, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  started.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  started.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const signal = await new Promise<string | null>((resolve) =>
    started.on("close", (_code, by) => resolve(by)),
  );
  return { lines: output.split("\n").slice(0, -1), signal, errors };
}

const steps: readonly Step[] = [
  "before-transaction",
  "after-insert",
  "before-commit",
  "after-commit",
  "after-sign",
  "after-mark",
];

describeOnBothStores("crash", (store) => {
  test.each(steps)(
    "SIGKILL %s: nothing acknowledged is lost, no history is signed twice",
    async (step) => {
      const location = await store.place();
      const database = await store.open(location);
      const log = await makeTestLog(database);
      const acknowledged = new Map<string, number>();
      // Again and again on the same log: at the first commit, a later one, and past a tile.
      for (const times of [1, 3, 80]) {
        const { lines, signal, errors } = await crash({
          location,
          markFolder: log.markFolder,
          step,
          times,
        });
        expect(signal, errors).toBe("SIGKILL");
        for (const line of lines) {
          const [index = "", ...words] = line.split(" ");
          const text = words.join(" ");
          expect(acknowledged.get(text) ?? Number(index)).toBe(Number(index));
          acknowledged.set(text, Number(index));
        }
        await checkHistory(database, log);
        const ledger = await log.open(database);
        for (const [text, index] of acknowledged) {
          expect(Buffer.from((await ledger.log().entry(index)) ?? []).toString()).toBe(text);
        }
        await ledger.close();
        await checkHistory(database, log);
      }
      expect(acknowledged.size).toBeGreaterThan(0);
    },
  );
});

describeOnBothStores("full disk", (store) => {
  test("a store that is full records nothing, says so, and goes on when there is room", async () => {
    if (store.engine === "postgresql") return fullTablespace(store);
    const database = await store.open();
    const log = await makeTestLog(database);
    const ledger = await log.open(database);
    await ledger.submit(note("before"));
    const limit = async (pages: string) =>
      database.transaction((tx) => runSql(tx, `pragma max_page_count = ${pages}`));
    const { rows } = await database.transaction((tx) => runSql(tx, "pragma page_count"));
    await limit(`${Number(rows[0]?.["page_count"]) + 4}`);
    const large = (id: string) => ledger.submit(note(id, "x".repeat(60_000)));
    const answers = await Promise.allSettled([large("a"), large("b"), large("c")]);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: "rejected",
        reason: { code: "not-recorded", message: expect.stringContaining("the disk is full") },
      });
    }
    expect(ledger.state()).toMatchObject({ kind: "running", size: 1 });
    await limit("1000000");
    await large("a");
    expect(ledger.state()).toMatchObject({ kind: "running", size: 2 });
    await ledger.close();
  });
});

/** PostgreSQL's tables on a small file system of their own. */
async function fullTablespace(
  store: Parameters<Parameters<typeof describePostgresql>[1]>[0],
): Promise<void> {
  const place = await store.place();
  if (!("url" in place)) throw new TypeError("not a place of PostgreSQL");
  const socket = new URL(place.url).searchParams.get("host") ?? "";
  const folder = join(temporaryFolder(), "small");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], { stdio: "pipe" });
  } catch {
    // oxlint-disable-next-line no-console -- a test that cannot run says so
    console.warn("skipped: a small file system for PostgreSQL cannot be mounted here (needs root)");
    return;
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
  });
  chmodSync(join(folder, ".."), 0o755);
  const { uid, gid } = statSync(join(socket, "data"));
  chownSync(folder, uid, gid);
  const space = `small_${process.pid}`;
  const database = await openDatabase(place);
  const log = await makeTestLog(database);
  const ledger = await log.open(database);
  await ledger.submit(note("before"));
  await store.tamper(place, `create tablespace ${space} location '${folder}'`);
  await store.tamper(place, `alter table entry set tablespace ${space}`);
  // Random, so that it is not compressed away.
  const large = (id: number) =>
    ledger.submit(
      note(id, Buffer.from(crypto.getRandomValues(new Uint8Array(45_000))).toString("base64")),
    );
  let recorded = 0;
  let refusal: unknown;
  for (let i = 0; i < 400 && refusal === undefined; i++) {
    try {
      await large(i);
      recorded += 1;
    } catch (error) {
      refusal = error;
    }
  }
  expect(refusal).toMatchObject({
    code: "not-recorded",
    message: expect.stringContaining("the disk of PostgreSQL is full"),
  });
  expect(ledger.state()).toMatchObject({ kind: "running", size: 1 + recorded });
  await store.tamper(place, "alter table entry set tablespace pg_default");
  await large(1_000);
  expect(ledger.state()).toMatchObject({ kind: "running", size: 2 + recorded });
  await ledger.close();
  await database.close();
  await store.tamper(place, `drop tablespace ${space}`);
}

/** Between us and the server; cuts the line at the next COMMIT when told to. */
async function proxy(socketFolder: string) {
  const state = { cut: "never" as "never" | "before-commit" | "after-commit", cuts: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(join(socketFolder, ".s.PGSQL.5432"));
    sockets.add(client).add(upstream);
    client.on("data", (bytes) => {
      if (state.cut === "never" || !bytes.includes("commit\0")) {
        upstream.write(bytes);
        return;
      }
      const { cut } = state;
      state.cut = "never";
      state.cuts += 1;
      client.destroy();
      if (cut === "after-commit") upstream.end(bytes);
      else upstream.destroy();
    });
    upstream.on("data", (bytes) => client.write(bytes));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        if (one === upstream) other.destroy();
        else other.end();
      });
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { state, port: (server.address() as AddressInfo).port };
}

describePostgresql("COMMIT without an answer (postgresql)", (store) => {
  describe.each(["before-commit", "after-commit"] as const)(
    "the line is cut %s reaches the server",
    (cut) => {
      test("the head tells what became of it, and the log goes on", async () => {
        const place = await store.place();
        if (!("url" in place)) throw new TypeError("not a place of PostgreSQL");
        const url = new URL(place.url);
        const { state, port } = await proxy(url.searchParams.get("host") ?? "");
        url.searchParams.delete("host");
        url.hostname = "127.0.0.1";
        url.port = `${port}`;
        const database = await store.open({ url: url.href });
        const log = await makeTestLog(database);
        const ledger = await log.open(database);
        await ledger.submit(note(1));
        // Let the checkpoint that is owed be stored first: the cut is for a batch.
        await new Promise((resolve) => setTimeout(resolve, 100));
        state.cut = cut;
        const answers = await Promise.allSettled([ledger.submit(note(2)), ledger.submit(note(3))]);
        expect(state.cuts).toBe(1);
        if (cut === "after-commit") {
          expect(answers).toMatchObject([
            { status: "fulfilled", value: { result: "new", receipts: [{ index: 1 }] } },
            { status: "fulfilled", value: { result: "new", receipts: [{ index: 2 }] } },
          ]);
        } else {
          for (const answer of answers) {
            expect(answer).toMatchObject({ status: "rejected", reason: { code: "not-recorded" } });
          }
        }
        const again = await Promise.all([
          ledger.submit(note(2)),
          ledger.submit(note(3)),
          ledger.submit(note(4)),
        ]);
        expect(again.map(({ receipts }) => receipts[0]?.index)).toEqual([1, 2, 3]);
        expect(again[0]?.result).toBe(cut === "after-commit" ? "again" : "new");
        await ledger.close();
        await checkHistory(database, log);
      });
    },
  );

  test("a server that does not come back freezes the log, and says that it may be recorded", async () => {
    const place = await store.place();
    if (!("url" in place)) throw new TypeError("not a place of PostgreSQL");
    const url = new URL(place.url);
    const { state, port } = await proxy(url.searchParams.get("host") ?? "");
    url.searchParams.delete("host");
    url.hostname = "127.0.0.1";
    url.port = `${port}`;
    const database = await store.open({ url: url.href });
    const log = await makeTestLog(database);
    const ledger = await log.open(database, { recoveryTime: 0 });
    await ledger.submit(note(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    state.cut = "after-commit";
    const refuse = setInterval(() => {
      if (state.cuts > 0) state.cut = "before-commit";
    }, 1);
    onTestFinished(() => clearInterval(refuse));
    await expect(ledger.submit(note(2))).rejects.toMatchObject({ code: "unacknowledged" });
    clearInterval(refuse);
    state.cut = "never";
    expect(ledger.state()).toMatchObject({ kind: "frozen" });
    await ledger.close();
    const reopened = await log.open(database);
    expect(await reopened.submit(note(2))).toMatchObject({
      result: "again",
      receipts: [{ index: 1 }],
    });
    await reopened.close();
    await checkHistory(database, log);
  });
});
