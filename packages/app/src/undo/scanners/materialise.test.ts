import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRepository, type Repository } from "../git/repository.ts";
import { HistoryBuilder } from "../testing/builder.ts";
import { materialise, TooMuch } from "./materialise.ts";

let history: HistoryBuilder;
let repo: Repository;
const temporary = mkdtempSync(join(tmpdir(), "countermand-materialise-test-"));

beforeAll(async () => {
  process.env["TMPDIR"] = temporary;
  history = new HistoryBuilder();
  history.commit("start", { files: { a: "a" } });
  repo = await openRepository(history.directory);
});

afterAll(async () => {
  await repo.close();
  history.remove();
  rmSync(temporary, { recursive: true, force: true });
});

const blob = (content: string) => history.git(["hash-object", "-w", "--stdin"], content);
/** A tree as bytes, so that git's own checks of names do not stop it. */
function tree(...entries: readonly (readonly [mode: string, name: string, oid: string])[]): string {
  const bytes = Buffer.concat(
    entries.map(([mode, name, oid]) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, "hex")]),
    ),
  );
  return history.git(["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], bytes);
}

const kept = () => readdirSync(temporary).filter((name) => name.startsWith("countermand-tree-"));

describe("materialise", () => {
  test("plain files, byte for byte; attributes and line ends have no say", async () => {
    const attributes = blob("* text eol=crlf export-ignore ident\n");
    const made = await materialise(
      repo,
      tree(["100644", ".gitattributes", attributes], ["100755", "run", blob("$Id$\n")]),
      new Set(),
    );
    expect(readFileSync(join(made.folder, "run"), "utf8")).toBe("$Id$\n");
    expect([made.files, made.notShown]).toEqual([2, []]);
    await made.remove();
    expect(kept()).toEqual([]);
  });

  test("links, submodules and names that mean something else are left out and told", async () => {
    const x = blob("x");
    const inside = tree(["100644", "config", x]);
    const commit = history.head();
    const made = await materialise(
      repo,
      tree(
        ["100644", "..", x],
        ["40000", ".GIT", inside],
        ["40000", ".git", inside],
        ["40000", ".g\u200cit ", inside],
        ["40000", "GIT~1", inside],
        ["100644", "a\nb", x],
        ["100644", "c\\d", x],
        ["120000", "link", blob("/etc/passwd")],
        ["100644", "n".repeat(300), x],
        ["100644", "ok", x],
        ["160000", "sub", commit],
        ["100644", "trivy.yaml", x],
        ["100644", "big", blob("y".repeat(2000))],
        ["100644", "gone", "1".repeat(40)],
        ["100644", "lfs", blob("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")],
        ["100644", "same", x],
        ["40000", "same", inside],
      ),
      new Set(["trivy.yaml"]),
      { limits: { files: 100, bytes: 10_000, fileBytes: 1000 } },
    );
    expect(readdirSync(made.folder).sort()).toEqual(["ok", "same"]);
    expect(made.notShown).toEqual([
      "1 file kept in LFS",
      "1 file of more than 1000 bytes",
      "1 file whose content is not here",
      "1 name of more than 255 bytes",
      "1 name that another file has as well",
      "1 name that leads elsewhere",
      "1 scanner configuration of the repository",
      "1 submodule",
      "1 symbolic link",
      "2 names with a control character or backslash",
      "4 names taken for .git",
    ]);
    expect(made.missed).toHaveLength(9);
    await made.remove();
  });

  test("a link and a folder of the same name: nothing is written through it", async () => {
    const target = join(temporary, "target");
    const made = await materialise(
      repo,
      tree(["120000", "d", blob(temporary)], ["40000", "d", tree(["100644", "target", blob("x")])]),
      new Set(),
    );
    expect(existsSync(target)).toBe(false);
    expect(readFileSync(join(made.folder, "d", "target"), "utf8")).toBe("x");
    await made.remove();
  });

  test("two files of one name: the first stays as it is", async () => {
    const made = await materialise(
      repo,
      tree(["100644", "a", blob("first")], ["100644", "a", blob("second")]),
      new Set(),
    );
    expect(readFileSync(join(made.folder, "a"), "utf8")).toBe("first");
    expect(made.missed).toEqual(["1 name that another file has as well"]);
    await made.remove();
  });

  test("too much, or aborted: refused, nothing stays", async () => {
    const x = blob("x".repeat(100));
    const two = tree(["100644", "a", x], ["100644", "b", x]);
    for (const limits of [
      { files: 1, bytes: 1000, fileBytes: 1000 },
      { files: 10, bytes: 150, fileBytes: 1000 },
    ]) {
      await expect(materialise(repo, two, new Set(), { limits })).rejects.toThrow(TooMuch);
    }
    await expect(
      materialise(repo, two, new Set(), { signal: AbortSignal.abort() }),
    ).rejects.toThrow();
    expect(kept()).toEqual([]);
  });
});
