import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { folderOf, type LayoutOptions, ociLayout } from "../testing/states.ts";
import { StateError } from "./error.ts";
import { changedFiles } from "./files.ts";
import { readState } from "./state.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(files: Readonly<Record<string, string | Buffer>>): string {
  const made = folderOf(files);
  folders.push(made);
  return made;
}

function layout(options: LayoutOptions = {}): string {
  const made = ociLayout(options);
  folders.push(made);
  return made;
}

async function refusal(argument: string): Promise<string> {
  try {
    await readState(argument);
  } catch (error) {
    if (error instanceof StateError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "read";
}

describe("a folder as a state", () => {
  it("has the same name for the same files, and another for any change", async () => {
    const files = { "a.yaml": "a: 1\n", "b/c.yaml": "c: 2\n" };
    const digest = async (of: Record<string, string>) => {
      const state = await readState(`dir:${folder(of)}`);
      return state.kind === "files" ? state.digest : "";
    };
    const one = await digest(files);
    expect(one).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await digest({ "b/c.yaml": "c: 2\n", "a.yaml": "a: 1\n" })).toBe(one);
    for (const other of [
      { ...files, "a.yaml": "a: 2\n" },
      { ...files, "d.yaml": "" },
      { "a.yaml": "a: 1\n", "b/d.yaml": "c: 2\n" },
    ]) {
      expect(await digest(other)).not.toBe(one);
    }
  });

  it("follows no link, enters no .git, and says what it cannot read", async () => {
    const secret = folder({ secret: "s" });
    const at = folder({ "a.yaml": "a: 1\n", ".git/config": "x" });
    symlinkSync(join(secret, "secret"), join(at, "link"));
    symlinkSync(secret, join(at, "folder"));
    const state = await readState(`dir:${at}`);
    expect(state.kind === "files" && [...state.files.keys()]).toEqual(["a.yaml"]);
    expect(await refusal(`dir:${at}/none`)).toMatch(/^unreadable: .* cannot be read \(ENOENT\)$/);
    expect(await refusal(`file:${join(at, "link")}`)).toMatch(/^unreadable: .*ELOOP/);
    expect(await refusal(`file:${at}`)).toMatch(/^unreadable: .* is not a file$/);
  });

  it("is compared by path; two single files whatever their names", () => {
    const files = (of: Record<string, string | null>) => new Map(Object.entries(of));
    expect(
      changedFiles(files({ a: "1", b: "2", c: null }), files({ b: "3", c: null, d: "4" })),
    ).toEqual([
      { path: "a", status: "removed", before: "1" },
      { path: "b", status: "modified", before: "2", after: "3" },
      { path: "c", status: "modified" },
      { path: "d", status: "added", after: "4" },
    ]);
    expect(changedFiles(files({ "old.cdx.json": "1" }), files({ "new.cdx.json": "2" }))).toEqual([
      { path: "old.cdx.json", status: "modified", before: "1", after: "2" },
    ]);
  });

  it("anything else is a commit, tag or branch", async () => {
    expect(await readState("v1.2.3")).toEqual({ kind: "ref", ref: "v1.2.3" });
  });
});

describe("an image as a state", () => {
  it("has its manifest's digest, the commit it was built from and its SBOMs", async () => {
    const state = await readState(`image:${layout()}`);
    expect(state).toMatchObject({ kind: "image", revision: "ab".repeat(20) });
    expect(state.kind === "image" && [...state.files.keys()]).toEqual(["image.cdx.json"]);
  });

  it("one of several is named by its digest; otherwise the choice is told", async () => {
    const at = layout({ images: 2 });
    const said = await refusal(`image:${at}`);
    expect(said).toMatch(/^bad-state: .* holds 2 images; name one: image:.*@sha256:[0-9a-f]{64}$/);
    const named = /image:\S+$/.exec(said)?.[0] ?? "";
    expect(await readState(named)).toMatchObject({ kind: "image", digest: named.slice(-71) });
    expect(await refusal(`image:${at}@sha256:${"0".repeat(64)}`)).toMatch(
      /holds no image sha256:0/,
    );
  });

  it("with a blob that is not what its name says, or an index that is a bomb, is refused", async () => {
    expect(await refusal(`image:${layout({ broken: true })}`)).toMatch(
      /other content than its name/,
    );
    const bomb = folder({ "index.json": "[".repeat(1_000_000) });
    expect(await refusal(`image:${bomb}`)).toMatch(/not a JSON object/);
    const traversal = folder({
      "index.json": '{"manifests":[{"digest":"sha256:../../etc/passwd"}]}',
    });
    expect(await refusal(`image:${traversal}`)).toMatch(/without a SHA-256 digest/);
  });
});
