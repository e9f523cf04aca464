/**
 * Reads what the comparing of two commits needs: commit objects, the paths that
 * a commit changes, the content of that change. One place, so that a commit
 * that is asked for by several candidates is read once.
 */
import { GitError } from "../git/error.ts";
import { type Commit, parseCommit } from "../git/commit.ts";
import { ObjectReader } from "../git/object-reader.ts";
import type { Repository } from "../git/repository.ts";
import { type PathChange, TreeDiff } from "../git/tree-diff.ts";
import { loadPatch, type Patch } from "../content/patch.ts";

/** A message of 10 MB is read whole to check its hash, a commit of 64 MB is no commit. */
const largestCommit = 64 * 1024 * 1024;

class Recent<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  get(key: K, make: () => V): V {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const made = make();
    this.#entries.set(key, made);
    if (this.#entries.size > this.#room) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    return made;
  }

  drop(key: K): void {
    this.#entries.delete(key);
  }
}

/** Commits, changed paths and changes by content, each read once as long as it is asked for again soon. */
export class CommitSource {
  readonly objects: ObjectReader;
  readonly #repo: Repository;
  readonly #trees: TreeDiff;
  readonly #commits = new Recent<string, Promise<Commit | null>>(256);
  readonly #changes = new Recent<string, Promise<PathChange[]>>(64);
  readonly #filePatches = new Recent<string, Promise<Patch>>(2000);
  readonly #patches = new Recent<string, Promise<Patch>>(16);

  constructor(repo: Repository) {
    this.#repo = repo;
    this.objects = new ObjectReader(repo);
    this.#trees = new TreeDiff(repo);
  }

  /** The commit, or null when the id names nothing here or something else. */
  commit(oid: string): Promise<Commit | null> {
    return this.#commits.get(oid, async () => {
      const object = await this.objects.read(oid, largestCommit);
      if (object.kind !== "found" || object.type !== "commit") return null;
      return parseCommit(oid, object.content);
    });
  }

  /** What differs from `before` (a commit id, null for nothing) to `after`. */
  changes(before: string | null, after: string): Promise<PathChange[]> {
    return this.#changes.get(`${before ?? ""} ${after}`, () => this.#changesOnce(before, after));
  }

  async #changesOnce(before: string | null, after: string): Promise<PathChange[]> {
    try {
      return await this.#trees.changes(before, after);
    } catch (error) {
      // git stops at a missing tree and takes the questions behind it along. Asked again in a
      // process of its own, the answer does not depend on what else was under way.
      if (!(error instanceof GitError) || error.code !== "missing-object") throw error;
      const alone = new TreeDiff(this.#repo);
      try {
        return await alone.changes(before, after);
      } finally {
        alone.close();
      }
    }
  }

  patch(before: string | null, after: string): Promise<Patch> {
    return this.#patches.get(`${before ?? ""} ${after}`, async () =>
      loadPatch(this.objects, await this.changes(before, after)),
    );
  }

  /**
   * The content of one path's change. Kept for a while when it is small: commits
   * that bump versions in one lock file are candidates for each other many times over.
   */
  readonly filePatch = (change: PathChange): Promise<Patch> => {
    const { oldOid, newOid, oldMode, newMode, path } = change;
    const key = `${oldOid} ${newOid} ${oldMode} ${newMode} ${path}`;
    return this.#filePatches.get(key, async () => {
      const patch = await loadPatch(this.objects, [change]);
      if ((patch.files.get(path)?.size ?? 0) > 500) this.#filePatches.drop(key);
      return patch;
    });
  };

  close(): void {
    this.objects.close();
    this.#trees.close();
  }
}
