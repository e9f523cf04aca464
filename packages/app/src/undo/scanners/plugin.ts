/**
 * A scanner that can be run: found on this machine, its version asked, and what
 * the operator pinned for it hashed, so that both sides of a comparison provably
 * had the same tool, configuration and data.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import {
  access,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { compareText } from "../rules/order.ts";
import { fill, type ScannerSetup } from "./descriptor.ts";
import { readPlainFile } from "./identity.ts";
import { type Isolation, runIsolated, safePath } from "./isolation.ts";
import { sarifLimits } from "./sarif.ts";

export type Detected = {
  /** Absolute path. */
  readonly command: string;
  /** As the tool says it, printable ASCII, at most 100 characters. */
  readonly version: string;
  /** SHA-256, hexadecimal: of the program and its arguments, of the configuration, of the data. */
  readonly commandDigest: string;
  readonly configDigest: string;
  readonly dataDigest: string;
};

export type ScanRequest = {
  readonly detected: Detected;
  /** Absolute; the tool may not change it. */
  readonly tree: string;
  readonly isolation: Isolation;
  readonly signal?: AbortSignal | undefined;
};

/** `folder` is where it ran; gone already. */
export type ScanOutput = { readonly sarif: string; readonly folder: string };

/** Both give one sentence part, printable ASCII without text of the repository, where they fail. */
export type ScannerPlugin = {
  readonly id: string;
  readonly leftOut: readonly string[];
  readonly listsAllRules: boolean;
  detect(isolation: Isolation, signal?: AbortSignal): Promise<Detected | string>;
  run(request: ScanRequest): Promise<ScanOutput | string>;
};

const versionTimeoutMs = 30_000;

export function pluginOf(setup: ScannerSetup): ScannerPlugin {
  const { id, leftOut, listsAllRules } = setup.descriptor;
  return {
    id,
    leftOut,
    listsAllRules,
    detect: (isolation, signal) => detect(setup, isolation, signal),
    run: (request) => run(setup, request),
  };
}

async function detect(
  setup: ScannerSetup,
  isolation: Isolation,
  signal: AbortSignal | undefined,
): Promise<Detected | string> {
  const { descriptor } = setup;
  for (const need of descriptor.needs) {
    if (setup[need] === undefined) return `no ${need} is pinned for it`;
  }
  const command = await find(descriptor.command);
  if (command === null) return "it is not installed";
  const folder = await mkdtemp(join(tmpdir(), "countermand-scan-"));
  try {
    const asked = await runIsolated({
      command,
      args: descriptor.versionArgs,
      folder,
      // Also what keeps it from asking the network for a newer version.
      environment: Object.fromEntries(
        Object.entries(descriptor.environment).filter(([, value]) => !value.includes("{")),
      ),
      timeoutMs: versionTimeoutMs,
      maxOutputBytes: 64 * 1024,
      isolation,
      signal,
    });
    if (asked.kind === "failed") return `asked for its version, it ${asked.reason}`;
    if (asked.code !== 0) return "it does not say its version";
    const version = versionIn(asked.stdout.toString("utf8"));
    if (version === null) return "it does not say its version";
    const [configDigest, dataDigest] = await Promise.all([
      digestOf(setup.config, signal),
      digestOf(setup.data, signal),
    ]);
    const program = await digestOf(command, signal);
    if (configDigest === null) return "its configuration cannot be read";
    if (dataDigest === null) return "its data cannot be read";
    if (program === null) return "its program cannot be read";
    const { args, environment, result, exitCodes } = descriptor;
    const commandDigest = sha256(JSON.stringify([program, args, environment, result, exitCodes]));
    return { command, version, commandDigest, configDigest, dataDigest };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The first thing that looks like a version, else the first line. */
function versionIn(output: string): string | null {
  const text = output.slice(0, 10_000).replaceAll(/[^\x20-\x7e\n]/g, "");
  const number = /\d{1,6}\.\d{1,6}[\w.+-]{0,60}/.exec(text)?.[0];
  const line = text.split("\n").find((one) => one.trim() !== "");
  return number ?? line?.trim().slice(0, 100) ?? null;
}

async function find(command: string): Promise<string | null> {
  const candidates = isAbsolute(command)
    ? [command]
    : safePath()
        .split(":")
        .map((folder) => join(folder, command));
  for (const candidate of candidates) {
    const runs = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs && (await lstat(await realpath(candidate))).isFile()) return candidate;
  }
  return null;
}

async function run(setup: ScannerSetup, request: ScanRequest): Promise<ScanOutput | string> {
  const { descriptor } = setup;
  const { detected, tree, isolation, signal } = request;
  const folder = await mkdtemp(join(tmpdir(), "countermand-scan-"));
  try {
    const empty = join(folder, ".empty");
    await writeFile(empty, "");
    const out = join(folder, descriptor.result === "-" ? ".unused" : descriptor.result);
    const values = {
      "{tree}": tree,
      "{out}": out,
      "{outDir}": folder,
      "{config}": setup.config,
      "{data}": setup.data,
      "{empty}": empty,
    };
    const args = fill(descriptor.args, values);
    const names = Object.keys(descriptor.environment);
    const settings = fill(Object.values(descriptor.environment), values);
    if (args === null || settings === null) return "it needs what is not pinned for it";
    const ended = await runIsolated({
      command: detected.command,
      args,
      folder,
      environment: Object.fromEntries(names.map((name, at) => [name, settings[at] ?? ""])),
      timeoutMs: setup.timeoutMs,
      maxOutputBytes: sarifLimits.bytes,
      isolation,
      signal,
    });
    if (ended.kind === "failed") return `it ${ended.reason}`;
    if (!descriptor.exitCodes.includes(ended.code)) return `it ended with exit code ${ended.code}`;
    if (descriptor.result === "-") return { sarif: ended.stdout.toString("utf8"), folder };
    const sarif = await readPlainFile(out, sarifLimits.bytes);
    return sarif === null
      ? `it left no result file of at most ${sarifLimits.bytes} bytes`
      : { sarif, folder };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Files up to this size are hashed by content; of larger ones (databases) size and time of change are taken. */
const hashedWhole = 32 * 1024 * 1024;
const mostFiles = 50_000;

/** Over names and contents of a file or folder; that of nothing is fixed. Null: not readable, or too many files. */
async function digestOf(
  path: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  if (path === undefined) return sha256("");
  try {
    const lines: string[] = [];
    const waiting = [{ file: await realpath(path), name: "" }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      signal?.throwIfAborted();
      if (lines.length > mostFiles) return null;
      const { file, name } = next;
      const found = await lstat(file, { bigint: true });
      if (found.isDirectory()) {
        for (const child of await readdir(file)) {
          waiting.push({ file: join(file, child), name: `${name}/${child}` });
        }
      } else if (found.isFile()) {
        const content =
          found.size <= BigInt(hashedWhole)
            ? sha256(await readFile(file))
            : `${found.size} ${found.mtimeNs}`;
        lines.push(JSON.stringify([name, content]));
      } else {
        lines.push(JSON.stringify([name, "other"]));
      }
    }
    return sha256(lines.sort(compareText).join("\n"));
  } catch {
    return null;
  }
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
