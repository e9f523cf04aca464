/**
 * What the two engines have to offer below Kysely: connections that run one
 * statement at a time. Faults are injected at this line in tests.
 */
import type { Dialect } from "kysely";

export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Record<string, unknown>;

export interface Result {
  readonly rows: Row[];
  /** Rows that an INSERT, UPDATE or DELETE touched. */
  readonly affected: number;
}

export interface Connection {
  /** Rejects with a `StorageError`. Statements run in the order of the calls. */
  run(sql: string, parameters: readonly SqlValue[]): Promise<Result>;
  /** Runs several statements, divided by `;`, without parameters or results. */
  script(sql: string): Promise<void>;
  /**
   * Inserts rows of equal shape as one call to the engine, all or none, and
   * returns how many.
   */
  insert(
    table: string,
    columns: readonly BulkColumn[],
    rows: readonly (readonly SqlValue[])[],
  ): Promise<number>;
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
  /** Put after a SELECT whose rows are to be held until the end of the transaction. */
  readonly forUpdate: string;
  /** An expression: RFC 6962's leaf hash of a column of bytes, computed where the bytes are. */
  leafHash(column: string): string;
  /** Holds all other migration runners off until the end of the transaction. */
  lockMigrations(connection: Connection): Promise<void>;
  /** Every table, index, trigger and function, sorted: the golden dump. */
  dumpSchema(connection: Connection): Promise<string[]>;
}
