/**
 * Kysely over a `Connection`. Kysely ships a SQLite dialect for another driver's
 * synchronous interface, and a PostgreSQL one that owns its pool; here the
 * connections are ours, so that COMMIT's answer, faults and scopes are too.
 * Transactions, savepoints and streams of Kysely are left out.
 */
import {
  Kysely,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from "kysely";
import type { Connection, Grammar, SqlValue } from "./connection.ts";
import type { Tables } from "./schema.ts";

export interface ConnectionSource {
  acquire(): Promise<Connection>;
  release(connection: Connection): Promise<void>;
}

/** A Kysely whose statements run on what `source` gives. */
export function kyselyOver(grammar: Grammar, source: ConnectionSource): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => grammar.createAdapter(),
      createQueryCompiler: () => grammar.createQueryCompiler(),
      createIntrospector: (db) => grammar.createIntrospector(db),
      createDriver: () => new SourceDriver(source),
    },
  });
}

class SourceDriver implements Driver {
  readonly #source: ConnectionSource;
  constructor(source: ConnectionSource) {
    this.#source = source;
  }
  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return new KyselyConnection(await this.#source.acquire());
  }
  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await this.#source.release((connection as KyselyConnection).inner);
  }
  beginTransaction = refuseTransaction;
  commitTransaction = refuseTransaction;
  rollbackTransaction = refuseTransaction;
  async destroy(): Promise<void> {}
}

async function refuseTransaction(): Promise<void> {
  throw new TypeError("use Database.transaction(), not Kysely's");
}

class KyselyConnection implements DatabaseConnection {
  readonly inner: Connection;
  constructor(inner: Connection) {
    this.inner = inner;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const result = await this.inner.run(query.sql, query.parameters as readonly SqlValue[]);
    return { rows: result.rows as R[], numAffectedRows: BigInt(result.affected) };
  }

  // oxlint-disable-next-line require-yield -- the interface wants a stream; pages by key do its work here
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new TypeError("streaming is not supported; read pages by key");
  }
}
