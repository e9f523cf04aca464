import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ObjectReader } from "../git/object-reader.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { HistoryBuilder } from "../testing/builder.ts";
import { emptyTree, Trees } from "./trees.ts";

let history: HistoryBuilder;
let repo: Repository;
let reader: ObjectReader;
let trees: Trees;
const blob = "1".repeat(40);

beforeAll(async () => {
  history = new HistoryBuilder();
  repo = await openRepository(history.directory);
  reader = new ObjectReader(repo);
  trees = new Trees(reader, "sha1");
});
afterAll(async () => {
  reader.close();
  await repo.close();
  history.remove();
});

type Entry = readonly [mode: string, name: string, oid?: string];

/** Stores a tree with these bytes, whatever git thinks of it. */
function tree(...entries: readonly Entry[]): string {
  const bytes = entries.flatMap(([mode, name, oid = blob]) => [
    Buffer.from(`${mode} ${name}\0`, "latin1"),
    Buffer.from(oid, "hex"),
  ]);
  return store(Buffer.concat(bytes));
}

const store = (bytes: Buffer) =>
  history.git(["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], bytes);

const file = (mode = 0o100644) => ({ mode, oid: blob });

describe("what differs between two trees", () => {
  it("by path: files, modes, links, a folder in the place of a file, names of any bytes", async () => {
    const inner = tree(["100644", "x"], ["120000", "y"]);
    const a = tree(["100644", "a"], ["100644", "b"], ["40000", "same", inner], ["100644", "\xff"]);
    const b = tree(["40000", "a", inner], ["100755", "b"], ["40000", "same", inner]);
    expect(await trees.changes(a, b)).toEqual([
      { path: "a", old: file(), now: null },
      { path: "a/x", old: null, now: file() },
      { path: "a/y", old: null, now: file(0o120000) },
      { path: "b", old: file(), now: file(0o100755) },
      { path: "\xff", old: file(), now: null },
    ]);
    expect(await trees.changes(a, a)).toEqual([]);
    const back = await trees.changes(b, a);
    expect(back.map(({ path, old, now }) => ({ path, old: now, now: old }))).toEqual(
      await trees.changes(a, b),
    );
    expect(await trees.changes(emptyTree.sha1, inner)).toHaveLength(2);
    // As in histories that were imported long ago.
    const padded = tree(["040000", "d", inner], ["0100644", "f"]);
    expect(await trees.changes(padded, tree(["40000", "d", inner], ["100644", "f"]))).toEqual([]);
    expect(await trees.changes(null, inner)).toHaveLength(2);
  });

  it("at one path, where a folder is nothing", async () => {
    const inner = tree(["100644", "x"]);
    const root = tree(["40000", "d", inner], ["100644", "f"]);
    expect(await trees.at(root, "d/x")).toEqual(file());
    for (const path of ["d", "d/z", "f/x", "g", "d/x/y"]) {
      expect([path, await trees.at(root, path)]).toEqual([path, null]);
    }
  });

  it.each<[string, () => string]>([
    ["a name twice", () => tree(["100644", "a"], ["100755", "a"])],
    ["a name that is none", () => tree(["100644", ".."])],
    ["an empty name", () => tree(["100644", ""])],
    ["a name with a slash", () => tree(["100644", "a/b"])],
    ["a mode that is none", () => tree(["100948", "a"])],
    ["a mode of nothing", () => tree(["0", "a"])],
    ["an id that is cut", () => store(Buffer.from("100644 a\0abc"))],
    ["no id", () => store(Buffer.from("100644 a"))],
    ["rubbish", () => store(Buffer.alloc(100, 0x20))],
  ])("refuses %s", async (_, made) => {
    await expect(trees.changes(made(), emptyTree.sha1)).rejects.toThrow(
      /is damaged at byte (?:0|29)$/,
    );
  });

  it("says of what is missing, and of what is no tree, which it is", async () => {
    await expect(trees.changes(blob, emptyTree.sha1)).rejects.toMatchObject({
      code: "missing-object",
      message: `tree ${blob} is not in this repository`,
    });
    const text = history.git(["hash-object", "-w", "--stdin"], "text");
    await expect(trees.changes(text, emptyTree.sha1)).rejects.toThrow(/is a blob, not a tree/);
  });

  it("folders that double at each step and hold nothing are too many", async () => {
    let oid: string = tree();
    for (let depth = 0; depth < 40; depth++) oid = tree(["40000", "a", oid], ["40000", "b", oid]);
    await expect(trees.changes(oid, emptyTree.sha1)).rejects.toMatchObject({ code: "too-large" });
  });

  it("folders nested too deep are too large, not a stack that ends", async () => {
    let oid = tree(["100644", "x"]);
    for (let depth = 0; depth < 260; depth++) oid = tree(["40000", "d", oid]);
    await expect(trees.changes(oid, emptyTree.sha1)).rejects.toMatchObject({ code: "too-large" });
  });
});
