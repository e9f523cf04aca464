/**
 * Reads a whole log from a mirror, or from any server of C2SP tlog-tiles, and believes
 * nothing but the log's key: the tree is grown from the entries, and every tile and the
 * checkpoint's root must be what it gives. Memory is flat: a few bundles, and the tree's
 * right edge. Pages are read ahead: one after the other, most of the time was spent waiting
 * for the disk, and over a network nearly all of it.
 */
import {
  decodeBundle,
  decodeTile,
  EMPTY_ROOT,
  emptyTree,
  entriesPath,
  leafHash,
  MAX_ENTRY_SIZE,
  TILE_WIDTH,
  tilePath,
  TlogError,
  type LogVerifier,
} from "@countermand/tlog";
import { grow, type FullTile, type Tree } from "../growth.ts";
import { awaitedLater, readAhead } from "../read-ahead.ts";
import { sameBytes } from "../start-up.ts";
import { readMirror, type OpenedMirror } from "./mirror.ts";
import type { TokenOfCheckpoint } from "../timestamps/token-rows.ts";
import { maxTimes, MirrorError, timesPath, type MirrorSource } from "./target.ts";
import { readTimes, type CheckTime } from "./times.ts";

/** A bundle has some 400 KB, and may have 16 MB. */
const pagesAhead = 4;
const maxBundle = TILE_WIDTH * (MAX_ENTRY_SIZE + 2);

export type MirrorMessage =
  | { readonly kind: "finding"; readonly where: string; readonly problem: string }
  /** Only if its entries are whole: their leaf hashes, and the tiles that became full with them. */
  | {
      readonly kind: "page";
      readonly from: number;
      readonly entries: readonly Uint8Array[];
      readonly leafHashes: readonly Uint8Array[];
      readonly tiles: readonly FullTile[];
      /** Tokens of time authorities over checkpoints that end in this page. */
      readonly times: readonly TokenOfCheckpoint[];
    }
  | { readonly kind: "done"; readonly mirror: OpenedMirror; readonly tree: Tree };

/**
 * Findings and pages, in order, and at the end "done", whether or not there were findings;
 * after a page whose hashes nobody knows there is no end to come to. Throws a `MirrorError`
 * where the mirror cannot be reached or has no checkpoint that the key signed.
 */
export async function* readWholeMirror(
  source: MirrorSource,
  verifier: LogVerifier,
  /** Judges time-stamp tokens; without it they are only compared with the tree. */
  checkTime?: CheckTime,
): AsyncGenerator<MirrorMessage> {
  const mirror = await readMirror(source, verifier);
  if (mirror === undefined) {
    throw new MirrorError("contradiction", `there is no checkpoint at ${source.place}`);
  }
  const { size, root } = mirror.checkpoint;
  let tree: Tree = { compact: emptyTree, root: EMPTY_ROOT, edge: [] };
  const read = async (from: number) => ({
    from,
    ...(await readPage(source, from / TILE_WIDTH, Math.min(TILE_WIDTH, size - from))),
  });
  for await (const { from, ...page } of readAhead(pagesAhead, size, TILE_WIDTH, read)) {
    yield* page.findings;
    if (page.hashes === undefined) return;
    const { hashes } = page;
    const before = tree;
    const growth = grow(before, hashes);
    tree = growth.tree;
    const rootAt = (at: number) => grow(before, hashes.slice(0, at - from)).tree.root;
    const n = from / TILE_WIDTH;
    const times = await readTimes(page.times, n, size, verifier, rootAt, checkTime);
    for (const problem of times.problems) {
      yield { kind: "finding", where: timesPath(n), problem };
    }
    for (const tile of growth.tiles) {
      if (tile.level > 0) yield* checkTile(source, tile.level, tile.n, tile.hashes);
    }
    const { entries } = page;
    if (entries !== undefined) {
      const { tiles } = growth;
      yield { kind: "page", from, entries, leafHashes: hashes, tiles, times: times.tokens };
    }
  }
  for (const [level, hashes] of tree.edge.entries()) {
    // Those of level 0 were compared with their entries.
    if (level > 0 && hashes.length > 0 && hashes.length < TILE_WIDTH) {
      const n = Math.floor(Math.floor(size / TILE_WIDTH ** level) / TILE_WIDTH);
      yield* checkTile(source, level, n, hashes);
    }
  }
  if (!sameBytes(tree.root, root)) {
    yield {
      kind: "finding",
      where: "checkpoint",
      problem: `it signs another root for ${size} entries than the entries give`,
    };
  }
  yield { kind: "done", mirror, tree };
}

interface ReadPage {
  readonly findings: readonly MirrorMessage[];
  /** Undefined if the bundle is damaged or is not what the tile says. */
  readonly entries?: readonly Uint8Array[];
  /** The tile's where the bundle is damaged. */
  readonly hashes?: readonly Uint8Array[];
  /** Tokens of time authorities, as they are there. */
  readonly times: Promise<Uint8Array | undefined>;
}

async function readPage(source: MirrorSource, n: number, width: number): Promise<ReadPage> {
  const times = awaitedLater(source.get(timesPath(n), maxTimes));
  const [bundle, tile] = await Promise.all([
    readObject(source, (w) => entriesPath(n, w), width, maxBundle, decodeBundle),
    readObject(source, (w) => tilePath(0, n, w), width, TILE_WIDTH * 32, decodeTile),
  ]);
  return { ...compared(n, width, bundle, tile), times };
}

function compared(n: number, width: number, bundle: Found, tile: Found): Omit<ReadPage, "times"> {
  const findings: MirrorMessage[] = [];
  for (const one of [bundle, tile]) {
    if ("problem" in one) findings.push({ kind: "finding", ...one });
  }
  if ("problem" in bundle)
    return "problem" in tile ? { findings } : { findings, hashes: tile.found };
  const own = bundle.found.map((entry) => leafHash(entry));
  if ("problem" in tile) return { findings, entries: bundle.found, hashes: own };
  const different = own.findIndex((hash, i) => !sameBytes(hash, tile.found[i] ?? hash));
  if (different === -1) return { findings, entries: bundle.found, hashes: own };
  findings.push({
    kind: "finding",
    where: `entry ${n * TILE_WIDTH + different}`,
    problem: `its bytes in ${entriesPath(n, width)} do not have the hash in ${tilePath(0, n, width)}`,
  });
  return { findings, hashes: tile.found };
}

async function* checkTile(
  source: MirrorSource,
  level: number,
  n: number,
  expected: readonly Uint8Array[],
): AsyncGenerator<MirrorMessage> {
  const path = (w: number) => tilePath(level, n, w);
  const tile = await readObject(source, path, expected.length, TILE_WIDTH * 32, decodeTile);
  if ("problem" in tile) yield { kind: "finding", ...tile };
  else if (!tile.found.every((hash, i) => sameBytes(hash, expected[i] ?? hash))) {
    yield {
      kind: "finding",
      where: path(expected.length),
      problem: "its hashes are not the roots of the tiles below",
    };
  }
}

type Found = { found: Uint8Array[] } | { where: string; problem: string };

/** An object at the width that the checkpoint implies, or out of the full one. */
async function readObject(
  source: MirrorSource,
  path: (width: number) => string,
  width: number,
  limit: number,
  decode: (bytes: Uint8Array, width: number) => Uint8Array[],
): Promise<Found> {
  const where = path(width);
  try {
    const bytes = await source.get(where, limit);
    if (bytes !== undefined) return { found: decode(bytes, width) };
    const full = width === TILE_WIDTH ? undefined : await source.get(path(TILE_WIDTH), limit);
    if (full !== undefined) return { found: decode(full, TILE_WIDTH).slice(0, width) };
    return { where, problem: "it is missing" };
  } catch (error) {
    const damaged =
      error instanceof TlogError ||
      (error instanceof MirrorError && error.code === "contradiction");
    if (damaged) return { where, problem: error.message };
    throw error;
  }
}
