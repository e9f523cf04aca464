/**
 * The directory that one Countermand process works in: keys, marks, artefacts,
 * and the SQLite database where that is the store. `lock.db` is held in an
 * exclusive SQLite transaction; the lock of the operating system under it dies
 * with the process, which a file with a process id does not. (Node has no flock.)
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { writeDurably } from "./durable-files.ts";
import { fileError, StorageError } from "./error.ts";

export const defaultDataDirectory = "./.countermand";

export interface DataDirectory {
  readonly root: string;
  /** The SQLite database. */
  readonly database: string;
  /** Folder of private keys, one file each. */
  readonly keys: string;
  /** Folder of high-water marks. */
  readonly marks: string;
  /** Folder of artefacts. */
  readonly blobs: string;
  /** Data directories of the tenants that a server here serves, too; by name. */
  readonly tenants: string;
}

/** A running server, as it published itself. */
export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
  /** What the server knows this directory by, if it serves it beside its own. */
  readonly tenant?: string;
}

export interface HeldDataDirectory extends DataDirectory {
  /** Lets command lines find the server. */
  publishServer(server: RunningServer): Promise<void>;
  /** Withdraws the server and lets go of the directory. */
  release(): void;
}

/** The layout; touches nothing. */
export function dataDirectory(path: string = defaultDataDirectory): DataDirectory {
  const root = resolve(path);
  return {
    root,
    database: join(root, "ledger.db"),
    keys: join(root, "keys"),
    marks: join(root, "marks"),
    blobs: join(root, "blobs"),
    tenants: join(root, "tenants"),
  };
}

/**
 * Makes the directory if it is not there (0700) and takes it for this process.
 * Throws a `StorageError`: "in-use" with the holder's pid and its server's URL,
 * "read-only" or "full".
 */
export function holdDataDirectory(path?: string): HeldDataDirectory {
  const directory = dataDirectory(path);
  const { root } = directory;
  const pidFile = join(root, "lock.pid");
  const serverFile = join(root, "server.json");
  const lock = takeLock(root);
  try {
    for (const folder of [directory.keys, directory.marks, directory.blobs]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
    // Left behind by a server that was killed.
    rmSync(serverFile, { force: true });
  } catch (error) {
    lock.close();
    throw fileError(error, root);
  }
  let held = true;
  return {
    ...directory,
    async publishServer(server) {
      await writeDurably(serverFile, `${JSON.stringify(server)}\n`, { mode: 0o600, replace: true });
    },
    release() {
      if (!held) return;
      held = false;
      rmSync(serverFile, { force: true });
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

/**
 * The server that works in this directory, if one does. What a killed server
 * left behind is not taken for one.
 */
export function findServer(path?: string): RunningServer | undefined {
  const { root } = dataDirectory(path);
  if (!isHeld(root)) return undefined;
  let server: Partial<RunningServer> | null;
  try {
    server = JSON.parse(
      readFileSync(join(root, "server.json"), "utf8"),
    ) as Partial<RunningServer> | null;
  } catch {
    return undefined;
  }
  const { url, pid, startedAt, tenant } = server ?? {};
  if (typeof url !== "string" || !/^https?:\/\//.test(url)) return undefined;
  if (typeof pid !== "number" || typeof startedAt !== "string") return undefined;
  return { url, pid, startedAt, ...(typeof tenant === "string" ? { tenant } : {}) };
}

const sqliteBusy = 5;
/** Milliseconds to wait for somebody who only looks whether the lock is held. */
const lookTime = 250;

function takeLock(root: string): DatabaseSync {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    // One that was made by hand may be open to others; keys go in here.
    if ((statSync(root).mode & 0o077) !== 0) chmodSync(root, 0o700);
  } catch (error) {
    throw notMade(error, root);
  }
  try {
    return lockFile(root, lookTime);
  } catch (error) {
    const { errcode, message } = error as Error & { errcode?: number };
    if (errcode !== undefined && (errcode & 0xff) === sqliteBusy) throw inUse(root);
    if (errcode === 13) {
      throw new StorageError(
        "full",
        `the disk is full: cannot write ${root}; make room and try again`,
      );
    }
    throw new StorageError(
      "read-only",
      `cannot write ${root}: ${message}; use a directory that this user may write`,
      { cause: error },
    );
  }
}

/** On a read-only file system Node's recursive mkdir says ENOENT, below a file ENOTDIR. */
function notMade(error: unknown, root: string): unknown {
  const known = fileError(error, root);
  const { code, message } = error as NodeJS.ErrnoException;
  if (known !== error || !["ENOENT", "ENOTDIR", "EEXIST"].includes(code ?? "")) return known;
  return new StorageError(
    "read-only",
    `cannot make the folder ${root}: ${message}; use a directory that this user may write`,
    { cause: error },
  );
}

function lockFile(root: string, timeout: number): DatabaseSync {
  const lock = new DatabaseSync(join(root, "lock.db"), { timeout });
  try {
    lock.exec("pragma journal_mode = memory; begin exclusive");
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}

function isHeld(root: string): boolean {
  try {
    statSync(join(root, "lock.db"));
    lockFile(root, 0).close();
    return false;
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    return errcode !== undefined && (errcode & 0xff) === sqliteBusy;
  }
}

function inUse(root: string): StorageError {
  let pid = "unknown";
  try {
    pid = readFileSync(join(root, "lock.pid"), "utf8").trim().slice(0, 20);
  } catch {
    // Its holder is only just starting.
  }
  return new StorageError(
    "in-use",
    `another Countermand process (pid ${pid}) is using ${root}; stop it, talk to its server, or use another data directory`,
  );
}
