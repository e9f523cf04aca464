import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HistoryBuilder, textLines } from "../../undo/testing/builder.ts";
import type { Context } from "../context.ts";
import { runProgram } from "../program.ts";

const folder = mkdtempSync(join(tmpdir(), "countermand-audit-"));
let history: HistoryBuilder;
beforeAll(() => {
  history = new HistoryBuilder();
  const base = textLines("base", 20);
  history.commit("start", { files: { f: base } });
  for (let i = 0; i < 4; i++) {
    const change = history.commit(`Change ${i}`, { files: { f: base + textLines(`c${i}`, 3) } });
    history.revert(change, {
      message: `Revert "Change ${i}"\n\nThis reverts commit ${change}.\n\nAcked-by: Ben <ben@example.org>\n`,
    });
  }
});
afterAll(() => {
  history.remove();
  rmSync(folder, { recursive: true });
});

type World = {
  readonly home: string;
  readonly terminal?: boolean;
  /** Seconds that pass whenever somebody asks for the time. */
  readonly step?: number;
  /** Interrupts after so many results. */
  readonly stopAfter?: number;
};

async function run({ home, terminal = false, step = 0, stopAfter }: World, ...args: string[]) {
  const control = new AbortController();
  const out: string[] = [];
  const err: string[] = [];
  let time = Date.parse("2026-01-01T00:00:00Z");
  const context: Partial<Context> = {
    env: { HOME: join(folder, home), PATH: process.env["PATH"] ?? "" },
    cwd: folder,
    out: (text) => {
      out.push(text);
      if (out.length === stopAfter) control.abort(new Error("Ctrl-C"));
    },
    err: (text) => err.push(text),
    errIsTerminal: terminal,
    outIsTerminal: false,
    columns: 100,
    colour: false,
    interrupted: control.signal,
    now: () => new Date((time += 1000 * step)),
  };
  const code = await runProgram(context as Context, ["audit", history.directory, ...args]);
  return { code, out: out.join(""), err: err.join("") };
}

describe("countermand audit", () => {
  it("tells risk and reviews of each reversal, and of all together", async () => {
    const { out, code } = await run({ home: "a" }, "--json");
    expect(code).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      reviews: [{ trailer: "Acked-by", who: "Ben <ben@example.org>" }],
      risk: { score: 0, level: "none", coverage: 100, weights: expect.any(Number) },
    });
    const text = (await run({ home: "a" })).out;
    expect(text).toContain("      4  of no risk that was found\n");
    expect(text).toContain("      0  name nobody who reviewed, approved, acked or tested\n");
    const quick = await run({ home: "a" }, "--json", "--quick");
    expect(JSON.parse(quick.out.split("\n")[0] ?? "")).toMatchObject({ risk: null });
    expect((await run({ home: "a" }, "--quick")).out).not.toContain("risk");
  });

  it("interrupted, says how to go on; what it then tells is what it would have told", async () => {
    const whole = (await run({ home: "b" }, "--json", "--no-resume")).out;
    const first = await run({ home: "b", stopAfter: 2 }, "--json");
    expect(first.code).toBe(3);
    expect(first.out).toBe(whole.split("\n").slice(0, 2).join("\n") + "\n");
    expect(first.err).toMatch(
      /^countermand: Interrupted while comparing: .*What was found is kept in .*audits; the same command goes on where it stopped \(--no-resume starts over\)\.\n$/,
    );
    expect(await run({ home: "b" }, "--json")).toEqual({ code: 0, out: whole, err: "" });
    expect(await run({ home: "b" }, "--json")).toEqual({ code: 0, out: whole, err: "" });
    const unkept = await run({ home: "b", stopAfter: 2 }, "--json", "--no-resume");
    expect(unkept).toMatchObject({
      code: 3,
      err: "countermand: Interrupted; nothing was kept, so the same command starts over.\n",
    });
  });

  it("shows progress: over itself on a terminal, a line now and then elsewhere", async () => {
    const quiet = await run({ home: "c" }, "--no-resume");
    expect(quiet.err).toBe("");
    const logged = await run({ home: "c", step: 6 }, "--no-resume");
    expect(logged.err).toMatch(
      /^(?:(?:reading history: \d+ commits|comparing: \d of 9 commits, \d reversals)\n)+$/,
    );
    const seen = await run({ home: "c", step: 6, terminal: true }, "--no-resume");
    expect(seen.err).toMatch(/^\rreading history: 9 commits/);
    // Nothing of it is left on the line.
    expect(seen.err.endsWith("\r")).toBe(true);
  });
});
