/** Who signs a log, as a person gives it: one verifier key, or a trust file. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  keyTypes,
  parseTrust,
  parseVerifierKey,
  TlogError,
  type LogKeys,
  type LogVerifier,
} from "@countermand/tlog";
import type { Context } from "./context.ts";
import { usage } from "./exit.ts";

export const trustHelp =
  "the log's keys and the sizes that each may sign, as you know them from elsewhere (docs/spec/trust.md)";

export async function readTrust(context: Pick<Context, "cwd">, file: string): Promise<LogKeys> {
  const bytes = await readFile(resolve(context.cwd, file)).catch((error: unknown) => {
    throw usage(`The trust file ${file} cannot be read: ${(error as Error).message}.`);
  });
  try {
    return parseTrust(bytes);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw usage(`The trust file ${file}: ${error.message}.`);
  }
}

/** `--key` or `--trust`, not both; undefined where neither was given. */
export async function trusted(
  context: Pick<Context, "cwd">,
  given: { readonly key?: string; readonly trust?: string },
): Promise<LogVerifier | undefined> {
  const { key, trust } = given;
  if (trust !== undefined) {
    if (key !== undefined) throw usage("--key and --trust: one of them is given, not both.");
    return await readTrust(context, trust);
  }
  if (key === undefined) return undefined;
  try {
    const verifier = parseVerifierKey(key);
    if (verifier.type === keyTypes.ed25519) return verifier;
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw usage(`--key: ${error.message}.`);
  }
  throw usage("--key: this is the key of a witness, not of a log.");
}
