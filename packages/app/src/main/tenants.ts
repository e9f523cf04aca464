/**
 * The tenants of a server: ledgers in `tenants/<name>` below its data folder, each
 * with its own keys, mark, artefacts, people and login, behind the same port. What
 * stops one stops no other: it answers that it is stopped, its folder gets a file
 * `problem` that says why, and it is tried again. Folders that come, go or change
 * their settings are noticed while the server runs.
 */
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../cli/context.ts";
import { explain } from "../cli/exit.ts";
import { plain } from "../cli/terminal.ts";
import {
  isTenantName,
  maxSettingsBytes,
  problemFile,
  readTenantConfig,
  settingsFile,
} from "../config/tenants.ts";
import type { Config } from "../config/config.ts";
import { frontOf, refusing, type Front, type FrontTenant, type Handler } from "../http/front.ts";
import type { TenantsHealth } from "../http/route.ts";
import { RollbacksError } from "../rollbacks/error.ts";
import { dataDirectory } from "../storage/data-directory.ts";
import type { Database } from "../storage/database.ts";
import { offerWayIn } from "./login.ts";
import { openServedLedger, type ServedLedger } from "./served-ledger.ts";

/** How often the folder is looked at, in milliseconds. */
const lookEvery = 2_000;
/** How long a tenant that could not be opened, or stopped, is left alone. */
const retryAfter = 10_000;
/** How long answers that are under way may take before their ledger is closed. */
const drainTime = 10_000;

interface Tenant extends FrontTenant {
  /** Answers under way. */
  readonly busy?: ReadonlySet<unknown>;
  /** Of its settings: when they were changed. */
  readonly changedAt: number;
  readonly ledger?: ServedLedger;
  /** Resolves when it no longer runs. */
  readonly ended?: Promise<void>;
  /** Stopped: when to try again. */
  readonly retryAt?: number;
}

export interface TenantsOptions {
  /** The server's own. */
  readonly config: Config;
  readonly port: () => number;
  readonly url: () => string;
  /** The server's own, where tenants may be in it, too. */
  readonly database: () => Database;
}

/** Whether a server on this folder has tenants to serve. */
export async function hasTenants(data: string): Promise<boolean> {
  return (await namesIn(dataDirectory(data).tenants)).length > 0;
}

export class Tenants {
  readonly #context: Context;
  readonly #options: TenantsOptions;
  readonly #folder: string;
  readonly #served = new Map<string, Tenant>();
  readonly front: Front;
  #running: Promise<void> | undefined;

  constructor(context: Context, options: TenantsOptions) {
    this.#context = context;
    this.#options = options;
    this.#folder = dataDirectory(options.config.data).tenants;
    this.front = frontOf(() => this.#served.values(), options.port);
  }

  /** Undefined where there are none. */
  health(): TenantsHealth | undefined {
    const all = [...this.#served.values()];
    if (all.length === 0) return undefined;
    const stopped = all.filter(({ ledger }) => ledger === undefined).length;
    return { served: all.length - stopped, stopped };
  }

  /** However many look, together they ask fifty times a second at most. */
  lookEvery(): number {
    return Math.max(1_000, this.#served.size * 20);
  }

  /** Serves what is there, and what comes, until the server ends. */
  async run(ended: AbortSignal): Promise<void> {
    this.#running = this.#run(ended);
    await this.#running;
  }

  async #run(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await this.#look(ended);
      await sleep(lookEvery, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** After the server ended. */
  async close(): Promise<void> {
    await this.#running?.catch(() => undefined);
    await Promise.all([...this.#served.keys()].map(async (name) => this.#stop(name)));
  }

  async #look(ended: AbortSignal): Promise<void> {
    const names = await namesIn(this.#folder);
    for (const name of this.#served.keys()) {
      if (names.includes(name)) continue;
      this.#say(name, "its folder is gone; it is no longer served");
      await this.#stop(name);
    }
    for (const name of names) {
      if (ended.aborted) return;
      const known = this.#served.get(name);
      const changedAt = await changeOf(join(this.#folder, name, settingsFile));
      const again = known?.retryAt !== undefined && known.retryAt <= Date.now();
      if (known !== undefined && known.changedAt === changedAt && !again) continue;
      await this.#stop(name);
      await this.#open(name, changedAt);
    }
  }

  async #open(name: string, changedAt: number): Promise<void> {
    const data = join(this.#folder, name);
    let opened: ServedLedger | undefined;
    let hosts: readonly string[] = [];
    try {
      const config = readTenantConfig(this.#context.env, await readSettings(data), data);
      hosts = [config.url.host, ...config.names].map((host) => host.toLowerCase());
      this.#checkHosts(name, hosts);
      const { database } = this.#options;
      const own = config.databaseUrl !== this.#options.config.databaseUrl;
      const shared = config.databaseUrl !== undefined && !own;
      const ledger = await openServedLedger(this.#context, config, {
        adopt: false,
        port: this.#options.port,
        lookEvery: () => this.lookEvery(),
        tenant: { name, ...(shared ? { database: database() } : {}) },
      });
      opened = ledger;
      await ledger.server.ready();
      await ledger.publish(this.#options.url());
      const ended = ledger
        .run()
        .then(async () => ledger.close())
        .catch(async (error: unknown) => {
          await ledger.close();
          await this.#stopped({ name, hosts, changedAt }, error);
        });
      const busy = new Set<unknown>();
      const handler: Handler = (request, response) => {
        busy.add(response);
        response.once("close", () => busy.delete(response));
        ledger.server.routing(request, response);
      };
      this.#served.set(name, { name, hosts, handler, changedAt, ledger, ended, busy });
      await rm(join(data, problemFile), { force: true });
      this.#say(name, `served at ${config.url.origin}`);
      if (ledger.login !== undefined) await offerWayIn(ledger.login, this.#context);
    } catch (error) {
      await opened?.close();
      await this.#stopped({ name, hosts, changedAt }, error);
    }
  }

  /** Two of one host would be told apart by chance. */
  #checkHosts(name: string, hosts: readonly string[]): void {
    const { url, names } = this.#options.config;
    const taken = [
      { owner: "the server itself", hosts: [...names, ...(url === undefined ? [] : [url.host])] },
      ...[...this.#served.values()].map((it) => ({ owner: it.name, hosts: it.hosts })),
    ];
    for (const it of taken) {
      const host = it.hosts.find((one) => hosts.includes(one.toLowerCase()));
      if (host !== undefined && it.owner !== name) {
        throw new RollbacksError("conflict", `${host} is served by ${it.owner} already`);
      }
    }
  }

  async #stopped(
    { name, hosts, changedAt }: Pick<Tenant, "name" | "hosts" | "changedAt">,
    error: unknown,
  ): Promise<void> {
    const { says } = explain(error);
    const handler = refusing(
      new RollbacksError(
        "unavailable",
        "this ledger is stopped; whoever runs the server sees why in `countermand tenant list`",
      ),
    );
    const retryAt = Date.now() + retryAfter;
    this.#served.set(name, { name, hosts, handler, changedAt, retryAt });
    this.#say(name, `stopped: ${says}`);
    const problem = `${this.#context.now().toISOString()} ${says}\n`;
    const file = join(this.#folder, name, problemFile);
    // Its folder may be what is wrong.
    await writeFile(file, problem, { mode: 0o600 }).catch(() => undefined);
  }

  async #stop(name: string): Promise<void> {
    const tenant = this.#served.get(name);
    this.#served.delete(name);
    const until = Date.now() + drainTime;
    while ((tenant?.busy?.size ?? 0) > 0 && Date.now() < until) await sleep(20);
    await tenant?.ledger?.close();
    await tenant?.ended;
  }

  #say(name: string, what: string): void {
    this.#context.err(
      `${this.#context.now().toISOString()} tenant ${name}: ${plain(what, 1000)}\n`,
    );
  }
}

/** What begins with a dot is somebody's own; other names are no tenants' and are left alone. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true });
    return found
      .filter((one) => one.isDirectory() && isTenantName(one.name))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function changeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  return found?.mtimeMs ?? 0;
}

async function readSettings(data: string): Promise<string> {
  const file = join(data, settingsFile);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile()) {
    throw new RollbacksError("invalid", `${file} is missing; \`countermand tenant add\` makes it`);
  }
  if (found.size > maxSettingsBytes) {
    throw new RollbacksError("invalid", `${file} is longer than ${maxSettingsBytes} bytes`);
  }
  return readFile(file, "utf8");
}
