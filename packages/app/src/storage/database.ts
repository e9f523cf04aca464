/**
 * One database, SQLite or PostgreSQL, behind one face. Everything that writes
 * takes a `Tx`, so it cannot run outside a transaction; `read` is for reads
 * that stand alone.
 */
import type { Kysely } from "kysely";
import type {
  BulkColumn,
  Connection,
  Engine,
  InsertOptions,
  SqlValue,
  Store,
  Within,
} from "./connection.ts";
import { kyselyOver } from "./dialect.ts";
import { isOutage, StorageError } from "./error.ts";
import type { Locks } from "./locks.ts";
import type { Tables } from "./schema.ts";
import { TransactionScope } from "./transaction-scope.ts";

declare const insideTransaction: unique symbol;

/** A running transaction: Kysely's builders, on its connection, until it ends. */
export type Tx = Kysely<Tables> & { readonly [insideTransaction]: true };

/** Reads that see one moment of the database. */
export type Snapshot = Kysely<Tables>;

export interface Database {
  readonly engine: Engine["name"];
  /** For reads outside a transaction. Throws a `TypeError` when used inside one. */
  readonly read: Kysely<Tables>;
  /**
   * Runs `work` and commits. If `work` throws, everything is rolled back and the
   * error thrown on. Rejects with a `StorageError`; `commit-unknown` if COMMIT
   * was sent and not answered: the caller must look what is in the database.
   * Inside a transaction it throws a `TypeError`.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs `work` over one moment of the database; writers go on meanwhile. */
  snapshot<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T>;
  /** Throws a `TypeError` inside a running transaction. */
  assertOutside(what: string): void;
  /** Locks of names among the processes on this database; to be closed before it. */
  locks(): Promise<Locks>;
  close(): Promise<void>;
}

const insides = new WeakMap<object, { readonly connection: Connection; readonly engine: Engine }>();

function inside(tx: object) {
  const found = insides.get(tx);
  if (found === undefined) throw new TypeError("this is not a transaction of a Database");
  return found;
}

/** Of the reads outside transactions. */
const enginesOfReads = new WeakMap<object, Engine>();

/** The statements that differ between the engines; of a transaction, a snapshot or `read`. */
export function engineOf(reader: Kysely<Tables>): Engine {
  return enginesOfReads.get(reader) ?? inside(reader).engine;
}

/** Runs SQL text as it stands, with `?` on SQLite and `$1` on PostgreSQL. */
export async function runSql(tx: Tx, text: string, parameters: readonly SqlValue[] = []) {
  return inside(tx).connection.run(text, parameters);
}

/**
 * Inserts many rows in one go: the cheapest way that the engine knows. Throws a
 * `StorageError` "row-count" if not every row went in.
 */
export async function insertRows(
  tx: Tx,
  table: keyof Tables,
  columns: readonly BulkColumn[],
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const inserted = await inside(tx).connection.insert(table, columns, rows);
  mustTouch(rows.length, inserted, `insert into ${table}`);
}

/** The same, but a row that is there under `key` is replaced. Each key once in `rows`. */
export async function upsertRows(
  tx: Tx,
  table: keyof Tables,
  columns: readonly BulkColumn[],
  rows: readonly (readonly SqlValue[])[],
  key: readonly string[],
): Promise<void> {
  if (rows.length === 0) return;
  const conflict = { kind: "replace", key } as const;
  const written = await inside(tx).connection.insert(table, columns, rows, { conflict });
  mustTouch(rows.length, written, `write ${table}`);
}

/** Inserts what is not there yet; what is there stays. */
export async function insertNewRows(
  tx: Tx,
  table: keyof Tables,
  columns: readonly BulkColumn[],
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  if (rows.length === 0) return;
  await inside(tx).connection.insert(table, columns, rows, { conflict: { kind: "keep" } });
}

/** Throws a `StorageError` "row-count" unless exactly `wanted` rows were touched. */
export function mustTouch(wanted: number, touched: number | bigint, what: string): void {
  if (BigInt(touched) !== BigInt(wanted)) {
    throw new StorageError(
      "row-count",
      `${what}: ${touched} rows were touched, ${wanted} expected`,
    );
  }
}

/** A `Database` over the engine's connections. Closing it closes the store. */
export function databaseOver(store: Store): Database {
  const scope = new TransactionScope();
  const { engine } = store;
  const read = kyselyOver(engine.grammar, {
    acquire: async () => {
      scope.assertOutside("a read that is not of the transaction was made");
      return store.acquireReader();
    },
    release: (connection) => store.release(connection, false),
  });
  enginesOfReads.set(read, engine);

  async function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    scope.assertOutside("a second transaction was opened");
    const connection = await store.acquireWriter();
    let broken = true;
    try {
      const guarded = new OpenConnection(connection, "first");
      const tx = kyselyOver(engine.grammar, fixed(guarded)) as Tx;
      insides.set(tx, { connection: guarded, engine });
      let result: T;
      try {
        result = await scope.run(async () => work(tx));
        guarded.assertSound();
      } catch (error) {
        guarded.end();
        broken = guarded.begun && !(await rolledBack(connection));
        throw error;
      }
      guarded.end();
      try {
        if (guarded.begun) await connection.run("commit", [], "inside");
      } catch (error) {
        broken = !(await rolledBack(connection));
        throw commitError(error);
      }
      broken = false;
      return result;
    } finally {
      await store.release(connection, broken);
    }
  }

  async function snapshot<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    scope.assertOutside("a snapshot was taken");
    const connection = await store.acquireReader();
    let broken = true;
    try {
      await connection.run(engine.beginSnapshot, []);
      const guarded = new OpenConnection(connection, "inside");
      const reads = kyselyOver(engine.grammar, fixed(guarded));
      insides.set(reads, { connection: guarded, engine });
      try {
        return await work(reads);
      } finally {
        guarded.end();
        broken = !(await rolledBack(connection));
      }
    } finally {
      await store.release(connection, broken);
    }
  }

  return {
    engine: engine.name,
    read,
    transaction,
    snapshot,
    assertOutside: (what) => scope.assertOutside(what),
    locks: () => store.openLocks(),
    close: () => store.close(),
  };
}

function fixed(connection: Connection) {
  return { acquire: async () => connection, release: async () => {} };
}

/**
 * After ROLLBACK has failed the connection's state is not known: it is dropped.
 * SQLite says that there is no transaction where it has rolled back by itself.
 */
async function rolledBack(connection: Connection): Promise<boolean> {
  try {
    await connection.run("rollback", []);
    return true;
  } catch (error) {
    return error instanceof StorageError && error.message.includes("no transaction is active");
  }
}

/**
 * A constraint that is checked at COMMIT, or an aborted transaction, is a plain
 * answer: nothing was written. After anything else the outcome is open, on
 * SQLite too: the commit record may be in the file when the fsync failed.
 */
function commitError(error: unknown): unknown {
  if (error instanceof StorageError && !isOutage(error)) return error;
  return new StorageError(
    "commit-unknown",
    `it is not known whether the transaction was committed: ${error instanceof Error ? error.message : String(error)}`,
    { cause: error },
  );
}

/**
 * A transaction's connection; of no use after its end, nor after a statement
 * that failed. PostgreSQL aborts the transaction then; SQLite would go on with
 * what is left of it, or, where it rolled back by itself, without any.
 */
class OpenConnection implements Connection {
  readonly #inner: Connection;
  #next: Within;
  #open = true;
  #failure: { readonly error: unknown } | undefined;

  /** With `first`, the transaction begins with its first statement. */
  constructor(inner: Connection, next: Within) {
    this.#inner = inner;
    this.#next = next;
  }

  get begun(): boolean {
    return this.#next === "inside";
  }

  end(): void {
    this.#open = false;
  }

  /** Throws what a statement failed with, though the caller may have swallowed it. */
  assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #guard<T>(statement: (within: Within) => Promise<T>): Promise<T> {
    if (!this.#open) throw new TypeError("the transaction is over; its tx was kept too long");
    this.assertSound();
    const within = this.#next;
    this.#next = "inside";
    try {
      return await statement(within);
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  async run(sql: string, parameters: readonly SqlValue[]) {
    return this.#guard(async (within) => this.#inner.run(sql, parameters, within));
  }

  async script(): Promise<void> {
    throw new TypeError("a script is for migrations");
  }

  async insert(
    table: string,
    columns: readonly BulkColumn[],
    rows: readonly (readonly SqlValue[])[],
    options: InsertOptions = {},
  ) {
    return this.#guard(async (within) =>
      this.#inner.insert(table, columns, rows, { ...options, within }),
    );
  }
}
