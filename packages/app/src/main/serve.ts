/**
 * The server: the application, HTTP in front of it, and a loop that records what
 * time has brought. It ends when it is interrupted, or when the ledger freezes.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context, ServeOptions } from "../cli/context.ts";
import { CommandError, exitCodes, usage } from "../cli/exit.ts";
import { style } from "../cli/terminal.ts";
import { readConfig, type Config } from "../config/config.ts";
import { httpDefaults } from "../http/config.ts";
import { buildServer } from "../http/server.ts";
import { writeDurably } from "../storage/durable-files.ts";
import { openApplication, type Application } from "./application.ts";
import { auditIntoStore } from "./audit-into-store.ts";
import { isLoopback, offerWayIn, openLogin, wantsLogin } from "./login.ts";
import { startMirroring } from "./mirror.ts";
import { tokenFile } from "./token-file.ts";
import { startScrubbing } from "./scrubbing.ts";
import { startTimestamping } from "./timestamping.ts";
import { startWitnessing } from "./witnessing.ts";

/** How often quiet records are looked at, in milliseconds. */
const tickEvery = 15_000;
/** How often other servers' entries are asked for, in milliseconds. */
const lookEvery = 1_000;

export async function serve(context: Context, options: ServeOptions): Promise<void> {
  const config = withPort(given(readConfig(context.env, options), options), options.port);
  if (config.testLog !== undefined) {
    return (await import("./test-log.ts")).serveTestLog(context, config, config.testLog);
  }
  const hasLogin = wantsLogin(config);
  const application = await openApplication(config, context.now, {
    adopt: options.adopt === true,
    onUnreachable: (problem) => context.err(`Warning: a mirror is not reached: ${problem}\n`),
  });
  const ended = new AbortController();
  const end = () => ended.abort();
  if (context.interrupted.aborted) end();
  context.interrupted.addEventListener("abort", end, { once: true });
  try {
    await run(context, options, config, application, hasLogin, ended.signal);
  } finally {
    // Where the ledger froze nobody interrupted: what still waits for its turn would keep the process.
    end();
    context.interrupted.removeEventListener("abort", end);
    await rm(tokenFile(config.data), { force: true });
    await application.close();
  }
}

async function run(
  context: Context,
  options: ServeOptions,
  config: Config,
  application: Application,
  hasLogin: boolean,
  ended: AbortSignal,
): Promise<void> {
  const { service } = application;
  let port = config.port;
  const login = hasLogin ? await openLogin(config, application, context, () => port) : undefined;
  const witnesses = await startWitnessing(application, config, context, ended);
  const timestamping = await startTimestamping(application, config, context, ended);
  const scrubbing = startScrubbing(application, config.scrubRate, context, ended);
  const mirroring = startMirroring(application, witnesses.log, context, ended);
  const token = randomBytes(32).toString("base64url");
  const server = await buildServer(
    {
      countermand: service,
      ...(login === undefined ? {} : { login }),
      log: witnesses.log,
      witnessing: witnesses.health,
      mirroring: mirroring.health,
      timestamping: timestamping.health,
      scrubbing: scrubbing.health,
      report: (error, id) =>
        context.err(
          `request ${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
        ),
      now: context.now,
    },
    {
      ...httpDefaults,
      port: config.port,
      names: config.url === undefined ? config.names : [...config.names, config.url.host],
      token,
      maxArtefactBytes: config.maxArtefactBytes,
    },
  );
  try {
    const url = await listen(server, config);
    port = Number(new URL(url).port || 80);
    await writeDurably(tokenFile(config.data), `${token}\n`, { mode: 0o600, replace: true });
    await application.directory.publishServer({
      url,
      pid: process.pid,
      startedAt: context.now().toISOString(),
    });
    context.out(
      `Countermand answers on ${style(context, "bold", url)}, its ledger is in ${application.place}\n`,
    );
    if (login !== undefined) {
      await offerWayIn(login, context);
    } else if (!isLoopback(config.host)) {
      context.err(
        `Warning: ${config.host} is not loopback, and COUNTERMAND_LOGIN is off: whoever reaches this port reads everything and may store artefacts. Only an authenticating proxy may reach it.\n`,
      );
    }
    const audit =
      options.audit === undefined
        ? Promise.resolve()
        : auditIntoStore(context, application, options.audit, ended);
    await Promise.all([
      audit,
      lookAround(application, ended),
      witnesses.run(),
      mirroring.run(),
      timestamping.run(),
      scrubbing.run(),
      untilEnded(application, ended, context),
    ]);
  } finally {
    await server.close();
  }
}

async function listen(
  server: Awaited<ReturnType<typeof buildServer>>,
  config: Config,
): Promise<string> {
  try {
    return await server.listen({ host: config.host, port: config.port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new CommandError(
        exitCodes.couldNot,
        `Port ${config.port} is taken; stop what listens there, or choose another with --port or COUNTERMAND_PORT.`,
      );
    }
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new CommandError(
        exitCodes.couldNot,
        `Cannot listen on ${config.host}, port ${config.port} (${code}).`,
      );
    }
    throw error;
  }
}

/** An idle server serves what others appended, a second later. Nobody else writes to an embedded store. */
async function lookAround({ service, store }: Application, ended: AbortSignal): Promise<void> {
  if (store.database.engine !== "postgresql") return;
  while (!ended.aborted) {
    await sleep(lookEvery, undefined, { signal: ended }).catch(() => undefined);
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

function given(config: Config, { witnessPolicy, mirror }: ServeOptions): Config {
  return {
    ...config,
    ...(witnessPolicy === undefined ? {} : { witnessPolicy }),
    ...(mirror === undefined ? {} : { mirrors: mirror }),
  };
}

function withPort(config: Config, port: string | undefined): Config {
  if (port === undefined) return config;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw usage("--port is a whole number from 0 to 65535.");
  return { ...config, port: Number(port) };
}
