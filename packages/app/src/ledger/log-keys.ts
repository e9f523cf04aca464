/**
 * The log's keys and the sizes that they may sign, as the rows of `log_key` have them:
 * a view of the entries that announced them. A server signs with each key that it
 * holds and that may sign the size at hand, so in an overlap it signs with two.
 */
import {
  formatVerifierKey,
  maySign,
  parseVerifierKey,
  type LogKey,
  type LogKeys,
} from "@countermand/tlog";
import type { Kysely } from "kysely";
import type { Database, Tx } from "../storage/database.ts";
import type { Tables } from "../storage/schema.ts";
import { LedgerError } from "./error.ts";
import type { LogSigner } from "./keys.ts";

export async function readLogKeys(db: Kysely<Tables>, logId: number): Promise<readonly LogKey[]> {
  const rows = await db
    .selectFrom("log_key")
    .select(["log_key.vkey", "log_key.from_size", "log_key.until_size"])
    .where("log_key.log_id", "=", logId)
    .orderBy("log_key.from_size")
    .orderBy("log_key.vkey")
    .execute();
  return rows.map(({ vkey, from_size: from, until_size: until }) => ({
    verifier: parseVerifierKey(vkey),
    from,
    until: until ?? undefined,
  }));
}

/** Keys that follow the database: another server may have changed them. */
export async function followLogKeys(
  database: Database,
  logId: number,
  origin: string,
): Promise<LogKeys> {
  let keys = await readLogKeys(database.read, logId);
  return {
    name: origin,
    get keys() {
      return keys;
    },
    async refresh() {
      keys = await readLogKeys(database.read, logId);
    },
  };
}

/** Makes the rows be `keys`. */
export async function writeLogKeys(tx: Tx, logId: number, keys: readonly LogKey[]): Promise<void> {
  const rows = keys.map(({ verifier, from, until }) => ({
    log_id: logId,
    vkey: formatVerifierKey(verifier),
    from_size: from,
    until_size: until ?? null,
  }));
  await tx.deleteFrom("log_key").where("log_key.log_id", "=", logId).execute();
  await tx.insertInto("log_key").values(rows).execute();
}

export function sameKeys(a: readonly LogKey[], b: readonly LogKey[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i];
      return (
        other !== undefined &&
        one.from === other.from &&
        one.until === other.until &&
        formatVerifierKey(one.verifier) === formatVerifierKey(other.verifier)
      );
    })
  );
}

/** Those of the keys that we hold that may sign a tree of `size`, the older first. */
export function ableSigners(
  held: readonly LogSigner[],
  keys: readonly LogKey[],
  size: number,
): readonly LogSigner[] {
  return keys.flatMap((key) =>
    maySign(key, size)
      ? held.filter((signer) => signer.vkey === formatVerifierKey(key.verifier))
      : [],
  );
}

/** Throws a `LedgerError` "foreign-key" unless a key that we hold may sign a tree of `size`. */
export function assertCanSign(
  origin: string,
  held: readonly LogSigner[],
  keys: readonly LogKey[],
  size: number,
): void {
  if (ableSigners(held, keys, size).length > 0) return;
  // Of a log that never had our key it does not matter from where on.
  const ours = keys.some((key) =>
    held.some((signer) => signer.vkey === formatVerifierKey(key.verifier)),
  );
  const theirs = keys.filter((key) => maySign(key, size)).map((key) => key.verifier);
  throw new LedgerError(
    "foreign-key",
    `the log ${origin} is signed by ${theirs.map(formatVerifierKey).join(", ") || "no known key"}${ours ? ` from ${size} entries on` : ""}, and the key given is ${held.map((signer) => signer.vkey).join(", ")}; start with the log's own key`,
  );
}
