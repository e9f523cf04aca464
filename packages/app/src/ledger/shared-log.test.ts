/** Several servers on one log: in one process, as processes, stopped, killed and held up. */
import { setTimeout } from "node:timers/promises";
import { verifyConsistency } from "@countermand/tlog";
import { expect, onTestFinished, test } from "vitest";
import { runSql, type Database } from "../storage/database.ts";
import { openDatabase } from "../storage/open.ts";
import { describeOnBothStores, describePostgresql } from "../storage/testing/both-stores.ts";
import type { Ledger, Receipt } from "./ledger.ts";
import { checkHistory } from "./testing/check-history.ts";
import {
  checkReceipt,
  makeTestLog,
  temporaryFolder,
  testLog,
  type TestLog,
} from "./testing/ledger-under-test.ts";
import type { NoteCommand } from "./testing/notes.ts";
import { startServer } from "./testing/server-process.ts";

const note = (id: string): NoteCommand => ({ id, text: `note ${id}` });

type Server = { readonly ledger: Ledger<NoteCommand, string>; readonly log: TestLog };

/** Servers with a mark of their own each, on one database through connections of their own. */
async function servers(
  open: () => Promise<Database>,
  count: 2 | 3,
): Promise<readonly [Server, Server, ...Server[]]> {
  const first = await open();
  const log = await makeTestLog(first);
  const one = { log, ledger: await log.open(first) };
  const another = async (): Promise<Server> => {
    const own = testLog(log.signer, temporaryFolder());
    return { log: own, ledger: await own.open(await open(), { adopt: true }) };
  };
  return count === 2 ? [one, await another()] : [one, await another(), await another()];
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await setTimeout(20);
  expect(condition()).toBe(true);
}

describeOnBothStores("a shared log", (store) => {
  test("takes what each server is given, at once, and every receipt holds", async () => {
    const location = await store.place();
    const all = await servers(() => store.open(location), 3);
    const receipts: { readonly receipt: Receipt; readonly id: string }[] = [];
    await Promise.all(
      all.flatMap(({ ledger }, s) =>
        Array.from({ length: 4 }, async (_, lane) => {
          for (let i = 0; i < 60; i++) {
            const id = `${s}-${lane}-${i}`;
            const [receipt] = (await ledger.submit(note(id))).receipts;
            if (receipt !== undefined) receipts.push({ receipt, id });
          }
        }),
      ),
    );
    expect(new Set(receipts.map(({ receipt }) => receipt.index)).size).toBe(720);
    const { verifier } = all[0].log.signer;
    for (const { receipt, id } of receipts) await checkReceipt(receipt, `note ${id}`, verifier);
    for (const { ledger, log } of all) {
      expect(ledger.state()).toMatchObject({ kind: "running" });
      await ledger.close();
      await checkHistory(await store.open(location), log);
    }
  });

  test("one submission given to two servers is one entry", async () => {
    const location = await store.place();
    const [one, two] = await servers(() => store.open(location), 2);
    const answers = await Promise.all([one, two].map((it) => it.ledger.submit(note("same"))));
    expect(answers.map((answer) => answer.receipts[0]?.index)).toEqual([0, 0]);
    expect(answers.map((answer) => answer.result).sort()).toEqual(["again", "new"]);
  });

  test("an idle server serves what the others appended, once it has looked", async () => {
    const location = await store.place();
    const [one, two] = await servers(() => store.open(location), 2);
    for (let i = 0; i < 3; i++) await one.ledger.submit(note(`${i}`));
    const idle = two.ledger;
    expect(idle.log().published().size).toBe(0);
    idle.look();
    await until(() => idle.log().published().size === 3);
    expect(idle.log().published()).toEqual(one.ledger.log().published());
    idle.look();
    await setTimeout(50);
    expect(idle.log().published().size).toBe(3);
  });

  test("a server that was away for thousands of entries goes on from where the log is", async () => {
    const location = await store.place();
    const [one, two] = await servers(() => store.open(location), 2);
    await two.ledger.submit(note("early"));
    const old = two.ledger.log().published();
    // Above what is taken in leaf by leaf.
    for (let at = 0; at < 5000; at += 500) {
      await Promise.all(
        Array.from({ length: 500 }, (_, i) => one.ledger.submit(note(`${at + i}`))),
      );
    }
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => two.ledger.submit(note(`late ${i}`))),
    );
    for (const [i, answer] of answers.entries()) {
      const [receipt] = answer.receipts;
      if (receipt !== undefined)
        await checkReceipt(receipt, `note late ${i}`, one.log.signer.verifier);
    }
    const published = two.ledger.log().published();
    expect(published.size).toBe(5021);
    verifyConsistency({
      oldSize: old.size,
      oldRoot: old.root,
      newSize: published.size,
      newRoot: published.root,
      proof: await two.ledger.log().consistencyProof(old.size),
    });
    await one.ledger.close();
    await two.ledger.close();
    await checkHistory(await store.open(location), one.log);
  });

  test("a server whose own past is not the log's freezes, and so does everybody", async () => {
    const location = await store.place();
    const [one, two] = await servers(() => store.open(location), 2);
    for (let i = 0; i < 3; i++) await one.ledger.submit(note(`${i}`));
    // Somebody puts an older copy of the rows back while the servers run.
    await store.tamper(
      location,
      "delete from entry where idx > 0",
      "delete from checkpoint where size > 1",
      "update log_head set (size, root, compact) = (select 1, leaf_hash, leaf_hash from entry where idx = 0)",
    );
    const submitted = one.ledger.submit(note("after"));
    await expect(submitted).rejects.toMatchObject({ code: "frozen" });
    expect(await one.ledger.frozen).toMatch(/left it at 3 and .*, which is not its beginning/);
    await expect(two.ledger.submit(note("other"))).rejects.toThrow(
      /the log is frozen: the database/,
    );
  });
});

describePostgresql("a log that is frozen while a server waits for its head", (store) => {
  test("takes nothing more from that server", async () => {
    const location = await store.place();
    const database = await store.open(location);
    onTestFinished(() => database.close());
    const [one] = await servers(() => store.open(location), 2);
    await one.ledger.submit(note("before"));
    let submitted: Promise<unknown> | undefined;
    // Somebody holds the head and then appends nothing, so that what waits sees no change of it.
    await database
      .transaction(async (tx) => {
        await runSql(tx, "select 1 from log_head for update");
        submitted = one.ledger.submit(note("waiting"));
        submitted.catch(() => undefined);
        await setTimeout(300);
        await store.tamper(location, "update log set state = 'frozen', reason = 'by hand'");
        throw new Error("undone");
      })
      .catch((error: unknown) => expect((error as Error).message).toBe("undone"));
    await expect(submitted).rejects.toMatchObject({ code: "frozen" });
    const { size } = await database.read
      .selectFrom("log_head")
      .select("size")
      .executeTakeFirstOrThrow();
    expect(size).toBe(1);
  });
});

describePostgresql("servers as processes", (store) => {
  test("one killed, one stopped and woken: the others go on, nothing is lost, one history", async () => {
    const place = await store.place();
    if (!("url" in place)) throw new TypeError("PostgreSQL has a URL");
    // Stopped in the middle of a transaction, a server holds the others up this long.
    const location = {
      url: `${place.url}${place.url.includes("?") ? "&" : "?"}options=-c%20idle_in_transaction_session_timeout%3D500`,
    };
    const database = await store.open(location);
    const log = await makeTestLog(database);
    const children = ["a", "b", "c"].map((name) => {
      const markFolder = name === "a" ? log.markFolder : temporaryFolder();
      return startServer({ location, markFolder, step: "never", times: 1, name });
    });
    const [killed, stopped, steady] = children;
    const all = () => children.map(({ lines }) => lines.length);
    await until(() => Math.min(...all()) > 30);
    killed?.kill("SIGKILL");
    stopped?.kill("SIGSTOP");
    await killed?.ended;
    const before = steady?.lines.length ?? 0;
    await until(() => (steady?.lines.length ?? 0) > before + 100);
    const slept = stopped?.lines.length ?? 0;
    stopped?.kill("SIGCONT");
    await until(() => (stopped?.lines.length ?? 0) > slept + 50);
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map(({ ended }) => ended));
    await checkHistory(await openAgain(location), log);
    const rows = await database.read.selectFrom("entry").select(["idx", "leaf"]).execute();
    const stored = new Map(rows.map(({ idx, leaf }) => [idx, Buffer.from(leaf).toString()]));
    const acknowledged = children.flatMap(({ lines }) => lines);
    for (const line of acknowledged) {
      const [index = "", ...words] = line.split(" ");
      expect(stored.get(Number(index))).toBe(words.join(" "));
    }
    expect(stored.size).toBeGreaterThanOrEqual(acknowledged.length);
  });
});

async function openAgain(location: { readonly url: string }): Promise<Database> {
  const database = await openDatabase(location);
  onTestFinished(() => database.close());
  return database;
}
