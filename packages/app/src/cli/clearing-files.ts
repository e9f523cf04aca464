/** What clears findings, from the files that are named: signed clearings, VEX documents, evidence. */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { ClearingSources } from "../undo/clearing/clear-findings.ts";
import { parseClearings } from "../undo/clearing/clearings.ts";
import { ClearingError } from "../undo/clearing/error.ts";
import { parseEvidence } from "../undo/clearing/evidence.ts";
import { parseVex } from "../undo/clearing/vex.ts";
import type { Context } from "./context.ts";
import { usage } from "./exit.ts";

export interface ClearingFiles {
  readonly clearings?: readonly string[];
  readonly vex?: readonly string[];
  readonly evidence?: readonly string[];
}

const mostFiles = 100;
/** Above what any of the parsers takes. */
const mostBytes = 64 * 1024 * 1024;

/** What `undo` is asked with; nothing where no file is named. */
export async function clearingsIn(
  context: Context,
  { clearings = [], vex = [], evidence = [] }: ClearingFiles,
): Promise<{ readonly clearings?: ClearingSources }> {
  const files = clearings.length + vex.length + evidence.length;
  if (files === 0) return {};
  if (files > mostFiles) throw usage(`At most ${mostFiles} files are read; ${files} were named.`);
  const all = async <T>(names: readonly string[], parse: (bytes: Uint8Array) => T) =>
    Promise.all(names.map(async (name) => read(context, name, parse)));
  return {
    clearings: {
      statements: (await all(clearings, parseClearings)).flat(),
      vex: await all(vex, parseVex),
      evidence: await all(evidence, parseEvidence),
    },
  };
}

async function read<T>(
  context: Context,
  name: string,
  parse: (bytes: Uint8Array) => T,
): Promise<T> {
  try {
    const file = resolve(context.cwd, name);
    const { size } = await stat(file);
    if (size > mostBytes) throw usage(`${name} has ${size} bytes; at most ${mostBytes} are read.`);
    return parse(await readFile(file));
  } catch (error) {
    if (error instanceof ClearingError) throw usage(`${name}: ${error.message}.`);
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code === "string") throw usage(`${name} cannot be read (${code}).`);
    throw error;
  }
}
