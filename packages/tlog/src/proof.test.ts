import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TlogError } from "./error.ts";
import { EMPTY_ROOT, leafHash, nodeHash } from "./hash.ts";
import {
  consistencyProof,
  consistencyProofNodes,
  inclusionProof,
  inclusionProofNodes,
  verifyConsistency,
  verifyInclusion,
  type HashReader,
} from "./proof.ts";
import {
  consistencyReference,
  flip,
  memoryTree,
  pathReference,
  rootReference,
  someLeaves,
} from "./testing/reference.ts";
import { peakNodes, rootOf } from "./tree.ts";

// Hundreds of thousands of refusals: a stack trace for each costs more than all hashes.
Error.stackTraceLimit = 0;

const most = 100;
const leaves = someLeaves(most);
const memory = memoryTree(leaves);
const roots = Array.from({ length: most + 1 }, (_, size) => rootReference(leaves.slice(0, size)));
const rootAt = (size: number) => roots[size] as Uint8Array;
const leafAt = (index: number) => leaves[index] as Uint8Array;

/** Every proof that is this one with a hash changed, dropped, doubled or added, or two neighbours swapped. */
function* spoilt(proof: readonly Uint8Array[]): Generator<Uint8Array[]> {
  const extra = leafHash(Uint8Array.of(99));
  for (let i = 0; i < proof.length; i++) {
    yield proof.with(i, flip(proof[i] as Uint8Array, i % 32, i % 8));
    yield proof.toSpliced(i, 1);
    yield proof.toSpliced(i, 0, proof[i] as Uint8Array);
    const [hash, next] = [proof[i] as Uint8Array, proof[i + 1]];
    // In a tree of equal leaves two neighbours may be equal.
    if (next !== undefined && Buffer.compare(hash, next) !== 0) {
      yield proof.with(i, next).with(i + 1, hash);
    }
  }
  for (let i = 0; i <= proof.length; i++) yield proof.toSpliced(i, 0, extra);
}

/** Whether `check` refuses with this code; any other error is not a refusal. */
function refuses(code: string, check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (!(error instanceof TlogError) || error.code !== code) throw error;
    return true;
  }
}

test(`every inclusion proof in every tree to ${most} leaves`, async () => {
  let accepted = 0;
  for (let size = 1; size <= most; size++) {
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(memory, index, size);
      expect(proof).toEqual(pathReference(index, leaves.slice(0, size)));
      const claim = { leafHash: leafAt(index), index, size, proof, root: rootAt(size) };
      verifyInclusion(claim);
      const wrong = [
        ...[...spoilt(proof)].map((other) => ({ ...claim, proof: other })),
        { ...claim, leafHash: flip(claim.leafHash, index % 32) },
        { ...claim, root: flip(claim.root, index % 32) },
        { ...claim, index: index + 1 },
        { ...claim, index: index - 1 },
        { ...claim, index: size },
      ];
      accepted += wrong.filter(
        (other) => !refuses("inclusion", () => verifyInclusion(other)),
      ).length;
    }
  }
  expect(accepted).toBe(0);
});

test(`every consistency proof between trees to ${most} leaves`, async () => {
  let accepted = 0;
  for (let newSize = 0; newSize <= most; newSize++) {
    for (let oldSize = 0; oldSize <= newSize; oldSize++) {
      const proof = await consistencyProof(memory, oldSize, newSize);
      const expected = oldSize === 0 ? [] : consistencyReference(oldSize, leaves.slice(0, newSize));
      expect(proof).toEqual(expected);
      const [oldRoot, newRoot] = [rootAt(oldSize), rootAt(newSize)];
      const claim = { oldSize, oldRoot, newSize, newRoot, proof };
      verifyConsistency(claim);
      const wrong = [
        ...[...spoilt(proof)].map((other) => ({ ...claim, proof: other })),
        { ...claim, oldRoot: flip(oldRoot, newSize % 32) },
        // From nothing every tree follows, so there the new root is not looked at.
        ...(oldSize === 0 && newSize > 0
          ? []
          : [{ ...claim, newRoot: flip(newRoot, newSize % 32) }]),
        { ...claim, oldSize: newSize + 1 },
        { ...claim, oldSize: -1 },
      ];
      accepted += wrong.filter(
        (other) => !refuses("consistency", () => verifyConsistency(other)),
      ).length;
    }
  }
  expect(accepted).toBe(0);
});

describe("with any other index and sizes in the claim, accepted is what the definitions accept:", () => {
  const few = 18;
  const split = (size: number) => 2 ** Math.ceil(Math.log2(size) - 1);
  type Proof = readonly Uint8Array[];

  /** The root that PATH(m, D[n]) leads to, read backwards; undefined if its length is another. */
  function rootOfPath(leaf: Uint8Array, m: number, n: number, path: Proof): Uint8Array | undefined {
    if (n === 1) return path.length === 0 ? leaf : undefined;
    const last = path.at(-1);
    const k = split(n);
    const [at, size] = m < k ? [m, k] : [m - k, n - k];
    const below = rootOfPath(leaf, at, size, path.slice(0, -1));
    if (last === undefined || below === undefined) return undefined;
    return m < k ? nodeHash(below, last) : nodeHash(last, below);
  }

  /** The old and the new root that SUBPROOF(m, D[n], b) leads to. */
  function rootsOfProof(
    old: Uint8Array,
    m: number,
    n: number,
    path: Proof,
    b = true,
  ): [Uint8Array, Uint8Array] | undefined {
    const last = path.at(-1);
    if (m === n) {
      const known = b ? old : last;
      return known === undefined || path.length !== (b ? 0 : 1) ? undefined : [known, known];
    }
    const k = split(n);
    const rest = path.slice(0, -1);
    const below =
      m <= k ? rootsOfProof(old, m, k, rest, b) : rootsOfProof(old, m - k, n - k, rest, false);
    if (last === undefined || below === undefined) return undefined;
    return m <= k
      ? [below[0], nodeHash(below[1], last)]
      : [nodeHash(last, below[0]), nodeHash(last, below[1])];
  }

  const same = (a: Uint8Array | undefined, b: Uint8Array) =>
    a !== undefined && Buffer.compare(a, b) === 0;

  test("inclusion", async () => {
    let [differ, foreign] = [0, 0];
    for (let size = 1; size <= few; size++) {
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(memory, index, size);
        const known = { leafHash: leafAt(index), proof, root: rootAt(size) };
        for (let n = 1; n <= few + 2; n++) {
          for (let m = 0; m < n; m++) {
            const expected = same(rootOfPath(known.leafHash, m, n, proof), known.root);
            const refused = refuses("inclusion", () =>
              verifyInclusion({ ...known, index: m, size: n }),
            );
            if (refused === expected) differ++;
            // Another size can have the same path: only the root of a checkpoint has one size.
            if (expected && n !== size) foreign++;
            if (expected && m !== index) expect(n).not.toBe(size);
          }
        }
      }
    }
    expect(differ).toBe(0);
    expect(foreign).toBeGreaterThan(0);
  });

  test("consistency", async () => {
    let differ = 0;
    for (let newSize = 1; newSize <= few; newSize++) {
      for (let oldSize = 1; oldSize <= newSize; oldSize++) {
        const proof = await consistencyProof(memory, oldSize, newSize);
        const known = { oldRoot: rootAt(oldSize), newRoot: rootAt(newSize), proof };
        for (let n = 1; n <= few + 2; n++) {
          for (let m = 1; m <= n; m++) {
            const found = rootsOfProof(known.oldRoot, m, n, proof);
            const expected = same(found?.[0], known.oldRoot) && same(found?.[1], known.newRoot);
            const refused = refuses("consistency", () =>
              verifyConsistency({ ...known, oldSize: m, newSize: n }),
            );
            if (refused === expected) differ++;
          }
        }
      }
    }
    expect(differ).toBe(0);
  });
});

describe("a proof of another length is refused even where the root is made to fit:", () => {
  const extra = leafHash(Uint8Array.of(99));
  const split = (size: number) => 2 ** Math.ceil(Math.log2(size) - 1);
  const between = (from: number, to: number) => rootReference(leaves.slice(from, to));

  test("inclusion", async () => {
    for (let size = 1; size <= 40; size++) {
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(memory, index, size);
        const claim = { leafHash: leafAt(index), index, size };
        const longer = { proof: [...proof, extra], root: nodeHash(extra, rootAt(size)) };
        expect(() => verifyInclusion({ ...claim, ...longer })).toThrow("more hashes");
        if (size === 1) continue;
        const k = split(size);
        const root = index < k ? between(0, k) : between(k, size);
        const shorter = { proof: proof.slice(0, -1), root };
        expect(() => verifyInclusion({ ...claim, ...shorter })).toThrow("fewer hashes");
      }
    }
  });

  test("consistency", async () => {
    for (let newSize = 2; newSize <= 40; newSize++) {
      for (let oldSize = 1; oldSize < newSize; oldSize++) {
        const proof = await consistencyProof(memory, oldSize, newSize);
        const sizes = { oldSize, newSize };
        const longer = {
          proof: [...proof, extra],
          oldRoot: nodeHash(extra, rootAt(oldSize)),
          newRoot: nodeHash(extra, rootAt(newSize)),
        };
        // A perfect old tree's root is put first by the checker, so it cannot be made to fit.
        if (Math.log2(oldSize) % 1 === 0) longer.oldRoot = rootAt(oldSize);
        expect(() => verifyConsistency({ ...sizes, ...longer })).toThrow("more hashes");
        const k = split(newSize);
        const from = oldSize <= k ? 0 : k;
        const shorter = {
          proof: proof.slice(0, -1),
          oldRoot: between(from, oldSize),
          newRoot: between(from, from === 0 ? k : newSize),
        };
        expect(() => verifyConsistency({ ...sizes, ...shorter })).toThrow("fewer hashes");
      }
    }
  });
});

test("two histories that part are never consistent", () => {
  const other = memoryTree(someLeaves(most, 1));
  return fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: most - 1 }), fc.nat(most), async (oldSize, by) => {
      const newSize = Math.min(most, oldSize + 1 + by);
      const proof = await consistencyProof(other, oldSize, newSize);
      const newRoot = rootOf({
        size: newSize,
        peaks: await other.readHashes(peakNodes(newSize)),
      });
      const claim = { oldSize, oldRoot: rootAt(oldSize), newSize, newRoot, proof };
      expect(refuses("consistency", () => verifyConsistency(claim))).toBe(true);
    }),
  );
});

describe("trees too large to have", () => {
  // All leaves alike: a subtree's hash depends on its level alone.
  const levels = [leafHash(new Uint8Array())];
  while (levels.length < 53) {
    const last = levels.at(-1) as Uint8Array;
    levels.push(nodeHash(last, last));
  }
  const alike: HashReader = {
    async readHashes(nodes) {
      for (const { level, index } of nodes) {
        expect(Number.isSafeInteger(index)).toBe(true);
        expect((index + 1) * 2 ** level).toBeLessThanOrEqual(2 ** 53);
      }
      return nodes.map(({ level }) => levels[level] as Uint8Array);
    },
  };
  const rootOfAlike = async (size: number) =>
    rootOf({ size, peaks: await alike.readHashes(peakNodes(size)) });
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    fc.integer({ min: 1, max: 2 ** 33 }),
    fc
      .tuple(fc.integer({ min: 1, max: 52 }), fc.integer({ min: -1, max: 1 }))
      .map(([power, by]) => 2 ** power + by)
      .filter((size) => size > 0),
  );

  test("have inclusion proofs to 2^53", () =>
    fc.assert(
      fc.asyncProperty(sizes, sizes, async (a, b) => {
        const [index, size] = [Math.min(a, b) - 1, Math.max(a, b)];
        const proof = await inclusionProof(alike, index, size);
        const root = await rootOfAlike(size);
        const claim = { leafHash: levels[0] as Uint8Array, index, size, proof, root };
        verifyInclusion(claim);
        for (const other of spoilt(proof)) {
          // A hash beside its equal: doubling and adding are told by the count alone.
          expect(refuses("inclusion", () => verifyInclusion({ ...claim, proof: other }))).toBe(
            true,
          );
        }
      }),
      { numRuns: 40 },
    ));

  test("have consistency proofs to 2^53", () =>
    fc.assert(
      fc.asyncProperty(sizes, sizes, async (a, b) => {
        const [oldSize, newSize] = [Math.min(a, b), Math.max(a, b)];
        const proof = await consistencyProof(alike, oldSize, newSize);
        const [oldRoot, newRoot] = [await rootOfAlike(oldSize), await rootOfAlike(newSize)];
        const claim = { oldSize, oldRoot, newSize, newRoot, proof };
        verifyConsistency(claim);
        for (const other of spoilt(proof)) {
          expect(refuses("consistency", () => verifyConsistency({ ...claim, proof: other }))).toBe(
            true,
          );
        }
      }),
      { numRuns: 40 },
    ));
});

test("all nodes of a proof are asked for in one call, and no node twice", async () => {
  for (const nodes of [inclusionProofNodes(37, 93), consistencyProofNodes(37, 93)]) {
    const keys = nodes.flat().map(({ level, index }) => `${level}/${index}`);
    expect(new Set(keys).size).toBe(keys.length);
  }
  memory.calls.length = 0;
  await inclusionProof(memory, 37, 93);
  await consistencyProof(memory, 37, 93);
  expect(memory.calls).toHaveLength(2);
});

test.each([
  [0, 0],
  [5, 5],
  [-1, 5],
  [0.5, 5],
  [1, 2 ** 53],
])("asking for leaf %s of %s is a programmer's mistake", async (index, size) => {
  await expect(inclusionProof(memory, index, size)).rejects.toThrow(TypeError);
});

test.each([
  [6, 5],
  [-1, 5],
  [1, 2 ** 53],
])("asking how %s became %s is a programmer's mistake", async (oldSize, newSize) => {
  await expect(consistencyProof(memory, oldSize, newSize)).rejects.toThrow(TypeError);
});

test.each([[[]], [someLeaves(99)]])(
  "a reader with another number of hashes is found out",
  (hashes) =>
    expect(inclusionProof({ readHashes: async () => hashes }, 1, 5)).rejects.toThrow(TypeError),
);

test("hashes of another length are refused, wherever they are", () => {
  const short = new Uint8Array(31);
  const good = { leafHash: leafAt(0), index: 0, size: 2, proof: [leafAt(1)], root: rootAt(2) };
  for (const wrong of [{ leafHash: short }, { root: short }, { proof: [short] }]) {
    expect(() => verifyInclusion({ ...good, ...wrong })).toThrow("31 bytes");
  }
  const from = { oldSize: 1, oldRoot: rootAt(1), newSize: 2, newRoot: rootAt(2), proof: [short] };
  expect(() => verifyConsistency(from)).toThrow("31 bytes");
});

test("the empty tree has one root, before and after", () => {
  const empty = { oldSize: 0, newSize: 0, proof: [] };
  verifyConsistency({ ...empty, oldRoot: EMPTY_ROOT, newRoot: EMPTY_ROOT });
  expect(() => verifyConsistency({ ...empty, oldRoot: rootAt(1), newRoot: rootAt(1) })).toThrow(
    "the empty tree has another root",
  );
});
