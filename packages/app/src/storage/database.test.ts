import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  engineOf,
  insertNewRows,
  insertRows,
  mustTouch,
  runSql,
  upsertRows,
  type Database,
  type Tx,
} from "./database.ts";
import { describeOnBothStores } from "./testing/both-stores.ts";

const log = (id: number, origin: string) => ({
  log_id: id,
  origin,
  state: "active" as const,
  reason: null,
  created_at: "2026-11-23T09:00:00.000Z",
});

const add = (tx: Tx, id: number, origin: string) =>
  tx.insertInto("log").values(log(id, origin)).execute();
const origins = async (db: Database) =>
  (await db.read.selectFrom("log").select("origin").orderBy("log_id").execute()).map(
    (row) => row.origin,
  );

describeOnBothStores("database", (store) => {
  test("a transaction is there as a whole, or not at all", async () => {
    const db = await store.open();
    expect(await db.transaction(async (tx) => (await add(tx, 1, "a"), "done"))).toBe("done");
    await expect(
      db.transaction(async (tx) => {
        await add(tx, 2, "b");
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect(await origins(db)).toEqual(["a"]);
  });

  test("a transaction sees its own writes, others do not until the commit", async () => {
    const db = await store.open();
    let wrote!: () => void;
    let seen!: () => void;
    const written = new Promise<void>((resolve) => (wrote = resolve));
    const looked = new Promise<void>((resolve) => (seen = resolve));
    const running = db.transaction(async (tx) => {
      await add(tx, 1, "a");
      expect(await tx.selectFrom("log").select("origin").execute()).toEqual([{ origin: "a" }]);
      wrote();
      await looked;
    });
    await written;
    expect(await origins(db)).toEqual([]);
    seen();
    await running;
    expect(await origins(db)).toEqual(["a"]);
  });

  test("a read beside the transaction, and a transaction in a transaction, are mistakes", async () => {
    const db = await store.open();
    await expect(db.transaction(async () => origins(db))).rejects.toThrow(TypeError);
    await expect(
      db.transaction(async (tx) => {
        await add(tx, 1, "a");
        await setTimeout(1);
        await db.transaction(async () => {});
      }),
    ).rejects.toThrow("inside a running transaction");
    await expect(db.transaction(async () => db.snapshot(async () => 1))).rejects.toThrow(TypeError);
    expect(await origins(db)).toEqual([]);
    // Two side by side are none.
    await Promise.all([1, 2, 3, 4, 5, 6].map((id) => db.transaction((tx) => add(tx, id, `${id}`))));
    expect(await origins(db)).toHaveLength(6);
  });

  test("a tx is of no use after its transaction", async () => {
    const db = await store.open();
    let kept: Tx | undefined;
    await db.transaction(async (tx) => {
      kept = tx;
    });
    await expect(add(kept as Tx, 1, "a")).rejects.toThrow("the transaction is over");
    expect(await origins(db)).toEqual([]);
  });

  test("nothing is committed after a statement that failed, even if its error was swallowed", async () => {
    const db = await store.open();
    await expect(
      db.transaction(async (tx) => {
        await add(tx, 1, "a");
        await add(tx, 1, "b").catch(() => {});
        await add(tx, 3, "c").catch(() => {});
      }),
    ).rejects.toMatchObject({ name: "StorageError", code: "constraint" });
    expect(await origins(db)).toEqual([]);
    await db.transaction((tx) => add(tx, 1, "a"));
    expect(await origins(db)).toEqual(["a"]);
  });

  test("a snapshot stays as it was and cannot write", async () => {
    const db = await store.open();
    await db.transaction((tx) => add(tx, 1, "a"));
    await db.snapshot(async (snapshot) => {
      const count = async () =>
        (await snapshot.selectFrom("log").select("origin").execute()).length;
      expect(await count()).toBe(1);
      expect(engineOf(snapshot).name).toBe(db.engine);
    });
    await expect(
      db.snapshot((snapshot) => snapshot.insertInto("log").values(log(2, "b")).execute()),
    ).rejects.toMatchObject({ name: "StorageError" });
    await expect(db.read.insertInto("log").values(log(2, "b")).execute()).rejects.toMatchObject({
      code: "read-only",
    });
    expect(await origins(db)).toEqual(["a"]);
  });

  test("rows in one go keep their bytes, nulls and order; a clash refuses all", async () => {
    const db = await store.open();
    const columns = [
      { name: "log_id", type: "integer" },
      { name: "idx", type: "integer" },
      { name: "leaf", type: "bytes" },
      { name: "leaf_hash", type: "bytes" },
      { name: "identity_hash", type: "bytes" },
    ] as const;
    const rows = Array.from({ length: 300 }, (_, i) => [
      1,
      i,
      new Uint8Array(i % 7).fill(i),
      new Uint8Array(32).fill(i),
      new Uint8Array(32).map((_, j) => (j < 2 ? i >> (8 * j) : 0)),
    ]);
    await db.transaction((tx) => insertRows(tx, "entry", columns, rows));
    const read = await db.read.selectFrom("entry").selectAll().orderBy("idx").execute();
    expect(read.map(Object.values)).toEqual(rows);
    expect(read[5]?.leaf.constructor).toBe(Uint8Array);
    await expect(
      db.transaction((tx) =>
        insertRows(tx, "entry", columns, [[1, 300, ...(rows[1] ?? []).slice(2)] as never]),
      ),
    ).rejects.toMatchObject({ code: "constraint" });
    await db.transaction((tx) =>
      insertRows(
        tx,
        "log",
        [
          { name: "log_id", type: "integer" },
          { name: "origin", type: "text" },
          { name: "state", type: "text" },
          { name: "reason", type: "text" },
          { name: "created_at", type: "text" },
        ],
        [
          [1, 'with "quotes", {braces} and \\', "active", null, ""],
          [2, "zwei, ü", "active", "null", ""],
        ],
      ),
    );
    expect(
      await db.read.selectFrom("log").select(["origin", "reason"]).orderBy("log_id").execute(),
    ).toEqual([
      { origin: 'with "quotes", {braces} and \\', reason: null },
      { origin: "zwei, ü", reason: "null" },
    ]);
  });

  test("integers beyond 2^53 are refused on the way out", async () => {
    const db = await store.open();
    await db.transaction(async (tx) => {
      await add(tx, 1, "a");
      await runSql(
        tx,
        "insert into log_key (log_id, vkey, from_size) values (1, 'k', 9007199254740992)",
      );
    });
    await expect(db.read.selectFrom("log_key").selectAll().execute()).rejects.toThrow(
      "9007199254740992",
    );
  });

  test("the ledger's rows cannot be edited or removed", async () => {
    const db = await store.open();
    const hash = "'\\x" + "00".repeat(32) + "'";
    const zero = db.engine === "sqlite" ? "zeroblob(32)" : hash;
    await db.transaction(async (tx) => {
      await runSql(tx, `insert into entry values (1, 0, ${zero}, ${zero}, ${zero})`);
      await runSql(tx, `insert into checkpoint values (1, 1, ${zero}, 'note', '')`);
      const tile = db.engine === "sqlite" ? "zeroblob(8192)" : `decode(repeat('00', 8192), 'hex')`;
      await runSql(tx, `insert into tile values (1, 0, 0, ${tile}, ${zero})`);
    });
    for (const table of ["entry", "tile", "checkpoint"]) {
      const statements = [`update ${table} set log_id = 2`, `delete from ${table}`];
      if (db.engine === "postgresql") statements.push(`truncate ${table}`);
      for (const statement of statements) {
        await expect(
          db.transaction((tx) => runSql(tx, statement)),
          statement,
        ).rejects.toThrow("is append-only");
      }
    }
  });

  test("a count of rows that is not the expected one is an error", () => {
    expect(() => mustTouch(1, 0n, "update log_head")).toThrow(
      "update log_head: 0 rows were touched, 1 expected",
    );
    mustTouch(2, 2, "anything");
  });

  test("rows that are there are replaced, kept or refused, as it was asked", async () => {
    const db = await store.open();
    const columns = [
      { name: "log_id", type: "integer" },
      { name: "service", type: "text" },
      { name: "environment", type: "text" },
      { name: "digest", type: "text" },
      { name: "idx", type: "integer" },
    ] as const;
    const row = (digest: string, idx: number) => [1, "api", "prod", digest, idx] as const;
    const key = ["log_id", "service", "environment", "digest"];
    const rows = async () =>
      (
        await db.read
          .selectFrom("seen_running")
          .select(["digest", "idx"])
          .orderBy("digest")
          .execute()
      )
        .map(({ digest, idx }) => `${digest}${idx}`)
        .join(" ");
    await db.transaction(async (tx) => {
      await upsertRows(tx, "seen_running", columns, [row("a", 1), row("b", 1)], key);
      await upsertRows(tx, "seen_running", columns, [row("b", 2), row("c", 2)], key);
      await upsertRows(tx, "seen_running", columns, [], key);
    });
    expect(await rows()).toBe("a1 b2 c2");
    await db.transaction((tx) =>
      insertNewRows(tx, "seen_running", columns, [row("c", 3), row("d", 3), row("d", 4)]),
    );
    expect(await rows()).toBe("a1 b2 c2 d3");
    await expect(
      db.transaction((tx) => insertRows(tx, "seen_running", columns, [row("e", 5), row("a", 5)])),
    ).rejects.toMatchObject({ code: "constraint" });
    expect(await rows()).toBe("a1 b2 c2 d3");
  });
});
