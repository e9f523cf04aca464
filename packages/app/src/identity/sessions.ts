/**
 * Sessions, on the server. What the browser or the command line holds is 256
 * random bits; the row has their hash, who it is, and two ends: one that moves
 * with use and one that does not. A new login never takes over an old id, so a
 * session that somebody planted in a browser is nobody's. Ending one deletes it.
 */
import type { Selectable } from "kysely";
import type { Database } from "../storage/database.ts";
import type { LoginSessionTable } from "../storage/login-schema.ts";
import type { NewLogin } from "./once.ts";
import type { Session } from "./principal.ts";
import { hashSecret, isSecret, newId, newSecret, prefixes } from "./secret.ts";

const minute = 60_000;
const hour = 60 * minute;

/** How long a session lives unused, and at all, in milliseconds. */
export const sessionLives = {
  page: { idle: 30 * minute, total: 8 * hour },
  // Commands come hours apart; it ends with the working day all the same.
  "command-line": { idle: 4 * hour, total: 12 * hour },
} as const;

/** How old the note of the last use may be: not every request is a write. */
const grain = minute;
/** One holder has at most so many; the oldest go. */
const mostOfOne = 50;

export interface Client {
  /** As it named itself. */
  readonly client: string;
  readonly address: string;
}

export class Sessions {
  readonly #database: Database;
  /** The log that it is about: secrets and persons of another are unknown here. */
  readonly #logId: () => number;
  readonly #now: () => Date;

  constructor(database: Database, logId: () => number, now: () => Date) {
    this.#database = database;
    this.#logId = logId;
    this.#now = now;
  }

  /** A new session and what opens it; the secret is nowhere else. */
  async begin(
    use: Session["use"],
    login: NewLogin,
    holder: string,
    { client, address }: Client,
  ): Promise<{ readonly secret: string; readonly session: Session }> {
    const secret = newSecret(prefixes.session);
    const now = this.#now().getTime();
    const at = (time: number) => new Date(time).toISOString();
    const { idle, total } = sessionLives[use];
    const row: Selectable<LoginSessionTable> = {
      log_id: this.#logId(),
      hash: hashSecret(`session ${use}`, secret),
      id: newId(),
      use,
      method: login.method,
      holder,
      person: login.person ?? null,
      issuer: login.account?.issuer ?? null,
      subject: login.account?.subject ?? null,
      roles: JSON.stringify(login.roles),
      client: client.slice(0, 200),
      address: address.slice(0, 100),
      created_at: at(now),
      seen_at: at(now),
      idle_at: at(now + idle),
      ends_at: at(now + total),
    };
    await this.#database.transaction(async (tx) => {
      await tx.deleteFrom("login_session").where("login_session.ends_at", "<=", at(now)).execute();
      const others = await tx
        .selectFrom("login_session")
        .select("login_session.hash")
        .where("login_session.log_id", "=", this.#logId())
        .where("login_session.holder", "=", holder)
        .orderBy("login_session.created_at", "desc")
        .offset(mostOfOne - 1)
        .limit(mostOfOne)
        .execute();
      if (others.length > 0) {
        const hashes = others.map(({ hash }) => hash);
        await tx.deleteFrom("login_session").where("login_session.hash", "in", hashes).execute();
      }
      await tx.insertInto("login_session").values(row).execute();
    });
    return { secret, session: sessionOf(row) };
  }

  /** The session that `secret` opens for this use, if it has not ended; notes that it was used. */
  async find(use: Session["use"], secret: string): Promise<Session | undefined> {
    if (!isSecret(secret, prefixes.session)) return undefined;
    const hash = hashSecret(`session ${use}`, secret);
    const row = await this.#database.read
      .selectFrom("login_session")
      .selectAll()
      .where("login_session.log_id", "=", this.#logId())
      .where("login_session.hash", "=", hash)
      .executeTakeFirst();
    const now = this.#now();
    const instant = now.toISOString();
    if (row === undefined || row.idle_at <= instant || row.ends_at <= instant) return undefined;
    if (now.getTime() - Date.parse(row.seen_at) < grain) return sessionOf(row);
    const idleAt = new Date(now.getTime() + sessionLives[use].idle).toISOString();
    // Not an upsert: a session that was ended meanwhile stays ended.
    const { numUpdatedRows } = await this.#database.transaction(async (tx) =>
      tx
        .updateTable("login_session")
        .set({ seen_at: instant, idle_at: idleAt })
        .where("login_session.log_id", "=", this.#logId())
        .where("login_session.hash", "=", hash)
        .executeTakeFirstOrThrow(),
    );
    return numUpdatedRows === 1n
      ? sessionOf({ ...row, seen_at: instant, idle_at: idleAt })
      : undefined;
  }

  /** The sessions of a holder that have not ended, the newest first. */
  async list(holder: string): Promise<readonly Session[]> {
    const now = this.#now().toISOString();
    const rows = await this.#database.read
      .selectFrom("login_session")
      .selectAll()
      .where("login_session.log_id", "=", this.#logId())
      .where("login_session.holder", "=", holder)
      .where("login_session.idle_at", ">", now)
      .where("login_session.ends_at", ">", now)
      .orderBy("login_session.created_at", "desc")
      .orderBy("login_session.id")
      .limit(mostOfOne)
      .execute();
    return rows.map(sessionOf);
  }

  /** Ends one session of a holder; answers whether there was one. */
  async end(holder: string, id: string): Promise<boolean> {
    const { numDeletedRows } = await this.#database.transaction(async (tx) =>
      tx
        .deleteFrom("login_session")
        .where("login_session.log_id", "=", this.#logId())
        .where("login_session.id", "=", id)
        .where("login_session.holder", "=", holder)
        .executeTakeFirstOrThrow(),
    );
    return numDeletedRows === 1n;
  }

  /** Ends every session of a holder; answers how many there were. */
  async endAll(holder: string): Promise<number> {
    const { numDeletedRows } = await this.#database.transaction(async (tx) =>
      tx
        .deleteFrom("login_session")
        .where("login_session.log_id", "=", this.#logId())
        .where("login_session.holder", "=", holder)
        .executeTakeFirstOrThrow(),
    );
    return Number(numDeletedRows);
  }
}

function sessionOf(row: Selectable<LoginSessionTable>): Session {
  return {
    id: row.id,
    use: row.use,
    method: row.method,
    holder: row.holder,
    ...(row.person === null ? {} : { person: row.person }),
    ...(row.issuer === null || row.subject === null
      ? {}
      : { account: { issuer: row.issuer, subject: row.subject } }),
    roles: JSON.parse(row.roles) as string[],
    client: row.client,
    address: row.address,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    idleAt: row.idle_at,
    endsAt: row.ends_at,
  };
}
