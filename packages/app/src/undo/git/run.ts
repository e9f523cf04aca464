/**
 * Starts git without a shell and with nothing inherited: not the caller's
 * environment, not the user's or the machine's configuration. What a repository
 * could still say through its own configuration is set here as well, although
 * everything but discovery runs beside that configuration (see repository.ts):
 * two belts, because each has been found wanting somewhere.
 *
 * Left out: a sandbox. git itself parses hostile objects here.
 */
import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { GitError, quoted } from "./error.ts";

/**
 * `GIT_NO_LAZY_FETCH` exists from git 2.44 on; before that a promisor remote in
 * a hostile configuration is contacted for every missing object. `protocol.allow`
 * alone does not stop it, because `protocol.ext.allow=always` is more specific;
 * `GIT_ALLOW_PROTOCOL` outranks both. Replace refs would let a repository show
 * other content under a commit's name than its hash says.
 */
const fixedEnvironment = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_ADVICE: "0",
  GIT_PAGER: "cat",
  GIT_ASKPASS: "false",
  GIT_SSH_COMMAND: "false",
  HOME: "/nonexistent",
  XDG_CONFIG_HOME: "/nonexistent",
  LC_ALL: "C",
  TZ: "UTC",
} as const;

const fixedConfig = [
  "safe.directory=*",
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.attributesFile=/dev/null",
  "core.excludesFile=/dev/null",
  "core.alternateRefsCommand=",
  "core.useReplaceRefs=false",
  // A commit-graph may claim other parents and trees than the commits do.
  "core.commitGraph=false",
  "core.quotePath=true",
  "core.warnAmbiguousRefs=false",
  "protocol.allow=never",
  "gc.auto=0",
  "maintenance.auto=false",
  "submodule.recurse=false",
  "log.showSignature=false",
  "log.showRoot=true",
  "log.mailmap=false",
  "log.follow=false",
  "log.decorate=false",
  "log.date=default",
  "diff.external=",
  "diff.noprefix=false",
  "diff.mnemonicPrefix=false",
  "diff.relative=false",
  "diff.renames=false",
  "diff.algorithm=default",
  "diff.orderFile=/dev/null",
  "diff.ignoreSubmodules=none",
  "diff.submodule=short",
  "color.ui=false",
  "i18n.commitEncoding=UTF-8",
  "i18n.logOutputEncoding=UTF-8",
] as const;

/** Options that every command which prints differences is given. */
export const plainDiff = [
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--no-renames",
  "--no-relative",
  "--ignore-submodules=none",
  "--no-abbrev",
] as const;

export type GitPlace = {
  /** The directory to run in; git discovers a repository from here unless `environment` names one. */
  readonly cwd: string;
  /** Added to the fixed environment: GIT_DIR, GIT_OBJECT_DIRECTORY. */
  readonly environment?: Readonly<Record<string, string>>;
};

export type GitOutput = {
  readonly code: number;
  readonly stdout: Buffer;
  /** At most 8 KB, for classifying a failure; never shown as it is. */
  readonly stderr: string;
};

export type RunOptions = {
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
};

export type GitProcess = {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when git has ended, with its exit code and the head of stderr. Never rejects but for a git that cannot be started. */
  readonly ended: Promise<{ readonly code: number; readonly stderr: string }>;
  kill(): void;
};

/** Starts git. The caller reads stdout to its end or calls `kill`. */
export function startGit(place: GitPlace, args: readonly string[]): GitProcess {
  const child = spawn("git", ["--no-pager", ...fixedConfig.flatMap((c) => ["-c", c]), ...args], {
    cwd: place.cwd,
    env: {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      ...fixedEnvironment,
      ...place.environment,
    },
    stdio: ["pipe", "pipe", "pipe"],
    shell: false,
    windowsHide: true,
  });
  let stderr = "";
  child.stderr.setEncoding("latin1");
  child.stderr.on("data", (chunk: string) => {
    if (stderr.length < 8192) stderr += chunk.slice(0, 8192 - stderr.length);
  });
  // A git that ends early closes its stdin; its exit code tells the story.
  child.stdin.on("error", () => {});
  const ended = new Promise<{ code: number; stderr: string }>((resolve, reject) => {
    child.once("error", (cause) => {
      reject(cannotStart(cause, place.cwd));
    });
    child.once("close", (code) => {
      resolve({ code: code ?? -1, stderr });
    });
  });
  // Whoever awaits `ended` still sees the rejection; nobody may be listening yet.
  ended.catch(() => {});
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    kill: () => {
      child.kill("SIGKILL");
    },
  };
}

function cannotStart(cause: unknown, cwd: string): GitError {
  const code = (cause as { code?: unknown }).code;
  return code === "ENOENT"
    ? new GitError("git-missing", "git was not found; install git 2.38 or later", { cause })
    : new GitError("git-failed", `git could not be started in ${quoted(cwd)}`, { cause });
}

/** Runs git to its end. Defaults: 64 MB of output, 60 s. A non-zero exit is an answer, not an error. */
export async function runGit(
  place: GitPlace,
  args: readonly string[],
  options: RunOptions = {},
): Promise<GitOutput> {
  const maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  const timeoutMs = options.timeoutMs ?? 60_000;
  options.signal?.throwIfAborted();
  const git = startGit(place, args);
  git.stdin.end();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let stopped: GitError | undefined;
  const stop = (error: GitError) => {
    stopped ??= error;
    git.kill();
  };
  const timer = setTimeout(() => {
    stop(new GitError("timeout", `git ${args[0] ?? ""} took longer than ${timeoutMs} ms`));
  }, timeoutMs);
  const onAbort = () => {
    stop(new GitError("aborted", "stopped on request"));
  };
  options.signal?.addEventListener("abort", onAbort, { once: true });
  git.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      stop(new GitError("too-large", `git ${args[0] ?? ""} printed more than ${maxBytes} bytes`));
    } else {
      chunks.push(chunk);
    }
  });
  try {
    const { code, stderr } = await git.ended;
    if (stopped !== undefined) throw stopped;
    return { code, stdout: Buffer.concat(chunks), stderr };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** What a failed git command means, from the head of its stderr (LC_ALL=C, so the words are fixed). */
export function failure(command: string, stderr: string): GitError {
  const first = (stderr.split("\n").find((l) => /^(fatal|error):/.test(l)) ?? stderr).trim();
  const missing =
    /unable to read (?:tree )?\(?([0-9a-f]{40,64})|(?:Could not read|bad object|missing blob object) '?([0-9a-f]{40,64})/.exec(
      stderr,
    );
  if (missing !== null) {
    return new GitError(
      "missing-object",
      `object ${missing[1] ?? missing[2] ?? ""} is not in this repository (a partial or damaged clone)`,
    );
  }
  return new GitError("git-failed", `git ${command} failed: ${quoted(first, 200)}`);
}
