import { decodeBundle, decodeTile, leafHash, nodeHash, tilesForSize } from "@countermand/tlog";
import { expect, test } from "vitest";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { makeTestLog } from "./testing/ledger-under-test.ts";

const size = 600;
const leaf = (i: number) => new Uint8Array(Buffer.from(`note ${i}`));

function root(from: number, to: number): Uint8Array {
  if (to - from === 1) return leafHash(leaf(from));
  let half = 1;
  while (half * 2 < to - from) half *= 2;
  return nodeHash(root(from, from + half), root(from + half, to));
}

describeOnBothStores("log reader", (store) => {
  test("tiles and bundles of every size that ever was, and of none that was not", async () => {
    const database = await store.open();
    const log = await makeTestLog(database);
    const ledger = await log.open(database, { maxWaiting: 1_000 });
    await Promise.all(
      Array.from({ length: size }, (_, i) => ledger.submit({ id: `${i}`, text: `note ${i}` })),
    );
    const reader = ledger.log();
    for (const treeSize of [1, 2, 255, 256, 257, 511, 512, 513, size]) {
      for (const { level, n, width } of tilesForSize(treeSize)) {
        const bytes = (await reader.tile(level, n, width)) ?? new Uint8Array();
        const expected = Array.from({ length: width }, (_, i) =>
          root((n * 256 + i) * 256 ** level, (n * 256 + i + 1) * 256 ** level),
        );
        expect(decodeTile(bytes, width)).toEqual(expected);
        if (level > 0) continue;
        const bundle = (await reader.bundle(n, width)) ?? new Uint8Array();
        expect(decodeBundle(bundle, width)).toEqual(
          Array.from({ length: width }, (_, i) => leaf(n * 256 + i)),
        );
      }
    }
    for (const [level, n, width] of [
      [0, 2, 89],
      [0, 2, 256],
      [0, 3, 1],
      [1, 0, 3],
      [1, 0, 256],
      [2, 0, 1],
      [63, 0, 1],
      [0, 0, 0],
      [0, 0, 257],
      [0, -1, 1],
      [-1, 0, 1],
      [0, 0.5, 1],
    ] as const) {
      expect(await reader.tile(level, n, width), `tile ${level}/${n}.p/${width}`).toBeUndefined();
    }
    expect(await reader.bundle(2, 89)).toBeUndefined();
    expect(await reader.entry(size)).toBeUndefined();
    expect(await reader.entry(-1)).toBeUndefined();
    await expect(reader.inclusionProof(0, size + 1)).rejects.toThrow(
      `the log has published ${size} entries`,
    );
    const some: number[] = [];
    for await (const { index, bytes } of reader.entries(250, 520)) {
      expect(bytes).toEqual(leaf(index));
      some.push(index);
    }
    expect(some).toEqual(Array.from({ length: 270 }, (_, i) => 250 + i));
  });

  test("an entry or tile that is gone from the database is an error, not a 404", async () => {
    const location = await store.place();
    const database = await store.open(location);
    const log = await makeTestLog(database);
    const ledger = await log.open(database, { maxWaiting: 1_000 });
    await Promise.all(
      Array.from({ length: 300 }, (_, i) => ledger.submit({ id: `${i}`, text: `note ${i}` })),
    );
    await store.tamper(location, "delete from entry where idx = 290", "delete from tile");
    const reader = ledger.log();
    await expect(reader.entry(290)).rejects.toThrow("entry 290 is missing from the database");
    await expect(reader.bundle(1, 44)).rejects.toThrow("entry 290 is missing from the database");
    await expect(reader.tile(0, 1, 44)).rejects.toThrow(
      "tile 0/1 has 43 hashes in the database, 44 expected",
    );
    await expect(reader.tile(0, 0, 256)).rejects.toThrow(
      "tile 0/0 has 0 hashes in the database, 256 expected",
    );
  });
});
