/** The process that holds a log's key, and the way of the key there and back. */
import { resolve } from "node:path";
import type { Context, SignerOptions } from "../cli/context.ts";
import { usage } from "../cli/exit.ts";
import { readConfig } from "../config/config.ts";
import { readHeldKeys } from "../ledger/key-folder.ts";
import { openMark } from "../ledger/mark.ts";
import { listen } from "../ledger/signer/listen.ts";
import { signingProcess } from "../ledger/signer/log-signer.ts";
import { moveKeys } from "../ledger/signer/move-keys.ts";
import { holdDataDirectory } from "../storage/data-directory.ts";
import { passphraseFrom } from "./key-passphrase.ts";

/** Until it is interrupted. Throws where the folder is held by another process. */
export async function runSigner(context: Context, options: SignerOptions): Promise<void> {
  const config = readConfig(context.env, options);
  const path = resolve(context.cwd, options.socket);
  if (Buffer.byteLength(path) > 100) {
    throw usage(`The path of a socket has at most 100 bytes; ${path} has more.`);
  }
  const directory = holdDataDirectory(config.data);
  try {
    const held = await readHeldKeys(directory.keys, passphraseFrom(config.keyPassphrase));
    const mark = await openMark(directory.marks, held.signer.name);
    try {
      const signing = await signingProcess({
        keys: [held.signer, ...(held.next === undefined ? [] : [held.next])],
        mark,
        adopt: options.adopt === true,
      });
      context.err(
        `Signing for ${signing.origin} at ${path}; ${signing.marked()} entries were signed for. Ctrl-C ends it.\n`,
      );
      const report = (line: string) => context.err(`${context.now().toISOString()} ${line}\n`);
      await listen(path, signing, report, context.interrupted, options.group === true);
    } finally {
      await mark.close();
    }
  } finally {
    directory.release();
  }
}

/** Both folders are held meanwhile: no server and no signer works on them. */
export async function moveLogKeys(
  context: Context,
  from: string,
  to: string,
): Promise<readonly string[]> {
  if (resolve(context.cwd, from) === resolve(context.cwd, to)) {
    throw usage("A key is moved to another folder than where it is.");
  }
  const source = holdDataDirectory(resolve(context.cwd, from));
  try {
    const target = holdDataDirectory(resolve(context.cwd, to));
    try {
      return await moveKeys(source, target);
    } finally {
      target.release();
    }
  } finally {
    source.release();
  }
}
