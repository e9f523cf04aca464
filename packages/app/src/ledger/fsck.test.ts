/** What somebody with full rights can do to the store, and what is said about it. */
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DatabaseLocation } from "../storage/open.ts";
import type { Database } from "../storage/database.ts";
import { describeOnBothStores, type StoreUnderTest } from "../storage/testing/both-stores.ts";
import { fsck } from "./fsck.ts";
import { findLog } from "./log-rows.ts";
import { openMark } from "./mark.ts";
import { makeTestLog, testLog, type TestLog } from "./testing/ledger-under-test.ts";
import { origin } from "./testing/test-signer.ts";
import { noteIdentity } from "./testing/notes.ts";

const size = 600;

async function findings(database: Database, log: TestLog, withMark = true): Promise<string[]> {
  const mark = await openMark(log.markFolder, origin);
  const options = {
    logId: (await findLog(database.read, origin)) ?? 0,
    log: log.signer.verifier,
    ...(withMark ? { mark } : {}),
  };
  const identityOf = (leaf: Uint8Array) =>
    noteIdentity(Buffer.from(leaf).toString().slice("note ".length));
  const found = await sentences(fsck(database, { ...options, identityOf }));
  // Where the store hashes its rows itself, and identities are somebody else's: the same.
  const bySelf = await sentences(fsck(database, options));
  expect(bySelf).toEqual(found.filter((one) => !one.includes("its identity hash is not")));
  await mark.close();
  return found;
}

async function sentences(messages: ReturnType<typeof fsck>): Promise<string[]> {
  const found: string[] = [];
  for await (const message of messages) {
    if (message.kind === "finding") found.push(`${message.where}: ${message.problem}`);
  }
  return found;
}

/** A log of 600 entries, two checkpoints beside the empty one, and nobody working on it. */
async function filled(
  store: StoreUnderTest,
): Promise<{ location: DatabaseLocation; log: TestLog }> {
  const location = await store.place();
  const database = await store.open(location);
  const log = await makeTestLog(database);
  const ledger = await log.open(database, { maxWaiting: 1_000 });
  const submit = (from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, i) =>
        ledger.submit({ id: `${from + i}`, text: `note ${from + i}` }),
      ),
    );
  await submit(0, 300);
  await submit(300, size);
  await ledger.close();
  await database.close();
  return { location, log };
}

interface Tampering {
  readonly name: string;
  readonly sqlite: readonly string[];
  readonly postgresql?: readonly string[];
  /** Every finding, in order; each must match. */
  readonly expected: readonly RegExp[];
  /** Whether the next start notices: it looks at the right edge only. */
  readonly startRefuses: RegExp | undefined;
}

const flip = {
  sqlite: (column: string) => `cast(replace(${column}, x'6e6f7465', x'6e6f7466') as blob)`,
  postgresql: (column: string) => `set_byte(${column}, 3, 102)`,
};
const flipHash = {
  sqlite: (column: string, at: number) =>
    `cast(substr(${column}, 1, ${at}) || (case when substr(${column}, ${at + 1}, 1) = x'00' then x'01' else x'00' end) || substr(${column}, ${at + 2}) as blob)`,
  postgresql: (column: string, at: number) =>
    `set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 255)`,
};

/** Both engines, from one sentence with the engine's own expression. */
function both(
  statements: (engine: "sqlite" | "postgresql") => string[],
): Pick<Tampering, "sqlite" | "postgresql"> {
  return { sqlite: statements("sqlite"), postgresql: statements("postgresql") };
}

const tamperings: readonly Tampering[] = [
  {
    name: "a byte of an old entry is flipped",
    ...both((engine) => [`update entry set leaf = ${flip[engine]("leaf")} where idx = 17`]),
    expected: [/^entry 17: its bytes do not match its leaf hash [0-9a-f]{64}$/],
    startRefuses: undefined,
  },
  {
    name: "a byte of a new entry is flipped",
    ...both((engine) => [`update entry set leaf = ${flip[engine]("leaf")} where idx = 590`]),
    expected: [/^entry 590: its bytes do not match/],
    startRefuses: /entry 590: its bytes do not match its leaf hash/,
  },
  {
    name: "the leaf hash of an old entry is changed",
    ...both((engine) => [
      `update entry set leaf_hash = ${flipHash[engine]("leaf_hash", 4)} where idx = 17`,
    ]),
    expected: [
      /^entry 17: its bytes do not match/,
      /^entry 17: its leaf hash is .* was put into tile 0\/0: it was changed, moved or renumbered$/,
    ],
    startRefuses: undefined,
  },
  {
    name: "the leaf hash of a new entry is changed",
    ...both((engine) => [
      `update entry set leaf_hash = ${flipHash[engine]("leaf_hash", 4)} where idx = 590`,
    ]),
    expected: [
      /^entry 590: its bytes do not match/,
      /^mark: the root/,
      /^checkpoint 600: it signs the root/,
      /^head: its root is/,
    ],
    startRefuses: /the high-water mark .* signs another root for 600 entries/,
  },
  {
    name: "an old entry is deleted",
    ...both(() => ["delete from entry where idx = 17"]),
    expected: [/^entry 17: it is missing$/],
    startRefuses: undefined,
  },
  {
    name: "a new entry is deleted",
    ...both(() => ["delete from entry where idx = 590"]),
    expected: [
      /^entry 590: it is missing$/,
      /^head: its root cannot be recomputed, because an entry is missing$/,
    ],
    startRefuses: /tile 0\/2 has 87 hashes in the database, 88 expected/,
  },
  {
    name: "two old entries change places",
    ...both(() => [
      "update entry set idx = 1000000 where idx = 17",
      "update entry set idx = 17 where idx = 18",
      "update entry set idx = 18 where idx = 1000000",
    ]),
    expected: [
      /^entry 17: its leaf hash is .* moved or renumbered$/,
      /^entry 18: its leaf hash is/,
    ],
    startRefuses: undefined,
  },
  {
    name: "an entry is renumbered",
    ...both(() => ["update entry set idx = 1000000 where idx = 17"]),
    expected: [
      /^entry 1000000: it is in the database, but the head says 600 entries$/,
      /^entry 17: it is missing$/,
    ],
    startRefuses: /entry 1000000 is in the database, but the head says 600 entries/,
  },
  {
    name: "an identity is changed",
    ...both((engine) => [
      `update entry set identity_hash = ${flipHash[engine]("identity_hash", 0)} where idx = 17`,
    ]),
    expected: [/^entry 17: its identity hash is not that of its bytes$/],
    startRefuses: undefined,
  },
  {
    name: "an entry is there twice",
    sqlite: [
      "create table copy (log_id, idx, leaf, leaf_hash, identity_hash)",
      "insert into copy select log_id, idx, leaf, leaf_hash, identity_hash from entry",
      "insert into copy select log_id, idx, leaf, leaf_hash, identity_hash from entry where idx = 17",
      "drop table entry",
      "alter table copy rename to entry",
    ],
    postgresql: [
      "alter table entry drop constraint entry_pkey",
      "drop index entry_identity",
      "insert into entry select * from entry where idx = 17",
    ],
    expected: [/^entry 17: 2 rows have its identity$/, /^entry 17: 2 rows have its index$/],
    startRefuses: undefined,
  },
  {
    name: "a hash in a tile is changed",
    ...both((engine) => [
      `update tile set hashes = ${flipHash[engine]("hashes", 32 * 17)} where level = 0 and n = 0`,
    ]),
    expected: [/^tile 0\/0: its hash 17 is not the leaf hash of entry 17$/],
    startRefuses: undefined,
  },
  {
    name: "a tile's root is changed",
    ...both((engine) => [
      `update tile set root = ${flipHash[engine]("root", 0)} where level = 0 and n = 0`,
    ]),
    expected: [/^tile 0\/0: its root [0-9a-f]{64} is not that of its hashes$/],
    startRefuses: /the high-water mark .* signs another root for 600 entries/,
  },
  {
    name: "a tile is deleted",
    ...both(() => ["delete from tile where n = 1"]),
    expected: [/^tile 0\/1: it is missing$/],
    startRefuses: /tile 1\/0 has 1 hashes in the database, 2 expected/,
  },
  {
    name: "a tile too many",
    ...both(() => [
      "insert into tile select log_id, 1, 0, hashes, root from tile where level = 0 and n = 0",
    ]),
    expected: [/^tile 1\/0: it is in the database, but 600 entries do not fill it$/],
    startRefuses: undefined,
  },
  {
    name: "the head is set back",
    ...both(() => ["update log_head set size = 599"]),
    expected: [
      /^entry 599: it is in the database, but the head says 599 entries$/,
      /^checkpoint 600: it is of more entries than the head's 599: the database lost entries$/,
      /^mark: 600 entries were signed, the database has 599: it is an older copy$/,
      /^head: its root is/,
      /^head: its compact tree/,
    ],
    startRefuses: /says that 600 entries were signed, the database has 599: it is an older copy/,
  },
  {
    name: "the head's root is changed",
    ...both((engine) => [`update log_head set root = ${flipHash[engine]("root", 0)}`]),
    expected: [/^head: its root is/, /^head: its compact tree is not that of its size and root/],
    startRefuses: /the head's root of 600 entries is not the root of its compact tree/,
  },
  {
    name: "the head's compact tree is cut",
    ...both((engine) => [
      engine === "sqlite"
        ? "update log_head set compact = substr(compact, 1, 9)"
        : "update log_head set compact = substring(compact from 1 for 9)",
    ]),
    expected: [/^head: its compact tree .* found 1 bytes of hashes/],
    startRefuses: /the head's compact tree cannot be read/,
  },
  {
    name: "a checkpoint's signature is changed",
    ...both(() => ["update checkpoint set note = replace(note, '— ', '— x') where size = 600"]),
    expected: [
      /^checkpoint 600: it does not open with the log's key: none of the 1 signatures is by a key/,
    ],
    startRefuses: /the stored checkpoint of 600 entries does not open with the log's key/,
  },
  {
    name: "a checkpoint is filed under another size",
    ...both(() => ["update checkpoint set size = 599 where size = 600"]),
    expected: [
      /^checkpoint 599: it is filed under 599 entries and root [0-9a-f]{64}, but signs others$/,
    ],
    startRefuses: /the stored checkpoint of 599 entries is filed under another size/,
  },
  {
    name: "everything after a point is cut off, head and checkpoints with it",
    ...both((engine) => [
      "delete from entry where idx >= 256",
      "delete from tile where n >= 1",
      "delete from checkpoint where size > 256",
      engine === "sqlite"
        ? "update log_head set size = 256, root = (select root from tile), compact = cast(x'0000000000000100' || (select root from tile) as blob)"
        : "update log_head set size = 256, root = (select root from tile), compact = '\\x0000000000000100' || (select root from tile)",
    ]),
    expected: [/^mark: 600 entries were signed, the database has 256: it is an older copy$/],
    startRefuses:
      /says that 600 entries were signed, the database has 256: it is an older copy, and continuing would fork the log/,
  },
];

describeOnBothStores("fsck", (store) => {
  test("finds nothing in an untouched store, at every size around a tile", async () => {
    const database = await store.open();
    const log = await makeTestLog(database);
    const ledger = await log.open(database);
    let count = 0;
    for (const target of [0, 1, 2, 255, 256, 257, 511, 512, 513]) {
      const more = Array.from({ length: target - count }, (_, i) => ({
        id: `${count + i}`,
        text: `note ${count + i}`,
      }));
      await Promise.all(more.map((command) => ledger.submit(command)));
      count = target;
      expect(await findings(database, log), `${target} entries`).toEqual([]);
    }
  });

  describe.each(tamperings)("$name", ({ expected, startRefuses, ...statements }) => {
    test("is found, and says what and where", async () => {
      const { location, log } = await filled(store);
      await store.tamper(location, ...(statements[store.engine] ?? []));
      const database = await store.open(location);
      const found = await findings(database, log);
      expect(found).toHaveLength(expected.length);
      found.forEach((sentence, i) => expect(sentence).toMatch(expected[i] ?? ""));
      const start = log.open(database);
      if (startRefuses === undefined) await start;
      else {
        await expect(start).rejects.toThrow(startRefuses);
        // Refusing changes nothing.
        expect(await findings(database, log)).toEqual(found);
      }
    });
  });

  test("an older copy of the whole database is refused, and named", async () => {
    const { location, log } = await filled(store);
    const backup = await store.copy(location);
    const database = await store.open(location);
    const ledger = await log.open(database);
    await ledger.submit({ id: "600", text: "note 600" });
    await ledger.close();
    const restored = await store.open(backup);
    expect(await findings(restored, log)).toEqual([
      "mark: 601 entries were signed, the database has 600: it is an older copy",
    ]);
    await expect(log.open(restored)).rejects.toMatchObject({
      code: "contradiction",
      message: expect.stringContaining("says that 601 entries were signed, the database has 600"),
    });
    // Without the mark nobody could tell.
    expect(await findings(restored, log, false)).toEqual([]);
  });

  test("two histories from one copy: the mark of the one refuses the other", async () => {
    const { location, log } = await filled(store);
    const copy = await store.copy(location);
    const other = testLog(log.signer, join(log.markFolder, "other"));
    const [here, there] = [await store.open(location), await store.open(copy)];
    const first = await log.open(here);
    await first.submit({ id: "600", text: "note 600" });
    const second = await other.open(there, { adopt: true });
    await second.submit({ id: "601", text: "note 601" });
    await second.close();
    await expect(log.open(there)).rejects.toThrow("signs another root for 601 entries");
    expect(await findings(there, log)).toEqual([
      expect.stringMatching(
        /^mark: the root .* was signed for 601 entries, the entries give .*: it is another history$/,
      ),
    ]);
  });

  test("a lost mark is refused, until somebody says to go on without it", async () => {
    const { location, log } = await filled(store);
    const database = await store.open(location);
    const elsewhere = testLog(log.signer, join(log.markFolder, "elsewhere"));
    await expect(elsewhere.open(database)).rejects.toMatchObject({
      code: "mark",
      message: expect.stringContaining("has 600 entries, and there is no high-water mark at"),
    });
    expect(await findings(database, elsewhere)).toEqual([
      "mark: there is no high-water mark, and the log has entries",
    ]);
    const ledger = await elsewhere.open(database, { adopt: true });
    await ledger.close();
    await (await elsewhere.open(database)).close();
    // A mark of an older state is no contradiction: it is what a crash leaves.
    const [file = ""] = readdirSync(log.markFolder).filter((name) => name.endsWith(".mark"));
    const [newer = ""] = readdirSync(elsewhere.markFolder);
    expect(file).toBe(newer);
    const later = await elsewhere.open(database);
    await later.submit({ id: "700", text: "note 700" });
    await later.close();
    await (await log.open(database)).close();
    copyFileSync(join(log.markFolder, file), join(elsewhere.markFolder, newer));
    await (await elsewhere.open(database)).close();
  });
});
