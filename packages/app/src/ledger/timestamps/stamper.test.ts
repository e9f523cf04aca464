/** Tokens by a real authority over a real log's checkpoints, and by all kinds of bad ones. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Database } from "../../storage/database.ts";
import { describeOnBothStores } from "../../storage/testing/both-stores.ts";
import { findLog } from "../log-rows.ts";
import { makeTestLog, temporaryFolder } from "../testing/ledger-under-test.ts";
import { parseTime, verifyToken } from "./openssl.ts";
import { skewOf, Stamper, type StamperOptions } from "./stamper.ts";
import { TimeAuthorityUnderTest } from "./testing/time-authority.ts";
import { firstTokenOver } from "./token-rows.ts";

/** A log with entries whose newest checkpoint is a row, and a stamper of it. */
async function stamped(
  database: Database,
  authority: { url: string; roots: string },
  more: Partial<StamperOptions> = {},
) {
  const log = await makeTestLog(database);
  const ledger = await log.open(database);
  const append = async (text: string) => {
    await ledger.submit({ id: text, text });
    // The checkpoint's row follows in a quiet moment.
    for (;;) {
      const row = await database.read.selectFrom("checkpoint").select("size").execute();
      if (row.some(({ size }) => size === ledger.log().published().size)) return;
      await new Promise((resolve) => void setTimeout(resolve, 5));
    }
  };
  await append("one");
  const logId = await findLog(database.read, log.signer.name);
  if (logId === undefined) throw new Error("no log");
  const reported: string[] = [];
  const stamper = new Stamper({
    database,
    logId,
    authority,
    now: () => new Date(),
    report: (line) => void reported.push(line),
    timeout: 2_000,
    ...more,
  });
  return { append, logId, reported, stamper };
}

describeOnBothStores("time authority", (under) => {
  test("the newest checkpoint gets a token, once; later entries the next one", async () => {
    const database = await under.open();
    const authority = await TimeAuthorityUnderTest.start();
    const { append, logId, reported, stamper } = await stamped(database, authority);
    expect(await stamper.round()).toBe(true);
    expect(await stamper.round()).toBe(true);
    expect(authority.asked).toBe(1);
    const first = await firstTokenOver(database, logId, 0);
    expect(first).toMatchObject({ size: 1, authority: authority.url });
    expect(await firstTokenOver(database, logId, 1)).toBeUndefined();
    await append("two");
    await append("three");
    expect(await stamper.round()).toBe(true);
    // An entry's token is the first one over it, not the newest.
    expect((await firstTokenOver(database, logId, 0))?.size).toBe(1);
    expect((await firstTokenOver(database, logId, 1))?.size).toBe(3);
    expect((await firstTokenOver(database, logId, 2))?.size).toBe(3);
    expect(stamper.health()).toMatchObject({ authority: authority.url, size: 3, ahead: 0 });
    expect(stamper.health().alarm).toBeUndefined();
    expect(reported).toEqual([]);
  });

  test("a kept token verifies by the stock command, over its checkpoint and no other", async () => {
    const database = await under.open();
    const authority = await TimeAuthorityUnderTest.start();
    const { logId, stamper } = await stamped(database, authority);
    await stamper.round();
    const kept = await firstTokenOver(database, logId, 0);
    if (kept === undefined) throw new Error("no token");
    const folder = temporaryFolder();
    writeFileSync(join(folder, "token"), kept.token);
    const verify = (text: string) => {
      writeFileSync(join(folder, "checkpoint"), text);
      const args = ["ts", "-verify", "-data", "checkpoint", "-in", "token", "-token_in"];
      return execFileSync("openssl", [...args, "-CAfile", authority.roots], {
        cwd: folder,
        stdio: "pipe",
      });
    };
    verify(kept.note);
    expect(() => verify(kept.note.replace("\n1\n", "\n2\n"))).toThrow();
    const digest = createHash("sha256").update(kept.note).digest("hex");
    const at = new Date(kept.attestedAt);
    expect(await verifyToken(kept.token, digest, authority.roots, at)).toEqual(at);
    const other = await TimeAuthorityUnderTest.start("Other");
    await expect(verifyToken(kept.token, digest, other.roots, at)).rejects.toMatchObject({
      code: "untrue",
    });
    // Long after the certificate's end the token is good for its own time, and for no later one.
    const late = new Date(at.getTime() + 365 * 86_400_000);
    await expect(verifyToken(kept.token, digest, authority.roots, late)).rejects.toMatchObject({
      code: "untrue",
      message: expect.stringContaining("expired") as string,
    });
  });

  test("a clock that is wrong is told once, and when it is right again", async () => {
    const database = await under.open();
    const authority = await TimeAuthorityUnderTest.start();
    let ahead = 3_600_000;
    const now = () => new Date(Date.now() + ahead);
    const { append, reported, stamper } = await stamped(database, authority, { now });
    await stamper.round();
    await append("two");
    await stamper.round();
    expect(reported).toHaveLength(1);
    expect(stamper.health().alarm).toMatch(
      /clock is (?:359\d|360\d) s ahead of the time authority/,
    );
    ahead = -60_000;
    await append("three");
    await stamper.round();
    expect(stamper.health().alarm).toMatch(/clock is \d\d s behind the time authority/);
    ahead = 0;
    await append("four");
    await stamper.round();
    expect(reported.at(-1)).toBe("the clock agrees with the time authority's again");
    // The authority tells whole seconds, and an answer takes its time.
    expect(Math.abs(stamper.health().ahead ?? 99)).toBeLessThan(5);
    expect(stamper.health().alarm).toBeUndefined();
  });
});

describeOnBothStores("a bad time authority", (under) => {
  const reply = { "content-type": "application/timestamp-reply" };

  test.each<[string, RegExp, (it: TimeAuthorityUnderTest) => Promise<void> | void]>([
    [
      "is down",
      /answered 503/,
      (it) => void (it.answer = (_, out) => void out.writeHead(503).end()),
    ],
    [
      "sends elsewhere",
      /answered 302/,
      (it) => void (it.answer = (_, out) => void out.writeHead(302, { location: "/" }).end()),
    ],
    [
      "answers with a page",
      /not application\/timestamp-reply/,
      (it) =>
        void (it.answer = (_, out) =>
          void out.writeHead(200, { "content-type": "text/html" }).end("<p>hello")),
    ],
    [
      "answers nonsense",
      /holds no token/,
      (it) => void (it.answer = (_, out) => void out.writeHead(200, reply).end("0123456789")),
    ],
    [
      "answers nothing",
      /holds no token/,
      (it) => void (it.answer = (_, out) => void out.writeHead(200, reply).end()),
    ],
    [
      "answers without end",
      /more than 65536 bytes/,
      (it) =>
        void (it.answer = (_, out) => void out.writeHead(200, reply).end(Buffer.alloc(1_000_000))),
    ],
    ["never answers", /did not answer within/, (it) => void (it.answer = () => {})],
    [
      "answers another question",
      /does not verify/,
      async (it) => {
        const old = await it.stamp(query("aa".repeat(32)));
        it.answer = (_, out) => void out.writeHead(200, reply).end(old);
      },
    ],
    [
      "says no",
      /holds no token/,
      (it) =>
        void (it.answer = async (_, out) => {
          // A question with an unknown digest is refused in a well-formed answer.
          const refusal = await it.stamp(query("ab".repeat(64), "-sha512"));
          out.writeHead(200, reply).end(refusal);
        }),
    ],
    [
      "breaks its signature",
      /does not verify|holds no token/,
      (it) =>
        void (it.answer = async (asked, out) => {
          const bytes = await it.stamp(asked);
          const last = bytes.length - 1;
          bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
          out.writeHead(200, reply).end(bytes);
        }),
    ],
  ])(
    "that %s is an alarm, nothing is kept, and the next good token ends it",
    async (_, says, make) => {
      const database = await under.open();
      const authority = await TimeAuthorityUnderTest.start();
      await make(authority);
      const { logId, reported, stamper } = await stamped(database, authority, { timeout: 500 });
      expect(await stamper.round()).toBe(false);
      expect(await stamper.round()).toBe(false);
      expect(stamper.health().alarm).toMatch(says);
      expect(reported).toHaveLength(1);
      expect(await firstTokenOver(database, logId, 0)).toBeUndefined();
      authority.answer = undefined;
      expect(await stamper.round()).toBe(true);
      expect(reported[1]).toBe(`the time authority ${authority.url} answers again`);
      expect(stamper.health().alarm).toBeUndefined();
      expect((await firstTokenOver(database, logId, 0))?.size).toBe(1);
    },
  );

  test("that nobody vouches for is not believed", async () => {
    const database = await under.open();
    const authority = await TimeAuthorityUnderTest.start();
    const other = await TimeAuthorityUnderTest.start("Other");
    const { logId, stamper } = await stamped(database, { url: authority.url, roots: other.roots });
    expect(await stamper.round()).toBe(false);
    expect(stamper.health().alarm).toContain("its token does not verify");
    expect(await firstTokenOver(database, logId, 0)).toBeUndefined();
  });
});

function query(digest: string, algorithm = "-sha256"): Uint8Array<ArrayBuffer> {
  const args = ["ts", "-query", "-digest", digest, algorithm, "-cert"];
  return new Uint8Array(execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] }));
}

describe("clocks", () => {
  const at = (time: number, asked: number, answered: number) =>
    skewOf({ time: new Date(time), asked: new Date(asked), answered: new Date(answered) });

  test("only what the answer's delay cannot explain is skew", () => {
    expect(at(5_500, 5_000, 6_000)).toBe(0);
    expect(at(5_500, 5_600, 6_000)).toBe(100);
    expect(at(5_500, 5_000, 5_400)).toBe(-100);
    // Whole seconds are rounded down: 5,000 may be 5,999.
    expect(at(5_000, 5_999, 6_100)).toBe(0);
    expect(at(5_000, 6_000, 6_100)).toBe(1);
    expect(at(5_000, 4_000, 4_900)).toBe(-100);
  });

  test("a time is read as OpenSSL prints it, and nothing else is", () => {
    const read = (line: string) => parseTime(`Version: 1\n${line}\nOrdering: yes\n`).toISOString();
    expect(read("Time stamp: Nov 23 16:19:05 2026 GMT")).toBe("2026-11-23T16:19:05.000Z");
    expect(read("Time stamp: Mar  1 00:00:00.25 2026 GMT")).toBe("2026-03-01T00:00:00.250Z");
    for (const line of [
      "",
      "Time stamp: Nov 23 16:19:05 2026",
      "Time stamp: Nov 23 16:19:05 2026 CET",
      "Time stamp: nov 23 16:19:05 2026 GMT",
      "Time stamp: Foo 23 16:19:05 2026 GMT",
      "Time stamp: Nov 23 16:19:05 2026 GMT\nTime stamp: Nov 23 16:19:06 2026 GMT",
    ]) {
      expect(() => read(line)).toThrow("names no time");
    }
  });
});
