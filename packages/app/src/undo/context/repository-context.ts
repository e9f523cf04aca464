/** The repository's own context file in the two states that are compared. */
import type { ObjectReader } from "../git/object-reader.ts";
import type { Repository } from "../git/repository.ts";
import { type PathChange, pathText, symlinkMode } from "../git/tree-diff.ts";
import type { StateFiles } from "../states/files.ts";
import { contextFileName, largestContextFile } from "./context-file.ts";

export type ContextTexts = { readonly before: string | null; readonly after: string | null };

/** Of the commit that is left, and of the state after `changes`. */
export async function contextTexts(
  repo: Repository,
  objects: ObjectReader,
  before: string,
  changes: readonly PathChange[],
): Promise<ContextTexts> {
  const left = await read(objects, await entryOf(repo, before));
  const change = changes.find(({ path }) => pathText(path) === contextFileName);
  if (change === undefined) return { before: left, after: left };
  const { newMode, newOid } = change;
  const isFile = newMode !== 0 && newMode !== symlinkMode;
  return { before: left, after: isFile ? await read(objects, newOid) : null };
}

/** Of files that are no commits. */
export function contextTextsIn(before: StateFiles, after: StateFiles): ContextTexts {
  return {
    before: before.get(contextFileName) ?? null,
    after: after.get(contextFileName) ?? null,
  };
}

async function entryOf(repo: Repository, commit: string): Promise<string | null> {
  const { code, stdout } = await repo.run(
    ["ls-tree", "-z", "--full-tree", commit, "--", contextFileName],
    { maxBytes: 4096 },
  );
  const found = /^100(?:644|755) blob ([0-9a-f]+)\t/.exec(stdout.toString("latin1"));
  return code === 0 ? (found?.[1] ?? null) : null;
}

async function read(objects: ObjectReader, oid: string | null): Promise<string | null> {
  if (oid === null) return null;
  // Too long for us is too long for the parser, which says so.
  const object = await objects.read(oid, 4 * largestContextFile);
  if (object.kind === "missing") return null;
  return object.kind === "found"
    ? object.content.toString("utf8")
    : " ".repeat(largestContextFile + 1);
}
