/**
 * Runs a scanner with as little as the machine allows: no network, no other
 * process to see, nothing to write to but one folder, no variable of ours, limits
 * on time, processor, file size and output, and its whole process group killed at
 * the end.
 *
 * On Linux this is done with unprivileged namespaces (unshare, setpriv of
 * util-linux). Where they cannot be had, the rest still holds, and `Isolation`
 * says so. Left out: a limit on memory (Go and Node reserve far more address
 * space than they use), reading other files of the machine.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";

/** What holds for a process started here. */
export type Isolation = {
  readonly network: boolean;
  /** Everything but its own folder is read-only, and it sees no process but its own. */
  readonly files: boolean;
};

export type RunRequest = {
  /** Absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** Writable; also its working directory. */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Of standard output; more ends the run. */
  readonly maxOutputBytes: number;
  readonly isolation: Isolation;
  readonly signal?: AbortSignal | undefined;
};

export type RunOutcome =
  | { readonly kind: "ended"; readonly code: number; readonly stdout: Buffer }
  | { readonly kind: "failed"; readonly reason: string };

/** Of one file that it writes. */
export const largestWrittenFile = 256 * 1024 * 1024;

/**
 * In: the folder to leave writable, seconds of processor time, largest file in
 * blocks of 512 bytes, whether namespaces were made, the command. The capabilities
 * that the namespace gave are dropped, so that nothing can be mounted back.
 */
const script = `
set -eu
folder=$1 cpu=$2 blocks=$3 private=$4
shift 4
if [ "$private" = files ]; then
  mount --bind "$folder" "$folder"
  mount -t tmpfs -o size=64m,mode=1777 tmpfs /dev/shm 2>/dev/null || true
  while read -r _ _ _ _ at _; do
    case "$at" in
      "$folder" | /proc | /proc/* | /dev | /dev/* | /sys | /sys/*) ;;
      *) mount -o remount,bind,ro "$at" 2>/dev/null || true ;;
    esac
  done < /proc/self/mountinfo
  mount -o remount,bind,rw "$folder"
fi
ulimit -c 0
ulimit -t "$cpu"
ulimit -f "$blocks"
if [ "$private" = files ]; then
  exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
fi
exec "$@"
`;

const namespaces = {
  files: [
    "--user",
    "--map-root-user",
    "--net",
    "--ipc",
    "--pid",
    "--mount",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--",
  ],
  network: ["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--"],
} as const;

export const noIsolation: Isolation = { network: false, files: false };

/** What this machine can do, found by trying it: a probe that could write outside is no isolation. */
export async function detectIsolation(): Promise<Isolation> {
  const outside = await mkdtemp(join(tmpdir(), "countermand-probe-"));
  const inside = await mkdtemp(join(tmpdir(), "countermand-probe-"));
  try {
    for (const isolation of [
      { network: true, files: true },
      { network: true, files: false },
    ]) {
      const probe = await runIsolated({
        command: "/bin/sh",
        args: ["-c", 'touch "$0/in"; touch "$1/out" 2>/dev/null || exit 0', inside, outside],
        folder: inside,
        timeoutMs: 10_000,
        maxOutputBytes: 4096,
        isolation,
      });
      if (probe.kind !== "ended" || probe.code !== 0) continue;
      const wrote = (path: string) =>
        stat(path).then(
          () => true,
          () => false,
        );
      if (!(await wrote(join(inside, "in")))) continue;
      if (isolation.files && (await wrote(join(outside, "out")))) continue;
      return isolation;
    }
    return noIsolation;
  } finally {
    await rm(outside, { recursive: true, force: true });
    await rm(inside, { recursive: true, force: true });
  }
}

/** Absolute folders of our own PATH: a relative one would find programs in the tree. */
export function safePath(path = process.env["PATH"] ?? ""): string {
  const folders = path.split(":").filter((folder) => isAbsolute(folder));
  return folders.length > 0 ? folders.join(":") : "/usr/bin:/bin";
}

/** Runs to the end or to the first limit. Never rejects; a reason is printable ASCII. */
export async function runIsolated(request: RunRequest): Promise<RunOutcome> {
  if (request.signal?.aborted === true) return { kind: "failed", reason: "stopped on request" };
  const { isolation } = request;
  const level = isolation.files ? "files" : isolation.network ? "network" : "none";
  const inner = [
    "/bin/sh",
    "-c",
    script,
    "sh",
    request.folder,
    String(Math.ceil(request.timeoutMs / 1000) * 8),
    String(largestWrittenFile / 512),
    level,
    request.command,
    ...request.args,
  ];
  const [command = "", ...args] =
    level === "none" ? inner : ["unshare", ...namespaces[level], ...inner];
  const child = spawn(command, args, {
    cwd: request.folder,
    env: {
      PATH: safePath(),
      HOME: request.folder,
      TMPDIR: request.folder,
      XDG_CONFIG_HOME: join(request.folder, ".config"),
      XDG_CACHE_HOME: join(request.folder, ".cache"),
      LC_ALL: "C.UTF-8",
      TZ: "UTC",
      NO_COLOR: "1",
      ...request.environment,
    },
    stdio: ["ignore", "pipe", "ignore"],
    // A process group of its own, so that all of it can be killed.
    detached: true,
    shell: false,
    windowsHide: true,
  });
  let failure: string | undefined;
  const stop = (reason: string) => {
    failure ??= reason;
    killGroup(child.pid);
    // A grandchild that left the group could hold the pipe open for ever.
    child.stdout.destroy();
  };
  const timer = setTimeout(() => {
    stop(`took longer than ${Math.ceil(request.timeoutMs / 1000)} s`);
  }, request.timeoutMs);
  const onAbort = () => {
    stop("stopped on request");
  };
  request.signal?.addEventListener("abort", onAbort, { once: true });
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > request.maxOutputBytes) stop(`printed more than ${request.maxOutputBytes} bytes`);
    else chunks.push(chunk);
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => {
      failure ??= "could not be started";
      resolve(null);
    });
    child.once("exit", (exit) => {
      // What it left running in its group would go on reading and writing.
      killGroup(child.pid);
      resolve(exit);
    });
  });
  if (failure === undefined && code !== null && !child.stdout.readableEnded) {
    await new Promise<void>((resolve) => {
      child.stdout.once("close", resolve);
      setTimeout(() => child.stdout.destroy(), 2000).unref();
    });
  }
  clearTimeout(timer);
  request.signal?.removeEventListener("abort", onAbort);
  if (failure !== undefined) return { kind: "failed", reason: failure };
  if (code === null) return { kind: "failed", reason: "was ended by a signal" };
  return { kind: "ended", code, stdout: Buffer.concat(chunks) };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}
