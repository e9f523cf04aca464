import { describe, expect, test } from "vitest";
import { inclusionProof, consistencyProof } from "./proof.ts";
import { flip, memoryTree, pathReference, rootReference, someLeaves } from "./testing/reference.ts";
import { tileHashReader, verifiedTiles, type TileReader } from "./tile-reader.ts";
import { tilePath, tilesForSize, type TileId } from "./tile.ts";
import { peakNodes, rootOf } from "./tree.ts";

const leaves = someLeaves(70_000);
const memory = memoryTree(leaves);

/** The tiles of the memory tree, and which were read. */
function tilesOf(): { read: TileReader; paths: string[] } {
  const paths: string[] = [];
  return {
    paths,
    async read({ level, n, width }) {
      paths.push(tilePath(level, n, width));
      return Array.from({ length: width }, (_, i) => memory.hash(8 * level, n * 256 + i));
    },
  };
}

const rootAt = async (size: number) =>
  rootOf({ size, peaks: await memory.readHashes(peakNodes(size)) });

describe("hashes out of tiles", () => {
  test("are those of the tree, at every size to 600", async () => {
    const tiles = tilesOf();
    for (let size = 1; size <= 600; size++) {
      const reader = tileHashReader(size, tiles.read);
      const index = (size * 7) % size;
      expect(await inclusionProof(reader, index, size)).toEqual(
        await inclusionProof(memory, index, size),
      );
      const oldSize = Math.ceil(size / 3);
      expect(await consistencyProof(reader, oldSize, size)).toEqual(
        await consistencyProof(memory, oldSize, size),
      );
    }
  });

  test.each([65_535, 65_536, 65_537, 65_792, 65_793])(
    "are those of the tree around a third level, at %i",
    async (size) => {
      const reader = tileHashReader(size, tilesOf().read);
      for (const at of [0, 1, 255, 256, 257, 32_768, 65_279, 65_280, 65_534, size - 1]) {
        expect(await inclusionProof(reader, at, size)).toEqual(
          await inclusionProof(memory, at, size),
        );
        expect(await consistencyProof(reader, at, size)).toEqual(
          await consistencyProof(memory, at, size),
        );
      }
      expect(await reader.readHashes(peakNodes(size))).toEqual(
        await memory.readHashes(peakNodes(size)),
      );
    },
  );

  test("make the proofs of the specification over three levels", async () => {
    const size = leaves.length;
    const reader = tileHashReader(size, tilesOf().read);
    for (const index of [0, 255, 256, 65_535, 65_536, 69_632, 69_999]) {
      expect(await inclusionProof(reader, index, size)).toEqual(pathReference(index, leaves));
    }
    expect(await rootAt(size)).toEqual(rootReference(leaves));
  });

  test("cost one reading a tile", async () => {
    const tiles = tilesOf();
    await inclusionProof(tileHashReader(70_000, tiles.read), 12_345, 70_000);
    expect(tiles.paths.length).toBe(new Set(tiles.paths).size);
    expect(tiles.paths.length).toBeLessThanOrEqual(6);
  });

  test("may come from a full tile where a partial one was asked for", async () => {
    const whole: TileReader = async ({ level, n }) =>
      Array.from({ length: 256 }, (_, i) => memory.hash(8 * level, n * 256 + i));
    expect(await inclusionProof(tileHashReader(200, whole), 3, 200)).toEqual(
      pathReference(3, leaves.slice(0, 200)),
    );
  });

  test("are refused out of a tile that is too short", async () => {
    const { read } = tilesOf();
    const short: TileReader = async (tile) => (await read(tile)).slice(0, -1);
    await expect(inclusionProof(tileHashReader(200, short), 3, 200)).rejects.toThrow(
      expect.objectContaining({ code: "tile" }),
    );
  });

  test.each([
    { level: 0, index: 200 },
    { level: 3, index: 25 },
    { level: 8, index: 0 },
    { level: 60, index: 0 },
  ])("of the incomplete node $level/$index are not given", async (node) => {
    const { read, paths } = tilesOf();
    await expect(tileHashReader(200, read).readHashes([node])).rejects.toThrow(TypeError);
    expect(paths).toEqual([]);
  });
});

describe("verified tiles", () => {
  test.each([1, 255, 256, 257, 511, 512, 600, 65_536, 65_793, 70_000])(
    "are given, every one of a tree of %i",
    async (size) => {
      const tree = { size, root: await rootAt(size) };
      const verified = verifiedTiles(tree, tilesOf().read);
      for (const tile of tilesForSize(size)) {
        expect(await verified(tile)).toEqual(await tilesOf().read(tile));
      }
    },
  );

  test.each([1, 255, 256, 257, 511, 600, 65_793])(
    "of a tree of %i are refused, any of them, with any hash changed",
    async (size) => {
      const tree = { size, root: await rootAt(size) };
      const { read } = tilesOf();
      for (const target of tilesForSize(size)) {
        if (target.level === 0 && target.n % 50 > 1) continue;
        for (const at of new Set([0, target.width >> 1, target.width - 1])) {
          const lying: TileReader = async (tile) => {
            const hashes = await read(tile);
            return same(tile, target)
              ? hashes.with(at, flip(hashes[at] as Uint8Array, at % 32))
              : hashes;
          };
          await expect(verifiedTiles(tree, lying)(target)).rejects.toThrow(
            expect.objectContaining({ code: "tile" }),
          );
        }
      }
    },
  );

  test("are not given for another root or size", async () => {
    const { read } = tilesOf();
    const root = await rootAt(600);
    const first = { level: 0, n: 0, width: 256 };
    await expect(verifiedTiles({ size: 600, root: flip(root, 5) }, read)(first)).rejects.toThrow(
      "do not give its root",
    );
    await expect(verifiedTiles({ size: 599, root }, read)(first)).rejects.toThrow(
      "do not give its root",
    );
  });

  test("that the tree has not are a programmer's mistake", async () => {
    const verified = verifiedTiles({ size: 600, root: await rootAt(600) }, tilesOf().read);
    for (const tile of [
      { level: 0, n: 2, width: 87 },
      { level: 0, n: 3, width: 1 },
      { level: 1, n: 0, width: 3 },
      { level: 2, n: 0, width: 1 },
      { level: 0, n: -1, width: 256 },
      { level: -1, n: 0, width: 256 },
      { level: 0, n: 0.5, width: 256 },
      { level: 64, n: 0, width: 1 },
    ]) {
      await expect(verified(tile)).rejects.toThrow(TypeError);
    }
  });

  test("read the edge once, and again after a failure", async () => {
    const { read, paths } = tilesOf();
    let broken = true;
    const verified = verifiedTiles({ size: 600, root: await rootAt(600) }, async (tile) => {
      if (broken) throw new Error("no network");
      return read(tile);
    });
    const first = { level: 0, n: 0, width: 256 };
    await expect(verified(first)).rejects.toThrow("no network");
    broken = false;
    await verified(first);
    await verified({ level: 0, n: 1, width: 256 });
    expect(paths.toSorted()).toEqual([
      "tile/0/000",
      "tile/0/001",
      "tile/0/002.p/88",
      "tile/1/000.p/2",
    ]);
  });

  test("stand before the reader of hashes", async () => {
    const tree = { size: 70_000, root: await rootAt(70_000) };
    const reader = tileHashReader(tree.size, verifiedTiles(tree, tilesOf().read));
    expect(await inclusionProof(reader, 300, tree.size)).toEqual(pathReference(300, leaves));
  });
});

function same(a: TileId, b: TileId): boolean {
  return a.level === b.level && a.n === b.n && a.width === b.width;
}
