/**
 * The logical export of the database and its way back, on either engine. Keys,
 * marks and artefacts are files in the data folder and are backed up as files:
 * a mark that is restored together with the database would notice nothing.
 */
import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { BackupResult, Context, LedgerOptions } from "../cli/context.ts";
import { CommandError, exitCodes, usage } from "../cli/exit.ts";
import { readConfig, type Config } from "../config/config.ts";
import { dataDirectory, holdDataDirectory } from "../storage/data-directory.ts";
import { openDatabase, type DatabaseLocation } from "../storage/open.ts";
import { exportDatabase, importDatabase } from "../storage/portable.ts";

type Options = Pick<LedgerOptions, "data">;

export async function backup(
  context: Context,
  options: Options,
  file: string,
): Promise<BackupResult> {
  const config = readConfig(context.env, options);
  const path = resolve(context.cwd, file);
  const database = await openDatabase(locationOf(config));
  try {
    const target = await open(path, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") throw usage(`${path} is there already; name a new file.`);
      throw new CommandError(exitCodes.couldNot, `${path} cannot be written (${error.code}).`);
    });
    try {
      const counts = await exportDatabase(database, async (lines) => {
        await target.writeFile(lines);
      });
      await target.sync();
      return { entries: counts.entry, place: path };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await target.close();
    }
  } finally {
    await database.close();
  }
}

export async function restore(
  context: Context,
  options: Options,
  file: string,
): Promise<BackupResult> {
  const config = readConfig(context.env, options);
  const path = resolve(context.cwd, file);
  const directory = holdDataDirectory(config.data);
  try {
    const database = await openDatabase(locationOf(config));
    try {
      const counts = await importDatabase(database, createReadStream(path));
      return { entries: counts.entry, place: directory.root };
    } finally {
      await database.close();
    }
  } finally {
    directory.release();
  }
}

function locationOf(config: Config): DatabaseLocation {
  return config.databaseUrl === undefined
    ? { file: dataDirectory(config.data).database }
    : { url: config.databaseUrl };
}
