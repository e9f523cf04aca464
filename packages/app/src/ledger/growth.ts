/**
 * The tree as the writer holds it, and what a batch adds to it. Pure: a batch
 * that is not committed leaves the tree as it was.
 */
import {
  appendLeafHashes,
  inclusionProof,
  peakNodes,
  rootOf,
  TILE_WIDTH,
  type CompactTree,
  type Node,
} from "@countermand/tlog";

export interface FullTile {
  readonly level: number;
  readonly n: number;
  readonly hashes: readonly Uint8Array[];
  readonly root: Uint8Array;
}

export interface Tree {
  readonly compact: CompactTree;
  readonly root: Uint8Array;
  /** By level of tiles, the hashes of the last tile while it is partial. */
  readonly edge: readonly (readonly Uint8Array[])[];
}

export interface Growth {
  readonly from: number;
  readonly tree: Tree;
  /** Tiles that became full, the lower before the higher. */
  readonly tiles: readonly FullTile[];
  readonly nodes: NodeCache;
}

/** The hashes that proofs for new leaves are made of. */
export type NodeCache = ReadonlyMap<number, Uint8Array>;

const tileHeight = 8;

/** One number for a node: its place in in-order. Exact to 2^52 leaves. */
function key({ level, index }: Node): number {
  return (2 * index + 1) * 2 ** level;
}

export function grow(tree: Tree, leafHashes: readonly Uint8Array[]): Growth {
  const nodes = new Map<number, Uint8Array>();
  // Left of a new leaf's path stand peaks of the old tree, and new nodes.
  peakNodes(tree.compact.size).forEach((node, i) =>
    nodes.set(key(node), tree.compact.peaks[i] as Uint8Array),
  );
  const edge = tree.edge.map((hashes) => [...hashes]);
  const tiles: FullTile[] = [];
  const compact = appendLeafHashes(tree.compact, leafHashes, (level, index, hash) => {
    nodes.set(key({ level, index }), hash);
    if (level % tileHeight !== 0) return;
    const tileLevel = level / tileHeight;
    const below = edge[tileLevel - 1];
    if (below?.length === TILE_WIDTH) {
      tiles.push({ level: tileLevel - 1, n: index, hashes: below, root: hash });
      edge[tileLevel - 1] = [];
    }
    (edge[tileLevel] ??= []).push(hash);
  });
  return { from: tree.compact.size, tree: { compact, root: rootOf(compact), edge }, tiles, nodes };
}

/**
 * The inclusion proof of a leaf that is new since `nodes` was begun: the caches
 * of all growths since, the oldest first.
 */
export async function proveNewLeaf(
  caches: readonly NodeCache[],
  index: number,
  size: number,
): Promise<Uint8Array[]> {
  return inclusionProof(
    {
      async readHashes(wanted) {
        return wanted.map((node) => {
          for (const cache of caches) {
            const hash = cache.get(key(node));
            if (hash !== undefined) return hash;
          }
          throw new TypeError(
            `node ${node.index} of level ${node.level} is not among the new ones`,
          );
        });
      },
    },
    index,
    size,
  );
}
