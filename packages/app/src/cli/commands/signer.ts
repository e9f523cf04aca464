/** `countermand signer`: the one process that holds a log's key. */
import { Command } from "commander";
import type { Context } from "../context.ts";
import { usage } from "../exit.ts";
import { plain } from "../terminal.ts";

interface RunOptions {
  readonly data?: string;
  readonly socket?: string;
  readonly adopt?: true;
  readonly group?: true;
}

export function signerCommand(context: Context): Command {
  return new Command("signer")
    .enablePositionalOptions()
    .summary("hold a log's key in a process of its own, for servers on this machine")
    .description(
      "Signs checkpoints over a socket, only for its own log and only what is proved to extend what it signed before: whoever takes over a server, or puts an old database back, gets no fork signed. Servers name the socket in COUNTERMAND_SIGNER. docs/operations/signer.md",
    )
    .option("--data <folder>", "the signer's own folder (or COUNTERMAND_DATA; .countermand)")
    .option("--socket <path>", "where it listens; its folder is the user's alone (mode 0700)")
    .option("--group", "the group of the socket's folder may ask, too (folder mode 2710)")
    .option("--adopt", "sign for a log that has entries without knowing what was signed before")
    .action(async (options: RunOptions) => {
      const { socket } = options;
      if (socket === undefined) throw usage("A signer needs --socket PATH.");
      await context.signer({ ...options, socket });
    })
    .addCommand(
      new Command("take")
        .summary("take a log's key, and what it signed for, out of a server's data folder")
        .description(
          "Moves log.key (and next.key) into the signer's folder and copies the high-water mark. The server keeps the public key. Neither may run meanwhile.",
        )
        .requiredOption("--from <folder>", "the server's data folder")
        .requiredOption("--to <folder>", "the signer's folder; it is made if it is not there")
        .action(async ({ from, to }: { from: string; to: string }) => {
          tell(context, await context.moveLogKeys(from, to), to);
        }),
    )
    .addCommand(
      new Command("give")
        .summary("give the key back to a server's data folder, for instance to rotate it")
        .requiredOption("--from <folder>", "the signer's folder")
        .requiredOption("--to <folder>", "the server's data folder")
        .action(async ({ from, to }: { from: string; to: string }) => {
          tell(context, await context.moveLogKeys(from, to), to);
        }),
    );
}

function tell(context: Context, vkeys: readonly string[], to: string): void {
  for (const vkey of vkeys) context.out(`${plain(vkey, 1_000)}\n`);
  context.err(`Its key is in ${plain(to, 500)} now, and nowhere else.\n`);
}
