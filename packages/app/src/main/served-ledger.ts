/**
 * One ledger that is served: the application, its login, its part of HTTP, and the
 * loops that work beside it. Listening is for the caller. `run` ends when it is
 * told to, or fails when the ledger freezes.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { Context } from "../cli/context.ts";
import { CommandError, exitCodes } from "../cli/exit.ts";
import type { Config } from "../config/config.ts";
import { httpDefaults } from "../http/config.ts";
import { buildServer } from "../http/server.ts";
import type { Front } from "../http/front.ts";
import type { TenantsHealth } from "../http/route.ts";
import type { Registry } from "@countermand/record";
import type { Login } from "../identity/login.ts";
import { knownRegistry } from "../rollbacks/known-registry.ts";
import type { Database } from "../storage/database.ts";
import { writeDurably } from "../storage/durable-files.ts";
import { openApplication, type Application } from "./application.ts";
import { openLogin, wantsLogin } from "./login.ts";
import { startDuties, type SharedDuties } from "./shared-duties.ts";
import { startNotifying } from "./notifying.ts";
import { tokenFile } from "./token-file.ts";

/** How often quiet records are looked at, in milliseconds. */
const tickEvery = 15_000;
/** How often other servers' entries are asked for, in milliseconds, where nothing else is said. */
const aSecond = 1_000;

export interface ServedOptions {
  /** Take the database as it is where the high-water mark is missing. */
  readonly adopt: boolean;
  /** Where the server listens, once it does. */
  readonly port: () => number;
  /** Other ledgers may be in its database, too. */
  readonly shared?: boolean;
  /** Sees every request first. */
  readonly front?: Front;
  /** How often other servers' entries are asked for, in milliseconds. */
  readonly lookEvery?: () => number;
  /** Of this server's tenants, how many are served and how many stopped. */
  readonly tenants?: () => TenantsHealth | undefined;
  /** A tenant: what the server knows it by, and its database, if others are in it. */
  readonly tenant?: { readonly name: string; readonly database?: Database };
}

export interface ServedLedger {
  readonly application: Application;
  readonly login: Login | undefined;
  /** Ready to listen, or to be handed requests. */
  readonly server: FastifyInstance;
  /** Aborts when it is interrupted, or closed. */
  readonly ended: AbortSignal;
  /** Lets command lines find it at `url`. */
  publish(url: string): Promise<void>;
  run(): Promise<void>;
  /** Answers what is under way and takes nothing new. */
  stopListening(): Promise<void>;
  /** Ends what works beside it and lets go of everything; also after `run` failed. */
  close(): Promise<void>;
}

export async function openServedLedger(
  context: Context,
  config: Config,
  { adopt, port, shared, front, tenant, tenants, lookEvery }: ServedOptions,
): Promise<ServedLedger> {
  const hasLogin = wantsLogin(config);
  const application = await openApplication(config, context.now, {
    adopt,
    shared: shared === true || tenant !== undefined,
    tenant: tenant !== undefined,
    ...(tenant?.database === undefined ? {} : { database: tenant.database }),
    onUnreachable: (problem) => context.err(`Warning: a mirror is not reached: ${problem}\n`),
  });
  const ended = new AbortController();
  const end = () => ended.abort();
  if (context.interrupted.aborted) end();
  context.interrupted.addEventListener("abort", end, { once: true });
  let duties: SharedDuties | undefined;
  const release = async () => {
    // Where the ledger froze nobody interrupted: what still waits for its turn would keep the process.
    end();
    context.interrupted.removeEventListener("abort", end);
    await rm(tokenFile(config.data), { force: true });
    await duties?.close();
    await application.close();
  };
  try {
    const login = hasLogin ? openLogin(config, application, context, port) : undefined;
    const shared = await startDuties(application, config, context, ended.signal);
    duties = shared;
    const { witnesses } = shared;
    const notifying = await startNotifying(application, config, context, ended.signal);
    const token = randomBytes(32).toString("base64url");
    const server = await buildServer(
      {
        countermand: application.service,
        ...(login === undefined ? {} : { login }),
        log: witnesses.log,
        witnessing: witnesses.health,
        mirroring: shared.mirroring,
        timestamping: shared.timestamping,
        scrubbing: shared.scrubbing,
        duties: shared.health,
        ...(notifying.notifier === undefined ? {} : { notifying: notifying.notifier }),
        lastAlarm: async () => (await registryOf(application))?.alarms?.at(-1),
        closed: async () => (await registryOf(application))?.closed,
        ...(tenants === undefined ? {} : { tenants }),
        report: (error, id) =>
          context.err(
            `request ${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
          ),
        now: context.now,
      },
      {
        ...httpDefaults,
        // A tenant's part is opened when the server listens, and does not listen itself.
        port: port(),
        names: config.url === undefined ? config.names : [...config.names, config.url.host],
        token,
        maxArtefactBytes: config.maxArtefactBytes,
      },
      front,
    );
    let closed: Promise<void> | undefined;
    return {
      application,
      login,
      server,
      ended: ended.signal,
      async publish(url) {
        await writeDurably(tokenFile(config.data), `${token}\n`, { mode: 0o600, replace: true });
        await application.directory.publishServer({
          url,
          pid: process.pid,
          startedAt: context.now().toISOString(),
          ...(tenant === undefined ? {} : { tenant: tenant.name }),
        });
      },
      async run() {
        await Promise.all([
          lookAround(application, lookEvery ?? (() => aSecond), ended.signal),
          shared.run(ended.signal),
          notifying.run(),
          untilEnded(application, ended.signal, context),
        ]);
      },
      async stopListening() {
        end();
        await server.close();
      },
      async close() {
        end();
        closed ??= server.close().then(release);
        await closed;
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** An idle server serves what others appended, a second later. Nobody else writes to an embedded store. */
async function lookAround(
  { service, store }: Application,
  every: () => number,
  ended: AbortSignal,
): Promise<void> {
  if (store.database.engine !== "postgresql") return;
  while (!ended.aborted) {
    await sleep(every(), undefined, { signal: ended }).catch(() => undefined);
    service.opened?.ledger.look();
  }
}

async function untilEnded(
  { service }: Application,
  ended: AbortSignal,
  context: Context,
): Promise<void> {
  while (!ended.aborted) {
    const frozen = service.opened?.ledger.frozen;
    const pause = sleep(tickEvery, undefined, { signal: ended }).catch(() => undefined);
    const reason = await (frozen === undefined ? pause : Promise.race([frozen, pause]));
    if (reason !== undefined) {
      throw new CommandError(
        exitCodes.couldNot,
        `The ledger froze: ${reason}. See docs/operations/ledger.md.`,
      );
    }
    if (ended.aborted) return;
    try {
      await service.tick();
    } catch (error) {
      // Tried again at the next turn; what is due stays due.
      context.err(`What time has brought could not be recorded: ${(error as Error).message}\n`);
    }
  }
}

async function registryOf({ service: { opened } }: Application): Promise<Registry | undefined> {
  return opened === undefined ? undefined : await knownRegistry(opened);
}
