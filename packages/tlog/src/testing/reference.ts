/**
 * RFC 6962 §2.1 written down as it stands there, recursive and slow, to hold the
 * tree and the proofs against; and a tree in memory that answers for any node.
 */
import { createHash } from "node:crypto";
import { leafHash } from "../hash.ts";
import type { HashReader } from "../proof.ts";
import { appendLeafHashes, emptyTree, type CompactTree } from "../tree.ts";

/** MTH over leaf hashes. */
export function rootReference(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return digest();
  if (leaves.length === 1) return only;
  const k = split(leaves.length);
  return node(rootReference(leaves.slice(0, k)), rootReference(leaves.slice(k)));
}

const nodes = new Map<string, Uint8Array>();

/** The same subtrees come again and again: each node is hashed once. */
function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = Buffer.concat([Buffer.of(1), left, right]);
  const key = input.toString("latin1");
  const known = nodes.get(key) ?? digest(input);
  nodes.set(key, known);
  return known;
}

/** PATH(m, D). */
export function pathReference(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k
    ? [...pathReference(m, left), rootReference(right)]
    : [...pathReference(m - k, right), rootReference(left)];
}

/** SUBPROOF(m, D, b); PROOF(m, D) is with `b` true. */
export function consistencyReference(
  m: number,
  leaves: readonly Uint8Array[],
  b = true,
): Uint8Array[] {
  if (m === leaves.length) return b ? [] : [rootReference(leaves)];
  const k = split(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m <= k
    ? [...consistencyReference(m, left, b), rootReference(right)]
    : [...consistencyReference(m - k, right, false), rootReference(left)];
}

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function digest(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** The hashes of `count` different leaves. */
export function someLeaves(count: number, seed = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    leafHash(Uint8Array.of(seed, i & 255, (i >> 8) & 255, i >> 16)),
  );
}

export interface MemoryTree extends HashReader {
  readonly tree: CompactTree;
  /** What was asked for, call by call. */
  readonly calls: number[];
  hash(level: number, index: number): Uint8Array;
}

export function memoryTree(leaves: readonly Uint8Array[]): MemoryTree {
  const nodes = new Map<string, Uint8Array>();
  const tree = appendLeafHashes(emptyTree, leaves, (level, index, hash) =>
    nodes.set(`${level}/${index}`, hash),
  );
  const calls: number[] = [];
  const hash = (level: number, index: number) => {
    const found = nodes.get(`${level}/${index}`);
    if (found === undefined) throw new Error(`there is no node ${level}/${index}`);
    return found;
  };
  return {
    tree,
    calls,
    hash,
    async readHashes(wanted) {
      calls.push(wanted.length);
      return wanted.map(({ level, index }) => hash(level, index));
    },
  };
}

/** The same bytes with one bit of byte `at` turned. */
export function flip(bytes: Uint8Array, at: number, bit = 0): Uint8Array {
  const flipped = new Uint8Array(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
  return flipped;
}
