import { expect, test } from "vitest";
import { migrate, migrationsOf } from "./migrate.ts";
import { openDatabase } from "./open.ts";
import { postgresqlStore } from "./postgresql.ts";
import { sqliteStore } from "./sqlite.ts";
import type { Store } from "./connection.ts";
import type { DatabaseLocation } from "./open.ts";
import { passingTables, portableTables, rebuiltTables } from "./portable.ts";
import { describeOnBothStores } from "./testing/both-stores.ts";

async function withStore<T>(
  location: DatabaseLocation,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store =
    "url" in location ? postgresqlStore(location.url) : await sqliteStore(location.file);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function dump(store: Store): Promise<string[]> {
  const connection = await store.acquireReader();
  try {
    return await store.engine.dumpSchema(connection);
  } finally {
    await store.release(connection, false);
  }
}

async function query(store: Store, sql: string) {
  const connection = await store.acquireReader();
  try {
    return (await connection.run(sql, [])).rows;
  } finally {
    await store.release(connection, false);
  }
}

describeOnBothStores("migrate", (underTest) => {
  test("gives the schema that is on file", async () => {
    await withStore(await underTest.place(), async (store) => {
      await migrate(store);
      const schema = (await dump(store)).join("\n");
      await expect(`${schema}\n`).toMatchFileSnapshot(
        `./migrations/${underTest.engine}.schema.txt`,
      );
      await migrate(store);
      expect((await dump(store)).join("\n")).toBe(schema);
    });
  });

  test("every table is exported, or said to be made again or to pass", async () => {
    await withStore(await underTest.place(), async (store) => {
      await migrate(store);
      const rows = await query(
        store,
        underTest.engine === "sqlite"
          ? "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
          : "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
      );
      const tables = rows
        .map(({ name }) => String(name))
        .filter((name) => name !== "schema_migration");
      expect(tables.sort()).toEqual(
        [...Object.keys(portableTables), ...rebuiltTables, ...passingTables].sort(),
      );
    });
  });

  test("an older database is brought up to date, by several processes at once", async () => {
    const location = await underTest.place();
    const migrations = migrationsOf(underTest.engine);
    await withStore(location, (store) => migrate(store, migrations.slice(0, 1)));
    const all = await Promise.all([1, 2, 3].map(async () => openDatabase(location)));
    await Promise.all(all.map((database) => database.close()));
    await withStore(location, async (store) => {
      const applied = await query(
        store,
        "select version, name from schema_migration order by version",
      );
      expect(applied.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
    });
  });

  test("a newer database, and a migration that was changed, are refused and left alone", async () => {
    const location = await underTest.place();
    const migrations = migrationsOf(underTest.engine);
    const next = {
      version: migrations.length + 1,
      name: "9999-newer.sql",
      sql: "create table newer (a integer)",
      checksum: "00",
    };
    await withStore(location, (store) => migrate(store, [...migrations, next]));
    await expect(openDatabase(location)).rejects.toMatchObject({
      code: "schema",
      message: expect.stringContaining(
        "this database was migrated by a newer version of Countermand (to 9999-newer.sql)",
      ),
    });
    await withStore(location, async (store) => {
      const changed = [...migrations, { ...next, checksum: "01" }];
      await expect(migrate(store, changed)).rejects.toThrow(
        "9999-newer.sql was changed after it was applied",
      );
    });
  });

  test("a migration that fails leaves nothing of itself", async () => {
    await withStore(await underTest.place(), async (store) => {
      const migrations = migrationsOf(underTest.engine);
      await migrate(store, migrations);
      const before = await dump(store);
      const broken = {
        version: migrations.length + 1,
        name: "9999-broken.sql",
        sql: "create table half (a integer);\ninsert into half values (1);\ninsert into nowhere values (1);\n",
        checksum: "00",
      };
      await expect(migrate(store, [...migrations, broken])).rejects.toThrow("nowhere");
      expect(await dump(store)).toEqual(before);
      await migrate(store, migrations);
    });
  });

  test("what stands beside the one log of an older database is of that log", async () => {
    const location = await underTest.place();
    const migrations = migrationsOf(underTest.engine);
    const before = migrations.findIndex(({ name }) => name.endsWith("-tenants.sql"));
    await withStore(location, async (store) => {
      await migrate(store, migrations.slice(0, before));
      const writer = await store.acquireWriter();
      await writer.script(
        `insert into log (log_id, origin, state, created_at) values (7, 'log.example.com/a', 'active', '2026-11-23T09:00:00.000Z');
         insert into audit values ('shop', 'abc', '2026-11-23T09:00:00.000Z', 3, 1, '[]');
         insert into reversal values ('shop', 'def', '2026-11-22T09:00:00.000Z', '{}');
         insert into api_token values ('${"a".repeat(64)}', 'id', 'deploy', 'ada', '[]', '2026-11-23T09:00:00.000Z', '2026-12-23T09:00:00.000Z', null);`,
      );
      await store.release(writer, false);
      await migrate(store);
      for (const table of ["audit", "reversal", "api_token"]) {
        expect(await query(store, `select log_id from ${table}`), table).toEqual([{ log_id: 7 }]);
      }
      expect(await query(store, "select repository, head, commits from audit")).toEqual([
        { repository: "shop", head: "abc", commits: 3 },
      ]);
    });
  });
});
