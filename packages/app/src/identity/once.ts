/**
 * What can be done once: a login under way, a one-time link, a code for a command
 * line. Taking deletes, in one statement, so of two who come with the same secret
 * one is too late. What is over is deleted when the next is put.
 */
import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import { hashSecret } from "./secret.ts";

/** What is put, by kind, and how many milliseconds it lives. */
export interface OnceKinds {
  /** A login that an identity provider is asked for. */
  oidc: { readonly nonce: string; readonly verifier: string; readonly back: string };
  /** A challenge that a passkey is to sign. */
  passkey: { readonly back: string };
  link: { readonly person: string };
  /** A code for a command line: who it is for, and what proves that it is that one. */
  code: { readonly challenge: string; readonly login: NewLogin };
  device: Device;
  /** The code that a person types, naming a device's. */
  "device-user": { readonly device: string };
}
export type OnceKind = keyof OnceKinds;

/** Who somebody turned out to be. */
export interface NewLogin {
  readonly method: "oidc" | "passkey" | "link";
  readonly person?: string;
  readonly account?: { readonly issuer: string; readonly subject: string };
  readonly roles: readonly string[];
}

/** A command line without a browser, waiting for somebody to let it in. */
export interface Device {
  readonly client: string;
  readonly address: string;
  readonly askedAt: string;
  readonly endsAt: string;
  /** Absent: nobody has said anything yet. */
  readonly answer?: { readonly login: NewLogin } | "refused";
}

const minute = 60_000;
export const onceLives: Readonly<Record<OnceKind, number>> = {
  oidc: 10 * minute,
  passkey: 5 * minute,
  link: 15 * minute,
  code: 1 * minute,
  device: 10 * minute,
  "device-user": 10 * minute,
};

/**
 * Anybody can begin a login, so only so many of a kind are kept. The oldest go: to
 * be refused instead, one would need ten thousand in ten minutes and not in the
 * seconds that a person takes.
 */
const mostAtOnce = 10_000;

export class Once {
  readonly #database: Database;
  /** The log that it is about: secrets and persons of another are unknown here. */
  readonly #logId: () => number;
  readonly #now: () => Date;
  readonly #most: number;

  constructor(database: Database, logId: () => number, now: () => Date, most = mostAtOnce) {
    this.#database = database;
    this.#logId = logId;
    this.#now = now;
    this.#most = most;
  }

  /** Keeps `value` under `secret` until its kind's time is over; answers when that is. */
  async put<K extends OnceKind>(kind: K, secret: string, value: OnceKinds[K]): Promise<string> {
    const now = this.#now();
    const endsAt = new Date(now.getTime() + onceLives[kind]).toISOString();
    await this.#database.transaction(async (tx) => {
      await tx
        .deleteFrom("login_once")
        .where("login_once.ends_at", "<=", now.toISOString())
        .execute();
      const newest = tx
        .selectFrom("login_once")
        .select("login_once.hash")
        .where("login_once.log_id", "=", this.#logId())
        .where("login_once.kind", "=", kind)
        .orderBy("login_once.created_at", "desc")
        .orderBy("login_once.hash")
        .limit(this.#most - 1);
      await tx
        .deleteFrom("login_once")
        .where("login_once.log_id", "=", this.#logId())
        .where("login_once.kind", "=", kind)
        .where("login_once.hash", "not in", newest)
        .execute();
      await tx
        .insertInto("login_once")
        .values({
          log_id: this.#logId(),
          hash: hashSecret(kind, secret),
          kind,
          value: JSON.stringify(value),
          created_at: now.toISOString(),
          ends_at: endsAt,
        })
        .execute();
    });
    return endsAt;
  }

  /** What was put, the first time; undefined after that, after its time, or if it never was. */
  async take<K extends OnceKind>(kind: K, secret: string): Promise<OnceKinds[K] | undefined> {
    const row = await this.#database.transaction(async (tx) =>
      tx
        .deleteFrom("login_once")
        .where("login_once.log_id", "=", this.#logId())
        .where("login_once.hash", "=", hashSecret(kind, secret))
        .returning(["login_once.value", "login_once.ends_at"])
        .executeTakeFirst(),
    );
    return this.#alive(row) as OnceKinds[K] | undefined;
  }

  /** What was put, without taking it. */
  async look<K extends OnceKind>(kind: K, secret: string): Promise<OnceKinds[K] | undefined> {
    return this.lookByHash(kind, hashSecret(kind, secret));
  }

  async lookByHash<K extends OnceKind>(kind: K, hash: string): Promise<OnceKinds[K] | undefined> {
    const row = await this.#database.read
      .selectFrom("login_once")
      .select(["login_once.value", "login_once.ends_at"])
      .where("login_once.log_id", "=", this.#logId())
      .where("login_once.hash", "=", hash)
      .where("login_once.kind", "=", kind)
      .executeTakeFirst();
    return this.#alive(row) as OnceKinds[K] | undefined;
  }

  /** Changes what is kept under a hash, if it still is `before`; answers whether it was. */
  async change<K extends OnceKind>(
    kind: K,
    hash: string,
    before: OnceKinds[K],
    after: OnceKinds[K],
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.transaction(async (tx) =>
      tx
        .updateTable("login_once")
        .set({ value: JSON.stringify(after) })
        .where("login_once.log_id", "=", this.#logId())
        .where("login_once.hash", "=", hash)
        .where("login_once.kind", "=", kind)
        .where("login_once.value", "=", JSON.stringify(before))
        .where("login_once.ends_at", ">", sql.val(this.#now().toISOString()))
        .executeTakeFirstOrThrow(),
    );
    return numUpdatedRows === 1n;
  }

  #alive(row: { readonly value: string; readonly ends_at: string } | undefined): unknown {
    if (row === undefined || row.ends_at <= this.#now().toISOString()) return undefined;
    return JSON.parse(row.value);
  }
}
