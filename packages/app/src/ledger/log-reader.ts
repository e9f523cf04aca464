/**
 * Reads of one log: what C2SP tlog-tiles serves, entries, and proofs. Nothing
 * beyond the newest published checkpoint is given out. Partial tiles are
 * derived, so every width that was ever current can be had; full tiles never
 * change and are kept in memory, so that readers do not load the database that
 * the writer works on.
 */
import {
  consistencyProof,
  encodeBundle,
  encodeTile,
  inclusionProof,
  TILE_WIDTH,
  tileHashReader,
  type HashReader,
  type TileId,
} from "@countermand/tlog";
import type { Database } from "../storage/database.ts";
import { LedgerError } from "./error.ts";
import { readTileHashes } from "./log-rows.ts";

/** 8 KB each. */
const maxCachedTiles = 512;
const entriesPerPage = 256;

export interface Published {
  readonly size: number;
  readonly root: Uint8Array;
  /** A signed note. */
  readonly note: string;
}

export interface LogReader {
  readonly logId: number;
  readonly origin: string;
  /** Keys that sign or signed, for readers to pin: `name+id+base64`. */
  verifierKeys(): Promise<readonly string[]>;
  /** The newest checkpoint that may be shown. */
  published(): Published;
  /** Its bytes, as served under `checkpoint`. */
  checkpoint(): Uint8Array;
  /** As served under `tile/<level>/<n>[.p/<width>]`; undefined where that is a 404. */
  tile(level: number, n: number, width: number): Promise<Uint8Array | undefined>;
  /** As served under `tile/entries/<n>[.p/<width>]`. */
  bundle(n: number, width: number): Promise<Uint8Array | undefined>;
  /** The bytes of an entry; undefined beyond the published size. */
  entry(index: number): Promise<Uint8Array | undefined>;
  /** Entries `from` to `to`, without `to`, a page in memory at a time. */
  entries(
    from: number,
    to: number,
  ): AsyncIterable<{ readonly index: number; readonly bytes: Uint8Array }>;
  /** Of the published tree, or of an earlier `size`. Throws a `TypeError` outside it. */
  inclusionProof(index: number, size?: number): Promise<Uint8Array[]>;
  consistencyProof(oldSize: number, newSize?: number): Promise<Uint8Array[]>;
}

export function logReader(
  database: Database,
  log: { readonly logId: number; readonly origin: string },
  published: () => Published,
): LogReader {
  const { logId, origin } = log;
  const cache = new Map<string, readonly Uint8Array[]>();

  async function hashes(tile: TileId): Promise<readonly Uint8Array[]> {
    const key = `${tile.level}/${tile.n}`;
    const known = cache.get(key);
    if (known !== undefined) {
      // Used last, dropped last.
      cache.delete(key);
      cache.set(key, known);
      return known.slice(0, tile.width);
    }
    const read = await readTileHashes(database.read, logId, tile);
    if (read.length !== tile.width) {
      throw new LedgerError(
        "contradiction",
        `tile ${tile.level}/${tile.n} has ${read.length} hashes in the database, ${tile.width} expected`,
      );
    }
    if (tile.width === TILE_WIDTH) {
      const [oldest] = cache.keys();
      if (cache.size >= maxCachedTiles && oldest !== undefined) cache.delete(oldest);
      cache.set(key, read);
    }
    return read;
  }

  async function rows(from: number, to: number) {
    const found = await database.read
      .selectFrom("entry")
      .select(["idx", "leaf"])
      .where("log_id", "=", logId)
      .where("idx", ">=", from)
      .where("idx", "<", to)
      .orderBy("idx")
      .execute();
    found.forEach((row, i) => {
      if (row.idx !== from + i) {
        throw new LedgerError("contradiction", `entry ${from + i} is missing from the database`);
      }
    });
    if (found.length !== to - from) {
      throw new LedgerError(
        "contradiction",
        `entry ${from + found.length} is missing from the database`,
      );
    }
    return found;
  }

  function hashReader(size: number): HashReader {
    if (size > published().size) {
      throw new TypeError(`the log has published ${published().size} entries, not ${size}`);
    }
    return tileHashReader(size, hashes);
  }

  return {
    logId,
    origin,
    published,
    async verifierKeys() {
      const keys = await database.read
        .selectFrom("log_key")
        .select("vkey")
        .where("log_id", "=", logId)
        .orderBy("from_size")
        .execute();
      return keys.map(({ vkey }) => vkey);
    },
    checkpoint: () => Buffer.from(published().note),
    async tile(level, n, width) {
      if (!implied(published().size, level, n, width)) return undefined;
      return encodeTile(await hashes({ level, n, width }));
    },
    async bundle(n, width) {
      if (!implied(published().size, 0, n, width)) return undefined;
      const found = await rows(n * TILE_WIDTH, n * TILE_WIDTH + width);
      return encodeBundle(found.map((row) => row.leaf));
    },
    async entry(index) {
      if (!Number.isSafeInteger(index) || index < 0 || index >= published().size) return undefined;
      return (await rows(index, index + 1))[0]?.leaf;
    },
    async *entries(from, to) {
      const end = Math.min(to, published().size);
      for (let at = from; at < end; at += entriesPerPage) {
        for (const row of await rows(at, Math.min(at + entriesPerPage, end))) {
          yield { index: row.idx, bytes: row.leaf };
        }
      }
    },
    async inclusionProof(index, size = published().size) {
      return inclusionProof(hashReader(size), index, size);
    },
    async consistencyProof(oldSize, newSize = published().size) {
      return consistencyProof(hashReader(newSize), oldSize, newSize);
    },
  };
}

/** Whether a tree of `size` has such a tile, or had it when it was smaller. */
function implied(size: number, level: number, n: number, width: number): boolean {
  if (level < 0 || level > 6 || width < 1 || width > TILE_WIDTH) return false;
  if (!Number.isSafeInteger(n) || n < 0 || !Number.isInteger(width)) return false;
  return n * TILE_WIDTH + width <= Math.floor(size / TILE_WIDTH ** level);
}
