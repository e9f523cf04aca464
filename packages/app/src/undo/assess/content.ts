/**
 * The changed files as the rules see them: text only where a rule asks for it,
 * within limits, read with many questions under way at once because most of the
 * time is waiting for git. What is left out is counted and said.
 */
import type { PathChange } from "../git/tree-diff.ts";
import { gitlinkMode, pathText, symlinkMode } from "../git/tree-diff.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { isBinary } from "../content/line-change.ts";
import { compareText } from "../rules/order.ts";
import { wantsContent } from "../rules/registry.ts";
import type { ChangedFile } from "../rules/rule.ts";

/** Lock files grow; other text above 2 MB is generated, vendored or data. */
const largestLock = 20 * 1024 * 1024;
const largestText = 2 * 1024 * 1024;
/** All texts together: an assessment must not hold a repository in memory. */
const mostBytes = 256 * 1024 * 1024;
/** Questions to git under way at once. */
const window = 128;

const lfsPointer = "version https://git-lfs.github.com/spec/";

export type Content = {
  /** By path. */
  readonly files: readonly ChangedFile[];
  /** Files that rules wanted: how many, and how many of them could not be read on some side. */
  readonly wanted: number;
  readonly unread: number;
  /** The same in bytes, both sides of each; of what is missing no size is known. */
  readonly wantedBytes: number;
  readonly unreadBytes: number;
  /** Sorted, without text of the repository. */
  readonly unknowns: readonly string[];
};

export async function readContent(
  objects: ObjectReader,
  changes: readonly PathChange[],
  /** What is read beside the files that rules want; it does not count as wanted. */
  also: (path: string) => boolean = () => false,
  signal?: AbortSignal,
): Promise<Content> {
  const reading = new Reading(objects, also);
  const files: ChangedFile[] = [];
  for (let i = 0; i < changes.length; i += window) {
    signal?.throwIfAborted();
    files.push(...(await Promise.all(changes.slice(i, i + window).map((c) => reading.file(c)))));
  }
  files.sort((a, b) => compareText(a.path, b.path));
  const { wanted, unread, wantedBytes, unreadBytes } = reading;
  return { files, wanted, unread, wantedBytes, unreadBytes, unknowns: reading.unknowns() };
}

type Missed = "missing" | "too large" | "too large together" | "kept in Git LFS" | "no text";

class Reading {
  wanted = 0;
  unread = 0;
  wantedBytes = 0;
  unreadBytes = 0;
  readonly #objects: ObjectReader;
  readonly #also: (path: string) => boolean;
  readonly #missed = new Map<Missed, number>();
  #bytes = 0;

  constructor(objects: ObjectReader, also: (path: string) => boolean) {
    this.#objects = objects;
    this.#also = also;
  }

  async file(change: PathChange): Promise<ChangedFile> {
    const path = pathText(change.path).toWellFormed();
    const status = change.oldMode === 0 ? "added" : change.newMode === 0 ? "removed" : "modified";
    const wanted = wantsContent(path);
    if (!wanted && !this.#also(path)) return { path, status };
    if (wanted) this.wanted++;
    const [before, after] = await Promise.all([
      this.#side(path, change.oldMode, change.oldOid),
      this.#side(path, change.newMode, change.newOid),
    ]);
    const missed = [before, after].find((side) => side !== null && "missed" in side);
    const bytes = (before?.bytes ?? 0) + (after?.bytes ?? 0);
    if (wanted) this.wantedBytes += bytes;
    if (missed !== undefined && missed !== null && "missed" in missed) {
      if (wanted) {
        this.unread++;
        this.unreadBytes += bytes;
      }
      this.#missed.set(missed.missed, (this.#missed.get(missed.missed) ?? 0) + 1);
    }
    return {
      path,
      status,
      ...(before !== null && "text" in before ? { before: before.text } : {}),
      ...(after !== null && "text" in after ? { after: after.text } : {}),
    };
  }

  unknowns(): string[] {
    return [...this.#missed]
      .filter(([why]) => why !== "no text")
      .map(([why, n]) => `${n === 1 ? "1 file was" : `${n} files were`} not read: ${why}`)
      .sort(compareText);
  }

  async #side(
    path: string,
    mode: number,
    oid: string,
  ): Promise<(({ text: string } | { missed: Missed }) & { bytes: number }) | null> {
    // A link's target is no content, and what is behind it need not be in the tree.
    if (mode === 0 || mode === gitlinkMode || mode === symlinkMode) return null;
    if (this.#bytes > mostBytes) return { missed: "too large together", bytes: 0 };
    const object = await this.#objects.read(oid, isLock(path) ? largestLock : largestText);
    if (object.kind === "missing") return { missed: "missing", bytes: 0 };
    if (object.kind === "too-large") return { missed: "too large", bytes: object.bytes };
    const bytes = object.content.length;
    this.#bytes += bytes;
    if (isBinary(object.content)) return { missed: "no text", bytes };
    const text = object.content.toString("utf8");
    return text.startsWith(lfsPointer) ? { missed: "kept in Git LFS", bytes } : { text, bytes };
  }
}

function isLock(path: string): boolean {
  return /(?:lock|lock\.(?:json|ya?ml|hcl)|\.sum|shrinkwrap\.json|bom\.json|spdx\.json)$/i.test(
    path,
  );
}
