/**
 * PostgreSQL through pg. Two pools: one that writes and one whose sessions
 * cannot. Statements with parameters are prepared once per connection; between
 * us and the server there may be a pooler in session mode, or one that knows of
 * prepared statements.
 */
import { Pool, types, type PoolClient, type PoolConfig, type QueryResult } from "pg";
import {
  onConflict,
  type BulkColumn,
  type Connection,
  type InsertOptions,
  type Result,
  type Row,
  type SqlValue,
  type Store,
  type Within,
} from "./connection.ts";
import { databaseOver, type Database } from "./database.ts";
import { StorageError } from "./error.ts";
import { postgresqlLocks } from "./locks.ts";
import { migrate } from "./migrate.ts";
import { bulkInsert, postgresqlEngine, postgresqlError } from "./postgresql-engine.ts";

/** PostgreSQL 15. */
const oldestVersion = 150_000;

/** Opens the database at `url` and brings its schema up to date. Rejects with a `StorageError`. */
export async function openPostgresql(url: string): Promise<Database> {
  const store = postgresqlStore(url);
  try {
    await assertDurable(store);
    await migrate(store);
    return databaseOver(store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The bare store, its schema as it is. Connects when first used. */
export function postgresqlStore(url: string): Store {
  const settings: PoolConfig = {
    connectionString: url,
    application_name: "countermand",
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: { getTypeParser: parserOf },
  };
  // A COMMIT that is not answered in two minutes has an unknown outcome.
  const writers = pool({ ...settings, max: 4, query_timeout: 120_000, pipeline: true }, [
    // `on` or better: an acknowledged entry survives the loss of power.
    "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') in ('off', 'local')",
    // A process that is stopped in the middle of a commit must not hold up the other servers for ever.
    "select set_config('idle_in_transaction_session_timeout', '10s', false) where current_setting('idle_in_transaction_session_timeout') = '0'",
  ]);
  const readers = pool({ ...settings, max: 8 }, ["set default_transaction_read_only = on"]);
  let closed = false;
  return {
    engine: postgresqlEngine,
    acquireWriter: () => writers(),
    acquireReader: () => readers(),
    openLocks: () => postgresqlLocks(url),
    async release(connection, broken) {
      if (!(connection instanceof PgConnection))
        throw new TypeError("not a connection of this store");
      connection.release(broken);
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.all([writers.end(), readers.end()]);
    },
  };
}

/** A pool of connections on which `setUp` was run once each. */
function pool(settings: PoolConfig, setUp: readonly string[]) {
  const clients = new Pool(settings);
  // An idle connection that dies is replaced when the next one is asked for.
  clients.on("error", () => {});
  const ready = new WeakSet<PoolClient>();
  async function acquire(): Promise<PgConnection> {
    let client: PoolClient;
    try {
      client = await clients.connect();
    } catch (error) {
      throw postgresqlError(error);
    }
    const connection = new PgConnection(client);
    if (!ready.has(client)) {
      try {
        for (const statement of setUp) await connection.run(statement, []);
      } catch (error) {
        connection.release(true);
        throw error;
      }
      ready.add(client);
    }
    return connection;
  }
  return Object.assign(acquire, { end: () => clients.end() });
}

async function assertDurable(store: Store): Promise<void> {
  const connection = await store.acquireReader();
  let broken = true;
  try {
    const { rows } = await connection.run(
      "select current_setting('fsync') as fsync, current_setting('server_version_num')::int as version, current_setting('server_version') as name",
      [],
    );
    broken = false;
    const { fsync, version, name } = rows[0] as { fsync: string; version: number; name: string };
    if (version < oldestVersion) {
      throw new StorageError("unsafe", `PostgreSQL ${name} is too old; use 15 or later`);
    }
    if (fsync !== "on") {
      throw new StorageError(
        "unsafe",
        "PostgreSQL runs with fsync = off and would lose acknowledged entries with the power; turn it on",
      );
    }
  } finally {
    await store.release(connection, broken);
  }
}

/** Statement texts that were given a name; the rest is sent unnamed. */
const names = new Map<string, string>();
const maxNames = 200;

function nameOf(sql: string): string | undefined {
  const known = names.get(sql);
  if (known !== undefined || names.size >= maxNames || sql.length > 4_000) return known;
  const name = `countermand_${names.size}`;
  names.set(sql, name);
  return name;
}

class PgConnection implements Connection {
  readonly #client: PoolClient;
  /** The pool listens on idle clients only; unheard, a lost connection would end the process. */
  readonly #onError = () => {
    this.#lost = true;
  };
  #lost = false;

  constructor(client: PoolClient) {
    this.#client = client;
    client.on("error", this.#onError);
  }

  async run(
    sql: string,
    parameters: readonly SqlValue[],
    within: Within = "none",
  ): Promise<Result> {
    if (within === "first") await this.#query("begin", []);
    const { rows, rowCount, command } = await this.#query(sql, parameters.map(toPg));
    if (command === "ROLLBACK" && sql === "commit") {
      throw new StorageError(
        "statement",
        "the transaction was rolled back: one of its statements failed",
      );
    }
    return { rows, affected: rowCount ?? 0 };
  }

  async script(sql: string): Promise<void> {
    try {
      await this.#client.query(sql);
    } catch (error) {
      throw postgresqlError(error);
    }
  }

  async insert(
    table: string,
    columns: readonly BulkColumn[],
    rows: readonly (readonly SqlValue[])[],
    { within = "inside", conflict }: InsertOptions = {},
  ) {
    if (within === "first") await this.#query("begin", []);
    const { sql, parameters } = bulkInsert(table, columns, rows);
    return (await this.#query(sql + onConflict(columns, conflict), parameters)).rowCount ?? 0;
  }

  async #query(sql: string, parameters: unknown[]): Promise<QueryResult<Row>> {
    const name = parameters.length === 0 ? undefined : nameOf(sql);
    try {
      return await this.#client.query<Row>({
        text: sql,
        values: parameters,
        ...(name === undefined ? {} : { name }),
      });
    } catch (error) {
      throw postgresqlError(error);
    }
  }

  release(broken: boolean): void {
    this.#client.off("error", this.#onError);
    this.#client.release(broken || this.#lost);
  }
}

function toPg(value: SqlValue): unknown {
  if (!(value instanceof Uint8Array)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

const int8 = 20;
const bytea = 17;

function parserOf(oid: number, format?: "text" | "binary"): (text: string) => unknown {
  if (oid === int8) return parseInt8;
  if (oid === bytea) return parseBytea;
  return types.getTypeParser(oid, format);
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new StorageError(
      "damaged",
      `the database holds ${text}, more than a size or index can be`,
    );
  }
  return value;
}

function parseBytea(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), "hex"));
}
