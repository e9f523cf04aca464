/** What is SQLite's own: statements, and what its result codes mean. */
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import type { Connection, Engine } from "./connection.ts";
import { StorageError } from "./error.ts";
import type { WorkerFailure } from "./sqlite-worker.ts";

export const sqliteEngine: Engine = {
  name: "sqlite",
  grammar: {
    createAdapter: () => new ManyConnections(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  },
  // The one writer takes the lock at once: a later upgrade could fail half-way.
  begin: "begin immediate",
  beginSnapshot: "begin",
  // The writer is alone from its first statement.
  forUpdateOf: () => "",
  leafHash: (column) => `leaf_hash_of(${column})`,
  // SQLite puts them together as it comes upon them, in one order for all three: a call for each
  // row, with its bytes, took twice as long as this takes in all.
  joinedHashes: (at, hash) =>
    `in_place(group_concat(${at}), cast(group_concat(${hash}, '') as blob))`,
  joinedLeafHashes: (at, leaf) =>
    `leaf_hashes_in_place(group_concat(${at}), group_concat(length(${leaf})), cast(char(0) || group_concat(${leaf}, char(0)) as blob))`,
  // `begin immediate` holds everybody off.
  lockMigrations: async () => {},
  dumpSchema,
};

/**
 * Kysely guards a single connection with a lock, and keeps it locked for ever
 * after an acquisition that failed. We have several, and lock where it is needed.
 */
class ManyConnections extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

async function dumpSchema(connection: Connection): Promise<string[]> {
  const { rows } = await connection.run(
    "select sql from sqlite_schema where sql is not null and name not like 'sqlite_%' order by type, name",
    [],
  );
  return rows.map(({ sql }) => String(sql));
}

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html. */
export function sqliteError({ message, errcode }: WorkerFailure, file: string): StorageError {
  switch ((errcode ?? 0) & 0xff) {
    case 5:
    case 6:
      return new StorageError("in-use", `another process is writing to ${file}; try again later`);
    case 8:
      return new StorageError(
        "read-only",
        `cannot write ${file}: it or its directory is read-only for this user`,
      );
    case 13:
      return new StorageError(
        "full",
        `the disk is full: cannot write ${file}; make room and try again`,
      );
    case 10:
      return new StorageError("unavailable", `reading or writing ${file} failed: ${message}`);
    case 11:
      return new StorageError(
        "damaged",
        `${file} is damaged (${message}); restore it from a backup and run fsck`,
      );
    case 14:
      return new StorageError("unavailable", `cannot open ${file}: ${message}`);
    case 26:
      return new StorageError("damaged", `${file} is not a SQLite database`);
    case 19:
      return new StorageError("constraint", message);
    default:
      return new StorageError("statement", message);
  }
}
