/** `--time-roots FILE`: the certificates of time authorities that somebody believes. */
import { resolve } from "node:path";
import type { Context } from "./context.ts";
import { CommandError, exitCodes, usage } from "./exit.ts";

/** Judges time-stamp tokens with the certificates in `file`. */
export async function timesBy(context: Context, file: string) {
  const [{ timeChecker }, { TimestampError }] = await Promise.all([
    import("../ledger/timestamps/check-time.ts"),
    import("../ledger/timestamps/error.ts"),
  ]);
  try {
    return await timeChecker(resolve(context.cwd, file));
  } catch (error) {
    if (!(error instanceof TimestampError)) throw error;
    if (error.code === "roots") throw usage(`--time-roots: ${error.message}.`);
    throw new CommandError(exitCodes.couldNot, `${error.message}.`);
  }
}
