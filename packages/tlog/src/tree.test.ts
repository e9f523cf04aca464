import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leafHash } from "./hash.ts";
import { flip, memoryTree, rootReference, someLeaves } from "./testing/reference.ts";
import {
  appendLeafHashes,
  decodeCompact,
  emptyTree,
  encodeCompact,
  peakNodes,
  rootFromHashes,
  rootOf,
  type CompactTree,
} from "./tree.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The inputs and roots of transparency-dev/merkle's testonly/constants.go, as in RFC 6962's own tests. */
const inputs = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const roots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

test.each(roots.map((root, size) => ({ size, root })))(
  "the known root of $size leaves",
  ({ size, root }) => {
    const leaves = inputs.slice(0, size).map((input) => leafHash(Buffer.from(input, "hex")));
    expect(hex(rootFromHashes(leaves))).toBe(root);
  },
);

test("every root to 300 leaves is the recursive one, appended one by one or at once", () => {
  const leaves = someLeaves(300);
  let tree: CompactTree = emptyTree;
  for (let size = 0; size <= 300; size++) {
    const expected = rootReference(leaves.slice(0, size));
    expect(rootOf(tree)).toEqual(expected);
    expect(rootFromHashes(leaves.slice(0, size))).toEqual(expected);
    expect(tree.peaks.length).toBe(peakNodes(size).length);
    expect(decodeCompact(encodeCompact(tree))).toEqual(tree);
    tree = appendLeafHashes(tree, leaves.slice(size, size + 1));
  }
});

test("how appends are cut makes no difference", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 12 }), (cuts) => {
      const total = cuts.reduce((sum, cut) => sum + cut, 0);
      const leaves = someLeaves(total);
      let tree: CompactTree = emptyTree;
      const seen: string[] = [];
      for (const cut of cuts) {
        tree = appendLeafHashes(tree, leaves.slice(tree.size, tree.size + cut), (level, index) =>
          seen.push(`${level}/${index}`),
        );
      }
      expect(tree).toEqual(appendLeafHashes(emptyTree, leaves));
      expect(new Set(seen).size).toBe(seen.length);
    }),
  );
});

test("every complete subtree is reported, with its root, when its last leaf comes", () => {
  const leaves = someLeaves(130);
  const expected: string[] = [];
  for (let leaf = 0; leaf < 130; leaf++) {
    for (let level = 0; (leaf + 1) % 2 ** level === 0; level++) {
      const end = leaf + 1;
      const root = rootReference(leaves.slice(end - 2 ** level, end));
      expected.push(`${level}/${end / 2 ** level - 1} ${hex(root)}`);
    }
  }
  const seen: string[] = [];
  appendLeafHashes(emptyTree, leaves, (level, index, hash) =>
    seen.push(`${level}/${index} ${hex(hash)}`),
  );
  expect(seen).toEqual(expected);
});

test("the tree that was appended to stays as it was", () => {
  const before = appendLeafHashes(emptyTree, someLeaves(7));
  const copy = structuredClone(before);
  appendLeafHashes(before, someLeaves(9));
  expect(before).toEqual(copy);
  expect(emptyTree).toEqual({ size: 0, peaks: [] });
});

test("peaks are nodes, in the same order", () => {
  const memory = memoryTree(someLeaves(229));
  const peaks = peakNodes(229).map(({ level, index }) => memory.hash(level, index));
  expect(peaks).toEqual(memory.tree.peaks);
  expect(peakNodes(0)).toEqual([]);
  expect(peakNodes(2 ** 52 + 1)).toEqual([
    { level: 52, index: 0 },
    { level: 0, index: 2 ** 52 },
  ]);
});

describe("sizes end below 2^53", () => {
  const most: CompactTree = {
    size: Number.MAX_SAFE_INTEGER,
    peaks: Array.from({ length: 53 }, () => new Uint8Array(32)),
  };

  test("the largest tree is written and read, and takes no further leaf", () => {
    expect(decodeCompact(encodeCompact(most))).toEqual(most);
    expect(() => appendLeafHashes(most, someLeaves(1))).toThrow(TypeError);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53, Infinity])("%s is no size", (size) => {
    expect(() => peakNodes(size)).toThrow(TypeError);
  });
});

describe("a compact tree", () => {
  const bytes = encodeCompact(appendLeafHashes(emptyTree, someLeaves(5)));

  test.each([
    ["nothing", bytes.slice(0, 0), undefined],
    ["half a size", bytes.slice(0, 7), undefined],
    ["a hash too few", bytes.slice(0, -32), "byte 8"],
    ["a byte too few", bytes.slice(0, -1), "byte 8"],
    ["a byte too many", Uint8Array.of(...bytes, 0), "byte 8"],
    ["a size with other peaks", flip(bytes, 7, 1), "byte 8"],
    ["a size of 2^53", flip(new Uint8Array(8), 1, 5), "byte 0"],
    ["a size of 2^63", flip(bytes, 0, 7), "byte 0"],
  ])("of %s is refused", (_, wrong, where) => {
    expect(() => decodeCompact(wrong)).toThrow(expect.objectContaining({ code: "tree", where }));
  });

  test("read from a Buffer keeps nothing of it", () => {
    const buffer = Buffer.from(bytes);
    const tree = decodeCompact(buffer);
    buffer.fill(0);
    expect(encodeCompact(tree)).toEqual(bytes);
  });

  test("with peaks that do not fit is not written, and a leaf of 31 bytes not appended", () => {
    expect(() => encodeCompact({ size: 3, peaks: someLeaves(1) })).toThrow(TypeError);
    expect(() => encodeCompact({ size: 1, peaks: [new Uint8Array(31)] })).toThrow(TypeError);
    expect(() => appendLeafHashes(emptyTree, [new Uint8Array(31)])).toThrow(TypeError);
  });
});
