/** `countermand rebuild`: every view made again from the entries. */
import { Command } from "commander";
import { count, number } from "../../undo/text.ts";
import type { Context } from "../context.ts";
import { progressLine } from "../progress.ts";

export function rebuildCommand(context: Context): Command {
  return new Command("rebuild")
    .summary("drop every view and make it again from the entries")
    .description(
      "Everything that is read is a view of the entries. This drops the views and makes them again, in one transaction: readers see the old ones until it is done, and if it is interrupted the old ones stay. Says whether they were what the entries give. Entries, checkpoints, texts and artefacts are not touched. Stop the server of this folder first; appends by others wait until it is done.",
    )
    .option("--data <folder>", "the ledger's folder (or COUNTERMAND_DATA; .countermand)")
    .action(async (options: { data?: string }) => {
      const progress = progressLine(context);
      try {
        const { entries, different } = await context.rebuild(options, (done, total) => {
          progress.show(`rebuilding: ${number(done)} of ${number(total)} entries`);
        });
        progress.clear();
        const verdict =
          different.length === 0
            ? "the views are the same as before"
            : `not the same as before: ${different.join(", ")}`;
        context.out(`${count(entries, "entry", "entries")} read; ${verdict}.\n`);
      } finally {
        progress.clear();
      }
    });
}
