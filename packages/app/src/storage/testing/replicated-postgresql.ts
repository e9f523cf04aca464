/**
 * A primary and its synchronous standby, both Debian's PostgreSQL, and an address
 * that leads to the one or the other, as a virtual address or a proxy would. For
 * tests of what a failover loses.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Client } from "pg";
import { findPostgresql, serverUser } from "./postgresql-server.ts";

const ports = { primary: 5432, standby: 5433 } as const;

export class ReplicatedPostgresql {
  readonly #folder: string;
  readonly #servers = new Map<keyof typeof ports, ChildProcess>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Both running, the standby in step, the address leading to the primary. */
  static async start(): Promise<ReplicatedPostgresql> {
    const folder = mkdtempSync(join(tmpdir(), "countermand-pair-"));
    const pair = new ReplicatedPostgresql(folder);
    const user = serverUser();
    mkdirSync(join(folder, "address"));
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    pair.#run("initdb", [
      "-D",
      pair.#data("primary"),
      "-U",
      "postgres",
      "-A",
      "trust",
      "--no-sync",
    ]);
    await pair.#serve("primary");
    const from = `host=${folder} port=${ports.primary} user=postgres application_name=standby`;
    pair.#run("pg_basebackup", ["-d", from, "-D", pair.#data("standby"), "-R", "-c", "fast"]);
    await pair.#serve("standby");
    await pair.#ask("primary", "alter system set synchronous_standby_names = 'standby'");
    await pair.#ask("primary", "select pg_reload_conf()");
    const inStep = "select 1 from pg_stat_replication where sync_state = 'sync'";
    for (let i = 0; i < 200 && (await pair.#ask("primary", inStep)) === 0; i++)
      await setTimeout(50);
    pair.#lead("primary");
    return pair;
  }

  /** The address, whoever it leads to. */
  url(options = ""): string {
    const host = encodeURIComponent(join(this.#folder, "address"));
    return `postgresql://postgres@/postgres?host=${host}&port=5432${options}`;
  }

  /** kill -9 of every process of the primary, as a machine that loses power. */
  async killPrimary(): Promise<void> {
    const server = this.#servers.get("primary");
    if (server?.pid === undefined) throw new TypeError("the primary does not run");
    const ended = new Promise((resolve) => server.once("close", resolve));
    process.kill(-server.pid, "SIGKILL");
    await ended;
  }

  /** The standby becomes the primary, and the address leads to it. */
  async promote(): Promise<void> {
    await this.#ask("standby", "alter system set synchronous_standby_names = ''");
    await this.#ask("standby", "select pg_promote(true, 30)");
    this.#lead("standby");
  }

  async stop(): Promise<void> {
    for (const { pid, exitCode, signalCode } of this.#servers.values()) {
      if (pid !== undefined && exitCode === null && signalCode === null)
        process.kill(-pid, "SIGKILL");
    }
    await setTimeout(100);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #data(name: keyof typeof ports): string {
    return join(this.#folder, name);
  }

  #run(program: string, args: readonly string[]): void {
    const bin = findPostgresql();
    if (bin === undefined) throw new Error("PostgreSQL is not installed");
    execFileSync(join(bin, program), [...args], {
      cwd: this.#folder,
      stdio: "ignore",
      ...serverUser(),
    });
  }

  async #serve(name: keyof typeof ports): Promise<void> {
    const file = join(this.#folder, `${name}.log`);
    const log = openSync(file, "a");
    const args = ["-D", this.#data(name), "-k", this.#folder, "-p", String(ports[name])];
    const server = spawn(
      join(findPostgresql() ?? "", "postgres"),
      [...args, "-c", "listen_addresses=", "-c", "shared_buffers=64MB"],
      { cwd: this.#folder, detached: true, stdio: ["ignore", log, log], ...serverUser() },
    );
    this.#servers.set(name, server);
    for (let waited = 0; waited < 30_000; waited += 50) {
      if (/ready to accept (?:read-only )?connections/.test(readFileSync(file, "utf8"))) return;
      await setTimeout(50);
    }
    throw new Error(`PostgreSQL did not start: ${readFileSync(file, "utf8")}`);
  }

  /** How many rows the statement gives. */
  async #ask(name: keyof typeof ports, statement: string): Promise<number> {
    const client = new Client({ host: this.#folder, port: ports[name], user: "postgres" });
    await client.connect();
    try {
      return (await client.query(statement)).rows.length;
    } finally {
      await client.end();
    }
  }

  /** The socket's name is changed at once: whoever connects finds the one or the other. */
  #lead(name: keyof typeof ports): void {
    const address = join(this.#folder, "address", ".s.PGSQL.5432");
    symlinkSync(join(this.#folder, `.s.PGSQL.${ports[name]}`), `${address}.new`);
    renameSync(`${address}.new`, address);
    if (!existsSync(address)) throw new Error(`the ${name} has no socket`);
  }
}
