/** A data folder's keys, for the commands that make, follow and seal them. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { formatVerifierKey, signNote } from "@countermand/tlog";
import type { Context, LedgerOptions, OpenKeys } from "../cli/context.ts";
import { usage } from "../cli/exit.ts";
import { readConfig, type Config } from "../config/config.ts";
import { LedgerError } from "../ledger/error.ts";
import { createNextKey, keyFiles, readHeldKeys, retireKey } from "../ledger/key-folder.ts";
import {
  createKeyFile,
  createSecondKeyFile,
  readPublicKey,
  resealKeyFile,
  type Passphrase,
} from "../ledger/keys.ts";
import { dataDirectory, holdDataDirectory } from "../storage/data-directory.ts";
import { openApplication } from "./application.ts";
import { passphraseFrom, readPassphraseFile } from "./key-passphrase.ts";

type Options = Pick<LedgerOptions, "data">;

export async function openKeys(context: Context, options: Options): Promise<OpenKeys> {
  const config = readConfig(context.env, options);
  const folder = dataDirectory(config.data).keys;
  if (!existsSync(keyFiles(folder).log)) throw usage(`There is no ledger in ${config.data}.`);
  refuseRemote(config);
  const application = await openApplication(config, context.now);
  try {
    const { signer, next } = await readHeldKeys(folder, passphraseFrom(config.keyPassphrase));
    return {
      countermand: application.service,
      place: application.place,
      held: { current: signer.vkey, ...(next === undefined ? {} : { next: next.vkey }) },
      size: application.service.opened?.ledger.log().published().size ?? 0,
      async signWithBoth(text) {
        if (next === undefined) throw new TypeError("there is no next key");
        return Buffer.from(await signNote(text, [signer, next])).toString("utf8");
      },
      retire: () => retireKey(folder),
      close: () => application.close(),
    };
  } catch (error) {
    await application.close();
    throw error;
  }
}

/** Both keys sign a rotation, which is no checkpoint. */
function refuseRemote({ logSigner }: Pick<Config, "logSigner">): void {
  if (logSigner === undefined) return;
  throw usage(
    "The log's key is with a signer (COUNTERMAND_SIGNER): stop it, take the key back with `countermand signer give`, rotate it, and have it taken again; docs/operations/signer.md.",
  );
}

export async function newLogKey(
  context: Context,
  options: Options,
  origin?: string,
): Promise<string> {
  const config = readConfig(context.env, options);
  refuseRemote(config);
  const passphrase = passphraseFrom(config.keyPassphrase);
  const files = keyFiles(dataDirectory(config.data).keys);
  if (existsSync(files.log)) {
    const { name } = await readPublicKey(files.log);
    if (origin !== undefined && origin !== name) {
      throw usage(`The log in ${config.data} is ${name}; its keys are named like it.`);
    }
    // Beside a running server: a file that it does not read before it starts again.
    return (await createNextKey(join(files.log, ".."), name, passphrase)).vkey;
  }
  if (origin === undefined) {
    throw usage(`There is no ledger in ${config.data}; --origin names the log to make a key for.`);
  }
  const directory = holdDataDirectory(config.data);
  try {
    return (await createKeyFile(files.log, origin, passphrase)).vkey;
  } finally {
    directory.release();
  }
}

/** Makes the key of the second line, or tells the one that there is. */
export async function secondLogKey(context: Context, options: Options): Promise<string> {
  const config = readConfig(context.env, options);
  const files = keyFiles(dataDirectory(config.data).keys);
  if (existsSync(files.second)) return formatVerifierKey(await readPublicKey(files.second));
  if (!existsSync(files.log)) throw usage(`There is no ledger in ${config.data}.`);
  const { name } = await readPublicKey(files.log);
  return createSecondKeyFile(files.second, name, passphraseFrom(config.keyPassphrase));
}

/**
 * One file after the other. Killed in between, some are as they were: the same command
 * again goes on with those.
 */
export async function sealKeys(
  context: Context,
  options: Options,
  how: Parameters<Context["sealKeys"]>[1],
): Promise<readonly string[]> {
  const config = readConfig(context.env, options);
  const old = passphraseFrom(config.keyPassphrase);
  if (old === undefined) {
    throw usage(
      "No passphrase was given: COUNTERMAND_KEY_PASSPHRASE_FILE, COUNTERMAND_KEY_ASKPASS or COUNTERMAND_KEY_PASSPHRASE.",
    );
  }
  const files = keyFiles(dataDirectory(config.data).keys);
  const there = [files.log, files.next, files.second, files.system].filter((file) =>
    existsSync(file),
  );
  if (there.length === 0) throw usage(`There are no keys in ${config.data}.`);
  const changed =
    how.kind === "change" ? await readPassphraseFile(resolve(context.cwd, how.file)) : undefined;
  const directory = holdDataDirectory(config.data);
  try {
    for (const file of there) {
      const next = how.kind === "open" ? undefined : (changed ?? (await old(file)));
      await reseal(file, old, next);
    }
    return there;
  } finally {
    directory.release();
  }
}

async function reseal(file: string, old: Passphrase, next: string | undefined): Promise<void> {
  try {
    await resealKeyFile(file, old, next);
  } catch (error) {
    if (next === undefined || !(error instanceof LedgerError)) throw error;
    // Done already, before an earlier run was killed? Else it is the old one that is wrong.
    await resealKeyFile(file, async () => next, next).catch(() => {
      throw error;
    });
  }
}
