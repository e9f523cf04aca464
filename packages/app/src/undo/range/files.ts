/** The changed files as the rules see them, with content only where a rule asks for it. */
import type { PathChange } from "../git/tree-diff.ts";
import { gitlinkMode, pathText } from "../git/tree-diff.ts";
import type { CommitSource } from "../history/source.ts";
import { wantsContent } from "../rules/registry.ts";
import type { ChangedFile } from "../rules/rule.ts";
import { isBinary } from "../content/line-change.ts";

const largestFile = 20 * 1024 * 1024;
/** All contents together: a report must not hold a repository in memory. */
const mostBytes = 256 * 1024 * 1024;

const lfsPointer = "version https://git-lfs.github.com/spec/";

export async function readFiles(
  source: CommitSource,
  changes: readonly PathChange[],
  unknowns: Set<string>,
): Promise<ChangedFile[]> {
  const files: ChangedFile[] = [];
  let bytes = 0;
  let skipped = 0;
  for (const change of changes) {
    const path = pathText(change.path).toWellFormed();
    const status = change.oldMode === 0 ? "added" : change.newMode === 0 ? "removed" : "modified";
    if (!wantsContent(path)) {
      files.push({ path, status });
      continue;
    }
    if (bytes > mostBytes) {
      skipped++;
      files.push({ path, status });
      continue;
    }
    const before = await readOne(source, change.oldMode, change.oldOid, unknowns);
    const after = await readOne(source, change.newMode, change.newOid, unknowns);
    bytes += (before?.length ?? 0) + (after?.length ?? 0);
    files.push({
      path,
      status,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
  }
  if (skipped > 0) unknowns.add(`${skipped} files were not read: together they are too large`);
  return files;
}

async function readOne(
  source: CommitSource,
  mode: number,
  oid: string,
  unknowns: Set<string>,
): Promise<string | undefined> {
  if (mode === 0 || mode === gitlinkMode) return undefined;
  const object = await source.objects.read(oid, largestFile);
  if (object.kind === "missing") {
    unknowns.add(`object ${oid} is missing: its file was not read`);
    return undefined;
  }
  if (object.kind === "too-large") {
    unknowns.add(`object ${oid} has ${object.bytes} bytes: its file was not read`);
    return undefined;
  }
  if (isBinary(object.content)) return undefined;
  const text = object.content.toString("utf8");
  if (text.startsWith(lfsPointer)) {
    unknowns.add("files kept in Git LFS change: their content is not in the repository");
    return undefined;
  }
  return text;
}
