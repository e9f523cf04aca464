/** `countermand export RB -o FILE`: the record as one file that verifies offline. */
import { open, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import type { Context, LedgerOptions } from "../context.ts";
import { recordTexts } from "../show-record.ts";
import { usage } from "../exit.ts";
import { plain } from "../terminal.ts";
import { collect, ledgerOptions, withLedger } from "./shared.ts";

interface ExportOptions extends LedgerOptions {
  readonly output: string;
  readonly withhold?: readonly string[];
  readonly withoutArtefacts?: true;
  readonly names?: true;
}

export function exportCommand(context: Context): Command {
  const command = new Command("export")
    .summary("write a record as one file that verifies offline")
    .argument("<record>", "for instance RB-2026-7")
    .requiredOption("-o, --output <file>", "the file to write; - for standard output")
    .option("--withhold <field>", "leave a text out (or `all`), repeatable", collect)
    .option("--names", "put the names and mail addresses of those enrolled in")
    .option("--without-artefacts", "leave the artefacts' bytes out");
  return ledgerOptions(command).action(async (id: string, options: ExportOptions) => {
    await withLedger(context, options, async ({ countermand }) => {
      const { state } = await countermand.record(id);
      const withhold = commitmentsOf(options.withhold ?? [], recordTexts(state));
      const bytes = await countermand.exportRecord(id, {
        ...(options.withoutArtefacts === true ? { withoutArtefacts: true } : {}),
        ...(options.names === true ? { withNames: true } : {}),
        ...(withhold === undefined ? {} : { withhold }),
      });
      if (options.output === "-") {
        context.outBytes(bytes);
        return;
      }
      const path = resolve(context.cwd, options.output);
      await writeWhole(path, bytes);
      context.out(
        `${path}: ${state.id}, ${bytes.length} bytes. Check it anywhere:\n  countermand verify ${options.output}\n`,
      );
    });
  });
}

function commitmentsOf(
  fields: readonly string[],
  texts: ReadonlyMap<string, string>,
): "all" | readonly string[] | undefined {
  if (fields.length === 0) return undefined;
  if (fields.includes("all")) return "all";
  return fields.map((field) => {
    const commitment = texts.get(field);
    if (commitment === undefined) {
      throw usage(`There is no text ${plain(field)}; there is ${[...texts.keys()].join(", ")}.`);
    }
    return commitment;
  });
}

/** The whole file or none: a package cut short by a full disk must not lie around. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.part`;
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
