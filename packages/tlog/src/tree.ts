/**
 * The Merkle tree of RFC 6962 as an append-only thing: a tree of `size` leaves
 * is known by its peaks, the roots of the perfect subtrees that the binary
 * digits of `size` name. Appending needs nothing else.
 *
 * Sizes and indexes are safe integers; a tree of 2^53 leaves is refused.
 */
import { copyBytes } from "./bytes.ts";
import { TlogError } from "./error.ts";
import { EMPTY_ROOT, HASH_SIZE, nodeHash } from "./hash.ts";

export interface CompactTree {
  readonly size: number;
  /** Largest subtree first; one for each 1 in the binary digits of `size`. */
  readonly peaks: readonly Uint8Array[];
}

/** A perfect subtree: its root covers leaves `index·2^level` to `(index+1)·2^level`. */
export interface Node {
  readonly level: number;
  readonly index: number;
}

export const emptyTree: CompactTree = { size: 0, peaks: [] };

/**
 * The tree with `leafHashes` appended. `onNode` is called once for every perfect
 * subtree that becomes complete, leaves (level 0) included, in order.
 */
export function appendLeafHashes(
  tree: CompactTree,
  leafHashes: readonly Uint8Array[],
  onNode?: (level: number, index: number, hash: Uint8Array) => void,
): CompactTree {
  checkSize(tree.size + leafHashes.length);
  const peaks = [...tree.peaks];
  let { size } = tree;
  for (const leaf of leafHashes) {
    checkHash(leaf);
    let hash = leaf;
    let level = 0;
    let index = size;
    onNode?.(level, index, hash);
    while (index % 2 === 1) {
      const left = peaks.pop();
      if (left === undefined) throw new TypeError("the tree has fewer peaks than its size needs");
      hash = nodeHash(left, hash);
      level += 1;
      index = (index - 1) / 2;
      onNode?.(level, index, hash);
    }
    peaks.push(hash);
    size += 1;
  }
  return { size, peaks };
}

/** The root hash: the peaks folded from the right. */
export function rootOf(tree: CompactTree): Uint8Array {
  return (
    tree.peaks.reduceRight<Uint8Array | undefined>(
      (right, left) => (right === undefined ? left : nodeHash(left, right)),
      undefined,
    ) ?? EMPTY_ROOT
  );
}

/** The root of the tree with just these leaves. */
export function rootFromHashes(leafHashes: readonly Uint8Array[]): Uint8Array {
  return rootOf(appendLeafHashes(emptyTree, leafHashes));
}

/** The nodes whose hashes are the peaks of a tree of `size`, in the same order. */
export function peakNodes(size: number): Node[] {
  checkSize(size);
  const nodes: Node[] = [];
  let start = 0;
  for (let level = 52; level >= 0; level--) {
    const width = 2 ** level;
    if (Math.floor(size / width) % 2 === 1) {
      nodes.push({ level, index: start / width });
      start += width;
    }
  }
  return nodes;
}

/** Size as u64 big-endian, then the peaks. `decodeCompact(encodeCompact(t))` gives `t`. */
export function encodeCompact(tree: CompactTree): Uint8Array {
  if (tree.peaks.length !== peakNodes(tree.size).length) {
    throw new TypeError(`a tree of ${tree.size} does not have ${tree.peaks.length} peaks`);
  }
  tree.peaks.forEach(checkHash);
  const bytes = new Uint8Array(8 + tree.peaks.length * HASH_SIZE);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(tree.size));
  tree.peaks.forEach((peak, i) => bytes.set(peak, 8 + i * HASH_SIZE));
  return bytes;
}

export function decodeCompact(bytes: Uint8Array): CompactTree {
  if (bytes.length < 8) throw new TlogError("tree", "a compact tree has at least 8 bytes");
  const big = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
  if (big > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new TlogError("tree", `a tree of ${big} leaves is too large`, "byte 0");
  }
  const size = Number(big);
  const count = peakNodes(size).length;
  if (bytes.length !== 8 + count * HASH_SIZE) {
    throw new TlogError(
      "tree",
      `found ${bytes.length - 8} bytes of hashes; a tree of ${size} leaves has ${count} peaks of ${HASH_SIZE} bytes`,
      "byte 8",
    );
  }
  const peaks = Array.from({ length: count }, (_, i) =>
    copyBytes(bytes, 8 + i * HASH_SIZE, 8 + (i + 1) * HASH_SIZE),
  );
  return { size, peaks };
}

function checkHash(hash: Uint8Array): void {
  if (hash.length !== HASH_SIZE) {
    throw new TypeError(`a hash has ${HASH_SIZE} bytes, not ${hash.length}`);
  }
}

export function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new TypeError(`${size} is not a tree size: a whole number below 2^53`);
  }
}
