/** `countermand fsck`: is the ledger's store what it says it is? */
import { Command } from "commander";
import { count } from "../../undo/text.ts";
import type { Context } from "../context.ts";
import { exitCodes, type ExitCode } from "../exit.ts";
import { progressLine } from "../progress.ts";
import { plain, style } from "../terminal.ts";

export function fsckCommand(context: Context, exit: (code: ExitCode) => void): Command {
  return new Command("fsck")
    .summary("check the store: entries, tiles, checkpoints, views, artefacts")
    .description(
      "Reads the whole store and names what is not as it was written: changed, missing, reordered or renumbered entries, tiles and checkpoints, views that the entries do not give, an older copy put back, artefacts that are missing or changed. Changes nothing. Works on a store that refuses to start.",
    )
    .option("--data <folder>", "the ledger's folder (or COUNTERMAND_DATA; .countermand)")
    .option("--json", "one JSON object a line")
    .action(async (options: { data?: string; json?: true }) => {
      const progress = progressLine(context);
      let findings = 0;
      for await (const message of context.fsck(options)) {
        if (options.json === true) {
          if (message.kind !== "progress") context.out(`${JSON.stringify(message)}\n`);
        } else if (message.kind === "progress") {
          progress.show(`${message.what}: ${message.done} of ${message.total}`);
          continue;
        } else {
          progress.clear();
          context.out(
            message.kind === "finding"
              ? `${style(context, "red", "✗")} ${plain(message.where)}: ${plain(message.problem, 1000)}\n`
              : `${findings === 0 ? style(context, "green", "GOOD") : style(context, "red", "NOT GOOD")}  ${count(message.entries, "entry", "entries")} checked: ${message.checks.join(", ")}\n`,
          );
        }
        if (message.kind === "finding") findings += 1;
      }
      progress.clear();
      exit(findings === 0 ? exitCodes.good : exitCodes.finding);
    });
}
