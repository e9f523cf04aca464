import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Database } from "../../storage/database.ts";
import { describeOnBothStores } from "../../storage/testing/both-stores.ts";
import { makeTestLog, temporaryFolder, type TestLog } from "../testing/ledger-under-test.ts";
import { noteIdentity } from "../testing/notes.ts";
import { timeChecker } from "../timestamps/check-time.ts";
import { Stamper } from "../timestamps/stamper.ts";
import { TimeAuthorityUnderTest } from "../timestamps/testing/time-authority.ts";
import { firstTokenOver } from "../timestamps/token-rows.ts";
import { directorySource, directoryTarget } from "./directory-target.ts";
import { mirrorOnce } from "./mirror.ts";
import { readWholeMirror } from "./read-mirror.ts";
import { restoreFromMirror } from "./restore-mirror.ts";
import { assertMirrorPath, timesPath } from "./target.ts";
import { formatTimes, mirrorTimes, parseTimes, type CheckTime, type KnownTimes } from "./times.ts";

interface Mirrored {
  readonly database: Database;
  readonly log: TestLog;
  readonly authority: TimeAuthorityUnderTest;
  readonly folder: string;
  /** Appends up to `size` entries and closes, so that the checkpoint is stored. */
  grow(size: number): Promise<void>;
  stamp(by?: TimeAuthorityUnderTest): Promise<void>;
  mirror(known?: KnownTimes): Promise<KnownTimes>;
}

async function mirrored(database: Database): Promise<Mirrored> {
  const log = await makeTestLog(database);
  const authority = await TimeAuthorityUnderTest.start();
  const folder = temporaryFolder();
  const target = await directoryTarget(folder);
  let size = 0;
  let logId = 0;
  return {
    database,
    log,
    authority,
    folder,
    async grow(to) {
      const ledger = await log.open(database);
      logId = ledger.log().logId;
      const ids = Array.from({ length: to - size }, (_, i) => String(size + i));
      await Promise.all(ids.map((id) => ledger.submit({ id, text: `note ${id}` })));
      size = to;
      await ledger.close();
    },
    async stamp({ url, roots } = authority) {
      const stamper = new Stamper({
        database,
        logId,
        authority: { url, roots },
        now: () => new Date(),
        report: () => {},
      });
      expect([await stamper.round(), stamper.health().alarm]).toEqual([true, undefined]);
    },
    async mirror(known) {
      const ledger = await log.open(database);
      const mirroredLog = { database, log: ledger.log(), verifier: log.signer.verifier };
      const reached = await mirrorOnce(target, mirroredLog);
      const after = await mirrorTimes(target, mirroredLog, reached, known);
      await ledger.close();
      return after;
    },
  };
}

async function read(folder: string, { signer }: TestLog, checkTime?: CheckTime) {
  const found: string[] = [];
  const sizes: number[] = [];
  for await (const message of readWholeMirror(
    directorySource(folder),
    signer.verifier,
    checkTime,
  )) {
    if (message.kind === "finding") found.push(`${message.where}: ${message.problem}`);
    if (message.kind === "page") sizes.push(...message.times.map(({ size }) => size));
  }
  return { found, sizes };
}

describeOnBothStores("time-stamp tokens in a mirror", (under) => {
  test("are there once they are had, judged with roots, and kept by a restore", async () => {
    const it = await mirrored(await under.open());
    await it.grow(100);
    let known = await it.mirror();
    expect(existsSync(join(it.folder, "times"))).toBe(false);
    await it.stamp();
    known = await it.mirror(known);
    const other = await TimeAuthorityUnderTest.start("Other");
    await it.stamp(other);
    await it.grow(256);
    await it.stamp();
    known = await it.mirror(known);
    await it.grow(300);
    await it.stamp();
    known = await it.mirror(known);
    expect(known).toEqual({ from: 1, counts: new Map([[1, 1]]) });

    const checkTime = await timeChecker(it.authority.roots);
    const believed = await read(it.folder, it.log, checkTime);
    expect(believed.sizes).toEqual([100, 256, 300]);
    expect(believed.found).toEqual([
      expect.stringMatching(
        /^times\/000: the token of http.* over 100 entries: its token does not verify/,
      ),
    ]);
    expect(await read(it.folder, it.log)).toEqual({ found: [], sizes: [100, 100, 256, 300] });

    const restored = await under.open();
    const { logId } = await restoreFromMirror({
      database: restored,
      source: directorySource(it.folder),
      verifier: it.log.signer.verifier,
      now: new Date(),
      describe: (leaf) => ({
        identity: noteIdentity(Buffer.from(leaf).toString().slice("note ".length)),
        recordedAt: "2026-11-23T09:30:00.000Z",
      }),
    });
    for (const index of [0, 99, 100, 255, 299]) {
      const first = await firstTokenOver(it.database, 1, index);
      expect(first).toBeDefined();
      expect(await firstTokenOver(restored, logId, index)).toEqual(first);
    }
  });

  test("that came late are found by whoever begins anew, and then it is at rest", async () => {
    const it = await mirrored(await under.open());
    await it.grow(100);
    await it.grow(300);
    await it.stamp();
    const known = await it.mirror();
    // Another server's, over a checkpoint that is long past.
    const row = await it.database.read
      .selectFrom("checkpoint_time")
      .selectAll("checkpoint_time")
      .executeTakeFirstOrThrow();
    await it.database.transaction((tx) =>
      tx
        .insertInto("checkpoint_time")
        .values({ ...row, size: 100 })
        .execute(),
    );
    await it.mirror(known);
    expect((await read(it.folder, it.log)).sizes).toEqual([300]);
    await it.mirror();
    expect((await read(it.folder, it.log)).sizes).toEqual([100, 300]);
    // The token says something else, though, and whoever has roots hears it.
    const checkTime = await timeChecker(it.authority.roots);
    expect((await read(it.folder, it.log, checkTime)).found).toEqual([
      expect.stringMatching(/^times\/000: .* over 100 entries: its token does not verify/),
    ]);
  });

  test("are not believed when they are of another log or tree, or damaged", async () => {
    const it = await mirrored(await under.open());
    await it.grow(100);
    await it.stamp();
    await it.grow(300);
    await it.stamp();
    await it.mirror();
    const checkTime = await timeChecker(it.authority.roots);
    const page = readFileSync(join(it.folder, "times/000"));
    const [one] = parseTimes(page);
    if (one === undefined) throw new Error("no token");
    expect(Buffer.from(formatTimes([one])).equals(page)).toBe(true);
    const note = one.note.split("\n");
    const cases: [string, Uint8Array | string, RegExp][] = [
      ["cut", page.subarray(0, page.length - 5), /line 1: it does not end|line 2/],
      ["empty lines", "\n\n", /line 1/],
      ["spaces", page.toString().replace(" ", "  "), /line 1: it is no token/],
      ["a number", page.toString().replace("100", "0100"), /line 1: it is no token/],
      ["twice", Buffer.concat([page, page]), /line 2: it is not in order/],
      ["another bundle's", formatTimes([{ ...one, size: 257 }]), /belong here/],
      ["a small change", formatTimes([{ ...one, size: 101 }]), /not of this tree/],
      [
        "time",
        formatTimes([{ ...one, attestedAt: "2026-11-23T00:00:00.000Z" }]),
        /it names 20|does not verify/,
      ],
      ["day", formatTimes([{ ...one, receivedAt: "2026-13-23T00:00:00.000Z" }]), /names no time/],
      ["no token", formatTimes([{ ...one, token: new Uint8Array() }]), /1 to 65536 bytes/],
      ["token", formatTimes([{ ...one, token: one.token.slice(1) }]), /does not verify/],
      [
        "note",
        formatTimes([{ ...one, note: [note[0], "99", ...note.slice(2)].join("\n") }]),
        /not this log's/,
      ],
    ];
    for (const [what, bytes, problem] of cases) {
      const copy = join(temporaryFolder(), "mirror");
      cpSync(it.folder, copy, { recursive: true });
      writeFileSync(join(copy, "times/000"), bytes);
      const { found, sizes } = await read(copy, it.log, checkTime);
      expect([what, found.join("\n")]).toEqual([what, expect.stringMatching(problem)]);
      expect(sizes).toEqual([300]);
    }
  });
});

test("pages of times have one name each, and nothing else is in a mirror", () => {
  expect([timesPath(0), timesPath(1067)]).toEqual(["times/000", "times/x001/067"]);
  assertMirrorPath("times/x001/067");
  for (const path of ["times/0", "times/000.p/5", "times/../checkpoint", "times/", "log.key"]) {
    expect(() => assertMirrorPath(path), path).toThrow();
  }
});
