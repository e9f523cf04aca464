/** A store whose operations fail on order, without effect or after it. */
import type { Connection, Store } from "../connection.ts";
import { StorageError } from "../error.ts";

export interface Fault {
  /** Which operation of a writer fails, counted from 0. */
  readonly at: number;
  readonly effect: "none" | "done";
}

export interface FaultyStore extends Store {
  /** Operations of writers so far, in words. */
  readonly operations: readonly string[];
  /** From here on operations are counted, and the fault is armed. */
  arm(fault: Fault | undefined): void;
}

export function faultyStore(inner: Store): FaultyStore {
  const operations: string[] = [];
  let armed = false;
  let fault: Fault | undefined;
  const wrapped = new WeakMap<Connection, Connection>();

  async function operation<T>(
    name: string,
    run: () => Promise<T>,
    undo?: (done: T) => Promise<void>,
  ): Promise<T> {
    if (!armed) return run();
    const hit = fault?.at === operations.length ? fault : undefined;
    operations.push(name);
    if (hit === undefined) return run();
    if (hit.effect === "done") {
      const done = await run();
      await undo?.(done);
    }
    throw new StorageError("unavailable", `injected at ${name}`);
  }

  return {
    operations,
    arm(next) {
      operations.length = 0;
      armed = true;
      fault = next;
    },
    engine: inner.engine,
    async acquireWriter() {
      const connection = await operation(
        "connect",
        () => inner.acquireWriter(),
        // Whoever asked does not have it, and cannot give it back.
        (lost) => inner.release(lost, false),
      );
      const outer: Connection = {
        run: (sql, parameters, within) =>
          operation(sql.split(" ").slice(0, 2).join(" "), () =>
            connection.run(sql, parameters, within),
          ),
        script: (sql) => connection.script(sql),
        insert: (table, columns, rows, options) =>
          operation(`insert ${table}`, () => connection.insert(table, columns, rows, options)),
      };
      wrapped.set(outer, connection);
      return outer;
    },
    acquireReader: () => inner.acquireReader(),
    openLocks: () => inner.openLocks(),
    release: (connection, broken) => inner.release(wrapped.get(connection) ?? connection, broken),
    close: () => inner.close(),
  };
}
