/**
 * What the gate remembers: which states were let through where, and what was
 * answered. Writes that arrive together are one transaction, so that many
 * deployments at once cost one wait for the disk.
 */
import { sql } from "kysely";
import type { Database, Tx } from "../storage/database.ts";
import type { GateEvent, GateQuery, Page } from "./countermand.ts";
import { RollbacksError } from "./error.ts";
import { checkLimit } from "./list.ts";

export interface GateMemory {
  readonly id: string;
  readonly at: string;
  readonly service: string;
  readonly environment: string;
  /** The identity, short, and its SHA-256. */
  readonly shown: string;
  readonly digest: string;
  readonly caller: string;
  readonly allowed: boolean;
  readonly rule: string;
  readonly reason: string;
  readonly record?: string;
  readonly late: boolean;
  readonly bypassed: boolean;
  /** It runs now, let through or not. */
  readonly runs: boolean;
}

interface Waiting {
  readonly memory: GateMemory;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class GateLog {
  readonly #database: Database;
  readonly #logId: number;
  readonly #now: () => Date;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(database: Database, logId: number, now: () => Date) {
    this.#database = database;
    this.#logId = logId;
    this.#now = now;
  }

  /** The answer that this request got already. */
  async answered(id: string): Promise<(GateEvent & { readonly digest: string }) | undefined> {
    const row = await this.#database.read
      .selectFrom("gate_event")
      .selectAll("gate_event")
      .where("gate_event.log_id", "=", this.#logId)
      .where("gate_event.id", "=", id)
      .executeTakeFirst();
    return row === undefined ? undefined : { ...eventOf(row), digest: row.digest };
  }

  /** Resolves once it is durable. What is deployed again unchanged is not written. */
  async remember(memory: GateMemory): Promise<void> {
    if (memory.rule === "unchanged" && !memory.late) return;
    await new Promise<void>((done, failed) => {
      this.#waiting.push({ memory, done, failed });
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        try {
          await this.#database.transaction(async (tx) => {
            for (const { memory } of batch) await this.#put(tx, memory);
          });
          for (const { done } of batch) done();
        } catch (error) {
          for (const { failed } of batch) failed(error);
        }
      }
    } finally {
      this.#writing = false;
    }
  }

  async #put(tx: Tx, memory: GateMemory): Promise<void> {
    const now = this.#now().toISOString();
    const { service, environment, digest } = memory;
    if (memory.runs) {
      await tx
        .insertInto("deployment")
        .values({
          log_id: this.#logId,
          service,
          environment,
          digest,
          first_at: memory.at,
          last_at: memory.at,
        })
        .onConflict((conflict) =>
          conflict
            .columns(["log_id", "service", "environment", "digest"])
            .doUpdateSet({ last_at: memory.at })
            // What is told late may be older than what is known.
            .where("deployment.last_at", "<", memory.at),
        )
        .execute();
    }
    await tx
      .insertInto("gate_event")
      .values({
        log_id: this.#logId,
        id: memory.id,
        at: memory.at,
        recorded_at: now,
        service,
        environment,
        target: memory.shown,
        digest,
        caller: memory.caller,
        allowed: memory.allowed ? 1 : 0,
        rule: memory.rule,
        reason: memory.reason,
        record: memory.record ?? null,
        late: memory.late ? 1 : 0,
        bypassed: memory.bypassed ? 1 : 0,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** Newest first. */
  async events(query: GateQuery): Promise<Page<GateEvent>> {
    const limit = checkLimit(query.limit);
    let rows = this.#database.read
      .selectFrom("gate_event")
      .selectAll("gate_event")
      .where("gate_event.log_id", "=", this.#logId)
      .orderBy("gate_event.recorded_at", "desc")
      .orderBy("gate_event.id", "desc")
      .limit(limit + 1);
    if (query.bypassed === true) rows = rows.where("gate_event.bypassed", "=", sql.lit(1));
    if (query.after !== undefined) {
      const [at, id] = parseCursor(query.after);
      rows = rows.where((eb) =>
        eb(eb.refTuple("gate_event.recorded_at", "gate_event.id"), "<", eb.tuple(at, id)),
      );
    }
    const found = await rows.execute();
    const items = found.slice(0, limit).map(eventOf);
    const last = items.at(-1);
    return {
      items,
      ...(found.length > limit && last !== undefined
        ? { next: `${last.recordedAt}_${last.id}` }
        : {}),
    };
  }
}

function parseCursor(cursor: string): readonly [at: string, id: string] {
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]{12}Z)_([0-9a-f-]{36})$/.exec(cursor);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new RollbacksError("invalid", "after is the `next` of the page before");
  }
  return [match[1], match[2]];
}

function eventOf(row: {
  readonly id: string;
  readonly at: string;
  readonly recorded_at: string;
  readonly service: string;
  readonly environment: string;
  readonly target: string;
  readonly caller: string;
  readonly allowed: number;
  readonly rule: string;
  readonly reason: string;
  readonly record: string | null;
  readonly late: number;
  readonly bypassed: number;
}): GateEvent {
  return {
    id: row.id,
    at: row.at,
    recordedAt: row.recorded_at,
    service: row.service,
    environment: row.environment,
    target: row.target,
    caller: row.caller,
    allowed: row.allowed === 1,
    rule: row.rule,
    reason: row.reason,
    ...(row.record === null ? {} : { record: row.record }),
    late: row.late === 1,
    bypassed: row.bypassed === 1,
  };
}
