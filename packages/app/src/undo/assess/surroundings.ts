/**
 * What did not change and rules need all the same: other workflows, owners,
 * bindings. Read from the state that is left; a file that is not among the
 * changes is the same in both states.
 */
import type { ObjectReader } from "../git/object-reader.ts";
import type { Repository } from "../git/repository.ts";
import { pathText } from "../git/tree-diff.ts";
import { isBinary } from "../content/line-change.ts";
import { compareText } from "../rules/order.ts";
import type { ChangedFile, Rule, UnchangedFile } from "../rules/rule.ts";

const mostFiles = 2000;
const largestFile = 1024 * 1024;
const mostBytes = 32 * 1024 * 1024;
const mostListing = 256 * 1024 * 1024;

export type Surroundings = {
  readonly unchanged: readonly UnchangedFile[];
  readonly paths: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly unknowns: readonly string[];
};

const none: Surroundings = { unchanged: [], paths: { before: [], after: [] }, unknowns: [] };

/** Nothing is listed or read unless a rule that wants it has a changed file to look at, or `also` is given. */
export async function readSurroundings(
  repo: Repository,
  objects: ObjectReader,
  before: string,
  files: readonly ChangedFile[],
  rules: readonly Rule[],
  /** What is read whatever changed, and then all paths are listed. */
  also?: (path: string) => boolean,
): Promise<Surroundings> {
  const wanting = rules.filter(
    (rule) =>
      (rule.context !== undefined || rule.wantsPaths === true) &&
      files.some(({ path }) => rule.reads?.(path) === true),
  );
  if (wanting.length === 0 && also === undefined) return none;
  const { code, stdout } = await repo.run(["ls-tree", "-r", "-z", "--full-tree", before], {
    maxBytes: mostListing,
  });
  if (code !== 0)
    return { ...none, unknowns: ["the other files of the state could not be listed"] };
  const entries = [...entriesOf(stdout)];
  const changed = new Set(files.map(({ path }) => path));
  const contexts = [...wanting.flatMap((rule) => rule.context ?? []), ...(also ? [also] : [])];
  const wanted = entries.filter(
    ({ path, isFile }) => isFile && !changed.has(path) && contexts.some((wants) => wants(path)),
  );
  const { unchanged, left } = await readAll(objects, wanted);
  return {
    unchanged,
    paths:
      also !== undefined || wanting.some(({ wantsPaths }) => wantsPaths === true)
        ? pathsOfBoth(entries, files)
        : none.paths,
    unknowns:
      left === 0
        ? []
        : [
            `${left} unchanged files that could hold the same control were not read: too many or too large`,
          ],
  };
}

type Entry = { readonly path: string; readonly oid: string; readonly isFile: boolean };

/** `mode type oid TAB path NUL`, repeated. */
function* entriesOf(listing: Buffer): Generator<Entry> {
  const text = listing.toString("latin1");
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\0", at);
    const tab = text.indexOf("\t", at);
    if (end === -1 || tab === -1) return;
    const [mode = "", type, oid = ""] = text.slice(at, tab).split(" ");
    const path = pathText(text.slice(tab + 1, end)).toWellFormed();
    yield { path, oid, isFile: type === "blob" && mode !== "120000" };
    at = end + 1;
  }
}

function pathsOfBoth(
  entries: readonly Entry[],
  files: readonly ChangedFile[],
): Surroundings["paths"] {
  const before = entries.map(({ path }) => path).sort(compareText);
  const gone = new Set(files.filter((f) => f.status === "removed").map(({ path }) => path));
  const come = files.filter((f) => f.status === "added").map(({ path }) => path);
  return { before, after: [...before.filter((p) => !gone.has(p)), ...come].sort(compareText) };
}

async function readAll(
  objects: ObjectReader,
  wanted: readonly Entry[],
): Promise<{ unchanged: UnchangedFile[]; left: number }> {
  const unchanged: UnchangedFile[] = [];
  let bytes = 0;
  let left = Math.max(0, wanted.length - mostFiles);
  const read = await Promise.all(
    wanted.slice(0, mostFiles).map(async ({ path, oid }) => ({
      path,
      object: await objects.read(oid, largestFile),
    })),
  );
  for (const { path, object } of read) {
    if (object.kind !== "found" || bytes > mostBytes) left++;
    else if (!isBinary(object.content)) {
      bytes += object.content.length;
      const text = object.content.toString("utf8");
      unchanged.push({ path, before: text, after: text });
    }
  }
  return { unchanged: unchanged.sort((a, b) => compareText(a.path, b.path)), left };
}
