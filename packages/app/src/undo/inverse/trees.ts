/**
 * Trees by their bytes, each checked against its id by the reader: no index, no
 * configuration and no diff of git has a say in which paths differ.
 */
import { GitError } from "../git/error.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { isEqual, type Side } from "./side.ts";

/** Paths as latin1, one unit a byte: names need not be UTF-8. */
export type TreeChange = { readonly path: string; readonly old: Side; readonly now: Side };

type Entries = ReadonlyMap<string, NonNullable<Side>>;

const largestTree = 64 * 1024 * 1024;
const mostDeep = 256;
/** More paths than this are not compared. */
export const mostPaths = 200_000;
/** A few small trees can make up any number of folders. */
const mostFolders = 500_000;
/** Trees kept for the next question. */
const mostKept = 2000;
const treeMode = 0o40000;

export class Trees {
  readonly #objects: ObjectReader;
  readonly #oidBytes: number;
  #folders = 0;
  readonly #kept = new Map<string, Promise<Entries>>();

  constructor(objects: ObjectReader, format: "sha1" | "sha256") {
    this.#objects = objects;
    this.#oidBytes = format === "sha1" ? 20 : 32;
  }

  /** What differs from tree `a` to tree `b`, sorted by path (bytes). `null` is a tree with nothing in it. */
  async changes(a: string | null, b: string | null): Promise<TreeChange[]> {
    const found: TreeChange[] = [];
    this.#folders = 0;
    await this.#compare(a, b, "", 0, found);
    return found.sort((x, y) => (x.path < y.path ? -1 : x.path > y.path ? 1 : 0));
  }

  /** What is at `path` in the tree; a folder counts as nothing. */
  async at(tree: string, path: string): Promise<Side> {
    let at: string = tree;
    const names = path.split("/");
    for (const [i, name] of names.entries()) {
      const entry = (await this.#entries(at)).get(name);
      if (entry === undefined) return null;
      const isFolder = entry.mode === treeMode;
      if (i === names.length - 1) return isFolder ? null : entry;
      if (!isFolder) return null;
      at = entry.oid;
    }
    return null;
  }

  async #compare(
    a: string | null,
    b: string | null,
    prefix: string,
    depth: number,
    found: TreeChange[],
  ): Promise<void> {
    if (a === b) return;
    if (depth > mostDeep) {
      throw new GitError("too-large", `folders are nested deeper than ${mostDeep}`);
    }
    if (++this.#folders > mostFolders) {
      throw new GitError("too-large", `more than ${mostFolders} folders differ`);
    }
    const [one, other] = await Promise.all([this.#entries(a), this.#entries(b)]);
    for (const name of new Set([...one.keys(), ...other.keys()])) {
      const [x, y] = [one.get(name) ?? null, other.get(name) ?? null];
      if (isEqual(x, y)) continue;
      const [old, now] = [asFile(x), asFile(y)];
      if (old !== null || now !== null) {
        if (found.length >= mostPaths) {
          throw new GitError("too-large", `more than ${mostPaths} paths differ`);
        }
        found.push({ path: prefix + name, old, now });
      }
      const [from, to] = [asFolder(x), asFolder(y)];
      if (from !== to) await this.#compare(from, to, `${prefix}${name}/`, depth + 1, found);
    }
  }

  #entries(oid: string | null): Promise<Entries> {
    if (oid === null) return Promise.resolve(new Map());
    const known = this.#kept.get(oid);
    if (known !== undefined) return known;
    const made = this.#read(oid);
    this.#kept.set(oid, made);
    made.catch(() => this.#kept.delete(oid));
    if (this.#kept.size > mostKept) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return made;
  }

  async #read(oid: string): Promise<Entries> {
    const empty = emptyTree[this.#oidBytes === 20 ? "sha1" : "sha256"];
    if (oid === empty) return new Map();
    const object = await this.#objects.read(oid, largestTree);
    if (object.kind === "missing") {
      throw new GitError("missing-object", `tree ${oid} is not in this repository`);
    }
    if (object.kind === "too-large") {
      throw new GitError("too-large", `tree ${oid} has ${object.bytes} bytes`);
    }
    if (object.type !== "tree") {
      throw new GitError("git-failed", `object ${oid} is a ${object.type}, not a tree`);
    }
    return parseTree(object.content, this.#oidBytes, oid);
  }
}

/** The ids of a tree without entries; git does not store it. */
export const emptyTree = {
  sha1: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  sha256: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
} as const;

function asFile(entry: Side): Side {
  return entry === null || entry.mode === treeMode ? null : entry;
}

function asFolder(entry: Side): string | null {
  return entry?.mode === treeMode ? entry.oid : null;
}

/** Old tools wrote a zero in front; it is the same mode. */
const isMode = /^0?[1-7][0-7]{4,5}$/;

/** `mode SP name NUL id`, repeated. Names that are there twice, or are no names, are refused. */
function parseTree(bytes: Buffer, oidBytes: number, oid: string): Entries {
  const entries = new Map<string, NonNullable<Side>>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const zero = space === -1 ? -1 : bytes.indexOf(0, space + 1);
    const end = zero + 1 + oidBytes;
    const mode = space === -1 ? "" : bytes.toString("latin1", at, Math.min(space, at + 8));
    const name = zero === -1 ? "" : bytes.toString("latin1", space + 1, zero);
    const isName = name !== "" && name !== "." && name !== ".." && !name.includes("/");
    if (!isName || !isMode.test(mode) || end > bytes.length || entries.has(name)) {
      throw new GitError("git-failed", `tree ${oid} is damaged at byte ${at}`);
    }
    entries.set(name, {
      mode: Number.parseInt(mode, 8),
      oid: bytes.toString("hex", zero + 1, end),
    });
    at = end;
  }
  return entries;
}
