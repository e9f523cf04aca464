/**
 * What the two engines have to offer below Kysely: connections that run one
 * statement at a time. Faults are injected at this line in tests.
 */
import type { Dialect } from "kysely";
import type { Locks } from "./locks.ts";

export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Record<string, unknown>;

export interface Result {
  readonly rows: Row[];
  /** Rows that an INSERT, UPDATE or DELETE touched. */
  readonly affected: number;
}

/**
 * Where a statement belongs. `first` begins a transaction for it, and does not
 * run it if that fails; `inside` refuses it when no transaction is open, because
 * SQLite ends one by itself when the disk is full and would then commit the
 * statement alone.
 */
export type Within = "none" | "first" | "inside";

export interface Connection {
  /**
   * Rejects with a `StorageError`. Statements run in the order of the calls, and
   * a caller need not wait for one before it sends the next.
   */
  run(sql: string, parameters: readonly SqlValue[], within?: Within): Promise<Result>;
  /** Runs several statements, divided by `;`, without parameters or results. */
  script(sql: string): Promise<void>;
  /**
   * Inserts rows of equal shape as one call to the engine and returns how many.
   * Inside a transaction only.
   */
  insert(
    table: string,
    columns: readonly BulkColumn[],
    rows: readonly (readonly SqlValue[])[],
    options?: InsertOptions,
  ): Promise<number>;
}

export interface InsertOptions {
  readonly within?: Within;
  /** What becomes of a row that is there under the same key; it is an error unless told. */
  readonly conflict?: Conflict;
}

/** Each key once in the rows of one call. */
export type Conflict =
  | { readonly kind: "keep" }
  /** Every column but those of `key`, which some unique index has, is replaced. */
  | { readonly kind: "replace"; readonly key: readonly string[] };

/** The clause of an INSERT, the same in both engines. */
export function onConflict(columns: readonly BulkColumn[], conflict: Conflict | undefined): string {
  if (conflict === undefined) return "";
  if (conflict.kind === "keep") return " on conflict do nothing";
  const set = columns
    .filter(({ name }) => !conflict.key.includes(name))
    .map(({ name }) => `${name} = excluded.${name}`);
  return ` on conflict (${conflict.key.join(", ")}) do update set ${set.join(", ")}`;
}

/** Any value may be null. */
export interface BulkColumn {
  readonly name: string;
  readonly type: "integer" | "text" | "bytes";
}

/** What of Kysely differs between the engines. */
export type Grammar = Pick<Dialect, "createAdapter" | "createQueryCompiler" | "createIntrospector">;

/**
 * Where connections come from.
 *
 * Promise: what COMMIT answered is on the disk; a connection that is released
 * as broken is never handed out again, and its transaction is rolled back by
 * the engine unless COMMIT had reached it.
 */
export interface Store {
  readonly engine: Engine;
  /** SQLite has one, and the next caller waits for it. */
  acquireWriter(): Promise<Connection>;
  /** Cannot write. */
  acquireReader(): Promise<Connection>;
  /** In a session of their own. */
  openLocks(): Promise<Locks>;
  release(connection: Connection, broken: boolean): Promise<void>;
  close(): Promise<void>;
}

/** The statements that differ; one file for each engine. */
export interface Engine {
  readonly name: "sqlite" | "postgresql";
  readonly grammar: Grammar;
  readonly begin: string;
  /** Starts a transaction that sees one moment and cannot write. */
  readonly beginSnapshot: string;
  /**
   * Put after a SELECT: holds the rows of `alias` until the end of the transaction, and those of
   * `read` against change: they are as of when they were had, not of before the wait.
   */
  forUpdateOf(alias: string, read: string): string;
  /** An expression: RFC 6962's leaf hash of a column of bytes, computed where the bytes are. */
  leafHash(column: string): string;
  /**
   * Aggregates over rows that `at` numbers from 0 on: their hashes in the column `hash`, and the
   * leaf hashes of the column `leaf`, computed where the bytes are; one after the other.
   */
  joinedHashes(at: string, hash: string): string;
  joinedLeafHashes(at: string, leaf: string): string;
  /** Holds all other migration runners off until the end of the transaction. */
  lockMigrations(connection: Connection): Promise<void>;
  /** Every table, index, trigger and function, sorted: the golden dump. */
  dumpSchema(connection: Connection): Promise<string[]>;
}
