/**
 * Writes the plain files of a git tree into a private folder, from its objects:
 * not by checkout (filters, hooks, symbolic links) and not by archive
 * (`export-ignore` and `export-subst` change what is there). No symbolic link is
 * ever made, and no file is opened that exists, so nothing can be written outside.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ObjectReader } from "../git/object-reader.ts";
import type { Repository } from "../git/repository.ts";
import { compareText } from "../rules/order.ts";
import { count } from "../text.ts";
import { harmless, treeEntries } from "./tree-entries.ts";

export type TreeLimits = {
  readonly files: number;
  readonly bytes: number;
  /** A larger file is left out; scanners pass such files over as well. */
  readonly fileBytes: number;
};

export const treeLimits: TreeLimits = {
  files: 100_000,
  bytes: 1024 * 1024 * 1024,
  fileBytes: 16 * 1024 * 1024,
};

export type Materialised = {
  /** Absolute. */
  readonly folder: string;
  readonly files: number;
  /** What is not in it, one sentence part each, by text. */
  readonly notShown: readonly string[];
  /** Of these, what a scanner should have seen. */
  readonly missed: readonly string[];
  remove(): Promise<void>;
};

/** A tree that is too much for a scanner: nothing is left on disk. */
export class TooMuch extends Error {
  override readonly name = "TooMuch";
}

/** Rejects with `TooMuch`, with git's error, or with the signal's reason; the folder is gone then. */
export async function materialise(
  repo: Repository,
  tree: string,
  leftOut: ReadonlySet<string>,
  options: { readonly limits?: TreeLimits; readonly signal?: AbortSignal | undefined } = {},
): Promise<Materialised> {
  const limits = options.limits ?? treeLimits;
  const { files, skipped } = await treeEntries(repo, tree, leftOut);
  if (files.length > limits.files) throw new TooMuch(`more than ${limits.files} files`);
  const folder = await mkdtemp(join(tmpdir(), "countermand-tree-"));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const objects = new ObjectReader(repo);
  const told = new Map(skipped);
  const tell = (reason: string) => told.set(reason, (told.get(reason) ?? 0) + 1);
  let [bytes, written] = [0, 0];
  try {
    for (let at = 0; at < files.length; at += 64) {
      options.signal?.throwIfAborted();
      const some = files.slice(at, at + 64);
      const contents = await Promise.all(
        some.map(({ oid }) => objects.read(oid, limits.fileBytes)),
      );
      for (const [index, object] of contents.entries()) {
        const path = some[index]?.path ?? "";
        if (object.kind === "missing") tell("file whose content is not here");
        else if (object.kind === "too-large") tell(`file of more than ${limits.fileBytes} bytes`);
        else if (isLfsPointer(object.content)) tell("file kept in LFS");
        else {
          bytes += object.content.length;
          if (bytes > limits.bytes) throw new TooMuch(`more than ${limits.bytes} bytes`);
          if (await write(folder, path, object.content)) written++;
          else tell("name that another file has as well");
        }
      }
    }
  } catch (error) {
    await remove();
    throw error;
  } finally {
    objects.close();
  }
  const sentences = (all: boolean) =>
    [...told]
      .filter(([reason]) => all || (reason !== harmless.link && reason !== harmless.configuration))
      .map(([reason, n]) => count(n, reason, plural(reason)))
      .sort(compareText);
  return { folder, files: written, notShown: sentences(true), missed: sentences(false), remove };
}

/** `symbolic link` to `symbolic links`, `name that ...` to `names that ...`. */
function plural(reason: string): string {
  return reason.replace(
    /^(symbolic link|submodule|unknown kind|name|file|scanner configuration)/,
    "$1s",
  );
}

/** False where a file, or a folder of that name, is there already: a case-insensitive disk, or a tree that says both. */
async function write(folder: string, path: string, content: Buffer): Promise<boolean> {
  const file = join(folder, path);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { flag: "wx", mode: 0o400 });
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "EEXIST" || code === "ENOTDIR" || code === "EISDIR") return false;
    throw error;
  }
}

function isLfsPointer(content: Buffer): boolean {
  return (
    content.length < 1024 &&
    content.toString("latin1", 0, 42) === "version https://git-lfs.github.com/spec/v1"
  );
}
