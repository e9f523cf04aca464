/**
 * A mirror damaged in every way that a disk or a stranger may: each file cut, turned,
 * longer, empty, gone, exchanged for each other one and for another log's. Reading it
 * names what is wrong, or says that it cannot be read; a restore refuses and leaves
 * nothing. COUNTERMAND_FUZZ_RUNS says how many bits of each file are turned (8).
 */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Database } from "../../storage/database.ts";
import { openDatabase } from "../../storage/open.ts";
import { LedgerError } from "../error.ts";
import { createLog, signerFromSeed } from "../keys.ts";
import {
  testLog,
  makeTestLog,
  temporaryFolder,
  type TestLog,
} from "../testing/ledger-under-test.ts";
import { noteIdentity } from "../testing/notes.ts";
import { timeChecker } from "../timestamps/check-time.ts";
import { Stamper } from "../timestamps/stamper.ts";
import { TimeAuthorityUnderTest } from "../timestamps/testing/time-authority.ts";
import { directorySource, directoryTarget } from "./directory-target.ts";
import { mirrorOnce } from "./mirror.ts";
import { readWholeMirror } from "./read-mirror.ts";
import { restoreFromMirror } from "./restore-mirror.ts";
import { MirrorError } from "./target.ts";
import { mirrorTimes, parseTimes, type CheckTime } from "./times.ts";

const size = 600;
const turns = Number(process.env["COUNTERMAND_FUZZ_RUNS"] ?? "8");

/** A mirror of a log of `size` notes, with a token over its end. */
async function mirrorOf(
  log: TestLog,
  database: Database,
  authority: TimeAuthorityUnderTest,
  word: string,
): Promise<string> {
  const ledger = await log.open(database);
  await Promise.all(
    Array.from({ length: size }, (_, i) =>
      ledger.submit({ id: `${word}${i}`, text: `note ${word}${i}` }),
    ),
  );
  await ledger.close();
  const reader = await log.open(database);
  const { logId } = reader.log();
  const { url, roots } = authority;
  const stamper = new Stamper({
    database,
    logId,
    authority: { url, roots },
    now: () => new Date(),
    report: () => {},
  });
  expect(await stamper.round()).toBe(true);
  const folder = join(temporaryFolder(), "mirror");
  const target = await directoryTarget(folder);
  const mirrored = { database, log: reader.log(), verifier: log.signer.verifier };
  await mirrorTimes(target, mirrored, await mirrorOnce(target, mirrored));
  await reader.close();
  return folder;
}

async function sqlite(): Promise<Database> {
  const database = await openDatabase({ file: join(temporaryFolder(), "ledger.db") });
  onTestFinished(() => database.close());
  return database;
}

/** What the mirror's checkpoint implies, and its tokens. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

type Damage = readonly [what: string, apply: (copy: string) => void];

/** Every damage of the one file. */
function damagesOf(folder: string, other: string, path: string): Damage[] {
  const bytes = readFileSync(join(folder, path));
  const put = (what: string, changed: Uint8Array): Damage => [
    `${path} ${what}`,
    (copy) => writeFileSync(join(copy, path), changed),
  ];
  const damages: Damage[] = [
    put("empty", new Uint8Array()),
    put("longer by a byte", Buffer.concat([bytes, Buffer.from([0])])),
    put("twice", Buffer.concat([bytes, bytes])),
    put("of another log", readFileSync(join(other, path))),
    put("zeros", new Uint8Array(bytes.length)),
    [`${path} gone`, (copy) => rmSync(join(copy, path))],
    [
      `${path} a folder`,
      (copy) => {
        rmSync(join(copy, path));
        mkdirSync(join(copy, path));
      },
    ],
    [
      `${path} a link to what it was`,
      (copy) => {
        rmSync(join(copy, path));
        symlinkSync(join(folder, path), join(copy, path));
      },
    ],
  ];
  for (const length of [1, 31, 32, bytes.length >> 1, bytes.length - 32, bytes.length - 1]) {
    if (length > 0 && length < bytes.length)
      damages.push(put(`cut to ${length}`, bytes.subarray(0, length)));
  }
  const places = fc.sample(fc.nat({ max: bytes.length * 8 - 1 }), { numRuns: turns, seed: 7 });
  for (const bit of places) {
    const copy = Uint8Array.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    damages.push(put(`bit ${bit} turned`, copy));
  }
  for (const another of filesIn(folder)) {
    if (another === path) continue;
    const theirs = readFileSync(join(folder, another));
    damages.push(put(`exchanged for ${another}`, theirs));
  }
  return damages;
}

/** What the authority signed; its address, and our clocks, are the mirror's word alone. */
function attested(folder: string): unknown {
  const tokens = parseTimes(readFileSync(join(folder, "times/002")));
  return tokens.map((one) => [one.size, one.attestedAt, one.note, one.token]);
}

/** What reading it through says, if it is anything but that all is well. */
async function verdict(folder: string, log: TestLog, checkTime: CheckTime): Promise<string> {
  const said: string[] = [];
  let done = false;
  let tokens = 0;
  try {
    for await (const message of readWholeMirror(
      directorySource(folder),
      log.signer.verifier,
      checkTime,
    )) {
      if (message.kind === "finding") said.push(`${message.where}: ${message.problem}`);
      if (message.kind === "page") tokens += message.times.length;
      if (message.kind === "done") done = true;
    }
  } catch (error) {
    if (!(error instanceof MirrorError)) throw error;
    said.push(error.message);
  }
  if (said.length === 0 && !done) throw new Error("it ended without a word");
  return said.length === 0 && tokens === 1 ? "good" : said.join("\n") || `${tokens} tokens`;
}

test(
  "whatever is done to a file of a mirror is named, and nothing of it is restored",
  async () => {
    const authority = await TimeAuthorityUnderTest.start();
    const checkTime = await timeChecker(authority.roots);
    const database = await sqlite();
    const log = await makeTestLog(database);
    const folder = await mirrorOf(log, database, authority, "");
    // The same name, another key: what a stranger has.
    const strangers = await sqlite();
    const signer = await signerFromSeed(log.signer.name, new Uint8Array(32).fill(9));
    await createLog(strangers, signer, new Date("2026-11-23T09:00:00.000Z"));
    const stranger = testLog(signer, temporaryFolder());
    const other = await mirrorOf(stranger, strangers, authority, "x");
    expect(await verdict(folder, log, checkTime)).toBe("good");

    const into = await sqlite();
    const paths = filesIn(folder);
    expect(paths).toEqual([
      "checkpoint",
      "tile/0/000",
      "tile/0/001",
      "tile/0/002.p/88",
      "tile/1/000.p/2",
      "tile/entries/000",
      "tile/entries/001",
      "tile/entries/002.p/88",
      "times/002",
    ]);
    const copy = join(temporaryFolder(), "copy");
    let count = 0;
    for (const [what, damage] of paths.flatMap((path) => damagesOf(folder, other, path))) {
      rmSync(copy, { recursive: true, force: true });
      cpSync(folder, copy, { recursive: true });
      damage(copy);
      count += 1;
      const said = await verdict(copy, log, checkTime);
      const isWord = what.startsWith("times/") && said === "good";
      if (isWord) expect([what, attested(copy)]).toEqual([what, attested(folder)]);
      else expect([what, said]).not.toEqual([what, "good"]);
      // Never with a trace of what it was in the program.
      expect(said).not.toMatch(/undefined|\[object|TypeError|RangeError|at .*\.ts/);
      // A token is no part of the log: what is wrong with it alone is for who has roots.
      if (what.startsWith("times/")) continue;
      const restored = restoreFromMirror({
        database: into,
        source: directorySource(copy),
        verifier: log.signer.verifier,
        now: new Date(),
        describe: (leaf) => ({
          identity: noteIdentity(Buffer.from(leaf).toString().slice("note ".length)),
          recordedAt: "2026-11-23T09:30:00.000Z",
        }),
      });
      const error: unknown = await restored.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect([what, error instanceof MirrorError || error instanceof LedgerError]).toEqual([
        what,
        true,
      ]);
    }
    expect(count).toBeGreaterThan(200);
    for (const table of ["entry", "tile", "checkpoint", "checkpoint_time"] as const) {
      expect(await into.read.selectFrom(table).select("log_id").execute()).toEqual([]);
    }
  },
  60_000 + turns * 30_000,
);
