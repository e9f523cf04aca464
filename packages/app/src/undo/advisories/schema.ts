/**
 * The advisory file: SQLite, written by one import at a time into a copy that
 * then takes the place of the old file, read by everybody else. Nothing in it is
 * secret and all of it can be imported again; who can write it can hide an
 * advisory, so it belongs to the user.
 */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { quoted } from "../git/error.ts";
import { AdvisoryError } from "./error.ts";

/** "ADVX": tells this file from any other SQLite file. */
const applicationId = 0x41445658;
/** Raised when the tables or what is in them change; an older file is imported again. */
const version = 1;

const tables = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE source (
    id INTEGER PRIMARY KEY, place TEXT NOT NULL UNIQUE, stamp TEXT NOT NULL, run INTEGER NOT NULL
  );
  -- A file, or an entry of an archive, as it was when it was read.
  CREATE TABLE unit (
    source INTEGER NOT NULL, name TEXT NOT NULL, stamp TEXT NOT NULL, run INTEGER NOT NULL,
    ecosystems TEXT NOT NULL, modified TEXT NOT NULL,
    PRIMARY KEY (source, name)
  ) WITHOUT ROWID;
  -- What a source holds all advisories of, and as of when.
  CREATE TABLE snapshot (
    ecosystem TEXT NOT NULL, source INTEGER NOT NULL, date TEXT NOT NULL, dated_by TEXT NOT NULL,
    PRIMARY KEY (ecosystem, source)
  ) WITHOUT ROWID;
  CREATE TABLE record (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, stamp TEXT NOT NULL, digest TEXT NOT NULL,
    modified TEXT NOT NULL, published TEXT NOT NULL, withdrawn TEXT NOT NULL,
    summary TEXT NOT NULL, score INTEGER, severity TEXT, informational INTEGER NOT NULL,
    ids TEXT NOT NULL, commits TEXT NOT NULL, pulls TEXT NOT NULL, flaw INTEGER NOT NULL
  );
  CREATE INDEX record_flaw ON record (flaw);
  CREATE TABLE affected (
    record INTEGER NOT NULL, place INTEGER NOT NULL, package TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (record, place)
  ) WITHOUT ROWID;
  CREATE INDEX affected_package ON affected (package, record);
  CREATE TABLE alias (
    id TEXT NOT NULL, record INTEGER NOT NULL, joins INTEGER NOT NULL, PRIMARY KEY (id, record)
  ) WITHOUT ROWID;
  CREATE TABLE fix_commit (
    id TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (id, record)
  ) WITHOUT ROWID;
  CREATE TABLE fix_pull (
    pull TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (pull, record)
  ) WITHOUT ROWID;
  -- Records that are about the same, merged; rebuilt by every import.
  CREATE TABLE flaw (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, aliases TEXT NOT NULL, summary TEXT NOT NULL,
    score INTEGER, severity TEXT, published TEXT NOT NULL, withdrawn TEXT NOT NULL
  );
  CREATE TABLE exploited (cve TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE epss (cve TEXT PRIMARY KEY, permille INTEGER NOT NULL) WITHOUT ROWID;
`;

/** Opens a file to be written by an import; a new one gets its tables. */
export function openForImport(file: string): DatabaseSync {
  const isNew = !existsSync(file);
  const database = new DatabaseSync(file);
  try {
    // The copy is worthless until it is renamed, so nothing of it needs to survive a crash.
    database.exec(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY",
    );
    if (isNew) {
      database.exec(
        `PRAGMA page_size = 8192; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}; ${tables}`,
      );
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens a file to be read; refuses what is none of ours or of another version. */
export function openForReading(file: string): DatabaseSync {
  if (!existsSync(file)) {
    throw new AdvisoryError("not-found", `There is no advisory data at ${quoted(file, 300)}.`);
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const pragma = (name: string) =>
      Object.values(database?.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    if (pragma("application_id") !== applicationId) {
      throw new AdvisoryError(
        "invalid",
        `${quoted(file, 300)} is no advisory data of this program.`,
      );
    }
    if (pragma("user_version") !== version) {
      throw new AdvisoryError(
        "invalid",
        `${quoted(file, 300)} was written by another version; import the advisories again with --fresh.`,
      );
    }
    database.exec(
      "PRAGMA mmap_size = 1073741824; PRAGMA cache_size = -32768; PRAGMA query_only = 1",
    );
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof AdvisoryError) throw error;
    throw new AdvisoryError(
      "invalid",
      `${quoted(file, 300)} is no advisory data of this program.`,
      {
        cause: error,
      },
    );
  }
}
