/**
 * The thread that holds one SQLite connection. node:sqlite is synchronous: on
 * the main thread a commit of 256 entries held the event loop for 21 ms at the
 * 99th percentile, here it holds it for 2 (docs/design/ledger.md).
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { addHashing } from "./sqlite-hashing.ts";

export interface WorkerSettings {
  readonly file: string;
  readonly readOnly: boolean;
}

export interface WorkerRequest {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
  readonly within: "none" | "first" | "inside";
  /** Runs the statement once for each; `parameters` is then empty. */
  readonly rows?: readonly (readonly SQLInputValue[])[];
  /** `sql` is several statements. */
  readonly script?: boolean;
}

export interface WorkerFailure {
  readonly message: string;
  /** SQLite's extended result code; absent when the error is not SQLite's. */
  readonly errcode?: number;
}

export interface WorkerAnswer {
  readonly id: number;
  readonly rows?: Record<string, unknown>[];
  readonly affected?: number;
  readonly failure?: WorkerFailure;
}

/** Prepared statements kept; a query's text is one of few, but lists of parameters vary. */
const maxPrepared = 200;

function open({ file, readOnly }: WorkerSettings): DatabaseSync {
  const db = new DatabaseSync(file, {
    readOnly,
    timeout: 5_000,
    enableForeignKeyConstraints: true,
  });
  if (!readOnly) {
    // 8 KB pages take an entry of a few KB without an overflow chain.
    db.exec("pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = full");
    db.exec("pragma trusted_schema = off");
  }
  db.exec("pragma cache_size = -65536");
  addHashing(db);
  return db;
}

const noTransaction = "no transaction is active: SQLite has rolled it back";

function describe(error: unknown): WorkerFailure {
  const { message, errcode } = error as Error & { errcode?: number };
  return errcode === undefined ? { message } : { message, errcode };
}

function serve(db: DatabaseSync): (request: WorkerRequest) => WorkerAnswer {
  const prepared = new Map<string, StatementSync>();
  function prepare(sql: string): StatementSync {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    if (prepared.size >= maxPrepared) prepared.clear();
    prepared.set(sql, statement);
    return statement;
  }
  return ({ id, sql, parameters, within, rows, script }) => {
    try {
      // The one writer takes the lock at once: a later upgrade could fail half-way.
      if (within === "first") db.exec("begin immediate");
      else if (within === "inside" && !db.isTransaction) throw new Error(noTransaction);
      if (script === true) {
        db.exec(sql);
        return { id, rows: [], affected: 0 };
      }
      const statement = prepare(sql);
      if (rows !== undefined) {
        let affected = 0;
        for (const row of rows) affected += Number(statement.run(...row).changes);
        return { id, rows: [], affected };
      }
      if (statement.columns().length > 0) {
        const found = statement.all(...parameters);
        return { id, rows: found, affected: found.length };
      }
      return { id, rows: [], affected: Number(statement.run(...parameters).changes) };
    } catch (error) {
      return { id, failure: describe(error) };
    }
  };
}

const port = parentPort;
if (port === null) throw new TypeError("sqlite-worker runs as a worker thread only");
try {
  const db = open(workerData as WorkerSettings);
  const answer = serve(db);
  port.on("message", (request: WorkerRequest | "close") => {
    if (request === "close") {
      db.close();
      port.close();
    } else {
      port.postMessage(answer(request));
    }
  });
  port.postMessage({ id: 0 } satisfies WorkerAnswer);
} catch (error) {
  port.postMessage({ id: 0, failure: describe(error) } satisfies WorkerAnswer);
  port.close();
}
