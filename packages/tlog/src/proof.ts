/**
 * Inclusion and consistency proofs of RFC 6962 §2.1.1 and §2.1.2, made from
 * hashes of perfect subtrees and checked with the iterative algorithms of
 * RFC 9162 §2.1.3.2 and §2.1.4.2.
 *
 * Making: `…ProofNodes` says which subtrees are needed, so that a store can read
 * them in one go; runs that are not perfect are folded from several. Checking
 * refuses a proof with a hash too few or too many. What is made here is accepted
 * there, for every index and size.
 */
import { equalBytes } from "./bytes.ts";
import { TlogError } from "./error.ts";
import { EMPTY_ROOT, HASH_SIZE, nodeHash } from "./hash.ts";
import { checkSize, type Node } from "./tree.ts";

/**
 * Where the hashes of perfect subtrees come from: as many as were asked for, in
 * the same order. Whether they are true is for whoever checks the proof.
 */
export interface HashReader {
  readHashes(nodes: readonly Node[]): Promise<readonly Uint8Array[]>;
}

/** One element of a proof: the perfect subtrees, left to right, that fold into it. */
type Fold = readonly Node[];

export function inclusionProofNodes(index: number, size: number): readonly Fold[] {
  checkSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new TypeError(`there is no leaf ${index} in a tree of ${size}`);
  }
  const folds: Fold[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      folds.push(cover(middle, end));
      end = middle;
    } else {
      folds.push(cover(start, middle));
      start = middle;
    }
  }
  return folds.reverse();
}

export function consistencyProofNodes(oldSize: number, newSize: number): readonly Fold[] {
  checkSize(newSize);
  if (!Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > newSize) {
    throw new TypeError(`a tree of ${newSize} cannot extend one of ${oldSize}`);
  }
  if (oldSize === 0 || oldSize === newSize) return [];
  const folds: Fold[] = [];
  let start = 0;
  let end = newSize;
  while (oldSize < end) {
    const middle = start + splitPoint(end - start);
    if (oldSize <= middle) {
      folds.push(cover(middle, end));
      end = middle;
    } else {
      folds.push(cover(start, middle));
      start = middle;
    }
  }
  // The old tree itself is known to the checker when it is the left edge.
  if (start > 0) folds.push(cover(start, end));
  return folds.reverse();
}

export async function inclusionProof(
  reader: HashReader,
  index: number,
  size: number,
): Promise<Uint8Array[]> {
  return read(reader, inclusionProofNodes(index, size));
}

export async function consistencyProof(
  reader: HashReader,
  oldSize: number,
  newSize: number,
): Promise<Uint8Array[]> {
  return read(reader, consistencyProofNodes(oldSize, newSize));
}

/** Throws a `TlogError` "inclusion" unless `leafHash` is leaf `index` of the tree. */
export function verifyInclusion(claim: {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): void {
  const { index, size, proof } = claim;
  const refuse = (problem: string) => new TlogError("inclusion", problem);
  if (!isSize(size) || !isSize(index) || index >= size) {
    throw refuse(`there is no leaf ${index} in a tree of ${size}`);
  }
  checkHashes([claim.leafHash, claim.root, ...proof], refuse);
  let fn = index;
  let sn = size - 1;
  let hash = claim.leafHash;
  for (const sibling of proof) {
    if (sn === 0) throw refuse(`the proof has more hashes than a tree of ${size} needs`);
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  if (sn !== 0) throw refuse(`the proof has fewer hashes than a tree of ${size} needs`);
  if (!equalBytes(hash, claim.root)) {
    throw refuse(`leaf ${index} is not in the tree of ${size} with this root`);
  }
}

/** Throws a `TlogError` "consistency" unless the new tree extends the old one. */
export function verifyConsistency(claim: {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly newSize: number;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): void {
  const { oldSize, newSize, proof } = claim;
  const refuse = (problem: string) => new TlogError("consistency", problem);
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize) {
    throw refuse(`a tree of ${newSize} cannot extend one of ${oldSize}`);
  }
  checkHashes([claim.oldRoot, claim.newRoot, ...proof], refuse);
  if (oldSize === 0 || oldSize === newSize) {
    if (proof.length > 0) throw refuse(`from ${oldSize} to ${newSize} there is nothing to prove`);
    const expected = oldSize === 0 ? EMPTY_ROOT : claim.newRoot;
    if (!equalBytes(claim.oldRoot, expected)) {
      throw refuse(
        oldSize === 0
          ? "the empty tree has another root"
          : `the roots of the two trees of ${oldSize} differ`,
      );
    }
    if (newSize === 0 && !equalBytes(claim.newRoot, EMPTY_ROOT)) {
      throw refuse("the empty tree has another root");
    }
    return;
  }
  // A perfect old tree is its own first hash, which the proof leaves out.
  const hashes = isPowerOfTwo(oldSize) ? [claim.oldRoot, ...proof] : proof;
  const [first, ...rest] = hashes;
  if (first === undefined) throw refuse("the proof is empty");
  let fn = oldSize - 1;
  let sn = newSize - 1;
  while (isOdd(fn)) {
    fn = half(fn);
    sn = half(sn);
  }
  let oldHash = first;
  let newHash = first;
  for (const sibling of rest) {
    if (sn === 0) throw refuse(`the proof has more hashes than ${oldSize} to ${newSize} needs`);
    if (isOdd(fn) || fn === sn) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  if (sn !== 0) throw refuse(`the proof has fewer hashes than ${oldSize} to ${newSize} needs`);
  if (!equalBytes(oldHash, claim.oldRoot))
    throw refuse(`the proof is not about the old tree of ${oldSize}`);
  if (!equalBytes(newHash, claim.newRoot)) {
    throw refuse(`the tree of ${newSize} does not extend the tree of ${oldSize}`);
  }
}

async function read(reader: HashReader, folds: readonly Fold[]): Promise<Uint8Array[]> {
  const nodes = folds.flat();
  const hashes = await reader.readHashes(nodes);
  if (hashes.length !== nodes.length) {
    throw new TypeError(`the reader gave ${hashes.length} hashes for ${nodes.length} nodes`);
  }
  let at = 0;
  return folds.map((fold) => {
    const parts = hashes.slice(at, at + fold.length);
    at += fold.length;
    const last = parts.at(-1);
    if (last === undefined) throw new TypeError("an element of a proof covers no node");
    return parts.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  });
}

/** The perfect subtrees that cover leaves `start` to `end`, which is a node of the tree. */
function cover(start: number, end: number): Fold {
  const nodes: Node[] = [];
  let at = start;
  while (at < end) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level += 1;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** The largest power of two below `width`. */
function splitPoint(width: number): number {
  let power = 1;
  while (power * 2 < width) power *= 2;
  return power;
}

// Shifts and masks would cut at 32 bits.
function isOdd(n: number): boolean {
  return n % 2 === 1;
}
function half(n: number): number {
  return Math.floor(n / 2);
}
function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}
function isPowerOfTwo(n: number): boolean {
  let rest = n;
  while (rest > 1 && !isOdd(rest)) rest = half(rest);
  return rest === 1;
}

function checkHashes(hashes: readonly Uint8Array[], refuse: (problem: string) => TlogError): void {
  const wrong = hashes.find((hash) => hash.length !== HASH_SIZE);
  if (wrong !== undefined)
    throw refuse(`found a hash of ${wrong.length} bytes; each has ${HASH_SIZE}`);
}
