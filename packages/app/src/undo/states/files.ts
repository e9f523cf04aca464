/**
 * A state that is files in a folder. Links are not followed and nothing outside
 * the folder is read; a folder beyond the limits is refused rather than read in
 * part, because what is not compared would look unchanged.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { compareText } from "../rules/order.ts";
import type { ChangedFile } from "../rules/rule.ts";
import { isBinary } from "../content/line-change.ts";
import { StateError } from "./error.ts";

/** Text by path with `/`; files that are no text have none. */
export type StateFiles = ReadonlyMap<string, string | null>;
export type FileState = { readonly digest: string; readonly files: StateFiles };

const mostFiles = 50_000;
const mostBytes = 256 * 1024 * 1024;
const mostDepth = 64;

export async function readFolder(folder: string): Promise<FileState> {
  const contents = new Map<string, Buffer>();
  let bytes = 0;
  const walk = async (relative: string, depth: number): Promise<void> => {
    if (depth > mostDepth) {
      throw new StateError("too-large", `${folder} has folders more than ${mostDepth} deep`);
    }
    const entries = await readdir(join(folder, relative), { withFileTypes: true }).catch(
      (cause: unknown) => unreadable(join(folder, relative), cause),
    );
    for (const entry of entries) {
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== ".git") await walk(path, depth + 1);
      if (!entry.isFile()) continue;
      const content = await readWhole(join(folder, path), mostBytes - bytes);
      bytes += content.length;
      contents.set(path, content);
      if (contents.size > mostFiles) {
        throw new StateError("too-large", `${folder} has more than ${mostFiles} files`);
      }
    }
  };
  await walk("", 0);
  return stateOf(contents);
}

export async function readSingleFile(path: string): Promise<FileState> {
  return stateOf(new Map([[basename(path), await readWhole(path, mostBytes)]]));
}

/** A file's bytes; more than `most`, a link or no plain file is refused. */
export async function readWhole(path: string, most: number): Promise<Buffer> {
  const file = await open(
    path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch((cause: unknown) => unreadable(path, cause));
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw new StateError("unreadable", `${path} is not a file`);
    if (facts.size > most) {
      throw new StateError("too-large", `${path} makes the state larger than ${mostBytes} bytes`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function unreadable(path: string, cause: unknown): never {
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
  throw new StateError("unreadable", `${path} cannot be read (${code})`, { cause });
}

export function stateOf(contents: ReadonlyMap<string, Buffer>): FileState {
  const files = new Map<string, string | null>();
  const hash = createHash("sha256");
  for (const path of [...contents.keys()].sort(compareText)) {
    const content = contents.get(path) ?? Buffer.alloc(0);
    hash.update(`${Buffer.byteLength(path)} ${path} ${content.length} `).update(content);
    files.set(path, isBinary(content) ? null : content.toString("utf8"));
  }
  return { digest: `sha256:${hash.digest("hex")}`, files };
}

/** What differs, by path. A single file on each side is compared whatever its name. */
export function changedFiles(before: StateFiles, after: StateFiles): ChangedFile[] {
  const [left, right] = [alone(before), alone(after)];
  if (left !== null && right !== null && left !== right) {
    return changedFiles(before, new Map([[left, after.get(right) ?? null]]));
  }
  const changed: ChangedFile[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort(compareText)) {
    const [from, to] = [before.get(path), after.get(path)];
    if (from === to && from !== null) continue;
    changed.push({
      path,
      status: from === undefined ? "added" : to === undefined ? "removed" : "modified",
      ...(typeof from === "string" ? { before: from } : {}),
      ...(typeof to === "string" ? { after: to } : {}),
    });
  }
  return changed;
}

function alone(files: StateFiles): string | null {
  const [path] = files.keys();
  return files.size === 1 && path !== undefined ? path : null;
}
