/**
 * The content of a change over several paths, and how two changes relate.
 * Text is compared by line (line-change.ts); whatever is no text, too large, or
 * not in the repository is compared by its object id, as one line each way.
 */
import type { PathChange } from "../git/tree-diff.ts";
import { gitlinkMode } from "../git/tree-diff.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { addTo, isBinary, type LineChange, lineChange } from "./line-change.ts";

export type Patch = {
  /** By path (latin1, see PathChange); paths whose change is empty are kept, with an empty map. */
  readonly files: ReadonlyMap<string, LineChange>;
  /** What could not be compared by line, in words, sorted. */
  readonly unknowns: readonly string[];
};

/** Text above this is compared by id: such a file is generated, vendored or data. */
const largestText = 2 * 1024 * 1024;
/** Beyond this many paths one change is compared by ids only. */
const mostPaths = 2000;

export async function loadPatch(
  objects: ObjectReader,
  changes: readonly PathChange[],
): Promise<Patch> {
  const unknowns = new Set<string>();
  const byId = changes.length > mostPaths;
  if (byId) unknowns.add(`${changes.length} paths changed: compared by file, not by line`);
  const files = new Map<string, LineChange>();
  const window = 64;
  for (let i = 0; i < changes.length; i += window) {
    const part = changes.slice(i, i + window);
    const loaded = await Promise.all(part.map((c) => fileChange(objects, c, byId, unknowns)));
    for (const [j, change] of loaded.entries()) {
      const path = part[j]?.path;
      if (path !== undefined) files.set(path, change);
    }
  }
  return { files, unknowns: [...unknowns].sort() };
}

async function fileChange(
  objects: ObjectReader,
  change: PathChange,
  byId: boolean,
  unknowns: Set<string>,
): Promise<LineChange> {
  const [before, after] = byId
    ? (["id", "id"] as const)
    : await Promise.all([
        readText(objects, change.oldMode, change.oldOid, unknowns),
        readText(objects, change.newMode, change.newOid, unknowns),
      ]);
  const lines = before === "id" || after === "id" ? idChange(change) : lineChange(before, after);
  if (change.oldMode !== change.newMode) {
    if (change.oldMode !== 0) addTo(lines, `\0mode ${change.oldMode.toString(8)}`, -1);
    if (change.newMode !== 0) addTo(lines, `\0mode ${change.newMode.toString(8)}`, 1);
  }
  return lines;
}

function idChange(change: PathChange): LineChange {
  const lines: LineChange = new Map();
  if (change.oldOid !== change.newOid) {
    if (change.oldMode !== 0) addTo(lines, `\0id ${change.oldOid}`, -1);
    if (change.newMode !== 0) addTo(lines, `\0id ${change.newOid}`, 1);
  }
  return lines;
}

async function readText(
  objects: ObjectReader,
  mode: number,
  oid: string,
  unknowns: Set<string>,
): Promise<Buffer | null | "id"> {
  if (mode === 0) return null;
  if (mode === gitlinkMode) return "id";
  const object = await objects.read(oid, largestText);
  if (object.kind === "missing") {
    unknowns.add(`object ${oid} is missing: its file is compared by id`);
    return "id";
  }
  if (object.kind === "too-large") {
    unknowns.add(`object ${oid} has ${object.bytes} bytes: compared by id`);
    return "id";
  }
  return isBinary(object.content) ? "id" : object.content;
}

/** Whether `b` takes every path of `a` from its new state back to its old one, and touches nothing else. */
export function swapsExactly(a: readonly PathChange[], b: readonly PathChange[]): boolean {
  if (a.length !== b.length) return false;
  const byPath = new Map(b.map((change) => [change.path, change]));
  return a.every((change) => {
    const other = byPath.get(change.path);
    return (
      other !== undefined &&
      other.oldOid === change.newOid &&
      other.newOid === change.oldOid &&
      other.oldMode === change.newMode &&
      other.newMode === change.oldMode
    );
  });
}

/**
 * Whether `b` takes back exactly what `a` does, by line and file by file, so that
 * a wrong candidate costs one file. Mode changes must swap; a file that cannot be
 * read by line must swap its blobs.
 */
export async function invertsExactly(
  load: (change: PathChange) => Promise<Patch>,
  a: readonly PathChange[],
  b: readonly PathChange[],
): Promise<boolean> {
  if (a.length !== b.length || a.length === 0) return false;
  const byPath = new Map(b.map((change) => [change.path, change]));
  const pairs: [PathChange, PathChange][] = [];
  for (const change of a) {
    const other = byPath.get(change.path);
    if (other?.oldMode !== change.newMode || other.newMode !== change.oldMode) return false;
    if (other.oldOid !== change.newOid || other.newOid !== change.oldOid)
      pairs.push([change, other]);
  }
  for (const [change, other] of pairs) {
    const [one, two] = [await load(change), await load(other)];
    const relation = relate(two, one);
    if (relation.inverted !== relation.total || relation.extra > 0) return false;
    // A mere reordering has no lines either way, which proves nothing.
    if (relation.total === 0) return false;
  }
  return true;
}

/** The sum of several changes. */
export function sumPatches(patches: readonly Patch[]): Patch {
  const files = new Map<string, LineChange>();
  const unknowns = new Set<string>();
  for (const patch of patches) {
    for (const unknown of patch.unknowns) unknowns.add(unknown);
    for (const [path, lines] of patch.files) {
      const sum = files.get(path) ?? new Map<string, number>();
      for (const [line, n] of lines) addTo(sum, line, n);
      files.set(path, sum);
    }
  }
  return { files, unknowns: [...unknowns].sort() };
}

export type Relation = {
  /** Lines of the target, both ways. */
  readonly total: number;
  /** Of these, lines that the other change takes back. */
  readonly inverted: number;
  /** Of these, lines that the other change does once more. */
  readonly repeated: number;
  /** Lines of the other change that take nothing back. */
  readonly extra: number;
  /** The other change rewrites what the target wrote without restoring any of what it replaced. */
  readonly elsewhere: boolean;
};

/** How `undoing` relates to `target`: nothing left and nothing extra is the exact inverse. */
export function relate(undoing: Patch, target: Patch): Relation {
  let total = 0;
  let inverted = 0;
  let repeated = 0;
  let replaced = 0;
  let restored = 0;
  let writtenInstead = 0;
  for (const [path, lines] of target.files) {
    const other = undoing.files.get(path);
    let takenHere = 0;
    let restoredHere = 0;
    for (const [line, n] of lines) {
      const m = other?.get(line) ?? 0;
      total += Math.abs(n);
      const both = Math.min(Math.abs(n), Math.abs(m));
      if (m * n < 0) inverted += both;
      else repeated += both;
      if (m * n < 0 && n > 0) takenHere += both;
      if (n < 0) replaced += -n;
      if (m * n < 0 && n < 0) restoredHere += both;
    }
    restored += restoredHere;
    if (takenHere > 0 && restoredHere === 0) writtenInstead += added(other);
  }
  let size = 0;
  for (const lines of undoing.files.values()) for (const n of lines.values()) size += Math.abs(n);
  return {
    total,
    inverted,
    repeated,
    extra: size - inverted,
    elsewhere: replaced > 0 && restored === 0 && writtenInstead > 0,
  };
}

function added(lines: LineChange | undefined): number {
  let n = 0;
  for (const count of lines?.values() ?? []) if (count > 0) n += count;
  return n;
}

/** White space at line ends and the line endings themselves set aside, blank lines dropped. */
export function withoutWhitespace(patch: Patch): Patch {
  const files = new Map<string, LineChange>();
  for (const [path, lines] of patch.files) {
    const loose: LineChange = new Map();
    for (const [line, n] of lines) {
      const key = line.startsWith("\0") ? line : line.replaceAll(/[ \t\r\n]+/g, " ").trim();
      if (key !== "") addTo(loose, key, n);
    }
    files.set(path, loose);
  }
  return { files, unknowns: patch.unknowns };
}
