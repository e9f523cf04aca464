/**
 * `fsck` on a data folder: the ledger's rows, the views over them, the mark and
 * the artefacts. Opens the store beside a running server, and where the ledger
 * itself refuses to start.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { artefactsOf, logKeysOf, type RecordState, type Registry } from "@countermand/record";
import { formatVerifierKey, type LogKeys, type NoteVerifier } from "@countermand/tlog";
import type { Context, FsckMessage, LedgerOptions } from "../cli/context.ts";
import { CommandError, exitCodes } from "../cli/exit.ts";
import { readConfig } from "../config/config.ts";
import { fsck } from "../ledger/fsck.ts";
import { readPublicKey } from "../ledger/keys.ts";
import { followLogKeys, sameKeys } from "../ledger/log-keys.ts";
import { LedgerError } from "../ledger/error.ts";
import { openMark } from "../ledger/mark.ts";
import { judgesOf } from "../rollbacks/judges.ts";
import { checkViews } from "../rollbacks/fsck-views.ts";
import { readRegistry } from "../rollbacks/views.ts";
import { directoryBlobs, type Blobs } from "../storage/blobs.ts";
import { dataDirectory } from "../storage/data-directory.ts";
import type { Database } from "../storage/database.ts";
import { openDatabase } from "../storage/open.ts";

const checks = [
  "entries, leaf hashes and order",
  "tiles and head",
  "signed checkpoints",
  "high-water mark",
  "signatures and rules",
  "views",
  "texts",
  "artefacts",
];

export async function* fsckStore(
  context: Context,
  options: Pick<LedgerOptions, "data">,
): AsyncGenerator<FsckMessage> {
  const config = readConfig(context.env, options);
  const directory = dataDirectory(config.data);
  if (config.databaseUrl === undefined && !existsSync(directory.database)) {
    throw new CommandError(exitCodes.usage, `There is no ledger in ${directory.root}.`);
  }
  const database = await openDatabase(
    config.databaseUrl === undefined ? { file: directory.database } : { url: config.databaseUrl },
  );
  try {
    // Nothing is signed: a sealed key need not be opened.
    const signer = await readPublicKey(join(directory.keys, "log.key"));
    const log = await database.read
      .selectFrom("log")
      .innerJoin("log_head", "log_head.log_id", "log.log_id")
      .select(["log.log_id", "log_head.size"])
      .where("log.origin", "=", signer.name)
      .executeTakeFirst();
    if (log === undefined) {
      yield {
        kind: "finding",
        where: "log",
        problem: `there is no log ${signer.name} in the database, whose key is here`,
      };
      return;
    }
    const keys = await followLogKeys(database, log.log_id, signer.name);
    yield* checkLogKeys(database, log.log_id, keys, signer);
    const blobs = directoryBlobs(directory.blobs, { maxBytes: config.maxArtefactBytes });
    const mark = await openMark(directory.marks, signer.name).catch(damaged);
    if ("problem" in mark) yield { kind: "finding", where: "mark", problem: mark.problem };
    try {
      yield* fsck(database, {
        logId: log.log_id,
        ...("problem" in mark ? {} : { mark }),
        log: keys,
        checkViews: () => checkViews(database, log.log_id, judgesOf(blobs)),
      });
    } finally {
      if (!("problem" in mark)) await mark.close();
    }
    yield* checkArtefacts(database, log.log_id, blobs);
    yield { kind: "done", entries: log.size, checks };
  } finally {
    await database.close();
  }
}

/**
 * Who signs is a view too: the rows are what the entries announced, the first of which the
 * log was made with, and the key in the folder is one of them.
 */
async function* checkLogKeys(
  database: Database,
  logId: number,
  { keys }: LogKeys,
  ours: NoteVerifier,
): AsyncGenerator<FsckMessage> {
  const vkeys = keys.map((key) => formatVerifierKey(key.verifier));
  if (!vkeys.includes(formatVerifierKey(ours))) {
    yield {
      kind: "finding",
      where: "log keys",
      problem: `the database does not know the key of this folder, ${formatVerifierKey(ours)}`,
    };
  }
  const registry = await readRegistry(database.read, logId);
  const announced = announcedBy(registry);
  if (announced === undefined) return;
  if (!sameKeys(keys, announced)) {
    yield {
      kind: "finding",
      where: "log keys",
      problem: `the database has ${vkeys.join(", ")} or their sizes otherwise than the entries announced; the next start makes them again from the entries`,
    };
  }
}

/** Undefined where the view cannot be read: that is for the check of the views to say. */
function announcedBy(registry: Registry | undefined): LogKeys["keys"] | undefined {
  try {
    return registry === undefined ? undefined : logKeysOf(registry).keys;
  } catch {
    return undefined;
  }
}

/** A mark that cannot be read is a finding, not the end of the check. */
function damaged(error: unknown): { readonly problem: string } {
  if (error instanceof LedgerError) return { problem: error.message };
  throw error;
}

/** What records name must be there and be what it was, unless it was never sent. */
async function* checkArtefacts(
  database: Database,
  logId: number,
  blobs: Blobs,
): AsyncGenerator<FsckMessage> {
  let after = { year: 0, number: 0 };
  for (;;) {
    const rows = await database.read
      .selectFrom("record")
      .select(["record.id", "record.year", "record.number", "record.state"])
      .where("record.log_id", "=", logId)
      .where((eb) =>
        eb(eb.refTuple("record.year", "record.number"), ">", eb.tuple(after.year, after.number)),
      )
      .orderBy("record.year")
      .orderBy("record.number")
      .limit(100)
      .execute();
    for (const row of rows) {
      for (const { digest } of artefacts(row.state)) {
        const found = await blobs.verify(digest);
        if (found === "good") continue;
        const problem =
          found === "missing"
            ? "is missing; statements name it, put it back from a backup"
            : "was changed: its content has another digest; put it back from a backup";
        yield {
          kind: "finding",
          where: `record ${row.id}`,
          problem: `the artefact sha256:${digest} ${problem}`,
        };
      }
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = { year: last.year, number: last.number };
  }
}

/** A state that does not parse was named by the check of the views. */
function artefacts(state: string): ReturnType<typeof artefactsOf> {
  try {
    return artefactsOf(JSON.parse(state) as RecordState);
  } catch {
    return [];
  }
}
