/**
 * The rows of a log made again from a mirror, in one transaction: all of a log that its
 * key signed, with the tokens of time authorities, or nothing. Views are made from the
 * entries afterwards. What no mirror has:
 * the texts behind commitments, artefacts, keys, and cosignatures that are not on the
 * mirror's checkpoint.
 */
import { openLogCheckpoint, type LogVerifier } from "@countermand/tlog";
import type { Database, Tx } from "../../storage/database.ts";
import { LedgerError } from "../error.ts";
import { createLog } from "../keys.ts";
import { advanceHead, insertEntries, insertOwed, insertTiles, lockHead } from "../log-rows.ts";
import { insertTokens, type TokenOfCheckpoint } from "../timestamps/token-rows.ts";
import { readWholeMirror } from "./read-mirror.ts";
import { MirrorError, type MirrorSource } from "./target.ts";

export interface RestoreOptions {
  readonly database: Database;
  readonly source: MirrorSource;
  readonly verifier: LogVerifier;
  readonly now: Date;
  /** What only those know who can read entries. May throw for an entry that is none. */
  readonly describe: (leaf: Uint8Array) => {
    readonly identity: Uint8Array;
    /** RFC 3339. */
    readonly recordedAt: string;
  };
  readonly onProgress?: (done: number) => void;
}

export interface Restored {
  readonly logId: number;
  readonly entries: number;
  /** The mirror's checkpoint. */
  readonly note: string;
}

/**
 * Throws a `MirrorError` "contradiction" with the first thing that is wrong, and a
 * `LedgerError` "log-exists" if the database has entries of this log; then nothing is written.
 */
export async function restoreFromMirror(options: RestoreOptions): Promise<Restored> {
  const { database, verifier, now } = options;
  const { name } = verifier;
  const row = await database.read
    .selectFrom("log")
    .innerJoin("log_head", "log_head.log_id", "log.log_id")
    .select(["log.log_id", "log_head.size"])
    .where("log.origin", "=", name)
    .executeTakeFirst();
  if (row !== undefined && row.size > 0) throw exists(name, row.size);
  // An empty log is what an interrupted restore leaves.
  const logId = row?.log_id ?? (await createLog(database, verifier, now));
  return await database.transaction((tx) => readInto(tx, logId, options));
}

function exists(origin: string, size: number): LedgerError {
  return new LedgerError(
    "log-exists",
    `the database has ${size} entries of ${origin} already; restore into an empty store`,
  );
}

async function readInto(
  tx: Tx,
  logId: number,
  { source, verifier, now, describe, onProgress }: RestoreOptions,
): Promise<Restored> {
  const head = await lockHead(tx, logId);
  if (head?.size !== 0) throw exists(verifier.name, head?.size ?? 0);
  let { recordedAt } = head;
  for await (const message of readWholeMirror(source, verifier)) {
    if (message.kind === "finding") {
      throw new MirrorError(
        "contradiction",
        `the mirror ${source.place} is damaged, and nothing was restored: ${message.where}: ${message.problem}`,
      );
    }
    if (message.kind === "page") {
      const entries = message.entries.map((leaf, i) => {
        const index = message.from + i;
        const described = describe(leaf);
        recordedAt = described.recordedAt;
        return {
          index,
          leaf,
          leafHash: message.leafHashes[i] as Uint8Array,
          identity: described.identity,
        };
      });
      await insertEntries(tx, logId, entries);
      await insertTiles(tx, logId, message.tiles);
      await insertTimes(tx, logId, message.times, verifier);
      onProgress?.(message.from + entries.length);
      continue;
    }
    const { mirror, tree } = message;
    const { size, root } = mirror.checkpoint;
    const note = Buffer.from(mirror.bytes).toString("utf8");
    if (size > 0) await advanceHead(tx, logId, 0, { tree, recordedAt });
    await insertOwed(tx, logId, [{ size, root, note, publishedAt: now.toISOString() }]);
    return { logId, entries: size, note };
  }
  throw new MirrorError("contradiction", `the mirror ${source.place} ended before its checkpoint`);
}

/** The tokens of a page, each with the checkpoint that it is over, byte for byte. */
async function insertTimes(
  tx: Tx,
  logId: number,
  times: readonly TokenOfCheckpoint[],
  verifier: LogVerifier,
): Promise<void> {
  for (const { note, size, publishedAt } of times) {
    const { root } = await openLogCheckpoint(Buffer.from(note), verifier);
    await insertOwed(tx, logId, [{ size, root, note, publishedAt }]);
  }
  await insertTokens(tx, logId, times);
}
