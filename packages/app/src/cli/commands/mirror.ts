/** `countermand mirror verify` and `countermand mirror restore`: a copy of the log, read and put back. */
import { Command } from "commander";
import { count } from "../../undo/text.ts";
import type { Context, MirrorOptions } from "../context.ts";
import { exitCodes, type ExitCode } from "../exit.ts";
import { progressLine } from "../progress.ts";
import { plain, style } from "../terminal.ts";
import { trustHelp } from "../trust.ts";

type Exit = (code: ExitCode) => void;

export function mirrorCommand(context: Context, exit: Exit): Command {
  return new Command("mirror")
    .summary("check a mirror of the log, or make the store again from it")
    .description(
      "A mirror is a copy of the log that `countermand serve --mirror` keeps: a folder, an S3 bucket, or any server of C2SP tlog-tiles.",
    )
    .addCommand(
      new Command("verify")
        .summary("read the whole log and trust nothing but its key")
        .description(
          "Checks the checkpoint's signature, every bundle, every tile, that each entry is one of Countermand, and that time-stamp tokens are over checkpoints of this log. Memory stays flat.\nExit code 0: good. 1: something is wrong, and is named. 3: it could not be read, or there is no checkpoint that the key signed.",
        )
        .argument("<place>", "a folder, s3://bucket/prefix?endpoint=…, or https://…")
        .option("--key <key>", "the log's C2SP verifier key, as you know it from elsewhere")
        .option("--trust <file>", trustHelp)
        .option("--data <folder>", "take the key from this ledger's folder")
        .option("--any-entries", "the entries need not be ones of Countermand")
        .option(
          "--time-roots <file>",
          "PEM certificates of the time authorities that you believe: their tokens are checked, with openssl",
        )
        .action((place: string, options: MirrorOptions) => verify(context, place, options, exit)),
    )
    .addCommand(
      new Command("restore")
        .summary("make an empty store from a mirror")
        .description(
          "Reads the log into an empty store, on either engine, all or nothing, with the tokens of time authorities, and makes the views and the high-water mark from it. Texts behind commitments and artefacts are in no mirror.",
        )
        .argument("<place>", "a folder, s3://bucket/prefix?endpoint=…, or https://…")
        .option("--key <key>", "the log's verifier key; without it that of keys/log.key")
        .option("--trust <file>", trustHelp)
        .option("--data <folder>", "the ledger's folder (or COUNTERMAND_DATA; .countermand)")
        .action((place: string, options: MirrorOptions) => restore(context, place, options)),
    );
}

async function verify(
  context: Context,
  place: string,
  options: MirrorOptions,
  exit: Exit,
): Promise<void> {
  const progress = progressLine(context);
  let findings = 0;
  let entries: number | undefined;
  let times = 0;
  for await (const message of context.verifyMirror(place, options)) {
    if (message.kind === "progress") progress.show(`${message.done} entries read`);
    else if (message.kind === "done") ({ entries, times } = message);
    else {
      findings += 1;
      progress.clear();
      context.out(
        `${style(context, "red", "✗")} ${plain(message.where)}: ${plain(message.problem, 1000)}\n`,
      );
    }
  }
  progress.clear();
  const good = findings === 0 && entries !== undefined;
  const read =
    entries === undefined
      ? "it could not be read to its end"
      : `${count(entries, "entry", "entries")} read`;
  const tokens = times === 0 ? "" : `, ${count(times, "time-stamp token", "time-stamp tokens")}`;
  const unjudged =
    times === 0 || options.timeRoots !== undefined
      ? ""
      : "The tokens are over checkpoints of this log; whether they are true was not checked: give --time-roots.\n";
  context.out(
    `${good ? style(context, "green", "GOOD") : style(context, "red", "NOT GOOD")}  ${read}: checkpoint, bundles, tiles${options.anyEntries === true ? "" : ", entries"}${tokens}\n${unjudged}`,
  );
  exit(good ? exitCodes.good : exitCodes.finding);
}

async function restore(context: Context, from: string, options: MirrorOptions): Promise<void> {
  const progress = progressLine(context);
  const { entries, place } = await context.restoreMirror(from, options, (done) =>
    progress.show(`${done} entries restored`),
  );
  progress.clear();
  context.out(
    `${place}: ${count(entries, "entry", "entries")} restored, with tiles, head, mark, time-stamp tokens and views.
Missing, because no mirror has it:
  the texts and names behind commitments (their proofs stay good)
  artefacts: put the folder blobs/ back from a backup
  cosignatures of earlier checkpoints
  the keys, unless they are in ${place}/keys: put log.key and system.key back
Then check everything:
  countermand fsck
`,
  );
}
