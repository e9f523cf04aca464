/** `countermand serve`: the server, until it is interrupted. */
import { Command } from "commander";
import type { Context, ServeOptions } from "../context.ts";

export function serveCommand(context: Context): Command {
  return new Command("serve")
    .summary("run the server and the page")
    .description(
      "Serves the API, the log and the page on loopback (COUNTERMAND_HOST, COUNTERMAND_PORT, DATABASE_URL). COUNTERMAND_NOTIFY has people told (docs/operations/notifications.md). Commands given meanwhile on the same data folder go through it.",
    )
    .option("--data <folder>", "the ledger's folder (or COUNTERMAND_DATA; .countermand)")
    .option("--port <port>", "the port to listen on (or COUNTERMAND_PORT; 7400)")
    .option(
      "--adopt",
      "start without a high-water mark, taking the database as it is (docs/operations/ledger.md)",
    )
    .option(
      "--witness-policy <file>",
      "have checkpoints witnessed, and show only those that are (or COUNTERMAND_WITNESS_POLICY; docs/operations/witnesses.md)",
    )
    .option(
      "--mirror <place...>",
      "keep a copy of the log in a folder or an S3 bucket (or COUNTERMAND_MIRRORS; docs/operations/mirror.md)",
    )
    .option("--audit <repo>", "audit this repository into the store once the server answers")
    .action(async (options: ServeOptions) => context.serve(options));
}
