/** `countermand token create|list|revoke`: what programs log in with. */
import { Command } from "commander";
import type { z } from "zod";
import {
  revoked,
  tokenList,
  tokenMade,
  tokenRequest,
  type apiToken,
} from "../../http/contract/login.ts";
import { scopes } from "../../identity/principal.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { usage } from "../exit.ts";
import { columns, instant, plain, style } from "../terminal.ts";
import { mustBeLoggedIn } from "./login.ts";
import { collect, ledgerOptions } from "./shared.ts";

export function tokenCommand(context: Context): Command {
  return new Command("token")
    .summary("API tokens: for pipelines and other programs")
    .description(
      "A program sends its token as Authorization: Bearer, or has it in COUNTERMAND_TOKEN for this command line. No token can decide: decisions are signed by persons who are logged in.",
    )
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(revokeCommand(context));
}

interface CreateOptions extends LedgerOptions {
  readonly scope?: readonly string[];
  readonly days: string;
}

function createCommand(context: Context): Command {
  const command = new Command("create")
    .summary("make a token; it is printed once")
    .argument("<name>", "what it is for")
    .option(
      "--scope <scope>",
      `${scopes.join(", ")}; repeatable. submit hands in proposals, evidence and reports`,
      collect,
    )
    .option("--days <n>", "it ends after so many, 366 at most", "90");
  return ledgerOptions(command).action(async (name: string, options: CreateOptions) => {
    const wanted = tokenRequest.safeParse({
      name,
      scopes: options.scope ?? [],
      days: /^\d{1,3}$/.test(options.days) ? Number(options.days) : Number.NaN,
    });
    if (!wanted.success) throw usage(reason(wanted.error.issues[0]?.path[0]));
    const server = mustBeLoggedIn(context, options);
    const { secret, token } = await server.askJson("/v1/tokens", tokenMade, {
      method: "POST",
      json: wanted.data,
    });
    context.err(
      `Token ${token.id} of ${plain(token.person, 64)}, for ${token.scopes.join(", ")}, until ${instant(token.endsAt)}. It is not shown again:\n`,
    );
    context.out(`${plain(secret, 100)}\n`);
  });
}

function reason(field: PropertyKey | undefined): string {
  if (field === "name") return "A token's name is 1 to 100 printable ASCII characters.";
  if (field === "days") return "--days is a whole number from 1 to 366.";
  return `Say with --scope what the token is for: ${scopes.join(", ")}.`;
}

function listCommand(context: Context): Command {
  const command = new Command("list")
    .summary("list your tokens, newest first")
    .option("--all", "as an administrator: everybody's")
    .option("--json", "one JSON object a line");
  return ledgerOptions(command).action(
    async (options: LedgerOptions & { all?: true; json?: true }) => {
      const server = mustBeLoggedIn(context, options);
      const { items } = await server.askJson("/v1/tokens", tokenList, {
        query: { all: options.all },
      });
      context.out(
        options.json === true
          ? items.map((item) => `${JSON.stringify(item)}\n`).join("")
          : table(context, items),
      );
    },
  );
}

function table(context: Context, items: readonly z.infer<typeof apiToken>[]): string {
  if (items.length === 0) return "There is no token. `countermand token create` makes one.\n";
  return columns([
    ["TOKEN", "NAME", "FOR", "OF", "ENDS", "LAST USED"].map((title) =>
      style(context, "dim", title),
    ),
    ...items.map((item) => [
      item.id,
      plain(item.name, 100),
      item.scopes.join(", "),
      plain(item.person, 64),
      instant(item.endsAt),
      item.usedAt === undefined ? "never" : instant(item.usedAt),
    ]),
  ]);
}

function revokeCommand(context: Context): Command {
  const command = new Command("revoke")
    .summary("revoke a token: it works no more")
    .argument("<id>", "as `countermand token list` shows it");
  return ledgerOptions(command).action(async (id: string, options: LedgerOptions) => {
    if (!/^[0-9a-f]{16}$/.test(id)) {
      throw usage("A token's id is 16 hex digits; `countermand token list` shows it.");
    }
    const server = mustBeLoggedIn(context, options);
    await server.askJson("/v1/tokens/revoke", revoked, { method: "POST", json: { id } });
    context.out(`Token ${id} works no more.\n`);
  });
}
