/**
 * Follows a log from outside, trusting nothing but its key: every checkpoint must
 * extend the one that was kept before, every entry must be under it, and what was
 * kept is on the disk before the next question. Two histories make a proof that
 * anybody can check.
 */
import { parseEntry, parsePayload } from "@countermand/record";
import {
  consistencyProof,
  isQuorum,
  leafHash,
  openLogCheckpoint,
  peakNodes,
  rootOf,
  TILE_WIDTH,
  tileHashReader,
  TlogError,
  verifiedTiles,
  verifyConsistency,
  type Checkpoint,
  type LogVerifier,
  type OpenedCheckpoint,
  type Policy,
} from "@countermand/tlog";
import { WitnessError } from "./error.ts";
import { misbehaviour, type Exhibit, type Misbehaviour } from "./misbehaviour.ts";
import type { MonitorStore } from "./monitor-store.ts";
import type { RemoteLog } from "./remote-log.ts";

export interface MonitorOptions {
  readonly log: RemoteLog;
  readonly verifier: LogVerifier;
  /** Checkpoints must satisfy it, if it is given. */
  readonly policy?: Policy;
  readonly store: MonitorStore;
  /** Entries must be ones of Countermand. */
  readonly ours: boolean;
  readonly now: () => Date;
  readonly onProgress: (read: number, total: number) => void;
  readonly interrupted: AbortSignal;
}

export type Seen =
  | {
      readonly kind: "good";
      readonly size: number;
      /** Entries that were read now. */
      readonly read: number;
      /** Witnesses that signed, by name. */
      readonly witnesses: readonly string[];
      /** The log showed an older checkpoint than before, of the same history. */
      readonly older?: number;
    }
  /** Something is wrong that can be shown to others, or not. */
  | { readonly kind: "finding"; readonly problem: string; readonly proof?: Misbehaviour };

/** How many bundles are read between two writes of how far it got. */
const bundlesPerNote = 32;

/** One look. Throws a `WitnessError` "log" where the log cannot be reached. */
export async function look(options: MonitorOptions): Promise<Seen> {
  const { log, verifier, policy, store, now } = options;
  const note = await log.checkpoint();
  const exhibit = {
    note: Buffer.from(note).toString("utf8"),
    from: log.checkpointUrl,
    at: now().toISOString(),
  };
  let opened: OpenedCheckpoint;
  try {
    const witnesses = (policy?.witnesses ?? []).map((witness) => witness.verifier);
    opened = await openLogCheckpoint(note, verifier, witnesses);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    return { kind: "finding", problem: `the checkpoint cannot be accepted: ${error.message}` };
  }
  const known = await store.read();
  const kept =
    known === undefined
      ? undefined
      : await openLogCheckpoint(Buffer.from(known.exhibit.note), verifier);
  if (known !== undefined && kept !== undefined) {
    // Before the policy: a second history that no witness signed is proven all the same.
    const found = await compare(
      options,
      { ...kept, exhibit: known.exhibit },
      { ...opened, exhibit },
    );
    if (found !== undefined) return found;
  }
  const signed = opened.note.verified.map((one) => one.verifier);
  if (policy !== undefined && !isQuorum(policy, signed)) {
    const problem = `the checkpoint of ${opened.size} entries does not satisfy the policy of witnesses`;
    return { kind: "finding", problem };
  }
  if (kept !== undefined && opened.size < kept.size) {
    return { kind: "good", size: kept.size, read: 0, witnesses: [], older: opened.size };
  }
  const from = known?.read ?? 0;
  await store.write({ exhibit, read: from });
  const problem = await readEntries(options, opened, exhibit, from);
  if (problem !== undefined) return { kind: "finding", problem };
  return {
    kind: "good",
    size: opened.size,
    read: opened.size - from,
    witnesses: [
      ...new Set(
        opened.note.verified
          .map((one) => one.verifier.name)
          .filter((name) => name !== verifier.name),
      ),
    ],
  };
}

type Shown = Checkpoint & { readonly exhibit: Exhibit };

/** Undefined if the two are of one history. */
async function compare(
  { log, verifier }: MonitorOptions,
  kept: Shown,
  shown: Shown,
): Promise<Seen | undefined> {
  const [smaller, larger] = kept.size <= shown.size ? [kept, shown] : [shown, kept];
  const what = `the checkpoints of ${smaller.size} (${smaller.exhibit.at}) and ${larger.size} entries (${larger.exhibit.at})`;
  try {
    const tiles = verifiedTiles(larger, (tile) => log.tile(tile));
    const reader = tileHashReader(larger.size, tiles);
    const equal = smaller.size === larger.size;
    // The root that the larger tree had when it was as small.
    const root = equal
      ? larger.root
      : rootOf({ size: smaller.size, peaks: await reader.readHashes(peakNodes(smaller.size)) });
    if (same(root, smaller.root)) return undefined;
    const proof = equal ? [] : await consistencyProof(reader, smaller.size, larger.size);
    verifyConsistency({
      oldSize: smaller.size,
      oldRoot: root,
      newSize: larger.size,
      newRoot: larger.root,
      proof,
    });
    return {
      kind: "finding",
      problem: `${what} are of two histories, and the log signed both`,
      proof: misbehaviour(
        verifier,
        { smaller: smaller.exhibit, larger: larger.exhibit },
        root,
        proof,
      ),
    };
  } catch (error) {
    const missing = error instanceof WitnessError && error.code === "missing";
    if (!(error instanceof TlogError) && !missing) throw error;
    // Without true tiles nobody can say more; the log owes them.
    return {
      kind: "finding",
      problem: `${what} cannot be shown to be of one history: ${error.message}`,
    };
  }
}

/** Every entry from `from` on, against the tiles and so against the root. Gives what is wrong. */
async function readEntries(
  { log, store, ours, onProgress, interrupted }: MonitorOptions,
  checkpoint: Checkpoint,
  exhibit: Exhibit,
  from: number,
): Promise<string | undefined> {
  const { size } = checkpoint;
  const tiles = verifiedTiles(checkpoint, (tile) => log.tile(tile));
  let bundles = 0;
  for (let at = from; at < size;) {
    interrupted.throwIfAborted();
    const n = Math.floor(at / TILE_WIDTH);
    const first = n * TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, size - first);
    try {
      const hashes = await tiles({ level: 0, n, width });
      const entries = await log.bundle(n, width);
      for (let i = at - first; i < width; i++) {
        const problem = entryProblem(entries[i], hashes[i], ours);
        if (problem !== undefined) return `entry ${first + i} ${problem}`;
      }
    } catch (error) {
      if (!(error instanceof TlogError)) throw error;
      return `entries ${first} to ${first + width - 1}: ${error.message}`;
    }
    at = first + width;
    bundles += 1;
    if (bundles % bundlesPerNote === 0 || at === size) await store.write({ exhibit, read: at });
    onProgress(at, size);
  }
  return undefined;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function entryProblem(
  entry: Uint8Array | undefined,
  hash: Uint8Array | undefined,
  ours: boolean,
): string | undefined {
  if (entry === undefined || hash === undefined) return "is missing from its bundle";
  if (!same(leafHash(entry), hash)) {
    return "has other bytes than the checkpoint says";
  }
  if (!ours) return undefined;
  try {
    parsePayload(Buffer.from(parseEntry(entry).envelope.payload, "base64"));
    return undefined;
  } catch (error) {
    return `is none of Countermand: ${(error as Error).message}`;
  }
}
