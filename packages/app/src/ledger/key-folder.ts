/**
 * The log's keys in the data folder: `log.key`, which signs, and while one follows the
 * other `next.key`. After the overlap the next one takes the place of the first, by one
 * rename: there is no moment without a key.
 */
import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../storage/durable-files.ts";
import { LedgerError } from "./error.ts";
import {
  createKeyFile,
  readKeyFile,
  readSecondKeyFile,
  type LogSigner,
  type Passphrase,
  type SecondSigner,
} from "./keys.ts";

export function keyFiles(folder: string) {
  return {
    log: join(folder, "log.key"),
    next: join(folder, "next.key"),
    /** Of the second line of each checkpoint, where there is one. */
    second: join(folder, "second.key"),
    system: join(folder, "system.key"),
  };
}

export interface HeldKeys {
  readonly signer: LogSigner;
  readonly next: LogSigner | undefined;
}

/** Throws a `LedgerError` "key-file" with what is wrong with which file. */
export async function readHeldKeys(folder: string, passphrase?: Passphrase): Promise<HeldKeys> {
  const files = keyFiles(folder);
  const signer = await readKeyFile(files.log, passphrase);
  const next = existsSync(files.next) ? await readKeyFile(files.next, passphrase) : undefined;
  if (next !== undefined && next.name !== signer.name) {
    throw new LedgerError(
      "key-file",
      `${files.next} is a key of ${next.name}, and the log is ${signer.name}`,
    );
  }
  return { signer, next };
}

/** The signer of the second line, where the folder has its key. */
export async function readSecondKey(
  folder: string,
  origin: string,
  now: () => number,
  passphrase?: Passphrase,
): Promise<SecondSigner | undefined> {
  const { second: file } = keyFiles(folder);
  if (!existsSync(file)) return undefined;
  const second = await readSecondKeyFile(file, now, passphrase);
  if (second.name !== origin) {
    throw new LedgerError(
      "key-file",
      `${file} is a key of ${second.name}, and the log is ${origin}`,
    );
  }
  return second;
}

/** Makes the key that will follow; throws a `LedgerError` "key-file" if there is one already. */
export async function createNextKey(
  folder: string,
  origin: string,
  passphrase?: Passphrase,
): Promise<LogSigner> {
  return await createKeyFile(keyFiles(folder).next, origin, passphrase);
}

/** The next key takes the place of the first, whose file is gone then. */
export async function retireKey(folder: string): Promise<void> {
  const files = keyFiles(folder);
  await rename(files.next, files.log);
  await syncFolder(folder);
}
