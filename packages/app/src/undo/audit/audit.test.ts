import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { messageReader } from "../assess/reversal.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { HistoryBuilder, textLines } from "../testing/builder.ts";
import { auditHistory, type AuditOptions } from "./audit.ts";
import { renderAuditSummary, renderReversalJson } from "./render.ts";
import type { Coverage, Reversal } from "./reversal.ts";
import { SummaryBuilder } from "./summary.ts";

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

async function opened(h: { readonly directory: string }): Promise<Repository> {
  const repo = await openRepository(h.directory);
  cleanups.push(() => repo.close());
  return repo;
}

async function audit(
  h: { readonly directory: string },
  options: AuditOptions = {},
): Promise<Reversal[]> {
  const found: Reversal[] = [];
  for await (const reversal of auditHistory(await opened(h), options)) found.push(reversal);
  return found;
}

const base = textLines("base", 30);

describe("claims are held against the content", () => {
  it("exact: git's own revert, also when its surroundings have moved", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const change = h.commit("Add lines", { files: { f: base + textLines("added", 4) } });
    h.commit("Above", { files: { f: textLines("above", 9) + base + textLines("added", 4) } });
    const revert = h.revert(change);
    expect(await audit(h)).toEqual([
      {
        commit: revert,
        committedAt: "2023-11-15T02:13:20Z",
        subject: 'Revert "Add lines"',
        claims: [change],
        undoes: [{ commit: change, match: "exact", share: 1 }],
        reappliedBy: null,
        author: "Ann <ann@example.org>",
        reason: null,
        tickets: [],
        reviews: [],
        implications: [],
        risk: null,
        unknowns: [],
      },
    ]);
  });

  it("partial: half of it, and all of it with something more", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const change = h.commit("Add", { files: { f: base + textLines("added", 4) } });
    const half = h.commit(`Revert "Add"\n\nThis reverts commit ${change}.`, {
      files: { f: base + textLines("added", 2) },
    });
    const again = h.commit("Add more", { files: { f: base + textLines("more", 4) } });
    const extra = h.commit(`Revert "Add more"\n\nThis reverts commit ${again}.`, {
      files: { f: base + textLines("added", 2), g: "backdoor\n" },
    });
    const found = await audit(h);
    expect(found.map(({ commit, undoes }) => [commit, undoes])).toEqual([
      [extra, [{ commit: again, match: "partial", share: 1 }]],
      [half, [{ commit: change, match: "partial", share: 0.5 }]],
    ]);
  });

  it("conflicting: does it again, or writes something else in its place", async () => {
    const h = history();
    h.commit("start", { files: { f: base, g: base } });
    const change = h.commit("Guard", { files: { f: base.replaceAll("number 7 ", "guarded 7 ") } });
    const elsewhere = h.commit(`Revert "Guard"\n\nThis reverts commit ${change}.`, {
      files: { f: base.replaceAll("number 7 ", "wide open 7 ") },
    });
    const more = h.commit("Line", { files: { g: base + textLines("line", 2) } });
    const twice = h.commit(`Revert "Line"\n\nThis reverts commit ${more}.`, {
      files: { g: base + textLines("line", 2) + textLines("line", 2) },
    });
    const found = await audit(h);
    expect(found.map(({ commit, undoes }) => [commit, undoes[0]?.match])).toEqual([
      [twice, "conflicting"],
      [elsewhere, "conflicting"],
    ]);
  });

  it("claimed-only: a forged claim earns nothing", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const change = h.commit("Guard", { files: { f: base + textLines("guard", 3) } });
    h.commit(`Revert "Guard"\n\nThis reverts commit ${change}.`, { files: { evil: "evil\n" } });
    h.commit(`Revert "Nothing"\n\nThis reverts commit ${"ab12".repeat(10)}.`, {
      files: { evil: "2\n" },
    });
    const [unknown, forged] = await audit(h);
    expect(forged?.undoes).toEqual([{ commit: change, match: "claimed-only", share: 0 }]);
    expect(unknown).toMatchObject({ claims: ["ab12".repeat(10)], undoes: [] });
    expect(unknown?.unknowns[0]).toMatch(/not in this repository/);
  });

  it("several targets are exact only together", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const one = h.commit("One", { files: { f: base.replace("number 3 ", "changed 3 ") } });
    const two = h.commit("Two", { files: { f: base.replace("number 3 ", "again 3 ") } });
    h.commit(`Revert both\n\nThis reverts commits ${one} and ${two}.`, { files: { f: base } });
    const [both] = await audit(h);
    expect(both?.undoes).toEqual([
      { commit: one, match: "exact", share: 1 },
      { commit: two, match: "exact", share: 1 },
    ]);
  });

  it("the right lines in the wrong place are not exact, claimed or not", async () => {
    const guard =
      "if (!mayDeleteEverything(user)) return refused(user);\nreport(user, everything, today);\n";
    const lines = base.split(/(?<=\n)/);
    const withGuard = (at: number, top: string) =>
      `${top}${lines.slice(0, at).join("")}${guard}${lines.slice(at).join("")}`;
    for (const [message, place] of [
      ["Revert", 20],
      ["Revert", 5],
      ["Quietly", 20],
      ["Quietly", 5],
    ] as const) {
      const h = history();
      h.commit("start", { files: { f: withGuard(5, "") } });
      const change = h.commit("No guard", { files: { f: base } });
      h.commit("Since", { files: { f: `top\n${base}` } });
      const claim = message === "Revert" ? `\n\nThis reverts commit ${change}.` : "";
      h.commit(`${message}${claim}`, { files: { f: withGuard(place, "top\n") } });
      const [found] = await audit(h);
      const isInPlace = place === 5;
      if (message === "Quietly" && !isInPlace) expect(found).toBeUndefined();
      else {
        const match = isInPlace ? "exact" : "partial";
        expect(found?.undoes).toEqual([{ commit: change, match, share: 1 }]);
        expect(found?.unknowns).toEqual(
          isInPlace ? [] : ["all lines are taken back, but not in the places where they were"],
        );
      }
    }
  });

  it("finds the target by subject, by pull request, by a cut subject and by branch name", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const long = "A subject that is so long that a button cuts it at some point";
    const names = [
      ["Squashed thing (#12)", 'Revert "Squashed thing" (#13)'],
      ["Other thing (#21)", "Undo it\n\nReverts example/repo#21"],
      [`${long} and more (#31)`, `Revert "${long}…" (#32)\n\n…and more`],
      ["Plain", "revert: Plain"],
    ] as const;
    const expected: [string, string][] = [];
    for (const [i, [subject, revert]] of names.entries()) {
      const change = h.commit(subject, { files: { f: base + textLines(`x${i}`, 2) } });
      expected.unshift([h.commit(revert, { files: { f: base } }), change]);
    }
    const found = await audit(h);
    expect(found.map(({ commit, undoes }) => [commit, undoes[0]?.commit])).toEqual(expected);
    expect(found.every(({ undoes }) => undoes[0]?.match === "exact")).toBe(true);
  });

  it("does not take the base of a reverted merge for its target", async () => {
    const h = history();
    const start = h.commit("start", { files: { f: base } });
    h.git(["checkout", "-q", "-b", "side"]);
    h.commit("a", { files: { g: textLines("side", 3) } });
    h.commit("b", { files: { g: textLines("side", 5) } });
    h.git(["checkout", "-q", "main"]);
    const merge = h.merge(["side"], "Merge side");
    const revert = h.revert(merge, { mainline: 1 });
    expect(h.git(["log", "-1", "--format=%b"])).toContain(start);
    const [found] = await audit(h);
    expect(found).toMatchObject({
      commit: revert,
      claims: [merge],
      undoes: [{ commit: merge, match: "exact", share: 1 }],
    });
  });

  it("leaves out what a squash tried and took back on its own branch", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    h.git(["checkout", "-q", "-b", "side"]);
    const attempt = h.commit("attempt", { files: { g: textLines("attempt", 3) } });
    h.git(["checkout", "-q", "main"]);
    h.commit(`Feature (#4)\n\n* attempt\n\n* Revert "attempt"\n\nThis reverts commit ${attempt}.`, {
      files: { g: textLines("final", 3) },
    });
    expect(await audit(h, { refs: ["main"] })).toEqual([]);
  });
});

describe("what nobody said", () => {
  it("finds an inverse without any message, in moved surroundings too", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const change = h.commit("Add a guard", { files: { f: base + textLines("guard", 4) } });
    h.commit("Above", { files: { f: textLines("above", 9) + base + textLines("guard", 4) } });
    const quiet = h.commit("tidy up", { files: { f: textLines("above", 9) + base } });
    const [found, ...more] = await audit(h);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      commit: quiet,
      claims: [],
      undoes: [{ commit: change, match: "exact", share: 1 }],
    });
  });

  it("finds every one of many, whatever the commits are called", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const expected: (string | undefined)[][] = [];
    let above = "";
    for (let i = 0; i < 24; i++) {
      const change = h.commit(`Step ${i}`, { files: { f: above + base + textLines(`s${i}`, 3) } });
      above += `line above number ${i}\n`;
      h.commit("Above", { files: { f: above + base + textLines(`s${i}`, 3) } });
      expected.unshift([h.commit("tidy", { files: { f: above + base } }), change]);
    }
    // The first digit of an id is also the first letter of a header of the patch text.
    expect(expected.flat().some((id) => id?.startsWith("d"))).toBe(true);
    const found = await audit(h);
    expect(found.map(({ commit, undoes }) => [commit, undoes[0]?.commit])).toEqual(expected);
  });

  it("does not take a series that was rebased onto itself for going back", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const series = () =>
      [1, 2, 3, 4].map((n) => h.commit(`part ${n}`, { files: { [`p${n}`]: base } }));
    series();
    h.git(["rm", "-q", "p1", "p2", "p3", "p4"]);
    const back = h.commit("again from the start");
    series();
    expect((await audit(h)).map(({ commit }) => commit)).toEqual([back]);
  });

  it("names every commit between when a tree goes back", async () => {
    const h = history();
    const good = h.commit("start", { files: { f: base } });
    const undone = [1, 2, 3].map((n) =>
      h.commit(`step ${n}`, { files: { f: base + textLines(`step ${n}`, 3), [`g${n}`]: "x\n" } }),
    );
    const back = h.commit("cleanup", { files: { f: base, g1: null, g2: null, g3: null } });
    const [found] = await audit(h);
    expect(found?.commit).toBe(back);
    expect(found?.undoes.map(({ commit }) => commit)).toEqual(undone.toReversed());
    expect(found?.unknowns).toEqual([`the tree of commit ${good} is back`]);
  });

  it("is silent on version bumps, single common lines, white space and what lasted long", async () => {
    const h = history();
    const version = (n: number) =>
      `name = "long enough a name"\nversion = "1.${n}.0-development"\n`;
    h.commit("start", { files: { v: version(1), f: base, w: "x\n" } });
    h.commit("bump", { files: { v: version(2) } });
    h.commit("bump back", { files: { v: version(1) } });
    h.commit("brace", { files: { f: `${base}}\n` } });
    h.commit("no brace", { files: { f: base } });
    h.commit("blank", { files: { f: `${base}\n\n` } });
    h.commit("no blank", { files: { f: base } });
    h.commit("old", { files: { f: base + textLines("old", 9) } });
    h.commit("years later", { files: { f: base, w: "y\n" }, after: 400 * 86_400 });
    h.commit("empty", { allowEmpty: true });
    expect(await audit(h)).toEqual([]);
  });

  it("does not report the merge that brings a revert in as a second one", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const change = h.commit("Add", { files: { f: base + textLines("added", 4) } });
    h.git(["checkout", "-q", "-b", "revert-1-add"]);
    const revert = h.revert(change);
    h.git(["checkout", "-q", "main"]);
    h.commit("meanwhile", { files: { g: "g\n" } });
    h.merge(["revert-1-add"], 'Merge pull request #2 from example/revert-1-add\n\nRevert "Add"');
    expect((await audit(h)).map(({ commit }) => commit)).toEqual([revert]);
  });
});

describe("re-applied", () => {
  it("by a revert of the revert, and undone once more", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const change = h.commit("Add", { files: { f: base + textLines("added", 4) } });
    const revert = h.revert(change);
    const reapply = h.revert(revert, {
      message: `Reapply "Add"\n\nThis reverts commit ${revert}.`,
    });
    const third = h.revert(reapply, { message: 'Revert "Reapply "Add""' });
    const found = await audit(h);
    expect(
      found.map(({ commit, undoes, reappliedBy }) => [commit, undoes[0]?.commit, reappliedBy]),
    ).toEqual([
      [third, reapply, null],
      [reapply, revert, third],
      [revert, change, reapply],
    ]);
  });

  it("by the same change under another subject, in moved surroundings", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const change = h.commit("Add", { files: { f: base + textLines("added", 4) } });
    h.revert(change);
    h.commit("Above", { files: { f: textLines("above", 9) + base } });
    const again = h.commit("Second try", {
      files: { f: textLines("above", 9) + base + textLines("added", 4) },
    });
    const found = await audit(h);
    expect(found.find(({ claims }) => claims.includes(change))?.reappliedBy).toBe(again);
  });
});

describe("odd histories", () => {
  it("names with line feeds and bidirectional characters, symlinks, modes, binaries, CRLF, renames", async () => {
    const h = history();
    const odd = "a\n\u202eb\tc\u0007";
    h.commit("start", {
      files: { [odd]: base, bin: Buffer.from([0, 1, 2]), "run.sh": base, crlf: base, old: base },
    });
    const changes: [string, () => void][] = [
      [
        "odd name",
        () => {
          h.write(odd, base + textLines("odd", 2));
        },
      ],
      [
        "binary",
        () => {
          h.write("bin", Buffer.from([0, 9, 9, 9]));
        },
      ],
      [
        "mode",
        () => {
          h.git(["update-index", "--chmod=+x", "run.sh"]);
          h.git(["config", "core.fileMode", "false"]);
        },
      ],
      [
        "symlink",
        () => {
          h.git([
            "update-index",
            "--add",
            "--cacheinfo",
            `120000,${h.git(["hash-object", "-w", "--stdin"], odd)},link`,
          ]);
        },
      ],
      [
        "line endings",
        () => {
          h.write("crlf", base.replaceAll("\n", "\r\n"));
        },
      ],
      [
        "rename",
        () => {
          h.git(["mv", "old", "new"]);
        },
      ],
      [
        "submodule",
        () => {
          h.git(["update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},sub`]);
        },
      ],
    ];
    for (const [what, change] of changes) {
      change();
      if (!["mode", "symlink", "submodule"].includes(what)) h.git(["add", "-A"]);
      h.git(["commit", "-q", "-m", `change ${what}`]);
      const done = h.head();
      h.git(["reset", "-q", "--hard"]);
      const revert = h.revert(done);
      const [found] = await audit(h);
      expect(found, what).toMatchObject({
        commit: revert,
        undoes: [{ commit: done, match: "exact", share: 1 }],
      });
      for (const output of [
        renderReversalJson(found as Reversal),
        forPeople([found as Reversal]),
      ]) {
        expect(output).not.toMatch(/[\u202e\u0007\u0000]/);
      }
    }
  });

  it("octopus merges, root commits, two roots, empty messages", async () => {
    const h = history();
    const root = h.commit("", { files: { f: base, "r.txt": textLines("root", 5) } });
    const parts = ["x", "y", "z"].map((name) => {
      h.git(["checkout", "-q", "-b", name, root]);
      h.commit(name, { files: { [name]: textLines(name, 4) } });
      return name;
    });
    h.git(["checkout", "-q", "main"]);
    const octopus = h.merge(parts, "three at once");
    const revert = h.revert(octopus, { mainline: 1 });
    h.git(["rm", "-q", "f", "r.txt"]);
    h.git(["commit", "-q", "-m", `Start over\n\nThis reverts commit ${root}.`, "--allow-empty"]);
    const found = await audit(h);
    expect(
      found.map(({ commit, undoes }) => [commit, undoes[0]?.commit, undoes[0]?.match]),
    ).toEqual([
      [h.head(), root, "exact"],
      [revert, octopus, "exact"],
    ]);
  });

  it("a shallow clone says what it does not know, and claims nothing about its edge", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const change = h.commit("Add", { files: { f: base + textLines("added", 4) } });
    h.revert(change);
    h.commit("after", { files: { g: "g\n" } });
    const directory = mkdtempSync(join(tmpdir(), "countermand-shallow-"));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    h.git(["clone", "-q", "--depth", "2", `file://${h.directory}`, join(directory, "c")]);
    let coverage: Coverage | undefined;
    const [found] = await audit(
      { directory: join(directory, "c") },
      {
        onCoverage: (c) => {
          coverage = c;
        },
      },
    );
    expect(coverage?.shallowCommits).toBe(1);
    expect(found).toMatchObject({ claims: [change], undoes: [] });
    expect(found?.unknowns.join(" ")).toMatch(/not in this repository.*shallow clone/);
  });

  it("a missing file makes an answer unknown, a missing tree is an error that names it", async () => {
    const h = history();
    h.commit("start", { files: { f: base, g: base } });
    const change = h.commit("Add", { files: { f: base + textLines("added", 4) } });
    h.commit("Above", { files: { f: textLines("above", 9) + base + textLines("added", 4) } });
    h.revert(change);
    const blob = h.git(["rev-parse", `${change}:f`]);
    rmSync(join(h.directory, ".git/objects", blob.slice(0, 2), blob.slice(2)));
    const [found] = await audit(h);
    expect(found?.undoes[0]).toMatchObject({ commit: change, match: "claimed-only" });
    expect(found?.unknowns.join(" ")).toContain(blob);
    const tree = h.git(["rev-parse", `${change}^{tree}`]);
    rmSync(join(h.directory, ".git/objects", tree.slice(0, 2), tree.slice(2)));
    await expect(audit(h)).rejects.toThrow(tree);
  });
});

function forPeople(reversals: readonly Reversal[]): string {
  const builder = new SummaryBuilder();
  for (const reversal of reversals) builder.add(reversal, 3600);
  return renderAuditSummary(builder.finish());
}

describe("interrupted and taken up again", () => {
  it("gives the same bytes as without the interruption, wherever it was stopped", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    for (let i = 0; i < 12; i++) {
      const change = h.commit(`Change ${i}`, { files: { f: base + textLines(`c${i}`, 3) } });
      h.revert(change);
    }
    const whole = (await audit(h)).map(renderReversalJson).join("");
    expect(whole.split("\n")).toHaveLength(13);
    const directory = mkdtempSync(join(tmpdir(), "countermand-state-"));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    for (let stopAfter = 0; stopAfter <= 12; stopAfter++) {
      // Twice in a row, so that what was taken up is interrupted as well.
      for (const stop of [stopAfter, Math.min(12, stopAfter + 2)]) {
        const control = new AbortController();
        let seen = 0;
        const run = async () => {
          const options = { stateDirectory: directory, signal: control.signal };
          for await (const _ of auditHistory(await opened(h), options)) {
            if (++seen > stop) control.abort(new Error("stopped by the test"));
          }
        };
        if (stop < 12) await expect(run()).rejects.toThrow("stopped by the test");
        else await run();
        // A kill in the middle of a write leaves half a line behind.
        for (const name of readdirSync(directory).filter((one) => one.endsWith(".ndjson"))) {
          writeFileSync(join(directory, name), '{"reversal":{"com', { flag: "a" });
        }
      }
      const resumed = (await audit(h, { stateDirectory: directory }))
        .map(renderReversalJson)
        .join("");
      expect(resumed).toBe(whole);
      for (const name of readdirSync(directory)) rmSync(join(directory, name));
    }
  });

  it("a finished audit is told again without reading the history, until something is new", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    h.revert(h.commit("Change", { files: { f: base + textLines("c", 3) } }));
    const directory = mkdtempSync(join(tmpdir(), "countermand-state-"));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    const run = async (versions = "1") => {
      const phases = new Set<string>();
      const seen: Coverage[] = [];
      const found = await audit(h, {
        stateDirectory: directory,
        implications: { reader: messageReader, versions },
        onProgress: ({ phase }) => phases.add(phase),
        onCoverage: (coverage) => seen.push(coverage),
      });
      expect(seen).toHaveLength(1);
      return { found, seen: seen[0], isRead: phases.size > 0 };
    };
    const first = await run();
    expect(first).toMatchObject({ isRead: true, found: [{}], seen: { commits: 3 } });
    expect(await run()).toEqual({ ...first, isRead: false });
    expect(await run("2")).toEqual(first);
    expect(await run("2")).toEqual({ ...first, isRead: false });
    // An object that was not there before may be one that was missing.
    h.git(["hash-object", "-w", "--stdin"], "new");
    expect(await run("2")).toEqual(first);
    h.commit("more", { files: { g: "g\n" } });
    expect(await run("2")).toMatchObject({ isRead: true, seen: { commits: 4 } });
    const other = history();
    other.commit("start", { files: { f: base } });
    expect(await audit(other, { stateDirectory: directory })).toEqual([]);
    expect(await run("2")).toMatchObject({ isRead: false });
  });

  it("does not obey a state of other tips, or a damaged one", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    h.revert(h.commit("Change", { files: { f: base + textLines("c", 3) } }));
    const directory = mkdtempSync(join(tmpdir(), "countermand-state-"));
    cleanups.push(() => {
      rmSync(directory, { recursive: true });
    });
    await audit(h, { stateDirectory: directory });
    const ending = (end: string) => {
      const name = readdirSync(directory).find((one) => one.endsWith(end));
      return join(directory, name ?? "");
    };
    const [statePath, foundPath] = [ending(".json"), ending(".ndjson")];
    const sound = readFileSync(statePath, "utf8");
    expect(JSON.parse(sound)).toMatchObject({ finished: { commits: 3 } });
    const damaged = ["{", '{"version":1}', '{"version":3,"key":{},"next":-4,"bytes":0}', "", sound];
    for (const state of damaged) {
      writeFileSync(statePath, state);
      const { bytes } = JSON.parse(sound) as { bytes: number };
      writeFileSync(foundPath, `${"x".repeat(bytes - 1)}\n`);
      expect(await audit(h, { stateDirectory: directory })).toHaveLength(1);
    }
  });

  it("stops at once when it is told before it starts", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const signal = AbortSignal.abort(new Error("not today"));
    await expect(audit(h, { signal })).rejects.toThrow("not today");
  });
});

describe("for people", () => {
  it("tells the figures, the noteworthy and what was not seen", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const fix = h.commit("Fix CVE-2021-44228 \u001b[31m", {
      files: { f: base + textLines("fix", 4) },
    });
    h.revert(fix, {
      message: `Revert "Fix"\n\nThis reverts commit ${fix}.\n\nIt broke the build. See OPS-12 and #7.`,
    });
    const [found] = await audit(h);
    expect(found).toMatchObject({
      reason: "It broke the build. See OPS-12 and #7.",
      tickets: ["OPS-12", "#7"],
    });
    expect(found?.implications).toEqual([
      {
        id: "fix.advisory-reverted",
        rule: "fix.advisory-reverted@2",
        direction: "worse",
        subject: "CVE-2021-44228",
        severity: "high",
        confidence: 90,
      },
    ]);
    const text = forPeople([found as Reversal]);
    expect(text).toContain("undoes a fix for CVE-2021-44228; not re-applied");
    expect(text).toMatch(/60 min|1 h|60 min/);
    expect(forPeople([])).toContain("nothing was taken back");
  });
});
