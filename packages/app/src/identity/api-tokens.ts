/**
 * API tokens: what programs log in with. Each belongs to a person, has a name, an
 * end and scopes, and is shown once. None can decide: decisions are signed, and
 * whoever bears a token is refused where decisions are taken in. Revoking deletes.
 */
import type { Selectable } from "kysely";
import type { Database } from "../storage/database.ts";
import type { ApiTokenTable } from "../storage/login-schema.ts";
import { LoginError } from "./error.ts";
import { scopes, type ApiToken, type Scope } from "./principal.ts";
import { hashSecret, isSecret, newId, newSecret, prefixes } from "./secret.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

export const maxTokenDays = 366;
/** One person has at most so many. */
const mostOfOne = 100;
const grain = minute;

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** 1 to 366. */
  readonly days: number;
}

export class ApiTokens {
  readonly #database: Database;
  /** The log that it is about: secrets and persons of another are unknown here. */
  readonly #logId: () => number;
  readonly #now: () => Date;

  constructor(database: Database, logId: () => number, now: () => Date) {
    this.#database = database;
    this.#logId = logId;
    this.#now = now;
  }

  /** Throws a `LoginError` "invalid" where the person has too many. */
  async create(
    person: string,
    wanted: NewToken,
  ): Promise<{ readonly secret: string; readonly token: ApiToken }> {
    const secret = newSecret(prefixes.token);
    const now = this.#now();
    const row: Selectable<ApiTokenTable> = {
      log_id: this.#logId(),
      hash: hashSecret("token", secret),
      id: newId(),
      name: wanted.name,
      person,
      // In one order and each once, so that what is shown does not depend on how it was asked for.
      scopes: JSON.stringify(scopes.filter((scope) => wanted.scopes.includes(scope))),
      created_at: now.toISOString(),
      ends_at: new Date(now.getTime() + wanted.days * day).toISOString(),
      used_at: null,
    };
    await this.#database.transaction(async (tx) => {
      await tx
        .deleteFrom("api_token")
        .where("api_token.ends_at", "<=", now.toISOString())
        .execute();
      const { count } = await tx
        .selectFrom("api_token")
        .select(({ fn }) => fn.countAll<number | bigint>().as("count"))
        .where("api_token.log_id", "=", this.#logId())
        .where("api_token.person", "=", person)
        .executeTakeFirstOrThrow();
      if (Number(count) >= mostOfOne) {
        throw new LoginError(
          "invalid",
          `you have ${mostOfOne} API tokens already; revoke one that is no longer used`,
        );
      }
      await tx.insertInto("api_token").values(row).execute();
    });
    return { secret, token: tokenOf(row) };
  }

  /** The token, if it has not ended; notes that it was used. */
  async find(secret: string): Promise<ApiToken | undefined> {
    if (!isSecret(secret, prefixes.token)) return undefined;
    const hash = hashSecret("token", secret);
    const row = await this.#database.read
      .selectFrom("api_token")
      .selectAll()
      .where("api_token.log_id", "=", this.#logId())
      .where("api_token.hash", "=", hash)
      .executeTakeFirst();
    const now = this.#now();
    if (row === undefined || row.ends_at <= now.toISOString()) return undefined;
    if (row.used_at !== null && now.getTime() - Date.parse(row.used_at) < grain) {
      return tokenOf(row);
    }
    const usedAt = now.toISOString();
    const { numUpdatedRows } = await this.#database.transaction(async (tx) =>
      tx
        .updateTable("api_token")
        .set({ used_at: usedAt })
        .where("api_token.log_id", "=", this.#logId())
        .where("api_token.hash", "=", hash)
        .executeTakeFirstOrThrow(),
    );
    return numUpdatedRows === 1n ? tokenOf({ ...row, used_at: usedAt }) : undefined;
  }

  /** Those of one person, or of everybody, that have not ended; the newest first. */
  async list(person: string | undefined): Promise<readonly ApiToken[]> {
    let query = this.#database.read
      .selectFrom("api_token")
      .selectAll()
      .where("api_token.log_id", "=", this.#logId())
      .where("api_token.ends_at", ">", this.#now().toISOString())
      .orderBy("api_token.created_at", "desc")
      .orderBy("api_token.id")
      .limit(1000);
    if (person !== undefined) query = query.where("api_token.person", "=", person);
    return (await query.execute()).map(tokenOf);
  }

  /** Revokes a token of one person, or anybody's; answers whether there was one. */
  async revoke(person: string | undefined, id: string): Promise<boolean> {
    const { numDeletedRows } = await this.#database.transaction(async (tx) => {
      const query = tx
        .deleteFrom("api_token")
        .where("api_token.log_id", "=", this.#logId())
        .where("api_token.id", "=", id);
      return (
        person === undefined ? query : query.where("api_token.person", "=", person)
      ).executeTakeFirstOrThrow();
    });
    return numDeletedRows === 1n;
  }
}

function tokenOf(row: Selectable<ApiTokenTable>): ApiToken {
  return {
    id: row.id,
    name: row.name,
    person: row.person,
    scopes: JSON.parse(row.scopes) as Scope[],
    createdAt: row.created_at,
    endsAt: row.ends_at,
    ...(row.used_at === null ? {} : { usedAt: row.used_at }),
  };
}
