/** The passphrase of sealed key files, from where the operator said that it is. */
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import type { PassphraseSource } from "../config/config.ts";
import { LedgerError, messageOf } from "../ledger/error.ts";
import type { Passphrase } from "../ledger/keys.ts";

const maxLength = 1_000;
const run = promisify(execFile);

/** Asked once, and kept: several files are sealed with one passphrase. */
export function passphraseFrom(source: PassphraseSource | undefined): Passphrase | undefined {
  if (source === undefined) return undefined;
  let known: Promise<string> | undefined;
  return async (file) => await (known ??= read(source, file));
}

async function read({ kind, value }: PassphraseSource, file: string): Promise<string> {
  switch (kind) {
    case "file":
      return await readPassphraseFile(value);
    case "program":
      try {
        const asked = await run(value, [`Passphrase for ${file}: `], { maxBuffer: 65_536 });
        return firstLine(asked.stdout, `the program ${value}`);
      } catch (error) {
        if (error instanceof LedgerError) throw error;
        throw refuse(`the program ${value} gave no passphrase: ${messageOf(error)}`, error);
      }
    case "text":
      return firstLine(value, "COUNTERMAND_KEY_PASSPHRASE");
  }
}

/** Its first line. Refuses a file that others may read. */
export async function readPassphraseFile(file: string): Promise<string> {
  try {
    const { mode, size } = await stat(file);
    if ((mode & 0o077) !== 0) {
      throw refuse(`the passphrase file ${file} may be read by others; run chmod 600 on it`);
    }
    if (size > 65_536) throw refuse(`${file} is too long for a passphrase`);
    return firstLine(await readFile(file, "utf8"), file);
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    throw refuse(`the passphrase file ${file} cannot be read: ${messageOf(error)}`, error);
  }
}

function firstLine(text: string, where: string): string {
  const line = /^[^\r\n]*/.exec(text)?.[0] ?? "";
  if (line !== "" && line.length <= maxLength) return line;
  throw refuse(`${where} has no passphrase: a first line of 1 to ${maxLength} characters`);
}

function refuse(problem: string, cause?: unknown): LedgerError {
  return new LedgerError("key-file", problem, { cause });
}
