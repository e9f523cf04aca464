/**
 * The logical export: every table that cannot be made again from others, as
 * lines of JSON, in one order that does not depend on the engine. It is the
 * backup, and the way from SQLite to PostgreSQL. An export of an import is the
 * same bytes.
 *
 *   {"format":"countermand-export","version":1,"migrations":2}
 *   {"table":"entry","row":{"log_id":1,"idx":0,"leaf":{"base64":"…"}, …}}
 *   {"end":{"log":1,"entry":600, …},"sha256":"… of all lines before"}
 */
import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { SqlValue } from "./connection.ts";
import { insertRows, type Database, type Snapshot, type Tx } from "./database.ts";
import { StorageError } from "./error.ts";
import { migrationsOf } from "./migrate.ts";
import type { Tables } from "./schema.ts";

/** What is exported, in the order of the import, each with its primary key. */
export const portableTables = {
  log: ["log_id"],
  log_key: ["log_id", "vkey"],
  log_head: ["log_id"],
  entry: ["log_id", "idx"],
  tile: ["log_id", "level", "n"],
  checkpoint: ["log_id", "size"],
  cosignature: ["log_id", "size", "vkey"],
  checkpoint_time: ["log_id", "size", "authority"],
  opening: ["log_id", "commitment"],
  audit: ["log_id", "repository"],
  reversal: ["log_id", "repository", "commit_id"],
  deployment: ["log_id", "service", "environment", "digest"],
  gate_event: ["log_id", "id"],
  signal: ["log_id", "source", "id"],
} as const satisfies Partial<Record<keyof Tables, readonly string[]>>;

/** Views: made again from the entries after an import. */
export const rebuiltTables = ["registry", "record", "record_entry", "seen_running"] as const;

/** The server's own, of no worth elsewhere: after an import everybody logs in again, and no old news is told. */
export const passingTables = [
  "login_session",
  "login_once",
  "api_token",
  "notice",
  "notice_delivery",
] as const;

type Portable = keyof typeof portableTables;
export type RowCounts = Record<Portable, number>;

const names = Object.keys(portableTables) as Portable[];
const rowsPerPage = 256;
/** A tile of 8 KB, or an entry of 64 KB, in base64, with room. */
const maxLine = 4_000_000;
const format = "countermand-export";

/** Writes one moment of the database through `write`, a page at a time. */
export async function exportDatabase(
  database: Database,
  write: (lines: Uint8Array) => Promise<void>,
): Promise<RowCounts> {
  const hash = createHash("sha256");
  const counts = zeroCounts();
  async function put(lines: readonly unknown[]): Promise<void> {
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    hash.update(bytes);
    await write(bytes);
  }
  await database.snapshot(async (snapshot) => {
    const migrations = migrationsOf(database.engine).length;
    await put([{ format, version: 1, migrations }]);
    for (const table of names) {
      for await (const rows of pages(snapshot, table)) {
        counts[table] += rows.length;
        await put(rows.map((row) => ({ table, row: encodeRow(row) })));
      }
    }
  });
  await put([{ end: counts, sha256: hash.copy().digest("hex") }]);
  return counts;
}

async function* pages(
  snapshot: Snapshot,
  table: Portable,
): AsyncGenerator<Record<string, SqlValue>[]> {
  const key: readonly string[] = portableTables[table];
  const columns = sql.join(key.map((column) => sql.ref(column)));
  let after: Record<string, SqlValue> | undefined;
  for (;;) {
    const last = after;
    const from =
      last === undefined
        ? sql``
        : sql`where (${columns}) > (${sql.join(key.map((column) => last[column]))})`;
    const { rows } = await sql<Record<string, SqlValue>>`
      select * from ${sql.table(table)} ${from} order by ${columns} limit ${rowsPerPage}`.execute(
      snapshot,
    );
    if (rows.length > 0) yield rows;
    if (rows.length < rowsPerPage) return;
    after = rows.at(-1);
  }
}

/**
 * Reads an export into a database whose tables are empty, all or nothing.
 * Throws a `StorageError` "content" that names the line.
 */
export async function importDatabase(
  database: Database,
  chunks: AsyncIterable<Uint8Array>,
): Promise<RowCounts> {
  return database.transaction(async (tx) => {
    await assertEmpty(tx);
    const hash = createHash("sha256");
    const counts = zeroCounts();
    const page: { table: Portable; rows: Record<string, SqlValue>[] } = { table: "log", rows: [] };
    async function flush(): Promise<void> {
      await insertPage(tx, page.table, page.rows);
      page.rows = [];
    }
    let number = 0;
    let ended = false;
    for await (const line of linesOf(chunks)) {
      number += 1;
      const where = `line ${number}`;
      if (ended) throw refuse(where, "nothing may follow the end line");
      const value = parseLine(line, where);
      if (number === 1) {
        checkHeader(value, database, where);
      } else if (value["end"] !== undefined) {
        await flush();
        checkEnd(value, counts, hash.copy().digest("hex"), where);
        ended = true;
      } else {
        const { table, row } = rowOf(value, where);
        if (names.indexOf(table) < names.indexOf(page.table)) {
          throw refuse(where, `rows of ${table} come after rows of ${page.table}`);
        }
        if (table !== page.table || page.rows.length === rowsPerPage) await flush();
        page.table = table;
        page.rows.push(row);
        counts[table] += 1;
      }
      hash.update(line).update("\n");
    }
    if (!ended)
      throw refuse(`line ${number + 1}`, "the export is cut short: its end line is missing");
    return counts;
  });
}

function refuse(where: string, problem: string): StorageError {
  return new StorageError("content", `${where} of the export: ${problem}`);
}

function zeroCounts(): RowCounts {
  return Object.fromEntries(names.map((name) => [name, 0])) as RowCounts;
}

async function assertEmpty(tx: Tx): Promise<void> {
  for (const table of [...names, ...rebuiltTables]) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(tx);
    if (rows.length > 0) {
      throw new StorageError(
        "content",
        `the database is not empty: ${table} has rows; import into a new one`,
      );
    }
  }
}

async function insertPage(
  tx: Tx,
  table: Portable,
  rows: readonly Record<string, SqlValue>[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first).flatMap((name) => {
    const value = rows.find((row) => row[name] !== null)?.[name];
    // Null throughout, and so left out: its type cannot be told from here.
    if (value === undefined || value === null) return [];
    const type =
      typeof value === "number" ? "integer" : value instanceof Uint8Array ? "bytes" : "text";
    return [{ name, type } as const];
  });
  await insertRows(
    tx,
    table,
    columns,
    rows.map((row) => columns.map(({ name }) => row[name] ?? null)),
  );
}

function encodeRow(row: Record<string, SqlValue>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value,
    ]),
  );
}

function rowOf(
  value: Record<string, unknown>,
  where: string,
): { table: Portable; row: Record<string, SqlValue> } {
  const table = names.find((name) => name === value["table"]);
  const row = value["row"];
  if (table === undefined || !isObject(row)) {
    throw refuse(where, `expected a row of one of the tables ${names.join(", ")}`);
  }
  const decoded = Object.entries(row).map(([name, cell]): [string, SqlValue] => {
    if (!/^[a-z_]{1,63}$/.test(name)) throw refuse(where, `${JSON.stringify(name)} is no column`);
    if (cell === null || typeof cell === "string" || Number.isSafeInteger(cell)) {
      return [name, cell as SqlValue];
    }
    const base64 = isObject(cell) ? cell["base64"] : undefined;
    const bytes = typeof base64 === "string" ? Buffer.from(base64, "base64") : undefined;
    if (bytes?.toString("base64") !== base64 || bytes === undefined) {
      throw refuse(where, `the value of ${name} is neither text, a whole number, null nor base64`);
    }
    return [name, new Uint8Array(bytes)];
  });
  return { table, row: Object.fromEntries(decoded) };
}

function checkHeader(value: Record<string, unknown>, database: Database, where: string): void {
  if (value["format"] !== format || value["version"] !== 1) {
    throw refuse(where, `this is not an export of Countermand, version 1`);
  }
  const migrations = migrationsOf(database.engine).length;
  if (value["migrations"] !== migrations) {
    throw refuse(
      where,
      `it was made with ${JSON.stringify(value["migrations"])} migrations, this version has ${migrations}; import it with the version that made it`,
    );
  }
}

function checkEnd(
  value: Record<string, unknown>,
  counts: RowCounts,
  sha256: string,
  where: string,
): void {
  if (JSON.stringify(value["end"]) !== JSON.stringify(counts)) {
    throw refuse(
      where,
      `it counts ${JSON.stringify(value["end"])}, ${JSON.stringify(counts)} were read`,
    );
  }
  if (value["sha256"] !== sha256) {
    throw refuse(where, "the lines before have another SHA-256: the export was changed");
  }
}

function parseLine(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw refuse(where, `this is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw refuse(where, "this is not a JSON object");
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  try {
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLine)
        throw new StorageError("content", "a line of the export is too long");
      yield* lines;
    }
    rest += decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new StorageError("content", "the export is not UTF-8");
    throw error;
  }
  if (rest !== "")
    throw new StorageError("content", "the export is cut short in the middle of a line");
}
