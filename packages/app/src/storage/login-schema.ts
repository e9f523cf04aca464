/**
 * The tables of login as Kysely knows them. They belong to the server and not
 * to the ledger: nothing is proved by them, no export carries them, and without
 * them everybody logs in again. No row holds what it takes to use it: sessions,
 * tokens and one-time codes are named by the SHA-256 of 256 random bits.
 */
import type { ColumnType } from "kysely";

type Fixed<T> = ColumnType<T, T, never>;

/** Who is logged in. */
export interface LoginSessionTable {
  /** Where: a session is of one log. 0 before there is a log. */
  log_id: Fixed<number>;
  /** SHA-256 of what the browser or the command line has, in hex. */
  hash: Fixed<string>;
  /** What people name it by. */
  id: Fixed<string>;
  use: Fixed<"page" | "command-line">;
  method: Fixed<"oidc" | "passkey" | "link">;
  /** The person as of the login, or issuer and subject: sessions of one holder are listed together. */
  holder: Fixed<string>;
  /** With `passkey` and `link`. */
  person: Fixed<string | null>;
  /** With `oidc`. */
  issuer: Fixed<string | null>;
  subject: Fixed<string | null>;
  /** JSON array of names, from the groups of this login. */
  roles: Fixed<string>;
  /** Browser or computer, as it named itself. */
  client: Fixed<string>;
  /** The address that it came from, as the server saw it. */
  address: Fixed<string>;
  created_at: Fixed<string>;
  seen_at: string;
  /** Unless it is seen again before. */
  idle_at: string;
  ends_at: Fixed<string>;
}

/** What can be done once: a login under way, a link, a code. Taking it deletes it. */
export interface LoginOnceTable {
  log_id: Fixed<number>;
  /** SHA-256 of kind and secret, in hex. */
  hash: Fixed<string>;
  kind: Fixed<string>;
  /** JSON. */
  value: string;
  created_at: Fixed<string>;
  ends_at: Fixed<string>;
}

/** What programs log in with. */
export interface ApiTokenTable {
  log_id: Fixed<number>;
  /** SHA-256 of the token, in hex. */
  hash: Fixed<string>;
  id: Fixed<string>;
  name: Fixed<string>;
  person: Fixed<string>;
  /** JSON array of scopes. */
  scopes: Fixed<string>;
  created_at: Fixed<string>;
  ends_at: Fixed<string>;
  used_at: string | null;
}

export interface LoginTables {
  login_session: LoginSessionTable;
  login_once: LoginOnceTable;
  api_token: ApiTokenTable;
}
