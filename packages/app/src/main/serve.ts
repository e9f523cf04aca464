/**
 * The server: a ledger and everything beside it (`served-ledger.ts`), behind one
 * port. It ends when it is interrupted, or when the ledger freezes.
 */
import type { FastifyInstance } from "fastify";
import type { Context, ServeOptions } from "../cli/context.ts";
import { CommandError, exitCodes, usage } from "../cli/exit.ts";
import { style } from "../cli/terminal.ts";
import { readConfig, type Config } from "../config/config.ts";
import { auditIntoStore } from "./audit-into-store.ts";
import { isLoopback, offerWayIn } from "./login.ts";
import { openServedLedger } from "./served-ledger.ts";
import { hasTenants, Tenants } from "./tenants.ts";

export async function serve(context: Context, options: ServeOptions): Promise<void> {
  const config = withPort(given(readConfig(context.env, options), options), options.port);
  if (config.testLog !== undefined) {
    return (await import("./test-log.ts")).serveTestLog(context, config, config.testLog);
  }
  let { port } = config;
  let url = "";
  const tenants = new Tenants(context, {
    config,
    port: () => port,
    url: () => url,
    database: () => ledger.application.store.database,
  });
  const ledger = await openServedLedger(context, config, {
    adopt: options.adopt === true,
    port: () => port,
    shared: await hasTenants(config.data),
    front: tenants.front,
    tenants: () => tenants.health(),
  });
  const { application, login, server } = ledger;
  try {
    url = await listen(server, config);
    port = Number(new URL(url).port || 80);
    await ledger.publish(url);
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
        : auditIntoStore(context, application, options.audit, ledger.ended);
    await Promise.all([audit, ledger.run(), tenants.run(ledger.ended)]);
  } finally {
    await ledger.stopListening();
    await tenants.close();
    await ledger.close();
  }
}

async function listen(server: FastifyInstance, config: Config): Promise<string> {
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
