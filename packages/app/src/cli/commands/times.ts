/** `countermand times INDEX`: when an entry was recorded, by our clock and by a time authority's. */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { EntryTimes } from "../../rollbacks/countermand.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { columns, instant, plain, span, style } from "../terminal.ts";
import { ledgerOptions, withLedger } from "./shared.ts";

interface Options extends LedgerOptions {
  readonly json?: true;
  readonly output?: string;
}

export function timesCommand(context: Context): Command {
  const command = new Command("times")
    .summary("say when an entry was recorded, by the server's clock and a time authority's")
    .description(
      "Two clocks: the server's, which stands in the entry, and that of the time authority (RFC 3161) that signed the first checkpoint over it. The entry was there by the authority's time, however the server's clock stood. With --output the token and what it is over are written, to be checked with openssl alone.",
    )
    .argument("<index>", "the entry's index, as receipts and timelines name it")
    .option("--json", "as JSON, for programs")
    .option("-o, --output <folder>", "write checkpoint-<size>.txt and checkpoint-<size>.tst there");
  return ledgerOptions(command).action(async (text: string, options: Options) => {
    if (!/^(?:0|[1-9]\d{0,14})$/.test(text)) throw usage("An index is a whole number from 0.");
    const times = await withLedger(context, options, async ({ countermand }) =>
      countermand.entryTimes(Number(text)),
    );
    if (options.json === true) context.out(`${JSON.stringify(times, null, 2)}\n`);
    else tell(context, times);
    if (options.output !== undefined) await write(context, times, options.output);
  });
}

function tell(context: Context, { index, recordedAt, attested }: EntryTimes): void {
  const rows = [[`entry ${index} recorded`, instant(recordedAt), "the server's clock"]];
  if (attested !== undefined) {
    const { at, authority, size } = attested;
    const over = `${plain(authority)}, over ${size} entries`;
    rows.push(["attested", instant(at), over], ["gap", gap(recordedAt, at), ""]);
  }
  context.out(columns(rows));
  if (attested !== undefined) return;
  context.out(`${style(context, "dim", "No time authority has signed a checkpoint over it.")}\n`);
}

/** Before its own recording nothing can be attested, but within a second of rounding. */
function gap(recordedAt: string, at: string): string {
  const milliseconds = Date.parse(at) - Date.parse(recordedAt);
  if (milliseconds > -1_000) return span(milliseconds);
  return `${span(-milliseconds)} too early: the server's clock was ahead when it was recorded`;
}

async function write(context: Context, { index, attested }: EntryTimes, to: string): Promise<void> {
  if (attested === undefined) {
    throw new CommandError(
      exitCodes.couldNot,
      `No time authority has signed a checkpoint over entry ${index} yet; nothing was written.`,
    );
  }
  const folder = resolve(context.cwd, to);
  const name = `checkpoint-${attested.size}`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.txt`), attested.checkpoint, { flag: "wx" });
  await writeFile(join(folder, `${name}.tst`), Buffer.from(attested.token, "base64"), {
    flag: "wx",
  });
  const at = Math.floor(Date.parse(attested.at) / 1000);
  context.err(
    `Check it: openssl ts -verify -data ${name}.txt -in ${name}.tst -token_in -CAfile ROOTS.pem -attime ${at}\n`,
  );
}
