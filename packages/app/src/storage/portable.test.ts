import { expect, test } from "vitest";
import type { Database } from "./database.ts";
import { exportDatabase, importDatabase } from "./portable.ts";
import { openSqlite } from "./sqlite.ts";
import { describeOnBothStores } from "./testing/both-stores.ts";
import { checkHistory } from "../ledger/testing/check-history.ts";
import {
  makeTestLog,
  temporaryFolder,
  testLog,
  type TestLog,
} from "../ledger/testing/ledger-under-test.ts";

async function exported(database: Database): Promise<string> {
  const parts: Uint8Array[] = [];
  await exportDatabase(database, async (lines) => {
    parts.push(lines);
  });
  return Buffer.concat(parts).toString();
}

/** Cut into odd pieces, so that lines and characters fall apart. */
async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1_009) yield bytes.subarray(at, at + 1_009);
}

async function fill(database: Database, size: number): Promise<TestLog> {
  const log = await makeTestLog(database);
  const ledger = await log.open(database, { maxWaiting: 2_000 });
  await ledger.submit({ id: "first", text: "note first" });
  await Promise.all(
    Array.from({ length: size - 1 }, (_, i) =>
      ledger.submit({ id: `ü ${i}`, text: `note ü ${i}` }),
    ),
  );
  await ledger.close();
  return log;
}

describeOnBothStores("export and import", (store) => {
  test("an import is the same ledger, on the other engine too, and exports the same bytes", async () => {
    const here = await store.open();
    const log = await fill(here, 600);
    const text = await exported(here);
    expect(text.split("\n").at(-2)).toMatch(
      /^\{"end":\{"log":1,"log_key":1,"log_head":1,"entry":600,"tile":2,/,
    );
    const there = await openSqlite(`${temporaryFolder()}/there.db`);
    const back = await store.open();
    for (const [from, into] of [
      [text, there],
      [text, back],
    ] as const) {
      expect(await importDatabase(into, pieces(from))).toMatchObject({ entry: 600, tile: 2 });
      expect(await exported(into)).toBe(text);
      await checkHistory(into, log);
    }
    const ledger = await testLog(log.signer, log.markFolder).open(there);
    expect(await ledger.submit({ id: "first", text: "note first" })).toMatchObject({
      result: "again",
    });
    await ledger.submit({ id: "next", text: "note next" });
    await ledger.close();
    await checkHistory(there, log);
    await there.close();
  });

  test("what was cut short, changed or reordered is refused, with its line, and leaves nothing", async () => {
    const here = await store.open();
    await fill(here, 5);
    const text = await exported(here);
    const lines = text.split("\n");
    const entry = lines.findIndex((line) => line.includes('"table":"entry"'));
    const bad: [string, string, RegExp][] = [
      [
        "no end line",
        `${lines.slice(0, -2).join("\n")}\n`,
        /line \d+ of the export: the export is cut short: its end line is missing/,
      ],
      ["half a line", text.slice(0, -10), /cut short in the middle of a line/],
      ["nothing", "", /line 1 of the export: the export is cut short/],
      [
        "a foreign file",
        '{"hello":1}\n',
        /line 1 of the export: this is not an export of Countermand/,
      ],
      ["not JSON", "hello\n", /line 1 of the export: this is not JSON/],
      ["not UTF-8", "", /./],
      [
        "a row less",
        lines.toSpliced(entry, 1).join("\n"),
        /it counts .*"entry":5.*"entry":4.* were read/,
      ],
      [
        "a changed row",
        text.replace('"recorded_at":"2', '"recorded_at":"3'),
        /have another SHA-256: the export was changed/,
      ],
      [
        "a table that is not known",
        text.replace('"table":"log_key"', '"table":"schema_migration"'),
        /line 3 of the export: expected a row of one of the tables/,
      ],
      [
        "a column that is SQL",
        text.replace('"origin"', '"origin) values (1); --"'),
        /line 2 of the export: .* is no column/,
      ],
      [
        "another order",
        lines
          .toSpliced(
            lines.findIndex((line) => line.includes('"table":"checkpoint"')),
            1,
          )
          .toSpliced(entry, 0, lines.find((line) => line.includes('"table":"checkpoint"')) ?? "")
          .join("\n"),
        /rows of entry come after rows of checkpoint/,
      ],
      [
        "bad base64",
        text.replace('{"base64":"', '{"base64":"*'),
        /line \d+ of the export: the value of \w+ is neither/,
      ],
      ["more after the end", `${text}{}\n`, /nothing may follow the end line/],
      [
        "from another version",
        text.replace('"migrations":', '"migrations":1'),
        /it was made with 1\d+ migrations/,
      ],
    ];
    const empty = await store.open();
    for (const [name, damaged, problem] of bad) {
      const chunks =
        name === "not UTF-8"
          ? (async function* () {
              yield Uint8Array.of(0xff, 10);
            })()
          : pieces(damaged);
      await expect(importDatabase(empty, chunks), name).rejects.toMatchObject({
        code: "content",
        message: expect.stringMatching(problem),
      });
    }
    await importDatabase(empty, pieces(text));
    await expect(importDatabase(empty, pieces(text))).rejects.toThrow(
      "the database is not empty: log has rows",
    );
  });
});
