/** The login of a server: what the configuration says, the registry's people, and the way in when there is none. */
import type { Context } from "../cli/context.ts";
import { usage } from "../cli/exit.ts";
import type { Config } from "../config/config.ts";
import { Login } from "../identity/login.ts";
import { oidc } from "../identity/oidc.ts";
import type { Application } from "./application.ts";
import { policyGroups, registryPeople } from "./people.ts";

export function isLoopback(host: string): boolean {
  return /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[?::1\]?)$/.test(host);
}

/** Whether this server has a login. Refuses to listen to a network when nobody has said what holds there. */
export function wantsLogin(config: Config): boolean {
  if (config.login === "required") {
    if (!isLoopback(config.host) && config.url === undefined) {
      throw usage(
        "COUNTERMAND_LOGIN=required away from loopback needs COUNTERMAND_URL, the https:// address where people reach this server (docs/operations/login.md).",
      );
    }
    return true;
  }
  if (config.login === undefined && !isLoopback(config.host)) {
    throw usage(
      `${config.host} is not loopback: set COUNTERMAND_LOGIN=required, or COUNTERMAND_LOGIN=off if an authenticating proxy stands in front (docs/operations/login.md).`,
    );
  }
  return false;
}

export function openLogin(
  config: Config,
  application: Application,
  context: Context,
  port: () => number,
): Login {
  return new Login({
    database: application.store.database,
    logId: () => application.service.logId,
    people: registryPeople(application.service, context.now),
    groups: policyGroups(application.service),
    ...(config.oidc === undefined ? {} : { oidc: oidc(config.oidc) }),
    base: () => config.url ?? new URL(`http://localhost:${port()}`),
    now: context.now,
    report: (problem) => context.err(`Warning: ${problem}\n`),
  });
}

/** Where nobody could log in, whoever started the server gets a link for the first administrator. */
export async function offerWayIn(login: Login, context: Context): Promise<void> {
  if (await login.hasWayIn()) return;
  const [first] = await login.people.humans();
  if (first === undefined) {
    context.out(
      "Nobody is enrolled yet: open the ledger with `countermand init`, then `countermand login-link PERSON` lets somebody in.\n",
    );
    return;
  }
  const { url } = await login.makeLink(first);
  context.out(
    `There is no identity provider and no passkey yet. This link lets ${first} in once, within 15 minutes:\n  ${url}\n`,
  );
}
