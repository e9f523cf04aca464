/** `countermand backup -o FILE` and `countermand restore FILE`: the database as one file, and back. */
import { Command } from "commander";
import { count } from "../../undo/text.ts";
import type { Context } from "../context.ts";

export function backupCommand(context: Context): Command {
  return new Command("backup")
    .summary("write the database to one file, for either engine")
    .description(
      "Writes one moment of the database to a file that can be restored on SQLite and on PostgreSQL; a server may run meanwhile. Keys, marks and artefacts are files in the data folder: back them up as files, the marks apart from the database.",
    )
    .requiredOption("-o, --output <file>", "the file to write; it must not be there yet")
    .option("--data <folder>", "the ledger's folder (or COUNTERMAND_DATA; .countermand)")
    .action(async (options: { output: string; data?: string }) => {
      const { entries, place } = await context.backup(options, options.output);
      context.out(`${place}: ${count(entries, "entry", "entries")}\n`);
    });
}

export function restoreCommand(context: Context): Command {
  return new Command("restore")
    .summary("read such a file into an empty store")
    .description(
      "Reads a backup into an empty store, on either engine. Put the keys back into its folder first; without the high-water mark, start once with `countermand serve --adopt` after making sure that nothing newer exists (docs/operations/ledger.md).",
    )
    .argument("<file>", "made by `countermand backup`")
    .option("--data <folder>", "the ledger's folder (or COUNTERMAND_DATA; .countermand)")
    .action(async (file: string, options: { data?: string }) => {
      const { entries, place } = await context.restore(options, file);
      context.out(
        `${place}: ${count(entries, "entry", "entries")} restored. Check them:\n  countermand fsck\n`,
      );
    });
}
