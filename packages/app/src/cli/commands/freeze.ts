/** `countermand freeze`: nothing more is appended, until somebody signs that it goes on. */
import { Command } from "commander";
import type { Context, LedgerOptions } from "../context.ts";
import { exitCodes, usage, type ExitCode } from "../exit.ts";
import { plain } from "../terminal.ts";

interface Options extends Pick<LedgerOptions, "data"> {
  readonly reason: string;
  readonly yes?: true;
}

export function freezeCommand(context: Context, exit: (code: ExitCode) => void): Command {
  return new Command("freeze")
    .summary("stop a log: nothing is appended until somebody signs that it goes on")
    .description(
      "For the hour in which nobody knows yet what is wrong: a key may be stolen, a server may be somebody else's. Every server on the ledger refuses its next commit and ends, as with every alarm; until then it is read as before. It works beside running servers, from a data folder of the ledger. `countermand unfreeze` has it go on, by an administrator's signature, and the ledger then says for ever that it had stopped, why and since when.",
    )
    .option("--data <folder>", "the ledger's folder (or COUNTERMAND_DATA; .countermand)")
    .requiredOption("--reason <text>", "why, for everybody to read; no names")
    .option("-y, --yes", "do not ask")
    .action(async (options: Options) => {
      const reason = options.reason.trim();
      if (reason.length < 10 || reason.length > 1_000) {
        throw usage("--reason says why in 10 to 1000 characters: whoever unfreezes it reads that.");
      }
      if (options.yes !== true) {
        if (context.ask === undefined) {
          throw usage("Nobody is here to ask: say --yes to freeze the log.");
        }
        const answer = await context.ask(
          "No rollback can be proposed, approved or let through until it is unfrozen. Freeze it? [y/N] ",
        );
        if (!/^y(?:es)?$/i.test(answer.trim())) {
          context.out("Nothing was changed.\n");
          return;
        }
      }
      const { origin, already } = await context.freeze(options, reason);
      if (already !== undefined) {
        context.out(`${plain(origin)} is ${plain(already, 2_000)}. Nothing was changed.\n`);
        exit(exitCodes.finding);
        return;
      }
      context.out(
        `${plain(origin)} is frozen. \`countermand unfreeze\` has it go on, once its servers are stopped.\n`,
      );
    });
}
