/** The one place that chooses the engine. */
import type { Database } from "./database.ts";
import { openPostgresql } from "./postgresql.ts";
import { openSqlite } from "./sqlite.ts";

export type DatabaseLocation = { readonly file: string } | { readonly url: string };

/** Opens SQLite at `file`, or PostgreSQL at `url`. Rejects with a `StorageError`. */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  return "url" in location ? openPostgresql(location.url) : openSqlite(location.file);
}
