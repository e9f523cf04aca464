/** `countermand tenant …`: the ledgers that one server serves, each with people and keys of its own. */
import { join } from "node:path";
import { Command } from "commander";
import { settingsFile } from "../../config/tenants.ts";
import type { Context } from "../context.ts";
import { plain, style } from "../terminal.ts";

interface Options {
  readonly data?: string;
}

export function tenantCommand(context: Context): Command {
  return new Command("tenant")
    .summary("several ledgers behind one server")
    .description(
      "A tenant is a ledger of its own below a server's data folder: its own log and key, its own people, policy, login and artefacts. One server serves them all on one port and tells them apart by the host that is asked for (docs/operations/tenants.md).",
    )
    .addCommand(add(context))
    .addCommand(list(context));
}

const dataOption = [
  "--data <folder>",
  "the server's data folder (or COUNTERMAND_DATA; .countermand)",
] as const;

function add(context: Context): Command {
  return new Command("add")
    .summary("make a tenant; a running server serves it within seconds")
    .argument("<name>", "small letters, digits, hyphens inside; names its folder")
    .requiredOption("--url <url>", "where its people reach it, such as https://acme.example.com")
    .option(...dataOption)
    .action(async (name: string, { url, ...options }: Options & { readonly url: string }) => {
      const { data, url: origin, serverRuns } = await context.addTenant(options, name, url);
      context.out(`Made the tenant ${style(context, "bold", name)} in ${data}\n`);
      context.err(
        [
          "",
          serverRuns
            ? "The server serves it within seconds, at"
            : "Start the server: `countermand serve`. It then is at",
          `  ${origin}`,
          "Open its ledger, as its first administrator:",
          `  countermand init --data ${data} --origin ${new URL(origin).hostname}/ledger`,
          `Its login and more: ${join(data, settingsFile)} (docs/operations/tenants.md).`,
          "",
        ].join("\n"),
      );
    });
}

function list(context: Context): Command {
  return new Command("list")
    .summary("the tenants below a data folder, and whether they are served")
    .option(...dataOption)
    .option("--json", "one JSON object a line")
    .action((options: Options & { readonly json?: true }) => {
      const found = context.tenants(options);
      if (options.json === true) {
        for (const tenant of found) context.out(`${JSON.stringify(tenant)}\n`);
        return;
      }
      if (found.length === 0) {
        context.err("There are no tenants; `countermand tenant add NAME --url URL` makes one.\n");
        return;
      }
      for (const { name, state, url, data, problem } of found) {
        context.out(
          `${style(context, "bold", name)}  ${state}  ${plain(url ?? "no address", 200)}\n`,
        );
        context.out(`  ${plain(data, 300)}\n`);
        if (problem !== undefined) context.out(`  ${plain(problem, 1000)}\n`);
      }
    });
}
