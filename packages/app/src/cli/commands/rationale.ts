/** `countermand rationale check` and `rationale examples`: what a rationale lacks, without a ledger. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import {
  checkRationale,
  exampleFor,
  guidance,
  rationaleUses,
  type RationaleUse,
} from "@countermand/record";
import { remarkLine } from "../ask.ts";
import type { Context } from "../context.ts";
import { exitCodes, usage } from "../exit.ts";
import { plain, style } from "../terminal.ts";
import { collect } from "./shared.ts";

/** More than any rationale may have; what is longer is told so by its length. */
const maxBytes = 64 * 1024;

interface CheckOptions {
  readonly file?: string;
  readonly reason?: string;
  readonly mode: string;
  readonly field?: readonly string[];
  readonly ticket?: readonly string[];
  readonly json?: true;
}

export function rationaleCommand(context: Context, exit: (code: number) => void): Command {
  const command = new Command("rationale")
    .summary("what a good rationale has: check one, see examples")
    .description("Works without a ledger and in any language. The rules: docs/rationale.md.");
  command
    .command("check")
    .summary("say what a rationale lacks")
    .description(
      "Exit code 0 where it would be taken, with or without hints; 1 where a proposal with it is refused; 2 where there is no text.",
    )
    .argument("[text]", "the rationale; - reads standard input")
    .option("--file <path>", "read it from this file; - reads standard input")
    .option("--reason <code>", "the reason code, or a clearing's ground")
    .option("--mode <mode>", `one of ${rationaleUses.join(", ")}`, "proposal")
    .option("--field <name=text>", "another field that it must not repeat, repeatable", collect)
    .option("--ticket <id>", "a ticket, which alone is no rationale, repeatable", collect)
    .option("--json", "the remarks as one JSON object")
    .action(async (text: string | undefined, options: CheckOptions) => {
      const remarks = checkRationale({
        text: await textOf(context, text, options.file),
        use: useOf(options.mode),
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        fields: fieldsOf(options.field ?? []),
        tickets: options.ticket ?? [],
      });
      const refused = remarks.some(({ level }) => level === "refused");
      if (refused) exit(exitCodes.finding);
      if (options.json === true) {
        return context.out(`${JSON.stringify({ accepted: !refused, remarks }, undefined, 2)}\n`);
      }
      if (remarks.length === 0) return context.out("good: nothing is missing\n");
      context.out(remarks.map(remarkLine).join(""));
      context.out(`For example: "${remarks[0]?.example ?? ""}"\n`);
    });
  command
    .command("examples")
    .summary("what a good rationale has, with made-up examples")
    .option("--mode <mode>", `only of ${rationaleUses.join(", ")}`)
    .option("--reason <code>", "only for this reason code, or a clearing's ground")
    .option("--json", "as one JSON object")
    .action((options: { mode?: string; reason?: string; json?: true }) => {
      const uses = options.mode === undefined ? rationaleUses : [useOf(options.mode)];
      const told = uses.map((mode) => ({
        mode,
        question: guidance[mode].question,
        has: guidance[mode].has,
        examples: examplesOf(mode, options.reason),
      }));
      context.out(
        options.json === true
          ? `${JSON.stringify(told, undefined, 2)}\n`
          : told.map((item) => shown(context, item)).join("\n"),
      );
    });
  return command;
}

/** By reason; the general one is under "". */
function examplesOf(use: RationaleUse, reason?: string): Readonly<Record<string, string>> {
  return reason === undefined ? guidance[use].examples : { [reason]: exampleFor({ use, reason }) };
}

function shown(
  context: Context,
  told: {
    readonly mode: string;
    readonly question: string;
    readonly has: readonly string[];
    readonly examples: Readonly<Record<string, string>>;
  },
): string {
  return [
    `${style(context, "bold", told.mode)}: ${told.question}?`,
    ...told.has.map((item) => `  - ${item}`),
    ...Object.entries(told.examples).map(
      ([reason, text]) => `  ${reason === "" ? "for example" : plain(reason)}: "${text}"`,
    ),
    "",
  ].join("\n");
}

function useOf(mode: string): RationaleUse {
  const use = rationaleUses.find((item) => item === mode);
  if (use !== undefined) return use;
  throw usage(`--mode is one of ${rationaleUses.join(", ")}; found ${plain(mode)}.`);
}

function fieldsOf(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((item) => {
      const at = item.indexOf("=");
      if (at < 1) throw usage(`--field is a name and a text, impact=…; found ${plain(item, 60)}.`);
      return [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

async function textOf(context: Context, text?: string, file?: string): Promise<string> {
  if ((text === undefined) === (file === undefined)) {
    throw usage("Give the rationale as TEXT, or with --file PATH; - reads standard input.");
  }
  if (text !== undefined && text !== "-") return text;
  const named = file ?? "-";
  const bytes = named === "-" ? await context.input?.(maxBytes) : await read(context, named);
  if (bytes === undefined) throw usage("There is no standard input here; give the text.");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw usage(`${named === "-" ? "Standard input" : named} is not UTF-8 text.`);
  }
}

/** The beginning of a file, at most `maxBytes` of it and then refused. */
async function read(context: Context, named: string): Promise<Uint8Array> {
  try {
    await using handle = await open(resolve(context.cwd, named));
    const { buffer, bytesRead } = await handle.read(new Uint8Array(maxBytes + 1));
    if (bytesRead > maxBytes) throw usage(`${named} is longer than ${maxBytes} bytes.`);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== "string") throw error;
    throw usage(`${named} cannot be read (${code}).`);
  }
}
