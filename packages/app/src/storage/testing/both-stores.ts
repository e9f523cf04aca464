/**
 * Runs a suite on SQLite and on a real PostgreSQL. Without PostgreSQL installed
 * that half is skipped, visibly; in continuous integration (CI=true) it fails.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { afterEach, beforeAll, describe, inject, test } from "vitest";
import type { Store } from "../connection.ts";
import { databaseOver, type Database } from "../database.ts";
import { openDatabase, type DatabaseLocation } from "../open.ts";
import { postgresqlStore } from "../postgresql.ts";
import { sqliteStore } from "../sqlite.ts";
import { ensureServer, findPostgresql } from "./postgresql-server.ts";

export interface StoreUnderTest {
  readonly engine: Database["engine"];
  /** The place of a new, empty database; gone after the test. */
  place(): Promise<DatabaseLocation>;
  /** Opens and migrates the database there, or in a new place; closed after the test. */
  open(location?: DatabaseLocation): Promise<Database>;
  /** Opens a migrated database with `wrap` between it and the engine. */
  openThrough(location: DatabaseLocation, wrap: (store: Store) => Store): Promise<Database>;
  /** A copy of a database that nobody has open, as from a backup. */
  copy(location: DatabaseLocation): Promise<DatabaseLocation>;
  /** Runs SQL as the owner of everything who first drops what stands in the way. */
  tamper(location: DatabaseLocation, ...statements: string[]): Promise<void>;
}

const dropTriggers = {
  sqlite: ["entry", "tile", "checkpoint"].flatMap((table) => [
    `drop trigger if exists ${table}_no_update`,
    `drop trigger if exists ${table}_no_delete`,
  ]),
  postgresql: ["entry", "tile", "checkpoint"].map(
    (table) => `alter table ${table} disable trigger user`,
  ),
};

/** What is to be undone when the test is over, newest first. */
const endings: (() => void | Promise<void>)[] = [];

function underTest(
  engine: Database["engine"],
  place: StoreUnderTest["place"],
  copy: StoreUnderTest["copy"],
  raw: (location: DatabaseLocation, statements: string[]) => Promise<void>,
): StoreUnderTest {
  return {
    engine,
    place,
    copy,
    async open(location) {
      const database = await openDatabase(location ?? (await place()));
      endings.push(() => database.close());
      return database;
    },
    async openThrough(location, wrap) {
      const inner =
        "url" in location ? postgresqlStore(location.url) : await sqliteStore(location.file);
      const database = databaseOver(wrap(inner));
      endings.push(() => database.close());
      return database;
    },
    tamper: (location, ...statements) => raw(location, [...dropTriggers[engine], ...statements]),
  };
}

function sqliteUnderTest(): StoreUnderTest {
  async function place(): Promise<{ file: string }> {
    const folder = mkdtempSync(join(tmpdir(), "countermand-sqlite-"));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    return { file: join(folder, "ledger.db") };
  }
  return underTest(
    "sqlite",
    place,
    async (location) => {
      const from = fileOf(location);
      const { file } = await place();
      for (const suffix of ["", "-wal"])
        if (existsSync(from + suffix)) copyFileSync(from + suffix, file + suffix);
      return { file };
    },
    async (location, statements) => {
      const db = new DatabaseSync(fileOf(location), { timeout: 5_000 });
      db.exec(statements.join(";\n"));
      db.close();
    },
  );
}

function fileOf(location: DatabaseLocation): string {
  if (!("file" in location)) throw new TypeError("not a place of SQLite");
  return location.file;
}

function postgresqlUnderTest(socketFolder: () => string): StoreUnderTest {
  let count = 0;
  const urlOf = (name: string) =>
    `postgres://postgres@localhost/${name}?host=${encodeURIComponent(socketFolder())}`;
  async function sql(url: string, statements: string[]): Promise<void> {
    const client = new Client(url);
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }
  async function create(template: string): Promise<{ url: string }> {
    count += 1;
    const name = `test_${process.pid}_${Date.now()}_${count}`;
    await sql(urlOf("postgres"), [`create database ${name} template ${template}`]);
    endings.push(() => sql(urlOf("postgres"), [`drop database ${name} with (force)`]));
    return { url: urlOf(name) };
  }
  return underTest(
    "postgresql",
    () => create("template0"),
    async (location) => create(new URL(urlFrom(location)).pathname.slice(1)),
    async (location, statements) => sql(urlFrom(location), statements),
  );
}

function urlFrom(location: DatabaseLocation): string {
  if (!("url" in location)) throw new TypeError("not a place of PostgreSQL");
  return location.url;
}

/** Declares `suite` once for each engine. */
export function describeOnBothStores(name: string, suite: (store: StoreUnderTest) => void): void {
  describe(`${name} (sqlite)`, () => {
    afterEach(clean);
    suite(sqliteUnderTest());
  });
  describePostgresql(`${name} (postgresql)`, suite);
}

/** A suite that only PostgreSQL can run. */
export function describePostgresql(name: string, suite: (store: StoreUnderTest) => void): void {
  if (findPostgresql() === undefined && process.env["CI"] !== "true") {
    describe(name, () => {
      test.skip(
        "PostgreSQL is not installed (apt-get install postgresql), so this half was not tested",
      );
    });
    return;
  }
  describe(name, () => {
    let folder = "";
    beforeAll(async () => {
      folder = await ensureServer(inject("postgresqlFolder"));
    });
    afterEach(clean);
    suite(postgresqlUnderTest(() => folder));
  });
}

async function clean(): Promise<void> {
  for (let ending = endings.pop(); ending !== undefined; ending = endings.pop()) await ending();
}
