/**
 * The outbox: what is to be told, written in the transaction of the entry that it
 * tells of, and what became of each telling. Every step is one compare-and-swap,
 * so that several servers share the work and none does it twice at once.
 *
 * Not part of a backup: whoever restores one must not tell last month's news again.
 */
import { sql } from "kysely";
import { insertRows, mustTouch, type Database, type Tx } from "../storage/database.ts";
import type { Notice } from "./notice.ts";
import type { Destination } from "./routing.ts";

export const deliveryStates = ["waiting", "sent", "dead", "skipped"] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export interface DeliveryKey {
  /** Index of the entry. */
  readonly index: number;
  readonly kind: string;
  readonly channel: string;
}

export interface Delivery extends DeliveryKey {
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly recordedAt: string;
  /** When it is tried next, or was last. */
  readonly at: string;
  readonly record?: string;
  /** Whose notice it is. */
  readonly person?: string;
  readonly problem?: string;
}

export interface Claimed extends DeliveryKey {
  readonly notice: Notice;
  readonly attempts: number;
  /** It is given up then. */
  readonly until: string;
}

/** Before COMMIT, beside the entries. */
export async function writeNotices(
  tx: Tx,
  logId: number,
  notices: readonly Notice[],
): Promise<void> {
  await insertRows(
    tx,
    "notice",
    [
      { name: "log_id", type: "integer" },
      { name: "idx", type: "integer" },
      { name: "kind", type: "text" },
      { name: "recorded_at", type: "text" },
      { name: "record", type: "text" },
      { name: "person", type: "text" },
      { name: "notice", type: "text" },
    ],
    notices.map((notice) => [
      logId,
      notice.index,
      notice.kind,
      notice.recordedAt,
      notice.record?.id ?? null,
      notice.person ?? null,
      JSON.stringify(notice),
    ]),
  );
}

export class Outbox {
  readonly #database: Database;
  readonly #logId: number;
  constructor(database: Database, logId: number) {
    this.#database = database;
    this.#logId = logId;
  }

  /**
   * Turns notices into deliveries, oldest first, and answers of how many notices.
   * Tries end `patience` milliseconds after the entry.
   */
  async route(
    destinations: (notice: Notice) => readonly Destination[],
    now: Date,
    patience: number,
    limit: number,
  ): Promise<number> {
    const logId = this.#logId;
    const rows = await this.#database.read
      .selectFrom("notice")
      .select(["notice.idx", "notice.kind", "notice.recorded_at", "notice.notice"])
      .where("notice.log_id", "=", logId)
      .where("notice.routed_at", "is", null)
      .orderBy("notice.idx")
      .orderBy("notice.kind")
      .limit(limit)
      .execute();
    if (rows.length === 0) return 0;
    const at = now.toISOString();
    await this.#database.transaction(async (tx) => {
      for (const { idx, kind, recorded_at: recordedAt, notice } of rows) {
        const taken = await tx
          .updateTable("notice")
          .set({ routed_at: at })
          .where("log_id", "=", logId)
          .where("idx", "=", idx)
          .where("kind", "=", kind)
          .where("routed_at", "is", null)
          .executeTakeFirstOrThrow();
        if (taken.numUpdatedRows === 0n) continue;
        const until = new Date(Date.parse(recordedAt) + patience).toISOString();
        const found = destinations(JSON.parse(notice) as Notice);
        if (found.length === 0) continue;
        const result = await tx
          .insertInto("notice_delivery")
          .values(
            found.map(({ channel, skipped }) => ({
              log_id: logId,
              idx,
              kind,
              channel,
              state: skipped === undefined ? ("waiting" as const) : ("skipped" as const),
              attempts: 0,
              at,
              until,
              problem: skipped ?? null,
            })),
          )
          .executeTakeFirstOrThrow();
        mustTouch(found.length, result.numInsertedOrUpdatedRows ?? 0n, "write deliveries");
      }
    });
    return rows.length;
  }

  /** Takes up to `limit` deliveries of a channel that are due, for `owner` alone until `leasedUntil`. */
  async claim(
    channel: string,
    limit: number,
    now: Date,
    owner: string,
    leasedUntil: Date,
  ): Promise<readonly Claimed[]> {
    const logId = this.#logId;
    const at = now.toISOString();
    const due = await this.#database.read
      .selectFrom("notice_delivery as d")
      .innerJoin("notice as n", (join) =>
        join
          .onRef("n.log_id", "=", "d.log_id")
          .onRef("n.idx", "=", "d.idx")
          .onRef("n.kind", "=", "d.kind"),
      )
      .select(["d.idx", "d.kind", "d.attempts", "d.until", "n.notice"])
      .where("d.log_id", "=", logId)
      .where("d.channel", "=", channel)
      .where("d.state", "=", sql.lit("waiting" as const))
      .where("d.at", "<=", at)
      .where((eb) => eb.or([eb("d.leased_until", "is", null), eb("d.leased_until", "<=", at)]))
      .orderBy("d.at")
      .orderBy("d.idx")
      .orderBy("d.kind")
      .limit(limit)
      .execute();
    if (due.length === 0) return [];
    return await this.#database.transaction(async (tx) => {
      const claimed: Claimed[] = [];
      for (const { idx, kind, attempts, until, notice } of due) {
        const result = await tx
          .updateTable("notice_delivery")
          .set({ lease: owner, leased_until: leasedUntil.toISOString() })
          .where("log_id", "=", logId)
          .where("idx", "=", idx)
          .where("kind", "=", kind)
          .where("channel", "=", channel)
          .where("state", "=", "waiting")
          .where("attempts", "=", attempts)
          .where((eb) => eb.or([eb("leased_until", "is", null), eb("leased_until", "<=", at)]))
          .executeTakeFirstOrThrow();
        if (result.numUpdatedRows !== 1n) continue;
        claimed.push({ index: idx, kind, channel, attempts, until, notice: parse(notice) });
      }
      return claimed;
    });
  }

  /**
   * Says what came of a claimed delivery. False: the lease had run out and somebody
   * else has it, who will say.
   */
  async settle(
    { index, kind, channel, attempts }: Claimed,
    owner: string,
    next: { readonly state: DeliveryState; readonly at: Date; readonly problem?: string },
  ): Promise<boolean> {
    return await this.#database.transaction(async (tx) => {
      const result = await tx
        .updateTable("notice_delivery")
        .set({
          state: next.state,
          at: next.at.toISOString(),
          attempts: attempts + 1,
          problem: next.problem ?? null,
          lease: null,
          leased_until: null,
        })
        .where("log_id", "=", this.#logId)
        .where("idx", "=", index)
        .where("kind", "=", kind)
        .where("channel", "=", channel)
        .where("lease", "=", owner)
        .executeTakeFirstOrThrow();
      return result.numUpdatedRows === 1n;
    });
  }

  /** Gives back what `owner` has and will not send: another server may have it at once. */
  async release(owner: string): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await tx
        .updateTable("notice_delivery")
        .set({ lease: null, leased_until: null })
        .where("log_id", "=", this.#logId)
        .where("lease", "=", owner)
        .execute();
    });
  }

  /** Gives up what nobody tried in time: its channel is gone, say. Answers how many. */
  async expire(now: Date): Promise<number> {
    const at = now.toISOString();
    return await this.#database.transaction(async (tx) => {
      const result = await tx
        .updateTable("notice_delivery")
        .set({ state: "dead", at, problem: "it was not tried in time" })
        .where("log_id", "=", this.#logId)
        .where("state", "=", sql.lit("waiting" as const))
        .where("until", "<=", at)
        .where((eb) => eb.or([eb("leased_until", "is", null), eb("leased_until", "<=", at)]))
        .executeTakeFirstOrThrow();
      return Number(result.numUpdatedRows);
    });
  }

  /** Newest entries first. */
  async list(states: readonly DeliveryState[], limit: number): Promise<readonly Delivery[]> {
    const rows = await this.#database.read
      .selectFrom("notice_delivery as d")
      .innerJoin("notice as n", (join) =>
        join
          .onRef("n.log_id", "=", "d.log_id")
          .onRef("n.idx", "=", "d.idx")
          .onRef("n.kind", "=", "d.kind"),
      )
      .select([
        "d.idx",
        "d.kind",
        "d.channel",
        "d.state",
        "d.attempts",
        "d.at",
        "d.problem",
        "n.recorded_at",
        "n.record",
        "n.person",
      ])
      .where("d.log_id", "=", this.#logId)
      .where("d.state", "in", states)
      .orderBy("d.idx", "desc")
      .orderBy("d.kind")
      .orderBy("d.channel")
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      index: row.idx,
      kind: row.kind,
      channel: row.channel,
      state: row.state,
      attempts: row.attempts,
      recordedAt: row.recorded_at,
      at: row.at,
      ...(row.record === null ? {} : { record: row.record }),
      ...(row.person === null ? {} : { person: row.person }),
      ...(row.problem === null ? {} : { problem: row.problem }),
    }));
  }

  /**
   * Has what was given up, or could not be sent, tried again: of one entry or all.
   * What no route names stays: there is still nobody to tell. Answers how many.
   */
  async retry(index: number | undefined, now: Date, until: Date): Promise<number> {
    return await this.#database.transaction(async (tx) => {
      let update = tx
        .updateTable("notice_delivery")
        .set({
          state: "waiting",
          attempts: 0,
          at: now.toISOString(),
          until: until.toISOString(),
          problem: null,
        })
        .where("log_id", "=", this.#logId)
        .where("state", "in", ["dead", "skipped"])
        .where("channel", "not like", "group:%");
      if (index !== undefined) update = update.where("idx", "=", index);
      return Number((await update.executeTakeFirstOrThrow()).numUpdatedRows);
    });
  }

  /** How many wait and were given up, by channel. */
  async counts(): Promise<ReadonlyMap<string, { waiting: number; dead: number; skipped: number }>> {
    const rows = await this.#database.read
      .selectFrom("notice_delivery as d")
      .select(["d.channel", "d.state", (eb) => eb.fn.countAll<number | string>().as("n")])
      .where("d.log_id", "=", this.#logId)
      .where("d.state", "<>", sql.lit("sent" as const))
      .groupBy(["d.channel", "d.state"])
      .execute();
    const found = new Map<string, { waiting: number; dead: number; skipped: number }>();
    for (const { channel, state, n } of rows) {
      const counts = found.get(channel) ?? { waiting: 0, dead: 0, skipped: 0 };
      if (state !== "sent") counts[state] = Number(n);
      found.set(channel, counts);
    }
    return found;
  }

  /** Forgets notices of entries before `before` that wait for nothing. Answers how many, `limit` at most. */
  async prune(before: Date, limit: number): Promise<number> {
    const logId = this.#logId;
    const old = await this.#database.read
      .selectFrom("notice as n")
      .select(["n.idx", "n.kind"])
      .where("n.log_id", "=", logId)
      .where("n.recorded_at", "<", before.toISOString())
      .where("n.routed_at", "is not", null)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom("notice_delivery as d")
              .select("d.idx")
              .whereRef("d.log_id", "=", "n.log_id")
              .whereRef("d.idx", "=", "n.idx")
              .whereRef("d.kind", "=", "n.kind")
              .where("d.state", "=", "waiting"),
          ),
        ),
      )
      .orderBy("n.recorded_at")
      .limit(limit)
      .execute();
    if (old.length === 0) return 0;
    await this.#database.transaction(async (tx) => {
      for (const { idx, kind } of old) {
        for (const table of ["notice_delivery", "notice"] as const) {
          await tx
            .deleteFrom(table)
            .where("log_id", "=", logId)
            .where("idx", "=", idx)
            .where("kind", "=", kind)
            .execute();
        }
      }
    });
    return old.length;
  }
}

function parse(notice: string): Notice {
  return JSON.parse(notice) as Notice;
}
