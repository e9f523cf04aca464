/** Rebuilding the views of the ledger in a data folder, or in the database that it points to. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Context, LedgerOptions, RebuildResult } from "../cli/context.ts";
import { CommandError, exitCodes } from "../cli/exit.ts";
import { readConfig } from "../config/config.ts";
import { readPublicKey } from "../ledger/keys.ts";
import { findLog } from "../ledger/log-rows.ts";
import { rebuildViews } from "../rollbacks/rebuild.ts";
import { holdDataDirectory } from "../storage/data-directory.ts";
import { openDatabase } from "../storage/open.ts";

export async function rebuild(
  context: Context,
  options: Pick<LedgerOptions, "data">,
  onProgress: (done: number, total: number) => void,
): Promise<RebuildResult> {
  const config = readConfig(context.env, options);
  const directory = holdDataDirectory(config.data);
  try {
    const keyFile = join(directory.keys, "log.key");
    if (!existsSync(keyFile)) {
      throw new CommandError(exitCodes.usage, `There is no ledger in ${directory.root}.`);
    }
    const database = await openDatabase(
      config.databaseUrl === undefined ? { file: directory.database } : { url: config.databaseUrl },
    );
    try {
      const { name } = await readPublicKey(keyFile);
      const logId = await findLog(database.read, name);
      if (logId === undefined) {
        throw new CommandError(
          exitCodes.couldNot,
          `There is no log ${name} in the database, whose key is in ${directory.keys}.`,
        );
      }
      return await rebuildViews(database, logId, ({ done, total }) => {
        context.interrupted.throwIfAborted();
        onProgress(done, total);
      });
    } finally {
      await database.close();
    }
  } finally {
    directory.release();
  }
}
