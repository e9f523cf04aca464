import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { digestOf, parseCanonical } from "@countermand/record";
import { GitError } from "../git/error.ts";
import { openRepository } from "../git/repository.ts";
import { HistoryBuilder, textLines } from "../testing/builder.ts";
import { testKnowledge } from "../testing/rule-input.ts";
import { componentOf } from "../blast/components.ts";
import { renderUndo, renderUndoJson, undoReportBytes, undoReportDigest } from "./render.ts";
import type { UndoReport } from "./report.ts";
import { summaryOf } from "./summary.ts";
import { undo, type UndoRequest } from "./undo.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function history(): HistoryBuilder {
  const built = new HistoryBuilder();
  cleanups.push(() => {
    built.remove();
  });
  return built;
}

async function ask(
  directory: string,
  request: Omit<UndoRequest, "knowledge">,
): Promise<UndoReport> {
  const repo = await openRepository(directory);
  try {
    return await undo(repo, { ...request, knowledge: testKnowledge });
  } finally {
    await repo.close();
  }
}

const base = textLines("base", 20);
const ids = (commits: readonly { readonly commit: string }[]) =>
  commits.map(({ commit }) => commit);

describe("going back to a state", () => {
  it("names what is undone: commits, files, parts, authors, tags", async () => {
    const h = history();
    const good = h.commit("start", {
      files: { "api/package.json": "{}\n", "api/src/a.ts": base, top: "t\n" },
    });
    h.git(["tag", "v1"]);
    const one = h.commit("One", { files: { "api/src/a.ts": `${base}one\n` } });
    h.git(["tag", "-a", "-m", "two", "v2"]);
    const two = h.commit("Two", { files: { "web/b.ts": "b\n", top: null } });
    const report = await ask(h.directory, { target: "v1" });
    expect(report).toMatchObject({
      mode: "restore",
      from: two,
      target: good,
      spared: [],
      gained: [],
    });
    expect(ids(report.undone)).toEqual([two, one]);
    expect(report.files).toEqual([
      { path: "api/src/a.ts", status: "modified", kind: "text-or-binary" },
      { path: "top", status: "added", kind: "text-or-binary" },
      { path: "web/b.ts", status: "removed", kind: "text-or-binary" },
    ]);
    expect(report.components).toEqual([
      { name: ".", files: 1 },
      { name: "api", files: 1 },
      { name: "web", files: 1 },
    ]);
    expect(report.authors).toEqual([{ author: "Ann <ann@example.org>", commits: 2 }]);
    expect(report.tags).toEqual(["v2"]);
    expect(report.unknowns).toEqual([expect.stringMatching(/^no advisory data/)]);
  });

  it("counts a tag on another branch that has an undone commit", async () => {
    const h = history();
    const good = h.commit("start", { files: { f: base } });
    h.commit("One", { files: { f: `${base}one\n` } });
    h.git(["checkout", "-q", "-b", "release"]);
    h.commit("Release", { files: { version: "1\n" } });
    h.git(["tag", "v1.1"]);
    h.git(["checkout", "-q", "--orphan", "other"]);
    h.commit("Unrelated", { files: { x: "1\n" } });
    h.git(["tag", "unrelated"]);
    h.git(["checkout", "-q", "main"]);
    expect((await ask(h.directory, { target: good })).tags).toEqual(["v1.1"]);
  });

  it("counts by content: reverted ones are not undone, re-applied ones are", async () => {
    const h = history();
    const good = h.commit("start", { files: { f: base, g: base } });
    const gone = h.commit("Gone", { files: { f: base + textLines("gone", 3) } });
    const revert = h.revert(gone);
    const back = h.commit("Back", { files: { g: base + textLines("back", 3) } });
    const out = h.revert(back);
    const again = h.revert(out);
    const report = await ask(h.directory, { target: good });
    expect(ids(report.undone)).toEqual([back]);
    expect(report.spared.map(({ commit, because, by }) => [commit, because, by])).toEqual([
      [again, "reverts-in-range", out],
      [out, "already-reverted", again],
      [revert, "reverts-in-range", gone],
      [gone, "already-reverted", revert],
    ]);
  });

  it("says what comes back because its revert is undone", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const bad = h.commit("Bad", { files: { f: base + textLines("bad", 3) } });
    const revert = h.revert(bad);
    const report = await ask(h.directory, { target: bad });
    expect(ids(report.undone)).toEqual([revert]);
    expect(report.comesBack).toEqual([{ commit: bad, revertedBy: revert }]);
  });

  it("does not count what a diverged target has by cherry-pick, and names what comes with it", async () => {
    const h = history();
    h.commit("start", { files: { f: base, g: base } });
    h.git(["checkout", "-q", "-b", "release"]);
    const only = h.commit("Only here", { files: { h: base } });
    h.git(["checkout", "-q", "main"]);
    const above = h.commit("Above", { files: { g: textLines("above", 3) + base } });
    const fix = h.commit("Fix", {
      files: { g: textLines("above", 3) + base + textLines("fix", 3) },
    });
    h.git(["checkout", "-q", "release"]);
    h.git(["cherry-pick", fix]);
    const picked = h.head();
    const report = await ask(h.directory, { target: "release", from: "main" });
    expect(ids(report.undone)).toEqual([above]);
    expect(report.spared).toMatchObject([{ commit: fix, because: "also-in-target", by: picked }]);
    expect(ids(report.gained)).toEqual([picked, only]);
    expect(report.unknowns.join(" ")).toMatch(/diverged/);
  });

  it("undoes nothing when the target is where we are, or has the same content", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const report = await ask(h.directory, { target: "HEAD" });
    expect(report).toMatchObject({ undone: [], files: [], fileCount: 0 });
    expect(renderUndo(report)).toMatch(/undoes nothing/);
    h.commit("empty", { allowEmpty: true });
    const [spared] = (await ask(h.directory, { target: "HEAD~1" })).spared;
    expect(spared?.because).toBe("no-content");
  });

  it("runs the rules on both sides' files", async () => {
    const h = history();
    const lock = (v: string) =>
      JSON.stringify({ lockfileVersion: 3, packages: { "node_modules/jose": { version: v } } });
    h.commit("start", { files: { "package-lock.json": lock("4.0.0") } });
    h.commit("Bump jose for CVE-2022-36083", { files: { "package-lock.json": lock("4.9.2") } });
    const report = await ask(h.directory, { target: "HEAD~1" });
    expect(report.findings.map((f) => [f.implication, f.severity, f.subject])).toEqual([
      ["fix.advisory-reverted", "high", "CVE-2022-36083"],
      ["dep.downgraded", "medium", "pkg:npm/jose 4.9.2 to 4.0.0"],
    ]);
    const text = renderUndo(report);
    expect(text.indexOf("CVE-2022-36083")).toBeLessThan(text.indexOf("Undone:"));
  });
});

describe("reverting", () => {
  it("a single commit: its files only, and says when they have changed since", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const one = h.commit("One", { files: { g: base } });
    h.commit("Later", { files: { f: `${base}x\n` } });
    const clean = await ask(h.directory, { target: one, mode: "revert" });
    expect(ids(clean.undone)).toEqual([one]);
    expect(clean.files).toEqual([{ path: "g", status: "removed", kind: "text-or-binary" }]);
    expect(clean.unknowns).toEqual([expect.stringMatching(/^no advisory data/)]);
    h.commit("Touch", { files: { g: `${base}y\n` } });
    expect((await ask(h.directory, { target: one, mode: "revert" })).unknowns.join()).toMatch(
      /changed since/,
    );
  });

  it("a root commit and a merge commit", async () => {
    const h = history();
    const root = h.commit("start", { files: { f: base } });
    h.git(["checkout", "-q", "-b", "side"]);
    h.commit("side", { files: { g: "g\n" } });
    h.git(["checkout", "-q", "main"]);
    h.commit("main", { files: { m: "m\n" } });
    const merge = h.merge(["side"], "Merge side");
    const of = async (target: string) =>
      (await ask(h.directory, { target, mode: "revert" })).files.map(({ path }) => path);
    expect(await of(root)).toEqual(["f"]);
    expect(await of(merge)).toEqual(["g"]);
  });

  it("a range, and refuses to restore one", async () => {
    const h = history();
    const start = h.commit("start", { files: { f: base } });
    const one = h.commit("One", { files: { a: "a\n" } });
    const two = h.commit("Two", { files: { b: "b\n" } });
    h.commit("Three", { files: { c: "c\n" } });
    const report = await ask(h.directory, { target: `${start}..${two}` });
    expect(report).toMatchObject({ mode: "revert", rangeStart: start, target: two });
    expect(ids(report.undone)).toEqual([two, one]);
    expect(report.files.map(({ path }) => path)).toEqual(["a", "b"]);
    await expect(ask(h.directory, { target: `${start}..${two}`, mode: "restore" })).rejects.toThrow(
      GitError,
    );
  });

  it("nothing, when the commit has been reverted already; an error, when it is elsewhere", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const one = h.commit("One", { files: { f: base + textLines("one", 3) } });
    const revert = h.revert(one);
    const report = await ask(h.directory, { target: one, mode: "revert" });
    expect(report.undone).toEqual([]);
    expect(report.spared).toMatchObject([{ because: "already-reverted", by: revert }]);
    expect(renderUndo(report)).toMatch(/undoes nothing/);
    h.git(["checkout", "-q", "-b", "side", "HEAD~2"]);
    const other = h.commit("Other", { files: { z: "z\n" } });
    await expect(ask(h.directory, { target: other, from: "main", mode: "revert" })).rejects.toThrow(
      /nothing to revert/,
    );
  });
});

describe("what is unknown is said", () => {
  it("in a shallow clone, with submodules, missing files and large messages", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    for (let i = 0; i < 4; i++) h.commit(`Step ${i}`, { files: { f: `${base}${i}\n` } });
    h.commit(`Long\n\n${"z ".repeat(5_000_000)}`, { files: { f: base } });
    h.git(["update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},sub`]);
    h.git(["commit", "-q", "-m", "Submodule"]);
    const directory = mkdtempSync(join(tmpdir(), "countermand-shallow-"));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    h.git(["clone", "-q", "--depth", "4", `file://${h.directory}`, join(directory, "c")]);
    const { unknowns } = await ask(join(directory, "c"), { target: "HEAD~3" });
    expect(unknowns.join("\n")).toMatch(/shallow clone/);
    expect(unknowns.join("\n")).toMatch(/1 submodule changed/);
    expect(unknowns.join("\n")).toMatch(/1 commit message longer/);
    await expect(ask(join(directory, "c"), { target: "HEAD~5" })).rejects.toThrow(/shallow clone/);
  });

  it("where a shallow clone ends within what is undone: nothing found is not none", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    h.git(["checkout", "-q", "-b", "side"]);
    h.commit("One", { files: { g: "1\n" } });
    h.commit("Two", { files: { g: "2\n" } });
    h.git(["checkout", "-q", "main"]);
    h.commit("Main", { files: { f: `${base}1\n` } });
    h.merge(["side"], "Merge side");
    const directory = mkdtempSync(join(tmpdir(), "countermand-shallow-"));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    h.git(["clone", "-q", "--depth", "2", `file://${h.directory}`, join(directory, "c")]);
    expect((await ask(join(directory, "c"), { target: "HEAD~1" })).risk).toMatchObject({
      level: "unknown",
      floors: ["what is undone was not found"],
    });
    expect((await ask(h.directory, { target: "HEAD~1" })).risk.level).toBe("none");
  });
});

describe("what could not be read", () => {
  it("is an unknown: a lockfile that is none is not one without downgrades", async () => {
    const h = history();
    const before = h.commit("start", { files: { "package-lock.json": "{" } });
    h.commit("Lock", { files: { "package-lock.json": '{"lockfileVersion":3,"packages":{}}' } });
    const { unknowns } = await ask(h.directory, { target: before });
    expect(unknowns.join("\n")).toMatch(/^1 file not read: .*JSON/m);
  });

  it("counts in bytes too: one lock file is more than twenty small files", async () => {
    const h = history();
    const files = (text: string, lock: string | Buffer) => ({
      ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k/${i}.yaml`, `a: ${text}\n`])),
      "yarn.lock": lock,
    });
    const before = h.commit("start", { files: files("1", Buffer.alloc(3000, "\0")) });
    h.commit("Lock", { files: files("2", Buffer.alloc(2000, "\0")) });
    const { risk } = await ask(h.directory, { target: before });
    expect(risk).toMatchObject({ score: 0, level: "unknown" });
    expect(risk.coverage).toBeLessThan(10);
  });
});

describe("the context of the repository", () => {
  const lock = (v: string) =>
    JSON.stringify({ lockfileVersion: 3, packages: { "node_modules/jose": { version: v } } });
  const context = (environment: string) =>
    `version: 1\ncomponents:\n  - name: demo\n    paths: [/demo/]\n    environment: ${environment}\n    regulations: [pci-dss]\n`;
  const states = (before: string | null, after: string | null) => {
    const h = history();
    const file = (text: string | null, was: string | null) =>
      text === null && was === null ? {} : { "countermand.yaml": text };
    h.commit("start", {
      files: { "demo/package-lock.json": lock("4.0.0"), ...file(after, null) },
    });
    h.commit("Bump", {
      files: { "demo/package-lock.json": lock("4.9.2"), ...file(before, after) },
    });
    return h.directory;
  };

  it("is shown with the findings, named by digest, and weighs where both states say so", async () => {
    const dev = context("development");
    const report = await ask(states(dev, dev), { target: "HEAD~1" });
    expect(report.findings).toMatchObject([
      { reach: "development", context: { components: ["demo"], regulations: ["pci-dss"] } },
    ]);
    expect(report.inputs.context).toMatch(/^sha256:/);
    expect(renderUndo(report)).toContain("[demo, development, pci-dss]");
    const bare = await ask(states(null, null), { target: "HEAD~1" });
    expect(bare.risk.score).toBeGreaterThan(report.risk.score);
    expect(bare.inputs).not.toHaveProperty("context");
    for (const [before, after] of [
      [dev, null],
      [null, dev],
      [dev, context("production")],
      [context("production"), dev],
    ] as const) {
      const stricter = await ask(states(before, after), { target: "HEAD~1" });
      expect(stricter.findings[0]?.reach).toBe("runtime");
      expect(stricter.risk.score).toBe(bare.risk.score);
    }
    const reverted = await ask(states(dev, dev), { target: "HEAD", mode: "revert" });
    expect(reverted.findings[0]?.reach).toBe("development");
  });

  it("is said to be set aside where it is wrong", async () => {
    const report = await ask(states("version: 7\n", context("development")), { target: "HEAD~1" });
    expect(report.unknowns.join("\n")).toMatch(/countermand.yaml of the state left is not taken/);
    expect(report.findings[0]?.reach).toBe("runtime");
  });
});

describe("what is cleared", () => {
  it("stays in the report, does not score, and comes back when its time is over", async () => {
    const h = history();
    const lock = (v: string) =>
      JSON.stringify({ lockfileVersion: 3, packages: { "node_modules/jose": { version: v } } });
    const good = h.commit("start", { files: { "package-lock.json": lock("4.0.0") } });
    h.commit("Bump jose", { files: { "package-lock.json": lock("4.9.2") } });
    const before = await ask(h.directory, { target: good });
    const [finding] = before.findings;
    const clearing = {
      record: "RB-2026-1",
      entry: 4,
      leafHash: "b".repeat(64),
      service: "api",
      target: digestOf({ type: "commit", commit: good }),
      actor: "bo",
      findings: [finding?.fingerprint ?? ""],
      ground: "accepted-risk" as const,
      scope: "record" as const,
      until: "2026-12-01T00:00:00.000Z",
    };
    const cleared = async (changes: object = {}) =>
      await ask(h.directory, {
        target: good,
        clearings: { statements: [{ ...clearing, ...changes }] },
      });
    const report = await cleared();
    expect(report.findings).toEqual(before.findings);
    expect(report.cleared).toMatchObject([{ by: "statement", who: "bo in RB-2026-1, entry 4" }]);
    expect(before.risk.score).toBeGreaterThan(0);
    expect(report.risk).toMatchObject({ score: 0, steps: [] });
    expect(report.inputs.clearings).toMatch(/^sha256:/);
    expect(undoReportBytes(await cleared())).toEqual(undoReportBytes(report));
    expect(summaryOf(report)).toMatchObject({
      implications: [{ direction: "worse" }],
      inputs: { clearings: report.inputs.clearings?.slice(7) },
    });
    const late = await cleared({ until: "2026-11-23T00:00:00.000Z" });
    expect(late.risk).toEqual(before.risk);
    expect(late).not.toHaveProperty("cleared");
    expect((await cleared({ target: "0".repeat(64) })).risk).toEqual(before.risk);
  });
});

describe("the report", () => {
  it("is the same bytes every time, canonical, and safe to print", async () => {
    const h = history();
    const odd = "x\n\u202e\u001b[2J/file.test.ts";
    const good = h.commit("start", { files: { f: base } });
    h.commit("Odd \u202e \u001b[31m CVE-2020-1234", { files: { [odd]: base } });
    const [one, two] = [
      await ask(h.directory, { target: good }),
      await ask(h.directory, { target: "HEAD~1" }),
    ];
    expect(undoReportDigest(one)).toBe(undoReportDigest(two));
    expect(parseCanonical(undoReportBytes(one), { maxBytes: 1_000_000 })).toEqual(one);
    expect(JSON.parse(renderUndoJson(one))).toEqual(one);
    for (const output of [renderUndo(one), renderUndoJson(one)]) {
      expect(output.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u202e]/);
    }
  });

  it("puts files into the nearest part with a manifest", () => {
    const folders = new Set(["a/b"]);
    expect(["a/b/c/d", "a/x", "f", "a/bc/d"].map((path) => componentOf(path, folders))).toEqual([
      "a/b",
      "a",
      ".",
      "a",
    ]);
  });
});
