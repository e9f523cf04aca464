/** For tests: the command line as a process of its own, people with SSH keys, and a repository. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const cli = join(import.meta.dirname, "../packages/app/src/main/cli.ts");

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), "countermand-cli-"));
  readonly data = join(this.folder, "data");
  readonly repository = join(this.folder, "repo");
  readonly env: Record<string, string>;
  #server: ChildProcess | undefined;

  constructor(env: Readonly<Record<string, string>> = {}) {
    mkdirSync(join(this.folder, "home"));
    this.env = {
      PATH: process.env["PATH"] ?? "",
      HOME: join(this.folder, "home"),
      COUNTERMAND_DATA: this.data,
      NO_COLOR: "1",
      ...env,
    };
    for (const name of ["ada", "bo", "cleo"]) this.keygen(name);
  }

  [Symbol.dispose](): void {
    this.#server?.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  keygen(name: string, ...args: string[]): void {
    const type = args.length === 0 ? ["-t", "ed25519"] : args;
    execFileSync("ssh-keygen", ["-q", "-N", "", "-C", name, "-f", this.key(name), ...type]);
  }

  key(name: string): string {
    return join(this.folder, name);
  }

  /** Runs one command line in the repository (or the folder, before there is one). */
  run(...args: string[]): Answer {
    return this.runWith({}, ...args);
  }

  runWith(
    options: { readonly env?: Record<string, string>; readonly input?: string },
    ...args: string[]
  ): Answer {
    const run = spawnSync(process.execPath, ["-C", "source", cli, ...args], {
      cwd: existsSync(this.repository) ? this.repository : this.folder,
      env: { ...this.env, ...options.env },
      encoding: "utf8",
      // A command that hangs fails its test rather than the run.
      timeout: 60_000,
      input: options.input ?? "",
    });
    return { code: run.status, out: run.stdout, err: run.stderr };
  }

  /** As `run`, signing with somebody's key. */
  as(who: string, ...args: string[]): Answer {
    return this.runWith({ env: { COUNTERMAND_KEY: this.key(who) } }, ...args);
  }

  git(...args: string[]): string {
    return execFileSync("git", args, {
      cwd: this.repository,
      env: { ...this.env, GIT_CONFIG_NOSYSTEM: "1" },
      encoding: "utf8",
    }).trim();
  }

  /** A history of three commits, the second a security fix; answers their ids. */
  makeRepository(): [string, string, string] {
    mkdirSync(this.repository);
    this.git("init", "-q", "-b", "main");
    this.git("config", "user.name", "Ada");
    this.git("config", "user.email", "ada@example.com");
    const commit = (file: string, content: string, message: string) => {
      writeFileSync(join(this.repository, file), content);
      this.git("add", "-A");
      this.git("commit", "-q", "-m", message);
      return this.git("rev-parse", "HEAD");
    };
    return [
      commit("checkout.js", "export const fast = false;\n", "Add checkout"),
      commit("parser.js", "export const strict = true;\n", "Fix CVE-2026-4242 in the parser"),
      commit("checkout.js", "export const fast = true;\n", "Speed up checkout"),
    ];
  }

  /** Starts a server on the data folder and waits until it answers; gives its URL. */
  async serve(...args: string[]): Promise<string> {
    const server = spawn(process.execPath, ["-C", "source", cli, "serve", "--port", "0", ...args], {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#server = server;
    let said = "";
    server.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    server.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    for (let i = 0; i < 300; i++) {
      const file = join(this.data, "server.json");
      if (existsSync(file)) return (JSON.parse(readFileSync(file, "utf8")) as { url: string }).url;
      if (server.exitCode !== null) throw new Error(`the server ended: ${said}`);
      await sleep(100);
    }
    throw new Error(`the server does not answer: ${said}`);
  }

  /** Asks the server to end, and waits. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const server = this.#server;
    if (server === undefined) return null;
    const ended = new Promise<number | null>((done) => server.once("exit", done));
    server.kill(signal);
    this.#server = undefined;
    return ended;
  }
}

export const rationale =
  "Checkout 5xx went from 0.1 % to 7 % at 02:40, right after this release; going back is faster than a fix";

/** The options of a proposal that lacks nothing. */
export const complete = [
  "--service",
  "api",
  "--environment",
  "prod",
  "--kind",
  "redeploy-previous",
  "--reason",
  "availability",
  "--ticket",
  "INC-42",
  "--rationale",
  rationale,
  "--impact",
  "Customers can pay again",
  "--security",
  "Undoes the parser's fix, which is not reachable",
  "--stabilise-for",
  "0",
];
