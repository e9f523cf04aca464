/**
 * Locks of names among the processes on one database: for work that one of them is to
 * do, and that does no harm if two do it. Whoever is killed, cut off or stopped loses
 * them after `lockPatience`, and hears of it when it can.
 */
import { createHash } from "node:crypto";
import { Client } from "pg";
import { StorageError } from "./error.ts";
import { postgresqlError } from "./postgresql-engine.ts";

export interface Locks {
  /** Takes the name if nobody has it; true too if it is had already. Rejects with a `StorageError`. */
  take(name: string): Promise<boolean>;
  /** Gives it to whoever asks next. */
  give(name: string): Promise<void>;
  /** Aborts when they are lost, all at once; these locks are of no use then. */
  readonly lost: AbortSignal;
  close(): Promise<void>;
}

/** Milliseconds without a word after which PostgreSQL ends the session and its locks. */
export const lockPatience = 15_000;

/** An embedded store has one process. */
export function locksOfOne(): Locks {
  const never = new AbortController();
  return {
    take: async () => true,
    give: async () => {},
    lost: never.signal,
    close: async () => {},
  };
}

/**
 * Advisory locks of a session of its own, which is spoken to so often that
 * `idle_session_timeout` ends it only where nobody speaks: a lease without a table, by
 * PostgreSQL's clock.
 */
export async function postgresqlLocks(url: string, patience = lockPatience): Promise<Locks> {
  const client = new Client({
    connectionString: url,
    application_name: "countermand duties",
    connectionTimeoutMillis: 10_000,
    query_timeout: patience,
    keepAlive: true,
  });
  const lost = new AbortController();
  const taken = new Set<string>();
  let asking: ReturnType<typeof setInterval> | undefined;
  const lose = () => {
    clearInterval(asking);
    lost.abort();
  };
  client.on("error", lose);
  client.on("end", lose);
  /** One after the other: a session takes one question at a time. */
  let last: Promise<unknown> = Promise.resolve();
  function ask(text: string, values: unknown[] = []): Promise<Record<string, unknown>> {
    const next = last.then(() => askNow(text, values));
    last = next.catch(() => undefined);
    return next;
  }
  async function askNow(text: string, values: unknown[]): Promise<Record<string, unknown>> {
    if (lost.signal.aborted) throw new StorageError("unavailable", "the locks were lost");
    try {
      return (await client.query<Record<string, unknown>>(text, values)).rows[0] ?? {};
    } catch (error) {
      lose();
      client.end().catch(() => undefined);
      throw postgresqlError(error);
    }
  }
  try {
    await client.connect();
  } catch (error) {
    throw postgresqlError(error);
  }
  await ask("select set_config('idle_session_timeout', $1, false)", [`${patience}ms`]);
  asking = setInterval(() => {
    ask("select 1").catch(() => undefined);
  }, patience / 3);
  asking.unref();
  return {
    async take(name) {
      // A session may take its own lock twice, and would have to give it twice.
      if (taken.has(name)) return !lost.signal.aborted;
      const { got } = await ask("select pg_try_advisory_lock($1) as got", [keyOf(name)]);
      if (got === true) taken.add(name);
      return got === true;
    },
    async give(name) {
      if (taken.delete(name)) await ask("select pg_advisory_unlock($1)", [keyOf(name)]);
    },
    lost: lost.signal,
    async close() {
      lose();
      await client.end().catch(() => undefined);
    },
  };
}

/** 64 bits of its SHA-256, signed. Advisory locks are of one database. */
function keyOf(name: string): string {
  const digest = createHash("sha256").update(`countermand duty ${name}`).digest();
  return digest.readBigInt64BE(0).toString();
}
