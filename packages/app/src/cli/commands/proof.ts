/** `countermand proof INDEX`: the proof that an entry is in the log, as a file that others can check. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import type { Context, LedgerOptions } from "../context.ts";
import { usage } from "../exit.ts";
import { ledgerOptions, withLedger } from "./shared.ts";

export function proofCommand(context: Context): Command {
  const command = new Command("proof")
    .summary("print the proof that an entry is in the log (C2SP tlog-proof)")
    .description(
      "The entry's way to a signed checkpoint. With --witnessed, to one that enough witnesses have signed too: it cannot be of a log that was shown to you alone. A server with a witness policy gives those, some seconds after the entry.",
    )
    .argument("<index>", "the entry's index, as receipts and timelines name it")
    .option("--witnessed", "against a checkpoint that the server's witness policy is satisfied by")
    .option("-o, --output <file>", "write it there");
  return ledgerOptions(command).action(
    async (text: string, options: LedgerOptions & { witnessed?: true; output?: string }) => {
      if (!/^(?:0|[1-9]\d{0,14})$/.test(text)) throw usage("An index is a whole number from 0.");
      await withLedger(context, options, async ({ countermand }) => {
        const min = options.witnessed === true ? "witnessed" : "logged";
        const bytes = await countermand.entryProof(Number(text), min);
        if (options.output === undefined) context.outBytes(bytes);
        else await writeFile(resolve(context.cwd, options.output), bytes, { flag: "wx" });
      });
    },
  );
}
