/**
 * Where a log is copied to, under the names of C2SP tlog-tiles, so that the copy can
 * be served as it is and read by anybody's client. Not trusted: what is read back is
 * checked with the log's key and its tree.
 */
import { entriesPath, parseTilePath } from "@countermand/tlog";

export type MirrorErrorCode =
  /** The mirror did not do it, or did not say whether it did. The same may be tried again. */
  | "unreachable"
  /** The mirror has no room. */
  | "full"
  /** The mirror holds other bytes than ours under a name that never changes, or another log. */
  | "contradiction"
  /** The mirror's address cannot be used. */
  | "place";

export class MirrorError extends Error {
  override readonly name = "MirrorError";
  readonly code: MirrorErrorCode;
  constructor(code: MirrorErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** What can be read of a mirror, or of any log that is served as tlog-tiles. */
export interface MirrorSource {
  /** For people; holds no secret. */
  readonly place: string;
  /**
   * The bytes under a name; undefined if nothing is there. Throws a `MirrorError`
   * "contradiction" for more than `limit` bytes, or for what is no plain file.
   */
  get(path: string, limit: number): Promise<Uint8Array | undefined>;
}

/**
 * The promise of a target. **Durability**: what resolved is there after a power cut
 * (directory) or as the store promises it (S3). **Idempotence**: every call may be made
 * again with the same arguments, after a failure too, whether or not the failed call took
 * effect. **Failure**: a `MirrorError`; anything that was written is whole, never part of
 * an object, and a checkpoint is the old or the new one. Several processes may use one
 * target at once.
 */
export interface MirrorTarget extends MirrorSource {
  /** Writes an object that never changes; one that is there must have the same bytes ("contradiction"). */
  create(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * Puts the checkpoint, or a page of times, in the place of `expected` (undefined: of
   * none), atomically. False, and nothing is written, where another one is there.
   */
  replace(path: string, expected: Uint8Array | undefined, bytes: Uint8Array): Promise<boolean>;
  /** Removes the partial forms of an object that is there as a whole now. */
  removePartials(path: string): Promise<void>;
}

export const checkpointPath = "checkpoint";
/** A note of a hundred long signatures is less. */
export const maxCheckpoint = 1_000_000;

/** Tokens of time authorities over the checkpoints that end in bundle `n`. */
export function timesPath(n: number): string {
  return entriesPath(n).replace(bundles, times);
}
const bundles = "tile/entries/";
const times = "times/";
/** Tokens of some authorities over each of 256 checkpoints. */
export const maxTimes = 33_554_432;

/** How long what is there under a name that changes may be. Throws a `TypeError` for another name. */
export function replaceable(path: string): number {
  if (path === checkpointPath) return maxCheckpoint;
  if (path.startsWith(times) && isTimes(path)) return maxTimes;
  throw new TypeError(`${path} never changes`);
}

function isTimes(path: string): boolean {
  const found = parseTilePath(path.replace(times, bundles));
  return found.kind === "entries" && timesPath(found.n) === path;
}

/** Throws a `TlogError`, or a `TypeError`, for what no mirror has. */
export function assertMirrorPath(path: string): void {
  if (path === checkpointPath || path.startsWith(times)) replaceable(path);
  else parseTilePath(path);
}
