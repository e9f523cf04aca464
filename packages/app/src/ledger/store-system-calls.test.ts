/**
 * The embedded store and its mark under a system that fails: each call that writes
 * is refused once, at its first, a middle and its last time, or from then on.
 * Nothing acknowledged is lost, no history forks, and a good system goes on.
 */
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../storage/open.ts";
import { checkHistory } from "./testing/check-history.ts";
import { makeTestLog, temporaryFolder, testLog } from "./testing/ledger-under-test.ts";
import { testSigner } from "./testing/test-signer.ts";

const child = join(import.meta.dirname, "testing/syscall-child.ts");
const hasStrace =
  spawnSync("strace", ["-o", "/dev/null", "true"], { stdio: "ignore" }).status === 0;
const faults = [
  ["pwrite64", "ENOSPC"],
  ["pwrite64", "EIO"],
  ["fdatasync", "EIO"],
  ["fsync", "EIO"],
  ["ftruncate", "EIO"],
] as const;
/** All times that a call is made, not three of them: half an hour. */
const everyTime = process.env["COUNTERMAND_EVERY_CALL"] === "1";
const notesEach = 6;

interface Place {
  readonly file: string;
  readonly marks: string;
}

function run(place: Place, name: string, under: readonly string[] = []): string[] {
  const node = [process.execPath, "-C", "source", child];
  const command = [...under, ...node, place.file, place.marks, name, `${notesEach}`];
  const [program = "", ...rest] = command;
  const { stdout, stderr, status, signal } = spawnSync(program, rest, {
    encoding: "utf8",
    timeout: 60_000,
    // strace counts calls by thread.
    env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
  });
  // Refusing is an answer; falling over is not.
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
  return stdout.split("\n").slice(0, -1);
}

/** A log with a few entries, closed. */
async function begun(): Promise<Place> {
  const folder = temporaryFolder();
  const file = join(folder, "ledger.db");
  const database = await openDatabase({ file });
  const log = await makeTestLog(database);
  await database.close();
  const marks = join(folder, "marks");
  cpSync(log.markFolder, marks, { recursive: true });
  const place = { file, marks };
  expect(run(place, "begun")).toHaveLength(notesEach);
  return place;
}

function copyOf({ file, marks }: Place): Place {
  const folder = temporaryFolder();
  const copy = { file: join(folder, "ledger.db"), marks: join(folder, "marks") };
  cpSync(file, copy.file);
  cpSync(marks, copy.marks, { recursive: true });
  return copy;
}

/** How often the busiest thread makes the call on a file of the store. */
function timesOf(place: Place, call: string): number {
  const trace = join(temporaryFolder(), "trace");
  const copy = copyOf(place);
  run(copy, "counted", [...straceOn(copy, call), "-o", trace]);
  const threads = new Map<string, number>();
  for (const line of readFileSync(trace, "utf8").split("\n")) {
    const thread = /^(\d+) +\w+\(/.exec(line)?.[1];
    if (thread !== undefined) threads.set(thread, (threads.get(thread) ?? 0) + 1);
  }
  return Math.max(0, ...threads.values());
}

/** Only calls on the store's own files: the process writes its answers, too. */
function straceOn({ file, marks }: Place, call: string): string[] {
  const own = [file, `${file}-wal`, `${file}-shm`, `${file}-journal`, markOf(marks)];
  return ["strace", "-f", "-qq", "-e", `trace=${call}`, ...own.flatMap((path) => ["-P", path])];
}

function markOf(marks: string): string {
  return join(marks, readdirSync(marks).find((name) => name.endsWith(".mark")) ?? "");
}

/** What the store says afterwards, on a system that works: fsck, every acknowledged note, and more of them. */
async function recount(place: Place, lines: readonly string[]): Promise<void> {
  const database = await openDatabase({ file: place.file });
  const log = testLog(await testSigner(), place.marks);
  await checkHistory(database, log);
  const ledger = await log.open(database);
  const reader = ledger.log();
  for (const line of lines) {
    const [index, text] = /^(\d+) (note .*)$/.exec(line)?.slice(1) ?? [];
    if (index === undefined) continue;
    expect(Buffer.from((await reader.entry(Number(index))) ?? []).toString()).toBe(text);
  }
  await ledger.close();
  await database.close();
  // Whoever got no answer submits again: each note once, by the index it had.
  const again = run(place, "failing");
  for (const line of lines) if (/^\d/.test(line)) expect(again).toContain(line);
  const indexes = again.map((line) => Number(/^(\d+) note failing-/.exec(line)?.[1]));
  expect(new Set(indexes)).toEqual(
    new Set(Array.from({ length: notesEach }, (_, i) => notesEach + i)),
  );
}

describe.skipIf(!hasStrace)("system calls of the store (skipped where strace is missing)", () => {
  test.each(faults)(
    "%s fails with %s: once, and from then on",
    async (call, error) => {
      const place = await begun();
      const last = timesOf(place, call);
      expect(last, `the store makes no ${call}`).toBeGreaterThan(0);
      const all = Array.from({ length: last }, (_, i) => i + 1);
      const some = new Set([1, Math.ceil(last / 2), last]);
      for (const at of everyTime ? all : some) {
        for (const when of [`${at}`, `${at}+`]) {
          const copy = copyOf(place);
          const lines = run(copy, "failing", [
            ...straceOn(copy, call),
            "-o",
            "/dev/null",
            "-e",
            `inject=${call}:error=${error}:when=${when}`,
          ]);
          await recount(copy, lines);
        }
      }
    },
    everyTime ? 3_600_000 : 300_000,
  );
});
