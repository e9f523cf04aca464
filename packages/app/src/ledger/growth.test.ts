import {
  EMPTY_ROOT,
  emptyTree,
  leafHash,
  rootOf,
  TILE_WIDTH,
  tileRoot,
  verifyInclusion,
  appendLeafHashes,
} from "@countermand/tlog";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { grow, proveNewLeaf, type FullTile, type Tree } from "./growth.ts";

const hash = (i: number) => leafHash(new Uint8Array(Buffer.from(`${i}`)));
const hashes = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => hash(from + i));
const empty: Tree = { compact: emptyTree, root: EMPTY_ROOT, edge: [] };

test("any cut into batches gives the same tree, and every tile once", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 6 }), (batches) => {
      let tree = empty;
      let size = 0;
      const tiles: FullTile[] = [];
      for (const batch of batches) {
        const growth = grow(tree, hashes(size, size + batch));
        expect(growth.from).toBe(size);
        size += batch;
        tiles.push(...growth.tiles);
        tree = growth.tree;
      }
      expect(tree.root).toEqual(rootOf(appendLeafHashes(emptyTree, hashes(0, size))));
      expect(tiles.map(({ level, n }) => [level, n])).toEqual(
        Array.from({ length: Math.floor(size / TILE_WIDTH) }, (_, n) => [0, n]),
      );
      for (const { n, hashes: held, root } of tiles) {
        expect(held).toEqual(hashes(n * TILE_WIDTH, (n + 1) * TILE_WIDTH));
        expect(root).toEqual(tileRoot(held));
      }
      expect(tree.edge[0] ?? []).toEqual(hashes(size - (size % TILE_WIDTH), size));
    }),
    { numRuns: 30 },
  );
});

test("a second level becomes full", () => {
  const growth = grow(empty, hashes(0, TILE_WIDTH * TILE_WIDTH + 1));
  expect(growth.tiles).toHaveLength(TILE_WIDTH + 1);
  const top = growth.tiles.at(-1);
  expect([top?.level, top?.n]).toEqual([1, 0]);
  expect(top?.hashes).toEqual(growth.tiles.slice(0, -1).map(({ root }) => root));
  expect(growth.tree.edge.map((level) => level.length)).toEqual([1, 0, 1]);
});

test("new leaves are proved from what their own growths saw, at every size", async () => {
  for (let size = 0; size < 20; size++) {
    const tree = grow(empty, hashes(0, size)).tree;
    for (let more = 1; more < 12; more++) {
      const first = grow(tree, hashes(size, size + more));
      const second = grow(first.tree, hashes(size + more, size + more + 3));
      for (const [caches, { compact, root }] of [
        [[first.nodes], first.tree],
        [[first.nodes, second.nodes], second.tree],
      ] as const) {
        for (let index = size; index < size + more; index++) {
          const proof = await proveNewLeaf(caches, index, compact.size);
          verifyInclusion({ leafHash: hash(index), index, size: compact.size, proof, root });
        }
      }
    }
  }
  const growth = grow(grow(empty, hashes(0, 5)).tree, hashes(5, 6));
  await expect(proveNewLeaf([growth.nodes], 0, 6)).rejects.toThrow("is not among the new ones");
});
