import {
  chmodSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { openRepository, type Repository } from "../git/repository.ts";
import { HistoryBuilder, textLines } from "../testing/builder.ts";
import { checkInverse } from "./check.ts";
import {
  claimOf,
  cleanInverseOf,
  isCleanInverse,
  proveCommits,
  type Undone,
  withObjects,
} from "./commits.ts";
import { inverseProofBytes, type InverseProof, parseInverseProof } from "./proof.ts";
import type { Proved } from "./prove.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function history(format: "sha1" | "sha256" = "sha1"): HistoryBuilder {
  const h = new HistoryBuilder({ format });
  cleanups.push(() => {
    h.remove();
  });
  return h;
}

/** What `work` gives with the repository as it is now. */
async function within<T>(h: HistoryBuilder, work: (repo: Repository) => Promise<T>): Promise<T> {
  const repo = await openRepository(h.directory);
  try {
    return await work(repo);
  } finally {
    await repo.close();
  }
}

/** The proof that the last commit takes `undone` back; made, written, read and checked again. */
async function proved(h: HistoryBuilder, ...undone: (string | Undone)[]): Promise<Proved> {
  return await within(h, async (repo) => {
    const found = await proveCommits(
      repo,
      { commit: h.head() },
      undone.map((one) => (typeof one === "string" ? { commit: one } : one)),
    );
    if (found.proof !== null) await checked(repo, found.proof);
    return found;
  });
}

async function checked(repo: Repository, proof: InverseProof): Promise<void> {
  const read = parseInverseProof(inverseProofBytes(proof));
  expect(read).toEqual(proof);
  const answer = await withObjects(repo, (objects) => checkInverse(objects, read));
  expect(answer).toEqual({ holds: true, problems: [], unseen: [] });
}

const how = ({ proof, problems }: Proved) =>
  proof?.paths.map((one) => `${one.how} ${one.path}`) ?? problems.map(({ why }) => why);

const base = textLines("base", 30);

describe("what git's own revert gives is proved", () => {
  it("by ids: text, binary, empty, without a last line feed, links, modes, names of any bytes", async () => {
    const h = history();
    h.commit("start", {
      files: { text: base, binary: Buffer.from([0, 1, 2]), run: "#!/bin/sh\n", gone: "gone\n" },
    });
    chmodSync(join(h.directory, "run"), 0o755);
    symlinkSync("text", join(h.directory, "link"));
    const change = h.commit("Change", {
      files: {
        text: `${base}more`,
        binary: Buffer.from([0, 9]),
        empty: "",
        gone: null,
        "dir/naïve %\nname": "x",
      },
    });
    h.commit("Elsewhere", { files: { other: "other\n" } });
    h.revert(change);
    const found = await proved(h, change);
    expect(how(found)).toEqual([
      "swap binary",
      "swap dir/na%C3%AFve %25%0Aname",
      "swap empty",
      "swap gone",
      "swap link",
      "swap run",
      "swap text",
    ]);
    expect(found.proof?.takesBack).toBe("all");
  });

  it("by lines, where the file has changed since, and with a mode that goes back", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    chmodSync(join(h.directory, "f"), 0o755);
    const change = h.commit("Change", { files: { f: base.replace("number 9 ", "new 9 ") } });
    h.commit("Since", {
      files: { f: `top\n${base.replace("number 9 ", "new 9 ").replace("number 20 ", "20 ")}` },
    });
    h.revert(change);
    expect(how(await proved(h, change))).toEqual(["merge f"]);
  });

  it("a merge against its first parent, and a range as one change", async () => {
    const h = history();
    const start = h.commit("start", { files: { f: base } });
    h.git(["checkout", "-q", "-b", "side"]);
    h.commit("a", { files: { g: "a\n" } });
    h.commit("b", { files: { f: base.replace("number 3 ", "three "), g: "b\n" } });
    h.git(["checkout", "-q", "main"]);
    h.commit("main", { files: { f: base.replace("number 25 ", "25 ") } });
    const merge = h.merge(["side"], "Merge side");
    h.revert(merge, { mainline: 1 });
    expect(how(await proved(h, merge))).toEqual(["swap f", "swap g"]);
    const top = h.head();
    h.git(["rm", "-q", "-r", "."]);
    h.commit("Back to the start", { files: { f: base } });
    expect(how(await proved(h, { before: start, after: top }))).toEqual(["swap f"]);
  });

  it("several, the newest first, and a root commit", async () => {
    const h = history();
    const root = h.commit("start", { files: { f: base } });
    const one = h.commit("One", { files: { f: base.replace("number 3 ", "changed 3 ") } });
    const two = h.commit("Two", { files: { f: base.replace("number 3 ", "again 3 ") } });
    h.commit("Since", { files: { f: base.replace("number 3 ", "again 3 ").slice(0, -40) } });
    h.commit("Both", { files: { f: base.slice(0, -40) } });
    expect(how(await proved(h, two, one))).toEqual(["merge f"]);
    expect((await proved(h, one, two)).proof).toBeNull();
    h.commit("start again", { files: { f: base } });
    h.commit("Nothing", { files: { f: null, readme: "x" } });
    h.commit("All gone", { files: { readme: null }, allowEmpty: true });
    expect((await proved(h, root)).proof).toBeNull();
    h.commit("a", { files: { f: base } });
    h.git(["rm", "-q", "f"]);
    h.commit("Root taken back");
    expect(how(await proved(h, root))).toEqual(["swap f"]);
  });

  it("a file that was moved since, and one that the change had moved", async () => {
    const h = history();
    h.commit("start", { files: { f: base, a: textLines("a", 30) } });
    const change = h.commit("Change", { files: { f: base.replace("number 9 ", "new 9 ") } });
    h.git(["mv", "f", "dir-f"]);
    h.commit("Move f");
    h.revert(change);
    const since = await proved(h, change);
    expect(since.proof?.paths).toEqual([{ changedAs: "f", how: "swap", path: "dir-f" }]);
    h.git(["mv", "a", "b"]);
    const move = h.commit("Move a", {
      files: { b: textLines("a", 30).replace("number 2 ", "two ") },
    });
    h.commit("Since", {
      files: { b: `${textLines("a", 30).replace("number 2 ", "two ")}last\n` },
    });
    h.revert(move);
    const moved = await proved(h, move);
    expect(moved.proof?.paths).toEqual([{ how: "merge", leaves: "b", path: "a" }]);
  });

  it("submodules by their commit, in sha256 as well", async () => {
    const h = history("sha256");
    h.commit("start", { files: { f: base } });
    const pin = (id: string) => {
      h.git(["update-index", "--add", "--cacheinfo", `160000,${id.repeat(64)},sub`]);
      h.git(["commit", "-q", "-m", `pin ${id}`]);
      return h.head();
    };
    pin("a");
    const change = pin("b");
    pin("a");
    expect(how(await proved(h, change))).toEqual(["swap sub"]);
    pin("c");
    expect((await proved(h, change)).proof).toBeNull();
  });

  it("the rest, where some of it had been taken back before", async () => {
    const h = history();
    h.commit("start", { files: { f: base, g: base } });
    const change = h.commit("Change", {
      files: { f: base.replace("number 9 ", "new 9 "), g: `${base}new\n` },
    });
    h.commit("Half of it back", { files: { g: base } });
    h.revert(change);
    const found = await proved(h, change);
    expect(how(found)).toEqual(["swap f", "kept g"]);
    expect(found.proof?.takesBack).toBe("rest");
    await within(h, async (repo) => {
      const clean = await cleanInverseOf(repo, {
        back: { commit: h.head() },
        undone: [{ commit: change }],
      });
      expect(clean).toMatchObject({ clean: false });
    });
  });
});

describe("the rest is told from all, within a file too", () => {
  it("a mode, or one of several places, that had gone back before", async () => {
    const h = history();
    const edited = base.replace("number 9 ", "new 9 ");
    h.commit("start", { files: { f: base } });
    chmodSync(join(h.directory, "f"), 0o755);
    const change = h.commit("Change", { files: { f: edited } });
    chmodSync(join(h.directory, "f"), 0o644);
    h.commit("Mode back", { files: { f: edited } });
    h.commit("Content back", { files: { f: base } });
    const mode = await proved(h, change);
    expect([how(mode), mode.proof?.takesBack]).toEqual([["swap f"], "rest"]);
    const places = h.commit("Two places", {
      files: { f: edited.replace("number 20 ", "new 20 ") },
    });
    h.commit("One back", { files: { f: `top\n${edited}` } });
    h.commit("The other back", { files: { f: `top\n${base}` } });
    const rest = await proved(h, places);
    expect([how(rest), rest.proof?.takesBack]).toEqual([["merge f"], "rest"]);
  });
});

describe("what is no inverse is not proved", () => {
  it("a file in the place of another, which the change had not moved", async () => {
    const h = history();
    const edited = base.replace("number 9 ", "new 9 ");
    h.commit("start", { files: { f: base, g: base } });
    const change = h.commit("Change", { files: { f: edited, g: edited } });
    h.commit("Gone", { files: { f: null } });
    h.commit("Back?", { files: { f: base, g: null } });
    expect((await proved(h, change)).proof).toBeNull();
  });

  it("in a file that looks like the moved one, and was there before", async () => {
    const h = history();
    const edited = base.replace("number 9 ", "new 9 ");
    h.commit("start", { files: { f: base, g: `${base}g\n` } });
    const change = h.commit("Change", { files: { f: edited } });
    h.commit("Gone", { files: { f: null, g: edited } });
    h.commit("Back?", { files: { g: base } });
    expect((await proved(h, change)).proof).toBeNull();
  });

  const start = (h: HistoryBuilder) => {
    h.commit("start", { files: { f: base, g: "g\n" } });
    const guarded = base.replace("number 9 ", "guard 9 ");
    const change = h.commit("Guard", { files: { f: base + textLines("guard", 2), g: "g2\n" } });
    h.commit("Since", { files: { f: `top\n${base}${textLines("guard", 2)}` } });
    return { change, guarded };
  };

  it.each<[string, Record<string, string | null>, string]>([
    ["something more in another file", { f: `top\n${base}`, g: "g\n", evil: "x" }, "nothing that"],
    ["something more in the file", { f: `top\n${base}evil\n`, g: "g\n" }, "not what taking"],
    ["something less", { f: `top\n${base}${textLines("guard", 1)}`, g: "g\n" }, "not what taking"],
    ["a file left out", { f: `top\n${base}` }, "not what taking"],
    ["a file that goes instead", { f: `top\n${base}`, g: null }, "not what taking"],
  ])("%s", async (_, files, why) => {
    const h = history();
    const { change } = start(h);
    h.commit("Back", { files });
    const found = await proved(h, change);
    expect(found.proof).toBeNull();
    expect(found.problems[0]?.why).toContain(why);
  });

  it("the right lines in the wrong place", async () => {
    const h = history();
    const guard = "if (!allowed) return;\n";
    const lines = base.split(/(?<=\n)/);
    const at = (place: number, top = "") =>
      `${top}${lines.slice(0, place).join("")}${guard}${lines.slice(place).join("")}`;
    h.commit("start", { files: { f: at(5) } });
    const change = h.commit("No guard", { files: { f: base } });
    h.commit("Since", { files: { f: `top\n${base}` } });
    h.commit("Guard, elsewhere", { files: { f: at(20, "top\n") } });
    expect((await proved(h, change)).proof).toBeNull();
    h.commit("Guard, in place", { files: { f: at(5, "top\n") } });
    await within(h, async (repo) => {
      const [now, before] = [h.head(), h.git(["rev-parse", "HEAD~2"])];
      const found = await proveCommits(repo, { from: before, to: now }, [{ commit: change }]);
      expect(how(found)).toEqual(["merge f"]);
    });
  });

  it("a binary file, a link and a mode that have changed since", async () => {
    const h = history();
    h.commit("start", { files: { b: Buffer.from([0, 1]), m: "m\n" } });
    symlinkSync("m", join(h.directory, "l"));
    chmodSync(join(h.directory, "m"), 0o755);
    const change = h.commit("Change", { files: { b: Buffer.from([0, 2]) } });
    rmSync(join(h.directory, "l"));
    symlinkSync("b", join(h.directory, "l"));
    h.commit("Since", { files: { b: Buffer.from([0, 2, 3]) } });
    rmSync(join(h.directory, "l"));
    rmSync(join(h.directory, "m"));
    symlinkSync("l", join(h.directory, "m"));
    h.commit("Back?", { files: { b: Buffer.from([0, 1, 3]) } });
    const found = await proved(h, change);
    expect(found.problems.map(({ path }) => path)).toEqual(["b", "l", "m"]);
  });

  it("nothing at all", async () => {
    const h = history();
    h.commit("start", { files: { f: base } });
    const change = h.commit("Change", { files: { f: `${base}x` } });
    h.revert(change);
    h.commit("Empty", { allowEmpty: true });
    expect(how(await proved(h, change))).toEqual([
      "nothing differs between the two trees: nothing is taken back",
    ]);
  });

  it("a file that is not the moved one, though all its lines would fit", async () => {
    const h = history();
    h.commit("start", { files: { f: "a\nb\nc\n" } });
    const change = h.commit("Change", { files: { f: "a\nB\nc\n" } });
    h.commit("Gone", { files: { f: null, other: `a\nB\nc\n${textLines("other", 9)}` } });
    h.commit("Back?", { files: { other: `a\nb\nc\n${textLines("other", 9)}` } });
    expect((await proved(h, change)).proof).toBeNull();
  });
});

describe("against git revert, on made histories", () => {
  /** Few different lines, so that they repeat and their places are ambiguous. */
  const texts = fc.array(fc.integer({ min: 0, max: 14 }), { minLength: 6, maxLength: 30 });
  const edits = fc.array(
    fc.record({
      at: fc.nat(40),
      cut: fc.nat(2),
      put: fc.array(fc.integer({ min: 0, max: 14 }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 3 },
  );
  type Edits = readonly { at: number; cut: number; put: number[] }[];
  const edited = (lines: readonly number[], by: Edits) => {
    const result = [...lines];
    for (const { at, cut, put } of by) result.splice(at % (result.length + 1), cut, ...put);
    return result;
  };
  const print = (lines: readonly number[], feed: boolean) => {
    const text = lines.map((n) => `line ${n}\n`).join("");
    return feed ? text : text.slice(0, -1);
  };

  it("a clean revert is proved; a proof that git does not bear out is a conflict for it", async () => {
    let proofs = 0;
    let conflicts = 0;
    const file = fc.record({
      old: texts,
      change: fc.option(edits, { nil: null }),
      since: fc.option(edits, { nil: null }),
      evil: fc.option(edits, { nil: null, freq: 4 }),
      feed: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 6 }), async (files) => {
        const h = new HistoryBuilder();
        try {
          const state = (pick: (one: (typeof files)[number]) => readonly number[]) =>
            Object.fromEntries(files.map((one, i) => [`f${i}`, print(pick(one), one.feed)]));
          const now = (one: (typeof files)[number]) => edited(one.old, one.change ?? []);
          h.commit("old", { files: state((one) => one.old) });
          const change = h.commit("change", { files: state(now), allowEmpty: true });
          const since = h.commit("since", {
            files: state((one) => edited(now(one), one.since ?? [])),
            allowEmpty: true,
          });
          const theirs = revertedTree(h, change);
          if (theirs === null) conflicts++;
          else {
            const back = h.git(["commit-tree", theirs, "-p", since, "-m", "back"]);
            const isEmpty = theirs === h.git(["rev-parse", `${since}^{tree}`]);
            const found = await within(h, async (repo) =>
              proveCommits(repo, { commit: back }, [{ commit: change }]),
            );
            expect(found.proof !== null).toBe(!isEmpty);
            if (found.proof !== null) proofs++;
          }
          // Something that claims to be the revert and need not be.
          const claimed = h.commit("claimed", {
            files: state((one) => edited(one.old, one.evil ?? [])),
            allowEmpty: true,
          });
          const found = await proved(h, change);
          const tree = h.git(["rev-parse", `${claimed}^{tree}`]);
          if (found.proof !== null && theirs !== null) expect(tree).toBe(theirs);
        } finally {
          h.remove();
        }
      }),
      { numRuns: 25, seed: 20_261_123 },
    );
    expect(proofs).toBeGreaterThan(5);
    expect(conflicts).toBeGreaterThan(3);
  }, 120_000);

  it("files that are moved, added, deleted, or change their mode", async () => {
    const what = fc.constantFrom("leave", "edit", "move", "move and edit", "mode", "delete");
    const pair = fc
      .tuple(what, what)
      // Files that are moved twice are not followed.
      .filter(([change, since]) => !(change.startsWith("move") && since.startsWith("move")));
    let proofs = 0;
    let moves = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(pair, { minLength: 2, maxLength: 5 }), async (pairs) => {
        const h = new HistoryBuilder();
        try {
          const names = pairs.map((_, i) => `f${i}`);
          h.commit("old", {
            files: Object.fromEntries(names.map((name) => [name, textLines(name, 20)])),
          });
          const act = (step: string, i: number, to: string) => {
            const file = join(h.directory, names[i] ?? "");
            if (!existsSync(file)) return;
            if (step.startsWith("move")) {
              names[i] = `${to}${i}`;
              renameSync(file, join(h.directory, names[i] ?? ""));
            }
            const now = join(h.directory, names[i] ?? "");
            const at = to === "m" ? 5 : 12;
            if (step.endsWith("edit")) {
              const lines = readFileSync(now, "utf8").split(/(?<=\n)/);
              writeFileSync(now, lines.toSpliced(at, 1, `${to} ${i}\n`).join(""));
            }
            if (step === "mode") chmodSync(now, to === "m" ? 0o755 : 0o644);
            if (step === "delete") rmSync(now);
          };
          for (const [i, [step]] of pairs.entries()) act(step, i, "m");
          const change = h.commit("change", { allowEmpty: true });
          for (const [i, [, step]] of pairs.entries()) act(step, i, "n");
          const since = h.commit("since", { allowEmpty: true });
          const theirs = revertedTree(h, change);
          if (theirs === null || theirs === h.git(["rev-parse", `${since}^{tree}`])) return;
          h.git(["reset", "-q", "--hard", h.git(["commit-tree", theirs, "-p", since, "-m", "x"])]);
          const { proof, problems } = await proved(h, change);
          expect([pairs, problems]).toEqual([pairs, []]);
          proofs++;
          if (proof?.paths.some((one) => one.leaves ?? one.changedAs) === true) moves++;
        } finally {
          h.remove();
        }
      }),
      { numRuns: 25, seed: 20_261_123 },
    );
    expect(proofs).toBeGreaterThan(8);
    expect(moves).toBeGreaterThan(3);
  }, 120_000);

  /** The tree of `git revert --no-commit`, null where it has conflicts. */
  function revertedTree(h: HistoryBuilder, commit: string): string | null {
    try {
      h.git(["revert", "--no-commit", commit]);
      return h.git(["write-tree"]);
    } catch {
      return null;
    } finally {
      h.git(["reset", "-q", "--hard", "HEAD"]);
      h.git(["clean", "-q", "-fd"]);
    }
  }
});

describe("a proof is about these trees and no others", () => {
  async function made() {
    const h = history();
    h.commit("start", { files: { f: base, g: "g\n" } });
    const change = h.commit("Change", { files: { f: base.replace("number 9 ", "9 "), g: "G\n" } });
    h.commit("Since", { files: { f: `top\n${base.replace("number 9 ", "9 ")}` } });
    h.revert(change);
    const repo = await openRepository(h.directory);
    cleanups.push(() => repo.close());
    const { proof } = await proveCommits(repo, { commit: h.head() }, [{ commit: change }]);
    if (proof === null) throw new Error("no proof");
    return { h, repo, proof, change };
  }
  const check = (repo: Repository, proof: InverseProof) =>
    withObjects(repo, (objects) => checkInverse(objects, proof));

  it("any tree, label or path that is another one is found", async () => {
    const { h, repo, proof } = await made();
    const other = h.git(["rev-parse", "HEAD~3^{tree}"]);
    const [undone] = proof.undoes;
    if (undone === undefined) throw new Error("nothing undone");
    const paths = proof.paths;
    const changed: InverseProof[] = [
      { ...proof, from: { ...proof.from, tree: other } },
      { ...proof, to: { tree: other } },
      { ...proof, from: { ...proof.from, commit: h.head() } },
      { ...proof, undoes: [{ ...undone, before: undone.after }] },
      { ...proof, undoes: [{ before: undone.after, after: undone.before }] },
      { ...proof, undoes: [undone, undone] },
      { ...proof, takesBack: "rest" },
      { ...proof, paths: paths.slice(1) },
      { ...proof, paths: [...paths, { how: "kept", path: "z" }] },
      { ...proof, paths: paths.map(({ path }) => ({ how: "swap", path })) },
      { ...proof, paths: [{ changedAs: "f", how: "swap", path: "g" }] },
      { ...proof, paths: [{ how: "swap", leaves: "f", path: "g" }] },
    ];
    expect((await check(repo, proof)).holds).toBe(true);
    for (const one of changed) {
      const answer = await check(repo, one);
      expect([one, answer.holds, answer.problems.length > 0]).toEqual([one, false, true]);
    }
  });

  it("a move that it states must be one: from where nothing is left, and to one place", async () => {
    const edited = base.replace("number 9 ", "new 9 ");
    const start = (h: HistoryBuilder) => {
      h.commit("start", { files: { f: base } });
      return h.commit("Change", { files: { f: edited } });
    };
    const stated = async (h: HistoryBuilder, change: string, ...moved: string[]) =>
      within(h, async (repo) => {
        const undone = [{ commit: change }];
        expect((await proveCommits(repo, { commit: h.head() }, undone)).proof).toBeNull();
        return await withObjects(repo, async (objects) => {
          const claim = await claimOf(objects, { commit: h.head() }, undone);
          const paths = moved.map((path) => ({ changedAs: "f", how: "swap", path }) as const);
          return await checkInverse(objects, {
            ...claim,
            objects: "sha1",
            paths,
            takesBack: "all",
          });
        });
      });
    const still = history();
    const one = start(still);
    still.commit("Copied, and taken back in f", { files: { f: base, g: edited } });
    still.commit("In the copy", { files: { g: base } });
    expect((await stated(still, one, "g")).holds).toBe(false);
    const twice = history();
    const two = start(twice);
    twice.commit("In two places", { files: { f: null, g: edited, i: edited } });
    twice.commit("In both", { files: { g: base, i: base } });
    expect((await stated(twice, two, "g", "i")).holds).toBe(false);
  });

  it("an object that is missing is no answer", async () => {
    const { repo, proof } = await made();
    const gone = { ...proof, to: { tree: "ab".repeat(20) } };
    await expect(check(repo, gone)).rejects.toMatchObject({ code: "missing-object" });
  });

  it("without the commits it holds by its trees, and says which were not seen", async () => {
    const { repo, proof } = await made();
    const commit = "ab".repeat(20);
    const answer = await check(repo, { ...proof, from: { ...proof.from, commit } });
    expect(answer).toEqual({ holds: true, problems: [], unseen: [commit] });
  });

  it("the lane takes it for the commits that were asked for and for no others", async () => {
    const { h, repo, change } = await made();
    const head = h.head();
    const clean = await cleanInverseOf(repo, {
      back: { commit: head },
      undone: [{ commit: change }],
    });
    expect(clean).toMatchObject({ clean: true, reference: { size: expect.any(Number) } });
    const wrong = await cleanInverseOf(repo, {
      back: { commit: head },
      undone: [{ commit: h.git(["rev-parse", "HEAD~1"]) }],
    });
    expect(wrong.clean).toBe(false);
    const claim = await withObjects(repo, (objects) =>
      claimOf(objects, { commit: head }, [{ commit: change }]),
    );
    const { proof } = await proveCommits(repo, { commit: head }, [{ commit: change }]);
    if (proof === null) throw new Error("no proof");
    const holds = { holds: true, problems: [], unseen: [] };
    expect(isCleanInverse(proof, holds, claim)).toEqual(clean);
    for (const other of [
      { ...claim, to: claim.from },
      { ...claim, undoes: [...claim.undoes, ...claim.undoes] },
      { ...claim, undoes: claim.undoes.map(({ after }) => ({ before: after, after })) },
    ]) {
      const because = [{ why: "the proof is about other trees" }];
      expect(isCleanInverse(proof, holds, other)).toEqual({ clean: false, because });
    }
    const fails = { holds: false, problems: [], unseen: [] };
    expect(isCleanInverse(proof, fails, claim)).toMatchObject({ clean: false });
  });
});
