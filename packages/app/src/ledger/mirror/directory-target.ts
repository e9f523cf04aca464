/**
 * A mirror in a directory. An object is written under a temporary name in `.incoming`,
 * put on the disk, and linked to its name, which fails where one is there: nothing is
 * ever overwritten but the checkpoint and times. Those are compared and renamed under a lock of the
 * operating system (SQLite's, as on the data directory), which dies with its process.
 *
 * The directory's content may be hostile: symbolic links are not followed, neither as
 * folders nor as files. Whoever can write it *while* we work can make us fail, or lose
 * the mirror; he cannot make us accept another log.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { parseTilePath } from "@countermand/tlog";
import { syncFolder } from "../../storage/durable-files.ts";
import {
  assertMirrorPath,
  MirrorError,
  replaceable,
  type MirrorSource,
  type MirrorTarget,
} from "./target.ts";

const incoming = ".incoming";
const lockName = ".lock";
/** What a killed process left behind is removed after this, in milliseconds. */
const abandonedAfter = 3_600_000;
/** How long the checkpoint's lock is waited for, in milliseconds. */
const lockTime = 5_000;

export function directorySource(root: string): MirrorSource {
  // A bundle is one of hundreds in its folder.
  const folders = new Set<string>();
  return { place: root, get: (path, limit) => readPlain(root, path, limit, folders) };
}

/** Makes the directory if it is not there; one that cannot be made now is tried again at each write. */
export async function directoryTarget(root: string): Promise<MirrorTarget> {
  let isReady = false;
  async function prepare(): Promise<void> {
    if (isReady) return;
    await guarded(root, root, async () => {
      await mkdir(root, { recursive: true, mode: 0o755 });
      await makeFolder(root, incoming);
      await removeAbandoned(join(root, incoming));
    });
    isReady = true;
  }
  await prepare().catch((error: unknown) => {
    if (!(error instanceof MirrorError && error.code === "unreachable")) throw error;
  });

  /** The bytes under a temporary name, on the disk, while `use` runs. */
  async function withIncoming(bytes: Uint8Array, use: (file: string) => Promise<void>) {
    const file = join(root, incoming, randomUUID());
    try {
      const handle = await open(file, "wx", 0o644);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await use(file);
    } finally {
      await rm(file, { force: true });
    }
  }

  return {
    ...directorySource(root),
    async create(path, bytes) {
      parseTilePath(path);
      await prepare();
      await guarded(root, path, async () => {
        const file = join(root, path);
        if (!(await isThere(root, path, bytes))) {
          await makeFolder(root, dirname(path));
          await withIncoming(bytes, async (temporary) => {
            await link(temporary, file).catch((error: unknown) => {
              if (codeOf(error) !== "EEXIST") throw error;
            });
          });
          if (!(await isThere(root, path, bytes))) {
            throw new MirrorError("unreachable", `${file} was taken away while it was written`);
          }
        }
        // Of one that is there too: who wrote it may have died before this.
        await syncFolder(dirname(file));
      });
    },
    async replace(path, expected, bytes) {
      replaceable(path);
      await prepare();
      const folder = dirname(join(root, path));
      return await guarded(root, path, async () => {
        const lock = await takeLock(root);
        try {
          const current = await readPlain(root, path, Number.MAX_SAFE_INTEGER);
          if (current !== undefined && Buffer.compare(current, bytes) === 0) {
            await syncFolder(folder);
            return true;
          }
          if (!same(current, expected)) return false;
          if (dirname(path) !== ".") await makeFolder(root, dirname(path));
          await withIncoming(bytes, (temporary) => rename(temporary, join(root, path)));
          await syncFolder(folder);
          return true;
        } finally {
          lock.close();
        }
      });
    },
    async removePartials(path) {
      parseTilePath(path);
      await guarded(root, path, async () => {
        const folder = `${path}.p`;
        if (!(await isFolder(root, folder))) return;
        for (const name of await readdir(join(root, folder))) {
          if (/^[1-9][0-9]{0,2}$/.test(name)) await unlink(join(root, folder, name)).catch(gone);
        }
        await rmdir(join(root, folder)).catch((error: unknown) => {
          if (codeOf(error) !== "ENOTEMPTY") gone(error);
        });
      });
    },
  };
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

/** Whether the object is there; other bytes under its name are a contradiction. */
async function isThere(root: string, path: string, bytes: Uint8Array): Promise<boolean> {
  // One byte more than it may have: longer is different, however long.
  const found = await readPlain(root, path, bytes.length);
  if (found === undefined) return false;
  if (same(found, bytes)) return true;
  throw new MirrorError(
    "contradiction",
    `${join(root, path)} holds other bytes than the log has there`,
  );
}

async function readPlain(
  root: string,
  path: string,
  limit: number,
  /** Those that were looked at; a new one is put in. */
  folders = new Set<string>(),
): Promise<Uint8Array | undefined> {
  assertMirrorPath(path);
  const file = join(root, path);
  return await guarded(root, path, async () => {
    const folder = dirname(path);
    if (!folders.has(folder)) {
      if (!(await isFolder(root, folder))) return undefined;
      folders.add(folder);
    }
    let handle;
    try {
      // A pipe under the name must not hold us up.
      handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new MirrorError("contradiction", `${file} is no plain file`);
      if (stat.size > limit) {
        throw new MirrorError(
          "contradiction",
          `${file} has ${stat.size} bytes; there can be no more than ${limit}`,
        );
      }
      return new Uint8Array(await handle.readFile());
    } finally {
      await handle.close();
    }
  });
}

/** Whether every part of the path below the root is a real folder; a link or a file is refused. */
async function isFolder(root: string, path: string): Promise<boolean> {
  let at = root;
  for (const part of path === "." ? [] : path.split("/")) {
    at = join(at, part);
    const found = await lstat(at).catch(gone);
    if (found === undefined) return false;
    if (!found.isDirectory()) {
      throw new MirrorError("contradiction", `${at} is no folder; links are not followed`);
    }
  }
  return true;
}

async function makeFolder(root: string, path: string): Promise<void> {
  let at = "";
  for (const part of path.split("/")) {
    at = at === "" ? part : `${at}/${part}`;
    if (!(await isFolder(root, at))) {
      await mkdir(join(root, at), { mode: 0o755 }).catch((error: unknown) => {
        if (codeOf(error) !== "EEXIST") throw error;
      });
    }
    await syncFolder(dirname(join(root, at)));
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const found = await lstat(file).catch(gone);
    if (found !== undefined && found.isFile() && Date.now() - found.mtimeMs > abandonedAfter) {
      await unlink(file).catch(gone);
    }
  }
}

/** Waits without holding up the event loop: SQLite's own waiting would. */
async function takeLock(root: string): Promise<DatabaseSync> {
  const file = join(root, lockName);
  const found = await lstat(file).catch(gone);
  if (found !== undefined && !found.isFile()) {
    throw new MirrorError("contradiction", `${file} is no plain file; links are not followed`);
  }
  const until = Date.now() + lockTime;
  for (;;) {
    const lock = new DatabaseSync(file, { timeout: 0 });
    try {
      lock.exec("pragma journal_mode = memory; begin exclusive");
      return lock;
    } catch (error) {
      lock.close();
      if (Date.now() > until) throw error;
    }
    await sleep(20);
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function gone(error: unknown): void {
  if (codeOf(error) !== "ENOENT") throw error;
}

/** Failures of the file system as a `MirrorError`. */
async function guarded<T>(root: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MirrorError) throw error;
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
      throw new MirrorError("full", `the mirror ${root} has no room`, { cause: error });
    }
    if (code === "ELOOP" || code === "ENXIO" || code === "EISDIR" || code === "ENOTDIR") {
      throw new MirrorError(
        "contradiction",
        `${join(root, path)} is no plain file; links are not followed`,
        { cause: error },
      );
    }
    if (!/^E[A-Z0-9]+$|^ERR_SQLITE/.test(code)) throw error;
    throw new MirrorError("unreachable", `the mirror ${root}: ${path}: ${code}`, { cause: error });
  }
}
