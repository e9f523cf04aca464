/**
 * Hashes of perfect subtrees out of tiles: for a store that trusts its own tiles
 * (`tileHashReader`), and for a client that trusts nothing but the root in a
 * checkpoint (`verifiedTiles`, put before it). Where tiles come from, and whether
 * they are kept for the next time, is the business of the given reader.
 */
import { equalBytes } from "./bytes.ts";
import { TlogError } from "./error.ts";
import type { HashReader } from "./proof.ts";
import { hashesAt, partialWidth, TILE_WIDTH, tilePath, tileRoot, type TileId } from "./tile.ts";
import { checkSize, peakNodes, rootOf, type Node } from "./tree.ts";

/** Levels of the tree that one tile spans. */
const tileHeight = 8;

/** Gives the `width` hashes of a tile; of a full tile where a partial one is asked for, too. */
export type TileReader = (tile: TileId) => Promise<readonly Uint8Array[]>;

/**
 * Answers hashes of perfect subtrees out of the tiles of a tree of `size`. Each
 * tile is read once a call. Nothing is verified: check the proof that comes of it.
 */
export function tileHashReader(size: number, readTile: TileReader): HashReader {
  checkSize(size);
  return {
    async readHashes(nodes: readonly Node[]) {
      const tiles = new Map<string, Promise<readonly Uint8Array[]>>();
      const hashes = nodes.map(async ({ level, index }) => {
        const tileLevel = Math.floor(level / tileHeight);
        const span = 2 ** (level % tileHeight);
        const first = index * span;
        const id = tileAt(size, tileLevel, Math.floor(first / TILE_WIDTH));
        const offset = first % TILE_WIDTH;
        if (offset + span > id.width) {
          throw new TypeError(`a tree of ${size} has no complete node ${index} at level ${level}`);
        }
        const key = tilePath(id.level, id.n, id.width);
        const tile = tiles.get(key) ?? read(id, readTile);
        tiles.set(key, tile);
        return tileRoot((await tile).slice(offset, offset + span));
      });
      return Promise.all(hashes);
    },
  };
}

/**
 * A reader that gives only tiles which the root of a tree of `size` vouches for,
 * and throws a `TlogError` "tile" for any other. The partial tiles of the right
 * edge must give the root together; a full tile must give its hash in the tile
 * above. So a tile costs one read more a level, and the edge is read once.
 */
export function verifiedTiles(
  tree: { readonly size: number; readonly root: Uint8Array },
  readTile: TileReader,
): TileReader {
  const { size, root } = tree;
  checkSize(size);
  let edge: Promise<ReadonlyMap<number, readonly Uint8Array[]>> | undefined;

  async function readEdge(): Promise<ReadonlyMap<number, readonly Uint8Array[]>> {
    const tiles = new Map<number, readonly Uint8Array[]>();
    const peaks: Uint8Array[] = [];
    for (let level = 0; hashesAt(level, size) > 0; level++) {
      const width = partialWidth(level, size);
      if (width === 0) continue;
      const n = Math.floor(hashesAt(level, size) / TILE_WIDTH);
      const hashes = await read({ level, n, width }, readTile);
      tiles.set(level, hashes);
      const parts = peakNodes(width).map((node) => {
        const span = 2 ** node.level;
        return tileRoot(hashes.slice(node.index * span, (node.index + 1) * span));
      });
      // Higher levels hold what is further left.
      peaks.unshift(...parts);
    }
    if (!equalBytes(rootOf({ size, peaks }), root)) {
      throw new TlogError("tile", `the last tiles of the tree of ${size} do not give its root`);
    }
    return tiles;
  }

  async function verified(tile: TileId): Promise<readonly Uint8Array[]> {
    const { level, n, width } = tile;
    // Refuses a number below 0 too, above which there would be no end of tiles.
    const path = tilePath(level, n, width);
    if (width !== tileAt(size, level, n).width) {
      throw new TypeError(`a tree of ${size} has no ${path}`);
    }
    if (width < TILE_WIDTH) {
      // A failed reading is not kept: the next call asks again.
      edge ??= readEdge().catch((error: unknown) => {
        edge = undefined;
        throw error;
      });
      return (await edge).get(level) ?? [];
    }
    const above = await verified(tileAt(size, level + 1, Math.floor(n / TILE_WIDTH)));
    const expected = above[n % TILE_WIDTH];
    const hashes = await read(tile, readTile);
    if (expected === undefined || !equalBytes(tileRoot(hashes), expected)) {
      throw new TlogError("tile", `${path} is not in the tree of ${size}`);
    }
    return hashes;
  }
  return verified;
}

/** Tile `n` of a level, as wide as the tree has it; the width is 0 or less if it has not. */
function tileAt(size: number, level: number, n: number): TileId {
  return { level, n, width: Math.min(TILE_WIDTH, hashesAt(level, size) - n * TILE_WIDTH) };
}

/** The tile's hashes, cut to its width: a full tile answers for its partial ones. */
async function read(tile: TileId, readTile: TileReader): Promise<readonly Uint8Array[]> {
  const hashes = await readTile(tile);
  if (hashes.length < tile.width) {
    throw new TlogError(
      "tile",
      `${tilePath(tile.level, tile.n, tile.width)} came with ${hashes.length} hashes`,
    );
  }
  return hashes.slice(0, tile.width);
}
