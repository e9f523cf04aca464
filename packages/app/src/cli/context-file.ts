/** The operator's context, from the file that is named or `COUNTERMAND_CONTEXT`. */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type ContextFile,
  largestContextFile,
  parseContextFile,
} from "../undo/context/context-file.ts";
import type { Context } from "./context.ts";
import { usage } from "./exit.ts";

/** What `undo` is asked with; nothing where no file is named. */
export async function contextIn(
  context: Context,
  named: string | undefined,
): Promise<{ readonly context?: ContextFile }> {
  const file = named ?? context.env["COUNTERMAND_CONTEXT"];
  if (file === undefined || file === "") return {};
  return { context: await readContextFile(context, file) };
}

export async function readContextFile(context: Context, named: string): Promise<ContextFile> {
  const file = resolve(context.cwd, named);
  const read = parseContextFile(await textOf(file));
  if (typeof read === "string") throw usage(`${named} is no context: ${read}.`);
  return read;
}

/** Beyond what the parser takes nothing is read. */
async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > 4 * largestContextFile) return " ".repeat(largestContextFile + 1);
    return await readFile(file, "utf8");
  } catch (error) {
    throw usage(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
