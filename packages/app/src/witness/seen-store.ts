/**
 * What a witness has seen of each log: the newest checkpoint that it cosigned,
 * with the log's signatures and its own. It is what a witness is worth: a file
 * that is lost, or put back from a backup, lets a log show a second history.
 *
 * SQLite with `synchronous = FULL`: when `advance` returns, the row is on the disk,
 * and a process that is killed at any moment leaves the old row or the new one.
 * The lock of the file is held until `close`, so there is one writer.
 */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseCheckpoint, parseNote, sameSeen, type Seen } from "@countermand/tlog";
import { WitnessError } from "./error.ts";

export interface SeenCheckpoint extends Seen {
  /** A signed note: the log's signatures and the witness's. */
  readonly note: Uint8Array;
}

export interface SeenStore {
  get(origin: string): SeenCheckpoint | undefined;
  /** By the hex SHA-256 of the origin. */
  byHash(hash: string): SeenCheckpoint | undefined;
  /** Compare and persist: false, and nothing written, if what was seen is not `from`. */
  advance(origin: string, hash: string, from: Seen | undefined, to: SeenCheckpoint): boolean;
  all(): readonly { readonly origin: string; readonly size: number }[];
  close(): void;
}

/** Throws a `WitnessError` "state" if another process has the folder, or the file is damaged. */
export function openSeenStore(folder: string): SeenStore {
  let db: DatabaseSync;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, "witness.db");
    db = new DatabaseSync(file, { timeout: 250 });
    chmodSync(file, 0o600);
  } catch (error) {
    throw new WitnessError("state", `cannot use ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    db.exec(
      "pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full; begin exclusive",
    );
    db.exec(
      `create table if not exists seen (
         origin text not null primary key,
         origin_hash text not null unique,
         size integer not null check (size >= 0),
         root blob not null check (length(root) = 32),
         note blob not null
       ) strict; commit`,
    );
  } catch (error) {
    db.close();
    const busy = ((error as { errcode?: number }).errcode ?? 0) % 256 === 5;
    throw new WitnessError(
      "state",
      busy
        ? `another witness is using ${folder}; stop it, or give this one a folder of its own`
        : `what was seen, in ${folder}, cannot be read: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const columns = "select s.origin, s.size, s.root, s.note from seen s";
  const get = db.prepare(`${columns} where s.origin = ?`);
  const byHash = db.prepare(`${columns} where s.origin_hash = ?`);
  const list = db.prepare("select s.origin, s.size from seen s order by s.origin");
  const insert = db.prepare(
    "insert into seen (origin, origin_hash, size, root, note) values (?, ?, ?, ?, ?) on conflict do nothing",
  );
  const update = db.prepare(
    "update seen set size = ?, root = ?, note = ? where origin = ? and size = ? and root = ?",
  );
  return {
    get: (origin) => read(get.get(origin)),
    byHash: (hash) => read(byHash.get(hash)),
    advance(origin, hash, from, { size, root, note }) {
      const { changes } =
        from === undefined
          ? insert.run(origin, hash, size, root, note)
          : update.run(size, root, note, origin, from.size, from.root);
      return Number(changes) === 1;
    },
    all: () =>
      list.all().map((row) => ({ origin: String(row["origin"]), size: Number(row["size"]) })),
    close: () => db.close(),
  };
}

/** A row must be what its note says: half of a change is no state to decide from. */
function read(row: Record<string, unknown> | undefined): SeenCheckpoint | undefined {
  if (row === undefined) return undefined;
  const { origin, size, root, note } = row as {
    origin: string;
    size: number;
    root: Uint8Array;
    note: Uint8Array;
  };
  const checkpoint = parseCheckpoint(parseNote(note).text);
  if (checkpoint.origin !== origin || !sameSeen(checkpoint, { size, root })) {
    throw new WitnessError("state", `what is kept of ${origin} contradicts itself`);
  }
  return { size, root, note };
}
