/**
 * Copies a log to a mirror: bundles, then tiles, then the checkpoint, so that whoever
 * reads the mirror finds everything that its checkpoint implies. What is there already
 * is known from the mirror's own checkpoint, which is opened with the log's key and
 * compared with the database first; only what came since is written. In memory is one
 * tile or bundle at a time.
 */
import {
  entriesPath,
  openLogCheckpoint,
  parseNote,
  TILE_WIDTH,
  tilePath,
  type Checkpoint,
  type LogVerifier,
} from "@countermand/tlog";
import type { Database } from "../../storage/database.ts";
import { messageOf } from "../error.ts";
import type { LogReader } from "../log-reader.ts";
import { sameBytes } from "../start-up.ts";
import { rootNow } from "./root-now.ts";
import {
  checkpointPath,
  maxCheckpoint,
  MirrorError,
  type MirrorSource,
  type MirrorTarget,
} from "./target.ts";

const manual = "see docs/operations/mirror.md";

export interface MirroredLog {
  readonly database: Database;
  /** As it may be shown. */
  readonly log: LogReader;
  readonly verifier: LogVerifier;
}

export interface OpenedMirror {
  readonly bytes: Uint8Array;
  readonly checkpoint: Checkpoint;
}

/** The mirror's checkpoint, if it has one. Throws a `MirrorError` "contradiction" if it is not the log's. */
export async function readMirror(
  source: MirrorSource,
  verifier: LogVerifier,
): Promise<OpenedMirror | undefined> {
  const bytes = await source.get(checkpointPath, maxCheckpoint);
  if (bytes === undefined) return undefined;
  try {
    return { bytes, checkpoint: await openLogCheckpoint(bytes, verifier) };
  } catch (error) {
    throw new MirrorError(
      "contradiction",
      `the mirror ${source.place} holds no checkpoint of ${verifier.name}, or one that another key signed (${messageOf(error)}); give it a place of its own; ${manual}, "The mirror holds another log"`,
    );
  }
}

/**
 * Throws a `MirrorError` "contradiction" if the mirror is ahead of the database or has
 * another history. The mirror is read before the database: another server may go on
 * meanwhile, and no mirror is ahead of what was committed.
 */
export async function compareMirror(
  database: Database,
  logId: number,
  place: string,
  { size, root }: Checkpoint,
): Promise<void> {
  const now = await rootNow(database, logId, size);
  if (now.root === undefined) {
    throw new MirrorError(
      "contradiction",
      `the mirror ${place} has a checkpoint of ${size} entries, the database has ${now.size}: the database is an older copy, and continuing would fork the log; ${manual}, "The mirror is ahead"`,
    );
  }
  if (!sameBytes(now.root, root)) {
    throw new MirrorError(
      "contradiction",
      `the mirror ${place} has another root for ${size} entries than the database: it is another history; ${manual}, "The mirror contradicts the database"`,
    );
  }
}

/**
 * Brings the mirror to the newest published head and answers the size that it has then.
 * It may be called again after any failure.
 */
export async function mirrorOnce(
  target: MirrorTarget,
  { database, log, verifier }: MirroredLog,
): Promise<number> {
  const there = await readMirror(target, verifier);
  // Taken once: what is written below is what this checkpoint implies.
  const note = log.checkpoint();
  const { size } = await openLogCheckpoint(note, verifier);
  if (there !== undefined) {
    await compareMirror(database, log.logId, target.place, there.checkpoint);
    const { size: mirrored } = there.checkpoint;
    if (mirrored > size) return mirrored;
    if (mirrored === size && signatures(there.bytes) >= signatures(note)) return size;
  }
  const from = there?.checkpoint.size ?? 0;
  await writeObjects(from, size, async (path, bytes) => {
    await target.create(path, await bytes(log));
  });
  // Another server was faster: the next round sees what it wrote.
  if (!(await target.replace(checkpointPath, there?.bytes, note))) return from;
  for (const path of becameFull(from, size)) await target.removePartials(path);
  return size;
}

type Write = (path: string, bytes: (log: LogReader) => Promise<Uint8Array>) => Promise<void>;

/** What a tree of `size` has that one of `from` had not, in the order in which it must be written. */
async function writeObjects(from: number, size: number, write: Write): Promise<void> {
  for (const { n, width } of grown(0, from, size)) {
    const path = entriesPath(n, width);
    await write(path, async (log) => present(path, await log.bundle(n, width)));
  }
  for (let level = 0; Math.floor(size / TILE_WIDTH ** level) > 0; level++) {
    for (const { n, width } of grown(level, from, size)) {
      const path = tilePath(level, n, width);
      await write(path, async (log) => present(path, await log.tile(level, n, width)));
    }
  }
}

/** Tiles of a level that are wider in a tree of `size` than in one of `from`. */
function* grown(level: number, from: number, size: number) {
  const old = Math.floor(from / TILE_WIDTH ** level);
  const now = Math.floor(size / TILE_WIDTH ** level);
  if (now === old) return;
  for (let n = Math.floor(old / TILE_WIDTH); n * TILE_WIDTH < now; n++) {
    yield { n, width: Math.min(TILE_WIDTH, now - n * TILE_WIDTH) };
  }
}

function* becameFull(from: number, size: number): Generator<string> {
  for (let level = 0; Math.floor(size / TILE_WIDTH ** level) > 0; level++) {
    for (const { n, width } of grown(level, from, size)) {
      if (width < TILE_WIDTH) continue;
      if (level === 0) yield entriesPath(n);
      yield tilePath(level, n);
    }
  }
}

function present(path: string, bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new TypeError(`the published log has no ${path}`);
  return bytes;
}

/** More cosignatures are worth a new checkpoint of the same size; another order of them is not. */
function signatures(note: Uint8Array): number {
  return parseNote(note).signatures.length;
}
