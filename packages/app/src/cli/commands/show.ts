/** `countermand show RB`: everything about one record, with its proofs. */
import { Command } from "commander";
import type { Context } from "../context.ts";
import { showRecord } from "../show-record.ts";
import { ledgerOptions, nameOf, withLedger } from "./shared.ts";
import type { LedgerOptions } from "../context.ts";

export function showCommand(context: Context): Command {
  const command = new Command("show")
    .summary("show one record and its timeline")
    .argument("<record>", "for instance RB-2026-7")
    .option("--json", "print state and openings as one JSON object");
  return ledgerOptions(command).action(
    async (id: string, options: LedgerOptions & { json?: true }) => {
      await withLedger(context, options, async ({ countermand }) => {
        const [view, instance] = await Promise.all([
          countermand.record(id),
          countermand.instance(),
        ]);
        if (options.json === true) {
          context.out(`${JSON.stringify(view)}\n`);
          return;
        }
        const name = (actor: string) => nameOf(instance.registry, instance.openings, actor);
        context.out(showRecord(context, view.state, view.openings, name, instance.registry));
        context.out(
          `\nEvery line is an entry of the ledger ${instance.origin}. \`countermand export ${view.state.id} -o ${view.state.id}.tar\` gives the proofs.\n`,
        );
      });
    },
  );
}
