import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { HistoryBuilder, textLines } from "../testing/builder.ts";
import { testKnowledge } from "../testing/rule-input.ts";
import { hostileRepository, plainHistory } from "../testing/hostile.ts";
import { auditHistory } from "../audit/audit.ts";
import { undo } from "../range/undo.ts";
import { undoReportDigest } from "../range/render.ts";
import { CommitSource } from "../history/source.ts";
import { GitError } from "./error.ts";
import { openRepository, type Repository } from "./repository.ts";
import { listTags, resolveCommit, resolveRange } from "./resolve.ts";
import { ObjectReader } from "./object-reader.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function history(options?: ConstructorParameters<typeof HistoryBuilder>[0]): HistoryBuilder {
  const built = new HistoryBuilder(options);
  cleanups.push(() => {
    built.remove();
  });
  return built;
}

async function opened(path: string): Promise<Repository> {
  const repo = await openRepository(path);
  cleanups.push(() => repo.close());
  return repo;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(GitError);
  const { code, message } = error as GitError;
  // One sentence, nothing that a terminal obeys.
  expect(message).toMatch(/^[\x20-\x7e]+$/);
  return code;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("opening", () => {
  it("finds the repository from a folder in its work tree, from a worktree and bare", async () => {
    const h = history();
    const head = h.commit("one", { files: { "deep/er/file": "x\n" } });
    const elsewhere = mkdtempSync(join(tmpdir(), "countermand-test-"));
    cleanups.push(() => {
      rmSync(elsewhere, { recursive: true });
    });
    h.git(["worktree", "add", "-q", "-b", "side", join(elsewhere, "tree")]);
    h.git(["clone", "-q", "--bare", h.directory, join(elsewhere, "bare.git")]);
    for (const path of [
      join(h.directory, "deep/er"),
      join(elsewhere, "tree"),
      join(elsewhere, "bare.git"),
    ]) {
      expect((await opened(path)).head).toBe(head);
    }
    expect((await opened(join(elsewhere, "bare.git"))).bare).toBe(true);
  });

  it("reads the HEAD of a worktree, not of the main one", async () => {
    const h = history();
    h.commit("one", { files: { a: "1\n" } });
    const tree = join(h.directory, "tree");
    h.git(["worktree", "add", "-q", "-b", "side", tree]);
    const second = h.commit("two", { files: { a: "2\n" } });
    expect((await opened(tree)).head).not.toBe(second);
    expect((await opened(h.directory)).head).toBe(second);
  });

  it("reads SHA-256 repositories", async () => {
    const h = history({ format: "sha256" });
    h.commit("start", { files: { f: textLines("first", 9) } });
    const change = h.commit("Change", { files: { f: textLines("second", 9) } });
    const revert = h.revert(change);
    const repo = await opened(h.directory);
    expect(repo.oidLength).toBe(64);
    const found = await collect(auditHistory(repo));
    expect(found.map((r) => [r.commit, r.undoes])).toEqual([
      [revert, [{ commit: change, match: "exact", share: 1 }]],
    ]);
  });

  it("refuses what is no repository with one sentence", async () => {
    const empty = mkdtempSync(join(tmpdir(), "countermand-test-"));
    cleanups.push(() => {
      rmSync(empty, { recursive: true });
    });
    expect(await codeOf(openRepository(empty))).toBe("not-a-repository");
    expect(await codeOf(openRepository(join(empty, "absent")))).toBe("not-a-repository");
    expect(await codeOf(openRepository("\u001b[31m\0"))).toBe("not-a-repository");
  });

  it("refuses an extension that it does not know", async () => {
    const h = history();
    h.git(["config", "core.repositoryformatversion", "1"]);
    h.git(["config", "extensions.fromTheFuture", "true"]);
    expect(await codeOf(openRepository(h.directory))).toBe("unsupported-repository");
  });

  it("says when there is no commit yet", async () => {
    const repo = await opened(history().directory);
    expect(await codeOf(resolveCommit(repo, "HEAD"))).toBe("empty-repository");
    expect(await codeOf(collect(auditHistory(repo)))).toBe("empty-repository");
  });

  it("leaves no directory behind", async () => {
    const h = history();
    h.commit("one", { files: { a: "1\n" } });
    const mine = () => readdirSync(tmpdir()).filter((name) => name.startsWith("countermand-git-"));
    const before = new Set(mine());
    const repo = await openRepository(h.directory);
    const [own] = mine().filter((name) => !before.has(name));
    await repo.close();
    await repo.close();
    expect(own === undefined || !mine().includes(own)).toBe(true);
  });
});

describe("resolving refs", () => {
  it("takes names, ids, abbreviations and steps, and peels tags", async () => {
    const h = history();
    const first = h.commit("one", { files: { a: "1\n" } });
    const second = h.commit("two", { files: { a: "2\n" } });
    h.git(["tag", "-a", "-m", "annotated", "v1", first]);
    const repo = await opened(h.directory);
    for (const ref of [
      "v1",
      "refs/tags/v1",
      "tags/v1",
      "HEAD~1",
      "main^",
      "@~",
      first,
      first.slice(0, 8),
      "v1^{commit}",
    ]) {
      expect(await resolveCommit(repo, ref), ref).toBe(first);
    }
    expect(await resolveCommit(repo, "heads/main")).toBe(second);
    expect(await resolveRange(repo, "v1..")).toEqual({ from: first, to: second });
    expect(await resolveRange(repo, "v1")).toBeNull();
    expect(await listTags(repo)).toEqual([{ name: "v1", commit: first }]);
  });

  it.each([
    "--output=/tmp/countermand-owned",
    "-n1",
    "",
    "a b",
    "HEAD:a",
    ":/one",
    "main@{1}",
    "@{u}",
    "main..side",
    "absent",
    "HEAD~999999",
    "HEAD^{tree}",
    "a\u202eb",
    "x".repeat(5000),
    "0000000000000000000000000000000000000000",
    "^HEAD",
    "*",
  ])("refuses %j", async (ref) => {
    const h = history();
    h.commit("one", { files: { a: "1\n" } });
    const repo = await opened(h.directory);
    expect(["bad-ref", "missing-object"]).toContain(await codeOf(resolveCommit(repo, ref)));
    expect(existsSync("/tmp/countermand-owned")).toBe(false);
  });

  it("refuses a name that a branch and a tag share with different commits", async () => {
    const h = history();
    const first = h.commit("one", { files: { a: "1\n" } });
    h.commit("two", { files: { a: "2\n" } });
    h.git(["tag", "same", first]);
    h.git(["branch", "same"]);
    const repo = await opened(h.directory);
    expect(await codeOf(resolveCommit(repo, "same"))).toBe("ambiguous-ref");
    expect(await resolveCommit(repo, "tags/same")).toBe(first);
    expect(await codeOf(resolveRange(repo, "a...b"))).toBe("bad-ref");
  });

  it("refuses a tree as a commit", async () => {
    const h = history();
    h.commit("one", { files: { a: "1\n" } });
    h.git(["tag", "tree", h.git(["rev-parse", "HEAD^{tree}"])]);
    expect(await codeOf(resolveCommit(await opened(h.directory), "tree"))).toBe("bad-ref");
  });
});

describe("a hostile repository", () => {
  it("runs none of its programs and changes none of our answers", async () => {
    const hostile = hostileRepository();
    const plain = plainHistory();
    cleanups.push(
      () => {
        hostile.history.remove();
      },
      () => {
        plain.history.remove();
      },
      () => {
        rmSync(hostile.marker, { force: true });
      },
    );
    // Objects that are missing are what a promisor remote is asked for.
    const blob = plain.history.git(["rev-parse", `${plain.change}:file.txt`]);
    const loose = (at: HistoryBuilder) =>
      join(at.directory, ".git/objects", blob.slice(0, 2), blob.slice(2));
    rmSync(loose(hostile.history));
    rmSync(loose(plain.history));
    const answers = [];
    for (const at of [hostile.history, plain.history]) {
      const repo = await opened(at.directory);
      const report = await undo(repo, { target: "HEAD~3", knowledge: testKnowledge });
      const reverted = await undo(repo, {
        target: plain.change,
        mode: "revert",
        knowledge: testKnowledge,
      });
      answers.push({
        audit: await collect(auditHistory(repo)),
        report: undoReportDigest(report),
        reverted: undoReportDigest(reverted),
        resolved: await resolveCommit(repo, "main~1"),
      });
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.audit[0]?.undoes).toEqual([
      { commit: plain.change, match: "exact", share: 1 },
    ]);
    expect(existsSync(hostile.marker)).toBe(false);
  });

  it("would have run a program without the wrapper", () => {
    const hostile = hostileRepository();
    cleanups.push(
      () => {
        hostile.history.remove();
      },
      () => {
        rmSync(hostile.marker, { force: true });
      },
    );
    try {
      execFileSync("git", ["log", "-p", "-1"], { cwd: hostile.history.directory, stdio: "ignore" });
    } catch {
      // How it ends is git's affair; that it ran the program is the point.
    }
    expect(existsSync(hostile.marker)).toBe(true);
  });

  it("shows commits as their hash says, whatever replace refs, grafts and commit-graph say", async () => {
    const { history: h, change, revert } = plainHistory();
    cleanups.push(() => {
      h.remove();
    });
    const innocent = h.git(["commit-tree", "-m", "innocent", `${change}^{tree}`]);
    h.git(["replace", "-f", revert, innocent]);
    mkdirSync(join(h.directory, ".git/info"), { recursive: true });
    writeFileSync(join(h.directory, ".git/info/grafts"), `${revert}\n`);
    const found = await collect(auditHistory(await opened(h.directory)));
    expect(found.map(({ commit }) => commit)).toEqual([revert]);
  });

  it("notices an object whose content is not what its id says", async () => {
    const { history: h, change } = plainHistory();
    cleanups.push(() => {
      h.remove();
    });
    const object = (oid: string) =>
      join(h.directory, ".git/objects", oid.slice(0, 2), oid.slice(2));
    const [one, other] = ["file.txt", "other.txt"].map((path) =>
      h.git(["rev-parse", `HEAD:${path}`]),
    );
    rmSync(object(one ?? ""));
    execFileSync("cp", [object(other ?? ""), object(one ?? "")]);
    const reader = new ObjectReader(await opened(h.directory));
    cleanups.push(() => {
      reader.close();
    });
    await expect(reader.read(one ?? "")).rejects.toThrow(/git/);
    expect((await reader.read(change)).kind).toBe("found");
  });
});

describe("reading objects", () => {
  it("answers in order, passes over what is too large and goes on after what is missing", async () => {
    const h = history();
    const big = Buffer.alloc(3_000_000, "0123456789abcdef\n");
    h.commit("one", { files: { big, small: "small\n", empty: "" } });
    const reader = new ObjectReader(await opened(h.directory));
    cleanups.push(() => {
      reader.close();
    });
    const oid = (path: string) => h.git(["rev-parse", `HEAD:${path}`]);
    const answers = await Promise.all([
      reader.read(oid("big"), 1000),
      reader.read("f".repeat(40)),
      reader.read(oid("small")),
      reader.read(oid("big")),
      reader.read(oid("empty")),
    ]);
    expect(answers.map(({ kind }) => kind)).toEqual([
      "too-large",
      "missing",
      "found",
      "found",
      "found",
    ]);
    expect(answers[2]).toMatchObject({ content: Buffer.from("small\n"), type: "blob" });
    expect(answers[3]).toMatchObject({ content: big });
    expect(() => reader.read("HEAD")).toThrow(TypeError);
  });

  it("reads a commit message of 10 MB without keeping it", async () => {
    const h = history();
    const oid = h.commit(`Subject\n\n${"x".repeat(80)}\n${"y\n".repeat(5_000_000)}`, {
      files: { a: "1\n" },
    });
    const source = new CommitSource(await opened(h.directory));
    cleanups.push(() => {
      source.close();
    });
    const commit = await source.commit(oid);
    expect(commit).toMatchObject({ subject: "Subject", messageCut: true });
    expect(commit?.message.length).toBeLessThan(300_000);
  });
});
