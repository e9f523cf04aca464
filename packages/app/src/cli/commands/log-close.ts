/** `countermand log-close`: the last entry of a ledger, and where it goes on. */
import { keyTypes, parseVerifierKey } from "@countermand/tlog";
import { Command } from "commander";
import type { Context } from "../context.ts";
import { usage } from "../exit.ts";
import { Texts } from "../say.ts";
import { sayInRegistry, speakOptions, type SpeakOptions } from "./shared.ts";

interface Options extends SpeakOptions {
  readonly reason: string;
  readonly successor?: string;
  readonly forEver?: true;
}

export function logCloseCommand(context: Context): Command {
  const command = new Command("log-close")
    .summary("close the ledger for ever, and name the one that goes on")
    .description(
      "Appends the last entry. After it nothing is accepted, by any server, and every verifier refuses whatever comes after it; the log stays readable. A successor names this log's last checkpoint when it is opened (`countermand init --predecessor`). There is no way back. docs/operations/log-keys.md",
    )
    .requiredOption("--reason <text>", "why, for everybody to read for ever; no names")
    .option("--successor <key>", "verifier key of the log that goes on (`countermand log-key new`)")
    .option("--for-ever", "yes: close it");
  return speakOptions(command).action(async (options: Options) => {
    if (options.forEver !== true) {
      throw usage("This cannot be undone: say --for-ever to close the ledger.");
    }
    const body = {
      reason: options.reason,
      ...(options.successor === undefined ? {} : { successor: successorOf(options.successor) }),
    };
    await sayInRegistry(context, options, "log-closed", body, new Texts());
    context.out("The ledger is closed. Keep its last checkpoint, and have it witnessed.\n");
  });
}

function successorOf(vkey: string): { readonly origin: string; readonly logKey: string } {
  try {
    const { name, type } = parseVerifierKey(vkey);
    if (type === keyTypes.ed25519) return { origin: name, logKey: vkey };
  } catch (error) {
    throw usage(`--successor: ${(error as Error).message}.`);
  }
  throw usage("--successor: this is the key of a witness, not of a log.");
}
