/** `countermand login`: lets this command line read and hand in, on the word of somebody at the page. */
import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { z } from "zod";
import { begun, deviceAsked, waiting, whoAmI } from "../../http/contract/login.ts";
import type { Context, LedgerOptions, ServerPlace } from "../context.ts";
import { findCredential, keepCredential } from "../credentials.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { listenOnLoopback } from "../loopback.ts";
import { connect, RemoteError, type Connection } from "../server-call.ts";
import { instant, plain, style } from "../terminal.ts";
import { ledgerOptions } from "./shared.ts";

/** How long a person has for the page, in milliseconds; what the page gives lives shorter. */
const patience = 10 * 60_000;
/** Between two questions whether somebody has answered, in milliseconds. */
const pollEvery = 2_000;

interface LoginOptions extends LedgerOptions {
  readonly device?: true;
  readonly show?: true;
}

export function loginCommand(context: Context): Command {
  const command = new Command("login")
    .summary("log in at a server, to read and to hand in")
    .description(
      "Opens the server's page, where you log in and let this command line in; the answer comes back to a port on this machine. The session is kept in a file that only you can read, and ends after 12 hours. Deciding still needs your signing key, each time.",
    )
    .option(
      "--device",
      "on a machine without a browser: type a code at the page of another (it can be phished: never type a code that somebody sent you)",
    )
    .option("--show", "who the server takes you for, and your sessions");
  return ledgerOptions(command).action(async (options: LoginOptions) => {
    const place = context.serverOf(options);
    if (options.show === true) {
      await show(context, place);
      return;
    }
    const server = connect(ownAddress(place));
    await mustHaveLogin(server);
    const session = await (options.device === true
      ? byDevice(context, server)
      : byLoopback(context, server));
    keepCredential(context, server.base, { token: session.token, endsAt: session.endsAt });
    const who =
      session.person === undefined
        ? "with an account that is linked to nobody: you may read"
        : `as ${style(context, "bold", plain(session.person, 64))}`;
    context.out(`Logged in at ${server.base.origin} ${who}, until ${instant(session.endsAt)}.\n`);
  });
}

/** Without a login the server says so to everybody; with one it sends strangers away. */
async function mustHaveLogin(server: Connection): Promise<void> {
  let login: string | undefined;
  try {
    ({ login } = await server.askJson("/v1/session", whoAmI));
  } catch (error) {
    if (error instanceof RemoteError && error.code === "server") return;
    throw error;
  }
  if (login === "off") {
    throw new CommandError(
      exitCodes.finding,
      `${server.base.origin} has no login (COUNTERMAND_LOGIN=off): commands work there as they are.`,
    );
  }
}

type Begun = z.infer<typeof begun>;

async function byLoopback(context: Context, server: Connection): Promise<Begun> {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const loopback = await listenOnLoopback(state);
  try {
    const page = new URL("/login/cli", server.base);
    page.search = new URLSearchParams({
      port: String(loopback.port),
      challenge: createHash("sha256").update(verifier).digest("base64url"),
      state,
    }).toString();
    context.err(`Open this page and let the command line in:\n  ${page.href}\n`);
    context.openPage?.(page.href);
    const came = await loopback.answer(
      AbortSignal.any([context.interrupted, AbortSignal.timeout(patience)]),
    );
    const code = came.searchParams.get("code") ?? "";
    return await server.askJson("/v1/login/code", begun, {
      method: "POST",
      json: { code, verifier, client: clientName() },
    });
  } catch (error) {
    throw explained(error);
  } finally {
    await loopback.close();
  }
}

async function byDevice(context: Context, server: Connection): Promise<Begun> {
  const client = clientName();
  const asked = await server.askJson("/v1/login/device", deviceAsked, {
    method: "POST",
    json: { client },
  });
  context.err(
    `On a machine with a browser, open\n  ${plain(asked.page, 300)}\nand type\n  ${style(context, "bold", plain(asked.userCode, 20))}\nwithin ten minutes. The page shows this machine's name, ${plain(client, 200)}, and its address.\n`,
  );
  try {
    for (;;) {
      await sleep(pollEvery, undefined, { signal: context.interrupted });
      const answer = await server.askJson("/v1/login/device/poll", begun.or(waiting), {
        method: "POST",
        json: { device: asked.device, client },
      });
      if ("token" in answer) return answer;
    }
  } catch (error) {
    throw explained(error);
  }
}

function explained(error: unknown): unknown {
  const { name } = error as Error;
  if (name === "TimeoutError") {
    return new CommandError(
      exitCodes.couldNot,
      "Nobody let this command line in; nothing changed.",
    );
  }
  if (name === "AbortError") {
    return new CommandError(exitCodes.couldNot, "Interrupted; nothing changed.");
  }
  return error;
}

async function show(context: Context, place: ServerPlace): Promise<void> {
  const { url, ...shown } = place;
  const kept =
    place.tenant === undefined ? findCredential(context, connect(url).base)?.token : undefined;
  const server = connect(url, kept === undefined ? shown : { token: kept });
  const who = await server.askJson("/v1/session", whoAmI);
  context.out(`${server.base.origin}: ${sentenceOf(who)}\n`);
  if (who.roles.length > 0) context.out(`Roles from groups: ${plain(who.roles.join(", "))}\n`);
  for (const session of who.sessions ?? []) {
    const own = session.id === who.session?.id ? " (this one)" : "";
    context.out(
      `  ${session.id}${own}  ${session.use}, ${plain(session.client, 60)} from ${plain(session.address, 60)}, seen ${instant(session.seenAt)}\n`,
    );
  }
}

function sentenceOf(who: z.infer<typeof whoAmI>): string {
  switch (who.login) {
    case "off":
      return "there is no login here.";
    case "operator":
      return "you hold the token of its data folder, and are no person.";
    case "token":
      return `an API token of ${plain(who.person ?? "", 64)}, for ${who.token?.scopes.join(", ")}.`;
    case "session":
      return who.person === undefined
        ? `your account is linked to nobody, so you may read. To link it, an administrator needs the issuer ${plain(who.account?.issuer ?? "", 200)} and the subject ${plain(who.account?.subject ?? "", 255)}.`
        : `you are ${plain(who.person, 64)}.`;
  }
}

/** What the page and the list of sessions call this machine. */
function clientName(): string {
  return hostname().slice(0, 100);
}

/** The session of this command line; a sentence where there is none. */
export function mustBeLoggedIn(context: Context, options: LedgerOptions): Connection {
  const url = ownAddress(context.serverOf(options));
  const server = connect(url);
  const credential = findCredential(context, server.base);
  if (credential === undefined) {
    throw new CommandError(
      exitCodes.couldNot,
      `You are not logged in at ${server.base.origin}: \`countermand login\` does that.`,
    );
  }
  return connect(url, { token: credential.token });
}

/** Sessions are kept by address, and tenants have one of their own. */
function ownAddress({ url, tenant }: ServerPlace): string {
  if (tenant === undefined) return url;
  throw usage(
    `The data folder is the tenant ${plain(tenant, 64)}'s; log in at its own address, with --server (\`countermand tenant list\` shows it).`,
  );
}
