/** `countermand unfreeze`: a log that had stopped goes on, and says in an entry why it had. */
import { Command } from "commander";
import type { Context, LedgerOptions } from "../context.ts";
import { exitCodes, type ExitCode } from "../exit.ts";
import { progressLine } from "../progress.ts";
import { say, Texts } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { instant, plain, style } from "../terminal.ts";
import { tellAccepted } from "./shared.ts";

type Options = Pick<LedgerOptions, "data"> & { readonly key?: string };

export function unfreezeCommand(context: Context, exit: (code: ExitCode) => void): Command {
  return new Command("unfreeze")
    .summary("have a frozen log go on, and say in the ledger why it had stopped")
    .description(
      "A log stops where something is not as it was signed. Find the cause first (docs/operations/ledger.md). This checks the whole store, and changes nothing if it finds anything; then an administrator signs what was found, and the entry with that statement sets the log active. Run it in the server's data folder while no server runs.",
    )
    .option("--data <folder>", "the ledger's folder (or COUNTERMAND_DATA; .countermand)")
    .option(
      "--key <path>",
      "the administrator's SSH key, or its .pub for an agent (or COUNTERMAND_KEY; the usual ones in ~/.ssh)",
    )
    .action(async (options: Options) => {
      const signer = sshSigner(context, options.key);
      const findings = await check(context, options);
      if (findings > 0) {
        context.out("Nothing was changed: put the store in order first.\n");
        exit(exitCodes.finding);
        return;
      }
      const ledger = await context.openFrozen(options);
      try {
        const { alarm, countermand, place } = ledger;
        if (alarm === undefined) {
          context.out(`${place}: the log is not frozen. Nothing was changed.\n`);
          return;
        }
        const { found, foundAt } = alarm;
        const since = foundAt === undefined ? "" : `, since ${instant(foundAt)}`;
        context.err(`The log is frozen${since}: ${plain(found, 2_000)}\n`);
        const { registry } = await countermand.instance();
        const speaker = { context, countermand, signer };
        const body = { found, ...(foundAt === undefined ? {} : { foundAt }) };
        tellAccepted(
          context,
          await say(speaker, registry, "alarm-cleared", undefined, body, new Texts()),
        );
        context.out("The log is active again. Start the server.\n");
      } finally {
        await ledger.close();
      }
    });
}

/** How much is wrong with the store; each thing is told. */
async function check(context: Context, options: Options): Promise<number> {
  const progress = progressLine(context);
  let findings = 0;
  for await (const message of context.fsck(options)) {
    if (message.kind === "progress") {
      progress.show(`${message.what}: ${message.done} of ${message.total}`);
    } else if (message.kind === "finding") {
      progress.clear();
      findings += 1;
      context.out(
        `${style(context, "red", "✗")} ${plain(message.where)}: ${plain(message.problem, 1000)}\n`,
      );
    }
  }
  progress.clear();
  return findings;
}
