/**
 * C2SP tlog-tiles: how a tree is cut into tiles of 256 hashes and bundles of 256
 * entries, how those are written, and under which paths they are served.
 *
 * `parseTilePath(tilePath(…))`, `decodeTile(encodeTile(h))` and
 * `decodeBundle(encodeBundle(e))` give back what went in.
 */
import { copyBytes } from "./bytes.ts";
import { TlogError } from "./error.ts";
import { HASH_SIZE, nodeHash } from "./hash.ts";
import { checkSize } from "./tree.ts";

export const TILE_WIDTH = 256;
/** An entry's length is two bytes in a bundle. */
export const MAX_ENTRY_SIZE = 65_535;

export interface TileId {
  /** Level of tiles, 0 to 63; level l holds roots of subtrees of 256^l leaves. */
  readonly level: number;
  /** Position in the level. */
  readonly n: number;
  /** 1 to 256; below 256 the tile is partial. */
  readonly width: number;
}

export type TilePath =
  | ({ readonly kind: "tile" } & TileId)
  | { readonly kind: "entries"; readonly n: number; readonly width: number };

/** `tile/<L>/<N>` or `tile/<L>/<N>.p/<W>`. */
export function tilePath(level: number, n: number, width = TILE_WIDTH): string {
  if (!Number.isInteger(level) || level < 0 || level > 63) {
    throw new TypeError(`${level} is no tile level; those are 0 to 63`);
  }
  return `tile/${level}/${place(n, width)}`;
}

/** `tile/entries/<N>` or `tile/entries/<N>.p/<W>`. */
export function entriesPath(n: number, width = TILE_WIDTH): string {
  return `tile/entries/${place(n, width)}`;
}

/** The one path for a tile or bundle; any other spelling is refused. */
export function parseTilePath(path: string): TilePath {
  const refuse = (problem: string) => new TlogError("path", problem);
  const match =
    /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(
      path,
    );
  if (match === null) {
    throw refuse(
      "this is no tile path; it would be tile/<level>/<n> or tile/entries/<n>, with .p/<width> if partial",
    );
  }
  const [, level = "", groups = "", partial] = match;
  if (groups.includes("/") && groups.startsWith("x000/")) {
    throw refuse("the tile's number has more groups than it needs");
  }
  const n = Number(groups.replaceAll(/[x/]/g, ""));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (!Number.isSafeInteger(n)) throw refuse("the tile's number is 2^53 or more");
  if (partial !== undefined && width >= TILE_WIDTH) {
    throw refuse(`a partial tile has a width of 1 to 255, not ${width}`);
  }
  if (level === "entries") return { kind: "entries", n, width };
  if (Number(level) > 63) throw refuse(`there is no tile level ${level}; those are 0 to 63`);
  return { kind: "tile", level: Number(level), n, width };
}

function place(n: number, width: number): string {
  if (!Number.isSafeInteger(n) || n < 0) throw new TypeError(`${n} is no tile number`);
  checkWidth(width);
  const digits = String(n);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  const groups = padded.match(/.{3}/g) ?? [];
  const number = groups
    .map((group, i) => (i === groups.length - 1 ? group : `x${group}`))
    .join("/");
  return width === TILE_WIDTH ? number : `${number}.p/${width}`;
}

function checkWidth(width: number): void {
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) {
    throw new TypeError(`${width} is no tile width; those are 1 to ${TILE_WIDTH}`);
  }
}

/** How many hashes the last, partial tile of a level has in a tree of `size`; 0 if there is none. */
export function partialWidth(level: number, size: number): number {
  return hashesAt(level, size) % TILE_WIDTH;
}

/** The tiles of a tree of `size`, every level, full and partial. */
export function* tilesForSize(size: number): Generator<TileId> {
  checkSize(size);
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const count = hashesAt(level, size);
    const full = Math.floor(count / TILE_WIDTH);
    for (let n = 0; n < full; n++) yield { level, n, width: TILE_WIDTH };
    const width = count % TILE_WIDTH;
    if (width > 0) yield { level, n: full, width };
  }
}

/** How many hashes a level of tiles holds in a tree of `size`. */
export function hashesAt(level: number, size: number): number {
  return level > 6 ? 0 : Math.floor(size / TILE_WIDTH ** level);
}

export function encodeTile(hashes: readonly Uint8Array[]): Uint8Array {
  checkWidth(hashes.length);
  const bytes = new Uint8Array(hashes.length * HASH_SIZE);
  hashes.forEach((hash, i) => {
    if (hash.length !== HASH_SIZE) throw new TypeError(`a hash has ${HASH_SIZE} bytes`);
    bytes.set(hash, i * HASH_SIZE);
  });
  return bytes;
}

/** The `width` hashes of a tile; a tile of another length is refused. */
export function decodeTile(bytes: Uint8Array, width: number): Uint8Array[] {
  checkWidth(width);
  if (bytes.length !== width * HASH_SIZE) {
    throw new TlogError(
      "tile",
      `found ${bytes.length} bytes; a tile of width ${width} has ${width * HASH_SIZE}`,
    );
  }
  return Array.from({ length: width }, (_, i) =>
    copyBytes(bytes, i * HASH_SIZE, (i + 1) * HASH_SIZE),
  );
}

/** The root of the perfect subtree over a power of two of hashes. */
export function tileRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    if (row.length % 2 === 1) throw new TypeError("only a power of two of hashes has one root");
    const next: Uint8Array[] = [];
    for (let i = 0; i + 1 < row.length; i += 2) {
      next.push(nodeHash(row[i] as Uint8Array, row[i + 1] as Uint8Array));
    }
    row = next;
  }
  const [root] = row;
  if (root === undefined) throw new TypeError("a tile has at least one hash");
  return root;
}

/** Each of 1 to 256 entries as two bytes of length, big-endian, and itself. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  checkWidth(entries.length);
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_SIZE) {
      throw new TypeError(`an entry has at most ${MAX_ENTRY_SIZE} bytes, not ${entry.length}`);
    }
    bytes[at] = entry.length >> 8;
    bytes[at + 1] = entry.length & 255;
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/** The entries of a bundle; with `width`, exactly so many. */
export function decodeBundle(bytes: Uint8Array, width?: number): Uint8Array[] {
  if (width !== undefined) checkWidth(width);
  if (bytes.length === 0) throw new TlogError("bundle", "a bundle has at least one entry");
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (entries.length === TILE_WIDTH) {
      throw new TlogError(
        "bundle",
        `bytes follow entry ${TILE_WIDTH}, the last that a bundle can have`,
        `byte ${at}`,
      );
    }
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (at + 2 + length > bytes.length) {
      throw new TlogError(
        "bundle",
        `entry ${entries.length} is cut short: it would need ${2 + length} bytes, ${bytes.length - at} are left`,
        `byte ${at}`,
      );
    }
    entries.push(copyBytes(bytes, at + 2, at + 2 + length));
    at += 2 + length;
  }
  if (width !== undefined && entries.length !== width) {
    throw new TlogError("bundle", `found ${entries.length} entries, expected ${width}`);
  }
  return entries;
}
