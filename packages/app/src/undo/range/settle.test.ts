/** Cherry-picks on a diverged target, told by content and place; real histories both ways. */
import { afterEach, describe, expect, test } from "vitest";
import { openRepository } from "../git/repository.ts";
import { HistoryBuilder, textLines } from "../testing/builder.ts";
import { testKnowledge } from "../testing/rule-input.ts";
import type { UndoReport } from "./report.ts";
import { undo } from "./undo.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** `main` and `release` part after `start`; `release` is gone back to from `main`. */
function parted(files: Readonly<Record<string, string>>): HistoryBuilder {
  const h = new HistoryBuilder();
  cleanups.push(() => h.remove());
  h.commit("start", { files });
  h.git(["branch", "release"]);
  return h;
}

async function ask({ directory }: HistoryBuilder): Promise<UndoReport> {
  const repo = await openRepository(directory);
  try {
    return await undo(repo, { target: "release", from: "main", knowledge: testKnowledge });
  } finally {
    await repo.close();
  }
}

const spared = (report: UndoReport) => report.spared.map(({ commit, by }) => [commit, by]);
const on = (h: HistoryBuilder, branch: string) => h.git(["checkout", "-q", branch]);

const section = (name: string) => `[${name}]\n${textLines(name, 8)}`;
const sections = (guarded: string) =>
  ["admin", "shop", "search"]
    .map((name) => section(name) + (name === guarded ? "require = login\n" : ""))
    .join("");

describe("another change is not taken for the same", () => {
  test("as many lines, other words", async () => {
    const h = parted({ f: textLines("f", 20) });
    const fix = h.commit("Fix", { files: { f: textLines("f", 20) + textLines("fix", 3) } });
    on(h, "release");
    h.commit("Other", { files: { f: textLines("f", 20) + textLines("odd", 3) } });
    const report = await ask(h);
    expect(report.undone.map(({ commit }) => commit)).toEqual([fix]);
    expect(report.spared).toEqual([]);
  });

  test("the same bytes a file, spread over others", async () => {
    const h = parted({ a: textLines("x", 9), b: textLines("x", 9) });
    const fix = h.commit("Fix", {
      files: { a: `${textLines("x", 9)}one\n`, b: `${textLines("x", 9)}two\n` },
    });
    on(h, "release");
    h.commit("Swapped", {
      files: { a: `${textLines("x", 9)}two\n`, b: `${textLines("x", 9)}one\n` },
    });
    const report = await ask(h);
    expect(report.undone.map(({ commit }) => commit)).toEqual([fix]);
  });

  test("the same line in another section: what is guarded here is open there", async () => {
    const h = parted({ "rules.ini": sections("") });
    const fix = h.commit("Guard admin", { files: { "rules.ini": sections("admin") } });
    on(h, "release");
    h.commit("Guard search", { files: { "rules.ini": sections("search") } });
    const report = await ask(h);
    expect(report.undone.map(({ commit }) => commit)).toEqual([fix]);
    expect(report.spared).toEqual([]);
  });
});

describe("the same change is found", () => {
  test("where the file differs elsewhere, and its lines have moved", async () => {
    const h = parted({ "rules.ini": sections("") });
    const fix = h.commit("Guard search", { files: { "rules.ini": sections("search") } });
    on(h, "release");
    h.commit("Head", { files: { "rules.ini": textLines("head", 5) + sections("") } });
    h.git(["cherry-pick", fix]);
    expect(spared(await ask(h))).toEqual([[fix, h.head()]]);
  });

  test("behind a dozen others of the same size", async () => {
    const h = parted({ f: textLines("f", 9) });
    const fix = h.commit("Fix", { files: { f: `${textLines("f", 9)}fix\n` } });
    on(h, "release");
    let text = textLines("head", 3) + textLines("f", 9);
    h.commit("Head", { files: { f: text } });
    h.git(["cherry-pick", fix]);
    const picked = h.head();
    text += "fix\n";
    for (let i = 10; i < 22; i++) h.commit(`Other ${i}`, { files: { f: (text += `o${i}\n`) } });
    expect(spared(await ask(h))).toEqual([[fix, picked]]);
  });

  test("several files at once, one of them binary, one new, one gone", async () => {
    const bytes = (n: number) => `\0\u0001${String.fromCodePoint(n)}`;
    const h = parted({ a: textLines("a", 9), b: bytes(2), gone: "gone\n" });
    const fix = h.commit("Fix", {
      files: { a: `top\n${textLines("a", 9)}`, b: bytes(3), fresh: "new\n", gone: null },
    });
    on(h, "release");
    h.commit("Other", { files: { a: `${textLines("a", 9)}end\n` } });
    h.git(["cherry-pick", fix]);
    expect(spared(await ask(h))).toEqual([[fix, h.head()]]);
  });

  test("a mode alone", async () => {
    const h = parted({ "run.sh": "true\n" });
    h.git(["update-index", "--chmod=+x", "run.sh"]);
    h.git(["commit", "-q", "-m", "Make it run"]);
    const fix = h.head();
    h.git(["checkout", "-q", "-f", "release"]);
    h.commit("Other", { files: { other: "x\n" } });
    h.git(["cherry-pick", fix]);
    expect(spared(await ask(h))).toEqual([[fix, h.head()]]);
  });
});
