/**
 * A PostgreSQL of our own for a test run: Debian's binaries, a throw-away
 * directory, a unix socket, fsync on. The first test file that asks starts it;
 * `global-setup.ts` stops it when the run is over.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** The folder that holds `initdb` and `postgres`, or undefined if PostgreSQL is not installed. */
export function findPostgresql(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : [];
  return [
    ...versions.map((version) => join(debian, version, "bin")),
    "/usr/local/bin",
    ...(process.env["PATH"] ?? "").split(delimiter),
  ].find((folder) => ["initdb", "postgres"].every((name) => existsSync(join(folder, name))));
}

/** initdb refuses root; as root we run as somebody else. */
export function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(":");
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error("initdb refuses to run as root, and there is no user postgres or nobody");
}

/** Starts the server in `folder` unless another test file did; resolves to its socket's folder. */
export async function ensureServer(folder: string): Promise<string> {
  const ready = join(folder, "ready");
  const failed = join(folder, "failed");
  try {
    mkdirSync(join(folder, "starting"));
  } catch {
    for (let waited = 0; waited < 60_000; waited += 50) {
      if (existsSync(ready)) return folder;
      if (existsSync(failed)) break;
      await setTimeout(50);
    }
    throw new Error(`PostgreSQL did not start: see ${folder}/log`);
  }
  try {
    await startServer(folder);
    writeFileSync(ready, "");
    return folder;
  } catch (error) {
    writeFileSync(failed, "");
    throw error;
  }
}

async function startServer(folder: string): Promise<void> {
  const bin = findPostgresql();
  if (bin === undefined) throw new Error("PostgreSQL is not installed");
  const user = serverUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const options = { cwd: folder, ...user };
  execFileSync(
    join(bin, "initdb"),
    [
      "-D",
      data,
      "-U",
      "postgres",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--locale=C",
      "--no-sync",
      "--data-checksums",
    ],
    { ...options, stdio: "ignore" },
  );
  const log = openSync(join(folder, "log"), "a");
  spawn(
    join(bin, "postgres"),
    [
      "-D",
      data,
      "-k",
      folder,
      "-c",
      "listen_addresses=",
      "-c",
      "max_connections=200",
      "-c",
      "shared_buffers=256MB",
    ],
    { ...options, detached: true, stdio: ["ignore", log, log] },
  ).unref();
  for (let waited = 0; waited < 30_000; waited += 50) {
    if (/ready to accept connections/.test(readFileSync(join(folder, "log"), "utf8"))) return;
    await setTimeout(50);
  }
  throw new Error(`PostgreSQL did not start: ${readFileSync(join(folder, "log"), "utf8")}`);
}

/** Stops what `ensureServer` started, if anything. */
export async function stopServer(folder: string): Promise<void> {
  const file = join(folder, "data", "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  process.kill(pid, "SIGINT");
  for (let waited = 0; waited < 20_000 && existsSync(file); waited += 50) await setTimeout(50);
}
