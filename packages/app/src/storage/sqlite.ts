/**
 * SQLite through node:sqlite: one writer and a few readers, each on a thread of
 * its own, so that neither an fsync nor a long scan stops the event loop.
 */
import { Worker } from "node:worker_threads";
import {
  onConflict,
  type BulkColumn,
  type Connection,
  type InsertOptions,
  type Result,
  type SqlValue,
  type Store,
  type Within,
} from "./connection.ts";
import { databaseOver, type Database } from "./database.ts";
import { StorageError } from "./error.ts";
import { locksOfOne } from "./locks.ts";
import { migrate } from "./migrate.ts";
import { sqliteEngine, sqliteError } from "./sqlite-engine.ts";
import type { WorkerAnswer, WorkerRequest, WorkerSettings } from "./sqlite-worker.ts";

/** Threads for reads. One long read then leaves another free. */
const maxReaders = 2;

/**
 * Opens the database at `file`, makes it if there is none, and brings its schema
 * up to date. Rejects with a `StorageError`.
 */
export async function openSqlite(file: string): Promise<Database> {
  const store = await sqliteStore(file);
  try {
    await migrate(store);
    return databaseOver(store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The bare store, its schema as it is. Only the writer's thread is started; readers start when needed. */
export async function sqliteStore(file: string): Promise<Store> {
  let writer = await SqliteConnection.open({ file, readOnly: false });
  const writerTurns = new Turns();
  const idle: SqliteConnection[] = [];
  const waiting: ((reader: SqliteConnection | undefined) => void)[] = [];
  let readers = 0;
  let closed = false;

  async function openReader(): Promise<SqliteConnection> {
    readers += 1;
    try {
      return await SqliteConnection.open({ file, readOnly: true });
    } catch (error) {
      readers -= 1;
      throw error;
    }
  }

  return {
    engine: sqliteEngine,
    async acquireWriter() {
      assertOpen(closed, file);
      await writerTurns.take();
      if (writer.broken) {
        try {
          writer = await SqliteConnection.open({ file, readOnly: false });
        } catch (error) {
          writerTurns.pass();
          throw error;
        }
      }
      return writer;
    },
    async acquireReader() {
      assertOpen(closed, file);
      const free = idle.pop();
      if (free !== undefined) return free;
      if (readers < maxReaders) return openReader();
      return (
        (await new Promise<SqliteConnection | undefined>((give) => waiting.push(give))) ??
        openReader()
      );
    },
    openLocks: async () => locksOfOne(),
    async release(connection, broken) {
      if (!(connection instanceof SqliteConnection))
        throw new TypeError("not a connection of this store");
      if (broken) await connection.close();
      if (connection === writer) {
        writerTurns.pass();
      } else if (broken) {
        readers -= 1;
        waiting.shift()?.(undefined);
      } else {
        const next = waiting.shift();
        if (next === undefined) idle.push(connection);
        else next(connection);
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      await writerTurns.take();
      // The writer last: closing the last connection folds the WAL into the file.
      await Promise.all(idle.map((reader) => reader.close()));
      await writer.close();
      writerTurns.pass();
    },
  };
}

function assertOpen(closed: boolean, file: string): void {
  if (closed) throw new StorageError("unavailable", `${file} was closed`);
}

/** Lets callers in one by one, in the order of their calls. */
class Turns {
  #busy = false;
  readonly #waiting: (() => void)[] = [];
  async take(): Promise<void> {
    if (this.#busy) await new Promise<void>((go) => this.#waiting.push(go));
    this.#busy = true;
  }
  pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy = false;
    else next();
  }
}

// The published package has the worker as JavaScript, beside this file.
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./sqlite-worker.ts" : "./sqlite-worker.js",
  import.meta.url,
);

class SqliteConnection implements Connection {
  readonly #file: string;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #pending = new Map<
    number,
    { done(answer: WorkerAnswer): void; failed(error: Error): void }
  >();
  #nextId = 1;
  #lost: Error | undefined;

  private constructor(settings: WorkerSettings) {
    this.#file = settings.file;
    this.#worker = new Worker(workerFile, { workerData: settings });
    this.#worker.unref();
    this.#worker.on("message", (answer: WorkerAnswer) => {
      const caller = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      if (this.#pending.size === 0) this.#worker.unref();
      caller?.done(answer);
    });
    this.#worker.on("error", (error) => this.#lose(error));
    this.#ended = new Promise((ended) => {
      this.#worker.on("exit", () => {
        this.#lose(new StorageError("unavailable", `the connection to ${this.#file} was closed`));
        ended();
      });
    });
  }

  static async open(settings: WorkerSettings): Promise<SqliteConnection> {
    const connection = new SqliteConnection(settings);
    const { failure } = await connection.#answerTo(0);
    if (failure !== undefined) throw sqliteError(failure, settings.file);
    return connection;
  }

  get broken(): boolean {
    return this.#lost !== undefined;
  }

  async run(
    sql: string,
    parameters: readonly SqlValue[],
    within: Within = "none",
  ): Promise<Result> {
    return this.#send({ id: this.#nextId++, sql, parameters, within });
  }

  async script(sql: string): Promise<void> {
    await this.#send({ id: this.#nextId++, sql, parameters: [], within: "none", script: true });
  }

  async insert(
    table: string,
    columns: readonly BulkColumn[],
    rows: readonly (readonly SqlValue[])[],
    { within = "inside", conflict }: InsertOptions = {},
  ) {
    const names = columns.map(({ name }) => name).join(", ");
    const holes = columns.map(() => "?").join(", ");
    const sql = `insert into ${table} (${names}) values (${holes})${onConflict(columns, conflict)}`;
    return (await this.#send({ id: this.#nextId++, sql, parameters: [], within, rows })).affected;
  }

  async close(): Promise<void> {
    // Idle, the thread does not keep the process; what it has to finish now does.
    this.#worker.ref();
    if (this.#lost === undefined) this.#post("close");
    await this.#ended;
  }

  async #send(request: WorkerRequest): Promise<Result> {
    if (this.#lost !== undefined) throw this.#lost;
    const answered = this.#answerTo(request.id);
    this.#post(request);
    const { rows = [], affected = 0, failure } = await answered;
    if (failure !== undefined) throw sqliteError(failure, this.#file);
    return { rows, affected };
  }

  #post(message: WorkerRequest | "close"): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(message);
  }

  async #answerTo(id: number): Promise<WorkerAnswer> {
    this.#worker.ref();
    return new Promise((done, failed) => this.#pending.set(id, { done, failed }));
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    for (const caller of this.#pending.values()) caller.failed(error);
    this.#pending.clear();
  }
}
