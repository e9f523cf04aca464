/**
 * Imports advisories into the advisory file. The file is copied, the copy is
 * written, synced and renamed over it: a run that is killed, interrupted or
 * refused leaves the old data as they were, and who reads meanwhile reads the old
 * ones to the end. One import at a time; the lock goes with the process.
 *
 * What has not changed since the last import (by size and time, or size and CRC)
 * is not read again. Memory does not grow with the sources: one record at a time,
 * one list of names a source.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { quoted } from "../git/error.ts";
import { AdvisoryError } from "./error.ts";
import { rebuildFlaws } from "./flaws.ts";
import { openForImport, openForReading } from "./schema.ts";
import { SourceImport, type SourceReport } from "./source-import.ts";
import { type Source, sourcesAt } from "./sources.ts";
import { Writer } from "./writer.ts";

export type ImportOptions = {
  /** Starts from nothing instead of what was imported before. */
  readonly fresh?: boolean;
  /** RFC 3339 date of the data, where the caller knows it better than the data themselves. */
  readonly date?: string;
  /** Ecosystems that the sources hold all advisories of, beside those that are recognised. */
  readonly covers?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
};

export type ImportProgress = {
  readonly phase: "reading" | "merging";
  readonly place: string;
  readonly done: number;
  readonly total: number;
};

export type ImportReport = {
  readonly sources: readonly SourceReport[];
  /** All that the file holds now. */
  readonly records: number;
  readonly flaws: number;
  readonly digest: string;
  /** False: nothing was new and the file is the one it was. */
  readonly written: boolean;
};

/** Throws AdvisoryError; then `file` is untouched. */
export async function importAdvisories(
  file: string,
  paths: readonly string[],
  options: ImportOptions = {},
): Promise<ImportReport> {
  const sources = paths.flatMap(sourcesAt);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const release = lock(`${file}.lock`);
  const copy = `${file}.new`;
  try {
    rmSync(copy, { force: true });
    if (existsSync(file) && options.fresh !== true) {
      openForReading(file).close();
      copyFileSync(file, copy);
    }
    const report = await importInto(copy, sources, options);
    if (report.written) {
      sync(copy);
      renameSync(copy, file);
      sync(dirname(file));
    }
    return report;
  } catch (error) {
    if (error instanceof AdvisoryError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AdvisoryError(
      "failed",
      `The import failed and the data are as they were: ${quoted(reason, 300)}.`,
      { cause: error },
    );
  } finally {
    rmSync(copy, { force: true });
    release();
  }
}

async function importInto(
  copy: string,
  sources: readonly Source[],
  options: ImportOptions,
): Promise<ImportReport> {
  const database = openForImport(copy);
  let last = performance.now();
  const pause = async () => {
    if (performance.now() - last >= 30) {
      await setImmediate();
      last = performance.now();
    }
    if (options.signal?.aborted === true) {
      throw new AdvisoryError(
        "aborted",
        "The import was interrupted and the data are as they were.",
      );
    }
  };
  try {
    await pause();
    const before = readMeta(database, "digest");
    const run = Number(readMeta(database, "run") ?? 0) + 1;
    database.exec("BEGIN");
    writeMeta(database, "run", String(run));
    const writer = new Writer(database);
    const reports: SourceReport[] = [];
    let isNew = before === null;
    for (const source of sources) {
      const work = new SourceImport({ database, writer, source, run, pause, options });
      reports.push(await work.perform());
      isNew ||= work.isNew;
    }
    options.onProgress?.({ phase: "merging", place: "", done: 0, total: 0 });
    const digest = isNew ? await rebuildFlaws(database, pause) : (before ?? "");
    writeMeta(database, "digest", digest);
    const { records, flaws } = database
      .prepare(
        "SELECT (SELECT count(*) FROM record) AS records, (SELECT count(*) FROM flaw) AS flaws",
      )
      .get() as { records: number; flaws: number };
    await pause();
    database.exec("COMMIT");
    return { sources: reports, records, flaws, digest, written: isNew };
  } finally {
    database.close();
  }
}

export function readMeta(database: DatabaseSync, name: string): string | null {
  const row = database.prepare("SELECT meta.value FROM meta WHERE meta.name = ?").get(name);
  return (row as { value: string } | undefined)?.value ?? null;
}

export function writeMeta(database: DatabaseSync, name: string, value: string): void {
  database
    .prepare(
      "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .run(name, value);
}

/** SQLite's lock on a small file beside the data: the system takes it back from a process that dies. */
function lock(path: string): () => void {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw new AdvisoryError("busy", "Another import is under way; try again when it is done.", {
      cause: error,
    });
  }
  return () => database.close();
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
