/** Opens a log for appending: checks, and starts a sequencer. Several servers may hold one log. */
import type { LogKey } from "@countermand/tlog";
import type { Database } from "../storage/database.ts";
import type { Held } from "./commit.ts";
import { LedgerError } from "./error.ts";
import type { LogSigner, SecondSigner } from "./keys.ts";
import type { Decider, Ledger, Step } from "./ledger.ts";
import { assertCanSign, followLogKeys, readLogKeys } from "./log-keys.ts";
import {
  findLog,
  lockHead,
  newestCheckpoint,
  readStanding,
  type StoredCheckpoint,
} from "./log-rows.ts";
import { logReader, type LogReader, type Published } from "./log-reader.ts";
import { compareMirror, readMirror } from "./mirror/mirror.ts";
import { MirrorError, type MirrorSource } from "./mirror/target.ts";
import { openMark, type Mark } from "./mark.ts";
import { checkSigned, prover, signTree } from "./publish.ts";
import { Sequencer } from "./sequencer.ts";
import { storeOwed } from "./store-owed.ts";
import { checkMark, checkNewestCheckpoint, contradiction, loadTree } from "./start-up.ts";

export interface LedgerOptions<C, R> {
  readonly database: Database;
  /** The log's key; its name is the origin. */
  readonly signer: LogSigner;
  /** Further keys of the log that are held: in an overlap, or before one is announced. */
  readonly more?: readonly LogSigner[];
  /** Signs a second line of each checkpoint. */
  readonly second?: SecondSigner | undefined;
  readonly decider: Decider<C, R>;
  /** The folder of high-water marks, outside the database. */
  readonly markFolder: string;
  /**
   * Starts without a mark on a log that has entries: the first start of a server
   * on somebody's database, or an operator's decision after a loss.
   */
  readonly adopt?: boolean;
  /** Opens a frozen log too: what is appended first sets it active, in the same transaction. */
  readonly thaw?: boolean;
  /** Copies of the log outside the database: none may be ahead of it, or of another history. */
  readonly mirrors?: readonly MirrorSource[];
  /** Told of a mirror that could not be asked. */
  readonly onUnreachable?: (problem: string) => void;
  readonly now?: () => Date;
  /** Commands that may wait or be under way; above that, `busy`. 4,096 unless told. */
  readonly maxWaiting?: number;
  /** Milliseconds to find out what became of a COMMIT that was not answered; 60,000 unless told. */
  readonly recoveryTime?: number;
  /** Called between the steps of a commit, and awaited. For tests of crashes. */
  readonly onStep?: (step: Step) => void | Promise<void>;
}

/**
 * Throws a `LedgerError`: `no-such-log`, `foreign-key`, `mark`, `frozen`, or
 * `contradiction` with what and where. Nothing is changed then.
 */
export async function openLedger<C, R>(options: LedgerOptions<C, R>): Promise<Ledger<C, R>> {
  const { database, signer, now = () => new Date() } = options;
  const origin = signer.name;
  const mark = await openMark(options.markFolder, origin);
  try {
    await checkMirrors(options);
    const { held, stored, thaws, ended, keys } = await takeLog(database, mark, options);
    const signing = {
      name: origin,
      held: heldBy(options),
      keys,
      prove: prover(database, held.logId),
      second: options.second,
    };
    const published = await signTree(signing, held.tree);
    await checkSigned(signing, published);
    if (mark.note !== published.note) await mark.write(published.note);
    if (stored === undefined || stored.size < published.size) {
      const checkpoint = { ...published, publishedAt: now().toISOString() };
      await storeOwed(database, held.logId, [checkpoint]);
    }
    return new Sequencer({
      database,
      signing,
      decider: options.decider,
      mark,
      held,
      published,
      now,
      maxWaiting: options.maxWaiting ?? 4_096,
      recoveryTime: options.recoveryTime ?? 60_000,
      thaws,
      ended,
      onStep: options.onStep ?? (() => {}),
    });
  } catch (error) {
    await mark.close();
    throw error;
  }
}

/**
 * Before anything is signed. One that cannot be reached does not stop a rollback: the
 * publisher compares it as soon as it answers, and freezes then.
 */
async function checkMirrors<C, R>(options: LedgerOptions<C, R>): Promise<void> {
  const { database, signer, mirrors = [], onUnreachable } = options;
  if (mirrors.length === 0) return;
  const logId = await findLog(database.read, signer.name);
  if (logId === undefined) throw noSuchLog(signer.name);
  const log = await followLogKeys(database, logId, signer.name);
  for (const mirror of mirrors) {
    try {
      const found = await readMirror(mirror, log);
      if (found !== undefined) {
        await compareMirror(database, logId, mirror.place, found.checkpoint);
      }
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error;
      if (error.code !== "unreachable") throw contradiction(error.message);
      onUnreachable?.(error.message);
    }
  }
}

function heldBy({
  signer,
  more = [],
}: Pick<LedgerOptions<never, never>, "signer" | "more">): readonly LogSigner[] {
  return [signer, ...more];
}

/** All checks in one transaction, so that nobody appends between them. */
async function takeLog(
  database: Database,
  mark: Mark,
  options: Pick<LedgerOptions<never, never>, "signer" | "more" | "adopt" | "thaw">,
): Promise<{
  held: Held;
  stored: StoredCheckpoint | undefined;
  thaws: string | undefined;
  ended: string | undefined;
  keys: readonly LogKey[];
}> {
  const { adopt = false, thaw = false } = options;
  const { name } = options.signer;
  return database.transaction(async (tx) => {
    const logId = await findLog(tx, name);
    if (logId === undefined) throw noSuchLog(name);
    const locked = await lockHead(tx, logId);
    if (locked === undefined) throw contradiction(`the log ${name} has no head in the database`);
    const head = { ...locked, ...(await readStanding(tx, logId)) };
    const thaws = thaw && head.state === "frozen" ? (head.reason ?? undefined) : undefined;
    const ended = head.state === "closed" ? (head.reason ?? "it was closed") : undefined;
    if (head.state === "frozen" && thaws === undefined) {
      throw new LedgerError(
        "frozen",
        `the log ${name} is ${head.state}: ${head.reason ?? "no reason was given"}; see docs/operations/ledger.md`,
      );
    }
    const keys = await readLogKeys(tx, logId);
    assertCanSign(name, heldBy(options), keys, head.size);
    const log = { name, keys };
    // The mark first: of an old copy of the database that is the thing to say.
    await checkMark(tx, logId, head, log, mark, adopt);
    const tree = await loadTree(tx, logId, head);
    const stored = await checkNewestCheckpoint(tx, logId, head, log);
    return { held: { logId, tree }, stored, thaws, ended, keys };
  });
}

/** Opens a log for reading only, at the newest checkpoint that is stored. */
export async function openLog(database: Database, origin: string): Promise<LogReader> {
  const logId = await findLog(database.read, origin);
  if (logId === undefined) throw noSuchLog(origin);
  const newest = await newestCheckpoint(database.read, logId);
  if (newest === undefined) {
    throw new LedgerError("no-such-log", `the log ${origin} has no checkpoint yet`);
  }
  const published: Published = newest;
  return logReader(database, { logId, origin }, () => published);
}

function noSuchLog(origin: string): LedgerError {
  return new LedgerError("no-such-log", `there is no log ${origin} in this database`);
}
