/**
 * One batch, one transaction: lock the head, take in what others appended, decide,
 * append, advance. Nothing in memory changes here.
 */
import { leafHash, MAX_ENTRY_SIZE, TILE_WIDTH, type LogKey } from "@countermand/tlog";
import type { Database, Tx } from "../storage/database.ts";
import { StorageError } from "../storage/error.ts";
import { type Advance, catchUp } from "./catch-up.ts";
import { LedgerError } from "./error.ts";
import { grow, type FullTile, type Growth, type Tree } from "./growth.ts";
import { assertCanSign, readLogKeys, writeLogKeys } from "./log-keys.ts";
import type { Decider, LeafDraft, Outcome, Step } from "./ledger.ts";
import {
  advanceHead,
  insertEntries,
  insertOwed,
  insertTiles,
  lockHead,
  readStanding,
  setActive,
  setClosed,
  storedLeafHashes,
  type Head,
  type NewEntry,
  type StoredCheckpoint,
} from "./log-rows.ts";
import type { Signing } from "./publish.ts";
import { contradiction, sameBytes } from "./start-up.ts";

/** The log as this process holds it, since its start or its last commit. */
export interface Held {
  readonly logId: number;
  readonly tree: Tree;
}

export type Decision<R> =
  | { readonly kind: "appended"; readonly entries: readonly NewEntry[]; readonly result: R }
  | { readonly kind: "repeated"; readonly indexes: readonly number[]; readonly result: R }
  | { readonly kind: "refused"; readonly error: Error };

export interface Committed<R> {
  readonly decisions: readonly Decision<R>[];
  /** What other servers had appended before. */
  readonly caughtUp: Advance | null;
  /** Undefined if nothing was appended. */
  readonly growth: Growth | undefined;
  /** The log's keys, where they may have changed. */
  readonly keys?: readonly LogKey[];
  /** Why nothing is appended any more. */
  readonly ended?: string;
}

/** COMMIT was sent and not answered; `batch` is what it would have done. */
export class OutcomeUnknown<R> extends Error {
  override readonly name = "OutcomeUnknown";
  readonly batch: Committed<R>;
  constructor(batch: Committed<R>, cause: unknown) {
    super("the outcome of COMMIT is not known", { cause });
    this.batch = batch;
  }
}

export interface CommitOptions<C, R> {
  readonly database: Database;
  readonly held: Held;
  readonly decider: Decider<C, R>;
  readonly commands: readonly C[];
  /** Signed since the last commit, to be stored with this one. */
  readonly owed: readonly StoredCheckpoint[];
  readonly now: Date;
  readonly signing: Signing;
  /** Why the log is frozen: an append, and nothing else, sets it active. */
  readonly thaws: string | undefined;
  readonly onStep: (step: Step) => void | Promise<void>;
}

/**
 * Throws a `LedgerError` "contradiction", "foreign-key" or "frozen", on which this process
 * must freeze; "ended" or "no-key", on which it goes on; `OutcomeUnknown`; a `StorageError`; or what the decider threw. But for
 * `OutcomeUnknown`, nothing was written then.
 */
export async function commitBatch<C, R>(options: CommitOptions<C, R>): Promise<Committed<R>> {
  const { database, onStep } = options;
  let prepared: Committed<R> | undefined;
  await onStep("before-transaction");
  try {
    await database.transaction(async (tx) => {
      prepared = await prepare(tx, options);
      await onStep("before-commit");
    });
  } catch (error) {
    const unknown = error instanceof StorageError && error.code === "commit-unknown";
    if (unknown && prepared !== undefined) throw new OutcomeUnknown(prepared, error);
    throw error;
  }
  await onStep("after-commit");
  if (prepared === undefined) throw new TypeError("a transaction ended without its work");
  return prepared;
}

async function prepare<C, R>(tx: Tx, options: CommitOptions<C, R>): Promise<Committed<R>> {
  const { held, decider, commands, owed, signing } = options;
  const { logId } = held;
  const locked = await lockHead(tx, logId);
  if (locked === undefined) throw contradiction("the log's head is gone from the database");
  const caughtUp = await catchUp(tx, logId, held.tree, locked);
  // What stands beside the head may be as of before the wait for it, and what others
  // appended may have changed it; nobody changes keys or closes the log without an entry.
  const head = caughtUp === null ? locked : { ...locked, ...(await readStanding(tx, logId)) };
  const ended = head.state === "closed" ? (head.reason ?? "it was closed") : undefined;
  if (ended === undefined) assertActive(head, options.thaws);
  const tree = caughtUp?.tree ?? held.tree;
  assertSigned(head, tree);
  const keys = caughtUp === null ? signing.keys : await readLogKeys(tx, logId);
  const since = {
    ...(caughtUp === null ? {} : { keys }),
    ...(ended === undefined ? {} : { ended }),
  };
  if (commands.length === 0) {
    await insertOwed(tx, logId, owed);
    return { decisions: [], caughtUp, growth: undefined, ...since };
  }
  if (ended !== undefined) throw new LedgerError("ended", ended);
  const now = options.now.toISOString();
  const recordedAt = now > head.recordedAt ? now : head.recordedAt;
  const frame = { logId, nextIndex: head.size, recordedAt: new Date(recordedAt) };
  const decided = await decider.decide(tx, commands, frame);
  const { outcomes } = decided;
  if (outcomes.length !== commands.length) {
    throw new TypeError(`${commands.length} commands were given and ${outcomes.length} decided`);
  }
  const { decisions, entries } = number(outcomes, head.size);
  if (entries.length === 0) {
    await insertOwed(tx, logId, owed);
    return { decisions, caughtUp, growth: undefined, ...since };
  }
  checkSigners(signing, decided.keys, keys, head.size + entries.length);
  const growth = grow(
    tree,
    entries.map((entry) => entry.leafHash),
  );
  // Sent together, run in this order: a wait for each would be a good part of a small commit.
  await Promise.all([
    insertOwed(tx, logId, owed),
    insertEntries(tx, logId, entries),
    insertTiles(tx, logId, growth.tiles),
    advanceHead(tx, logId, head.size, { tree: growth.tree, recordedAt }),
  ]);
  await options.onStep("after-insert");
  for (const tile of growth.tiles) if (tile.level === 0) await checkStored(tx, logId, tile);
  if (head.state === "frozen") await setActive(tx, logId, head.reason);
  if (decided.keys !== undefined) await writeLogKeys(tx, logId, decided.keys);
  if (decided.closes !== undefined) await setClosed(tx, logId, decided.closes);
  await decided.writeViews(tx);
  return {
    decisions,
    caughtUp,
    growth,
    ...since,
    ...(decided.keys === undefined ? {} : { keys: decided.keys }),
    ...(decided.closes === undefined ? {} : { ended: decided.closes }),
  };
}

/** Before the commit: nothing is recorded that this server could not sign. */
function checkSigners(
  { name, held }: Signing,
  announced: readonly LogKey[] | undefined,
  keys: readonly LogKey[],
  size: number,
): void {
  try {
    assertCanSign(name, held, announced ?? keys, size);
    // Whoever announces a key has it, or its first checkpoint might never be signed.
    const next = announced?.at(-1);
    if (next !== undefined) assertCanSign(name, held, [next], Math.max(size, next.from));
  } catch (error) {
    if (announced === undefined || !(error instanceof LedgerError)) throw error;
    throw new LedgerError(
      "no-key",
      "this server does not hold the key that the statement announces; run `countermand log-key rotate` in the data folder that has it",
      { cause: error },
    );
  }
}

function assertActive(head: Head, thaws: string | undefined): void {
  if (head.state === "frozen" && thaws !== undefined && head.reason === thaws) return;
  if (head.state !== "active") {
    throw new LedgerError(
      "frozen",
      `the log is ${head.state}: ${head.reason ?? "no reason was given"}`,
    );
  }
}

/** Nothing may be signed that the tree does not have. */
function assertSigned({ checkpoint: signed }: Head, { compact: { size }, root }: Tree): void {
  if (
    signed !== undefined &&
    (signed.size > size || (signed.size === size && !sameBytes(signed.root, root)))
  ) {
    throw contradiction(
      `a checkpoint of ${signed.size} entries with root ${hex(signed.root)} is stored, and the log has ${size} entries with root ${hex(root)}`,
    );
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Gives each leaf its index. A leaf that cannot be stored is the decider's mistake. */
function number<R>(
  outcomes: readonly Outcome<R>[],
  nextIndex: number,
): { decisions: Decision<R>[]; entries: NewEntry[] } {
  const entries: NewEntry[] = [];
  const identities = new Set<string>();
  const decisions = outcomes.map((outcome): Decision<R> => {
    if (outcome.kind === "refuse") return { kind: "refused", error: outcome.error };
    const { result } = outcome;
    if (outcome.kind === "repeat") {
      const beyond = outcome.indexes.find(
        (index) => !(index >= 0 && index < nextIndex + entries.length),
      );
      if (beyond !== undefined) throw new TypeError(`entry ${beyond} is not in the log`);
      return { kind: "repeated", indexes: outcome.indexes, result };
    }
    const own = outcome.leaves.map((leaf) => {
      assertStorable(leaf, identities);
      const { bytes, identity } = leaf;
      const entry = {
        index: nextIndex + entries.length,
        leaf: bytes,
        leafHash: leafHash(bytes),
        identity,
      };
      entries.push(entry);
      return entry;
    });
    return { kind: "appended", entries: own, result };
  });
  return { decisions, entries };
}

function assertStorable({ bytes, identity }: LeafDraft, identities: Set<string>): void {
  if (bytes.length > MAX_ENTRY_SIZE) {
    throw new TypeError(`an entry has at most ${MAX_ENTRY_SIZE} bytes, not ${bytes.length}`);
  }
  if (identity.length !== 32) throw new TypeError("an entry's identity has 32 bytes");
  const key = hex(identity);
  if (identities.has(key)) throw new TypeError(`the identity ${key} is twice in one batch`);
  identities.add(key);
}

/**
 * A tile is frozen for ever: before that, the entries as the store gives them
 * back must hash to it. A bit that flipped on the way is found before it is signed.
 */
async function checkStored(tx: Tx, logId: number, tile: FullTile): Promise<void> {
  const first = tile.n * TILE_WIDTH;
  const stored = await storedLeafHashes(tx, logId, first, first + TILE_WIDTH);
  tile.hashes.forEach((hash, i) => {
    const row = stored[i];
    if (row?.index !== first + i) {
      throw contradiction(`entry ${first + i} is missing from the database`);
    }
    if (!sameBytes(row.leafHash, hash) || !sameBytes(row.computed, hash)) {
      throw contradiction(
        `entry ${row.index}: its bytes in the database do not match its leaf hash ${hex(hash)}`,
      );
    }
  });
}
