/** A log is frozen by hand: what runs on it appends no more, here and on every other server. */
import { existsSync } from "node:fs";
import type { Context, LedgerOptions } from "../cli/context.ts";
import { usage } from "../cli/exit.ts";
import { readConfig } from "../config/config.ts";
import { formatAlarm } from "../ledger/alarm.ts";
import { keyFiles } from "../ledger/key-folder.ts";
import { readPublicKey } from "../ledger/keys.ts";
import { dataDirectory } from "../storage/data-directory.ts";
import { openDatabase } from "../storage/open.ts";

/** Answers the log's origin, or what it stands at where it was not active. Works beside a running server. */
export async function freezeLog(
  context: Context,
  options: Pick<LedgerOptions, "data">,
  reason: string,
): Promise<{ readonly origin: string; readonly already?: string }> {
  const config = readConfig(context.env, options);
  const directory = dataDirectory(config.data);
  const { log } = keyFiles(directory.keys);
  if (!existsSync(log)) throw usage(`There is no ledger in ${config.data}.`);
  const { name: origin } = await readPublicKey(log);
  const database = await openDatabase(
    config.databaseUrl === undefined ? { file: directory.database } : { url: config.databaseUrl },
  );
  try {
    const foundAt = context.now().toISOString();
    const found = `an operator froze it: ${reason}`;
    return await database.transaction(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable("log")
        .set({ state: "frozen", reason: formatAlarm({ found, foundAt }) })
        .where("origin", "=", origin)
        .where("state", "=", "active")
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 1n) return { origin };
      const row = await tx
        .selectFrom("log")
        .select(["log.state", "log.reason"])
        .where("log.origin", "=", origin)
        .executeTakeFirst();
      if (row === undefined) throw usage(`There is no log ${origin} in the database.`);
      return { origin, already: `${row.state}${row.reason === null ? "" : `: ${row.reason}`}` };
    });
  } finally {
    await database.close();
  }
}
