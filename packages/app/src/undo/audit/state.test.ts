/** Two audits of one repository at once: what each keeps is sound, in one process and in two. */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { HistoryBuilder, textLines } from "../testing/builder.ts";
import type { Audited, Coverage } from "./reversal.ts";
import { type AuditKey, openAuditState } from "./state.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), "countermand-state-"));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

const key: AuditKey = { repository: "/r", tips: ["t"], objects: "o", versions: "1" };
const coverage: Coverage = {
  commits: 200,
  shallowCommits: 0,
  partial: false,
  unsized: 0,
  from: null,
  to: null,
};
/** Only what is kept and given back; the longer ones make a file of other lengths. */
const found = (row: number, who: string) =>
  ({ reversal: { subject: `${who}${"x".repeat(row % 7)}${row}` }, delay: row }) as Audited;
const kept = async (directory: string) => {
  const state = await openAuditState(directory, key);
  const seen = [...state.known].map(({ delay }) => delay);
  await state.close();
  return { seen, next: state.next, finished: state.finished !== null };
};
const rows = (from: number, to: number) =>
  Array.from({ length: from - to + 1 }, (_, i) => from - i);

describe("in one process, turn by turn", () => {
  test("both keep all they found, and the one that got farther is taken up", async () => {
    const directory = folder();
    const [one, two] = [await openAuditState(directory, key), await openAuditState(directory, key)];
    for (const row of rows(199, 100)) await one.passed(row, found(row, "one"));
    for (const row of rows(199, 150)) await two.passed(row, found(row, "second"));
    await two.close();
    expect(await kept(directory)).toEqual({ seen: rows(199, 100), next: 100, finished: false });
    await one.close();
    expect(await kept(directory)).toEqual({ seen: rows(199, 100), next: 100, finished: false });
    expect(readdirSync(directory)).toHaveLength(2);
  });

  test("a finished one stays finished, whatever saves after it", async () => {
    const directory = folder();
    const [one, two] = [await openAuditState(directory, key), await openAuditState(directory, key)];
    for (const row of rows(199, 0)) await one.passed(row, found(row, "one"));
    for (const row of rows(199, 60)) await two.passed(row, found(row, "two"));
    await one.finish(coverage);
    await one.close();
    for (const row of rows(59, 40)) await two.passed(row, found(row, "two"));
    await two.close();
    const whole = { seen: rows(199, 0), next: 0, finished: true };
    expect(await kept(directory)).toEqual(whole);
    // To be told again writes nothing.
    const before = readdirSync(directory);
    expect(await kept(directory)).toEqual(whole);
    expect(readdirSync(directory)).toEqual(before);
    expect(before).toHaveLength(2);
  });

  test("what is taken up twice at once goes on twice", async () => {
    const directory = folder();
    const first = await openAuditState(directory, key);
    for (const row of rows(199, 120)) await first.passed(row, found(row, "first"));
    await first.close();
    const [one, two] = [await openAuditState(directory, key), await openAuditState(directory, key)];
    for (const row of rows(119, 60)) {
      await one.passed(row, found(row, "one"));
      await two.passed(row, row % 2 === 0 ? found(row, "other") : null);
    }
    await one.close();
    for (const row of rows(59, 0)) await two.passed(row, null);
    await two.finish(coverage);
    await two.close();
    const even = rows(119, 60).filter((row) => row % 2 === 0);
    expect(await kept(directory)).toEqual({
      seen: [...rows(199, 120), ...even],
      next: 0,
      finished: true,
    });
  });

  test("files of runs that ended long ago go, those of running ones and of others stay", async () => {
    const directory = folder();
    const first = await openAuditState(directory, key);
    for (const row of rows(199, 150)) await first.passed(row, found(row, "first"));
    await first.close();
    const [name = ""] = readdirSync(directory).filter((file) => file.endsWith(".json"));
    const of = (run: string, end: string) => join(directory, `${name.slice(0, 16)}${run}${end}`);
    const old = [of(`.${"a".repeat(16)}`, ".ndjson"), of(`.json.${"b".repeat(16)}`, ".new")];
    const stay = [of(`.${"c".repeat(16)}`, ".ndjson"), join(directory, `${"d".repeat(16)}.json`)];
    for (const path of [...old, ...stay]) writeFileSync(path, "");
    for (const path of old) utimesSync(path, 0, 0);
    const next = await openAuditState(directory, key);
    for (const row of rows(149, 100)) await next.passed(row, found(row, "next"));
    await next.close();
    expect(old.map(existsSync)).toEqual([false, false]);
    expect(stay.map(existsSync)).toEqual([true, true]);
  });
});

describe("in two processes", () => {
  const cli = join(import.meta.dirname, "../../main/cli.ts");

  test("each tells what one alone tells; so does a third that takes it up, after a kill too", async () => {
    const h = new HistoryBuilder();
    cleanups.push(() => h.remove());
    const base = textLines("base", 20);
    h.commit("start", { files: { f: base } });
    for (let i = 0; i < 45; i++) {
      h.revert(h.commit(`Change ${i}`, { files: { f: base + textLines(`c${i}`, 3) } }));
    }
    const cache = folder();
    const audit = (killAfterLines?: number) =>
      new Promise<string>((resolve, reject) => {
        const run = spawn(
          process.execPath,
          ["-C", "source", cli, "audit", h.directory, "--quick", "--json"],
          { env: { ...process.env, XDG_CACHE_HOME: cache, HOME: cache } },
        );
        let out = "";
        run.stdout.on("data", (chunk: Buffer) => {
          out += chunk.toString();
          if (killAfterLines !== undefined && out.split("\n").length > killAfterLines) {
            run.kill("SIGKILL");
          }
        });
        run.once("error", reject);
        run.once("close", () => resolve(out));
      });
    const states = join(cache, "countermand", "audits");

    const alone = await audit();
    expect(alone.trim().split("\n")).toHaveLength(45);
    rmSync(states, { recursive: true });
    const [one, two] = await Promise.all([audit(), audit()]);
    expect([one, two]).toEqual([alone, alone]);
    expect(await audit()).toBe(alone);
    expect(readdirSync(states)).toHaveLength(2);

    rmSync(states, { recursive: true });
    const [, other] = await Promise.all([audit(25), audit()]);
    expect(other).toBe(alone);
    expect(await audit()).toBe(alone);
    const [state = ""] = readdirSync(states).filter((file) => file.endsWith(".json"));
    expect(JSON.parse(readFileSync(join(states, state), "utf8"))).toMatchObject({
      finished: { commits: 91 },
    });
  }, 120_000);
});
