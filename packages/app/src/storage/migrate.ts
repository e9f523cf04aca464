/**
 * Brings a schema up to date from numbered files, forward only. Each file runs
 * in one transaction with the row that says so. An applied file must stay as it
 * was: its SHA-256 is kept and compared.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Connection, Engine, Store } from "./connection.ts";
import { StorageError } from "./error.ts";

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, in hex. */
  readonly checksum: string;
}

/** The migrations of this version of the program, in order: 1, 2, 3 … without a gap. */
export function migrationsOf(engine: Engine["name"]): Migration[] {
  const folder = new URL(`./migrations/${engine}/`, import.meta.url);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  return names.map((name, i) => {
    if (!/^[0-9]{4}-[a-z0-9-]+\.sql$/.test(name) || Number(name.slice(0, 4)) !== i + 1) {
      throw new TypeError(`migration ${name} is not the number ${i + 1} of its folder`);
    }
    const sql = readFileSync(new URL(name, folder), "utf8");
    return { version: i + 1, name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
}

/**
 * Applies what is missing. Several processes may do it at once: one works, the
 * others wait and find it done. Throws a `StorageError` "schema", and changes
 * nothing, if the database is from a newer version or an applied file differs.
 */
export async function migrate(
  store: Store,
  migrations: readonly Migration[] = migrationsOf(store.engine.name),
): Promise<void> {
  const connection = await store.acquireWriter();
  let broken = true;
  try {
    for (;;) {
      await connection.run(store.engine.begin, []);
      try {
        await store.engine.lockMigrations(connection);
        const next = await firstMissing(connection, migrations);
        if (next !== undefined) await apply(connection, store.engine, next);
        await connection.run("commit", []);
        if (next === undefined) break;
      } catch (error) {
        await connection.run("rollback", []).catch(() => {});
        throw error;
      }
    }
    broken = false;
  } finally {
    await store.release(connection, broken);
  }
}

async function firstMissing(
  connection: Connection,
  migrations: readonly Migration[],
): Promise<Migration | undefined> {
  await connection.run(
    "create table if not exists schema_migration (version integer not null primary key, name text not null, checksum text not null)",
    [],
  );
  const { rows } = await connection.run(
    "select version, name, checksum from schema_migration order by version",
    [],
  );
  for (const [i, { version, name, checksum }] of rows.entries()) {
    const known = migrations[i];
    if (known === undefined) {
      throw new StorageError(
        "schema",
        `this database was migrated by a newer version of Countermand (to ${String(name)}); this version knows ${migrations.length} migrations; use the newer one`,
      );
    }
    if (known.version !== version || known.checksum !== checksum) {
      throw new StorageError(
        "schema",
        `migration ${known.name} was changed after it was applied to this database; restore the file as it was`,
      );
    }
  }
  return migrations[rows.length];
}

async function apply(connection: Connection, engine: Engine, migration: Migration): Promise<void> {
  await connection.script(migration.sql);
  const [a, b, c] = engine.name === "sqlite" ? ["?", "?", "?"] : ["$1", "$2", "$3"];
  await connection.run(
    `insert into schema_migration (version, name, checksum) values (${a}, ${b}, ${c})`,
    [migration.version, migration.name, migration.checksum],
  );
}
