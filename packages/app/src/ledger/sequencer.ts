/**
 * The queues around `commit` and `publish`. Batches form by themselves: while
 * one commit is in flight the next gathers, and while one checkpoint is being
 * signed and marked the next commit runs. No timers.
 *
 * A state that must not be continued from freezes the ledger for good.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Database } from "../storage/database.ts";
import { isOutage } from "../storage/error.ts";
import { formatAlarm } from "./alarm.ts";
import { commitBatch, OutcomeUnknown, type Committed, type Decision, type Held } from "./commit.ts";
import { LedgerError, messageOf } from "./error.ts";
import type { NodeCache, Tree } from "./growth.ts";
import type { Decider, Ledger, LedgerState, Receipt, Step } from "./ledger.ts";
import { lockHead, type StoredCheckpoint } from "./log-rows.ts";
import { logReader, type LogReader, type Published } from "./log-reader.ts";
import type { Mark } from "./mark.ts";
import { checkSigned, receiptsFor, signTree, type Signing } from "./publish.ts";
import { storeOwed } from "./store-owed.ts";
import { contradiction, rootAt, sameBytes } from "./start-up.ts";

/** 256 entries of 16 KB are 4 MB. */
const maxBatch = 256;
/** Fewer split small batches and doubled their waits for the disk: 32 cost 64 submitters 10 to 30 %. */
const receiptsPerTurn = 64;

export interface SequencerOptions<C, R> {
  readonly database: Database;
  readonly signing: Signing;
  readonly decider: Decider<C, R>;
  readonly mark: Mark;
  readonly held: Held;
  readonly published: Published;
  readonly now: () => Date;
  readonly maxWaiting: number;
  readonly recoveryTime: number;
  /** Why the log is frozen, where it was opened to end that. */
  readonly thaws: string | undefined;
  /** Why it was closed: nothing is appended. */
  readonly ended: string | undefined;
  readonly onStep: (step: Step) => void | Promise<void>;
}

interface Answer<R> {
  readonly result: R;
  readonly receipts: readonly Receipt[];
}

interface Waiting<C, R> {
  readonly command: C;
  readonly resolve: (answer: Answer<R>) => void;
  readonly reject: (error: unknown) => void;
}

/** Committed, and to be signed and answered. */
interface Unpublished<C, R> {
  readonly batch: readonly Waiting<C, R>[];
  readonly committed: Committed<R>;
}

export class Sequencer<C, R> implements Ledger<C, R> {
  readonly #options: SequencerOptions<C, R>;
  readonly #log: LogReader;
  readonly #queue: Waiting<C, R>[] = [];
  #unpublished: Unpublished<C, R>[] = [];
  /** Signed and in the mark, and not yet a row. */
  #owed: StoredCheckpoint[] = [];
  #held: Held;
  #published: Published;
  #thaws: string | undefined;
  #ended: string | undefined;
  #committing: Promise<void> | undefined;
  #publishing: Promise<void> | undefined;
  /** Commands submitted and not answered. */
  #open = 0;
  #stopped: Exclude<LedgerState, { kind: "running" }> | undefined;
  #closing = false;
  /** Somebody wants to know what other servers appended. */
  #look = false;
  #announceFrozen!: (reason: string) => void;
  readonly frozen: Promise<string>;

  constructor(options: SequencerOptions<C, R>) {
    this.#options = options;
    this.#held = options.held;
    this.#thaws = options.thaws;
    this.#ended = options.ended;
    this.#published = options.published;
    this.#log = logReader(
      options.database,
      { logId: options.held.logId, origin: options.signing.name },
      () => this.#published,
    );
    this.frozen = new Promise((resolve) => (this.#announceFrozen = resolve));
  }

  async submit(command: C): Promise<Answer<R>> {
    this.#options.database.assertOutside("a command was submitted");
    if (this.#stopped?.kind === "frozen") throw frozenError(this.#stopped.reason);
    if (this.#stopped !== undefined || this.#closing) {
      throw new LedgerError("closed", "the ledger was closed; nothing was recorded");
    }
    if (this.#ended !== undefined) throw endedError(this.#ended);
    if (this.#open >= this.#options.maxWaiting) {
      throw new LedgerError(
        "busy",
        `${this.#open} commands are waiting; nothing was recorded, try again in a second`,
        { retryAfter: 1 },
      );
    }
    this.#open += 1;
    try {
      return await new Promise<Answer<R>>((resolve, reject) => {
        this.#queue.push({ command, resolve, reject });
        this.#startCommitting();
      });
    } finally {
      this.#open -= 1;
    }
  }

  thaws(): string | undefined {
    return this.#thaws;
  }

  look(): void {
    if (this.#stopped !== undefined || this.#closing) return;
    this.#look = true;
    this.#startCommitting();
  }

  async freeze(reason: string): Promise<void> {
    await this.#freeze(contradiction(reason), [], "");
  }

  state(): LedgerState {
    if (this.#stopped === undefined && this.#ended !== undefined) {
      return { kind: "ended", reason: this.#ended };
    }
    return (
      this.#stopped ?? {
        kind: "running",
        size: this.#held.tree.compact.size,
        published: this.#published.size,
        waiting: this.#open,
      }
    );
  }

  log(): LogReader {
    return this.#log;
  }

  async close(): Promise<void> {
    this.#closing = true;
    while (this.#committing !== undefined || this.#publishing !== undefined) {
      await this.#committing;
      await this.#publishing;
    }
    this.#stopped ??= { kind: "closed" };
    await this.#options.mark.close();
  }

  #startCommitting(): void {
    this.#committing ??= this.#commitAll().finally(() => {
      this.#committing = undefined;
      // Somebody may have come between the last look at the queue and now.
      if (this.#queue.length > 0 || this.#look) this.#startCommitting();
    });
  }

  #startPublishing(): void {
    this.#publishing ??= this.#publishAll().finally(() => {
      this.#publishing = undefined;
      if (this.#stopped !== undefined) return;
      if (this.#unpublished.length > 0) this.#startPublishing();
      // What was signed is to be stored, after whoever was answered had a turn to go on.
      else this.#startCommitting();
    });
  }

  async #commitAll(): Promise<void> {
    // Whoever submits in this turn of the event loop is in the first batch.
    await setImmediate();
    while (this.#stopped === undefined) {
      const batch = this.#queue.splice(0, maxBatch);
      const looks = this.#look;
      this.#look = false;
      if (batch.length > 0 || looks) await this.#commit(batch);
      else if (this.#owed.length === 0 || this.#publishing !== undefined) return;
      else if (!(await this.#storeOwed())) return;
    }
  }

  async #commit(batch: readonly Waiting<C, R>[]): Promise<void> {
    const { database, decider, signing, now, onStep } = this.#options;
    const owed = this.#owed;
    let committed: Committed<R> | undefined;
    try {
      committed = await commitBatch({
        database,
        held: this.#held,
        decider,
        commands: batch.map(({ command }) => command),
        owed,
        now: now(),
        signing,
        thaws: this.#thaws,
        onStep,
      });
    } catch (error) {
      if (error instanceof OutcomeUnknown) {
        committed = await this.#findOut(error as OutcomeUnknown<R>, batch);
      } else {
        await this.#failed(batch, error);
      }
    }
    if (committed === undefined) return;
    this.#owed = this.#owed.filter((checkpoint) => !owed.includes(checkpoint));
    if (committed.growth !== undefined) this.#thaws = undefined;
    const tree = newestTree(committed);
    if (tree !== undefined) this.#held = { ...this.#held, tree };
    if (committed.keys !== undefined) signing.keys = committed.keys;
    this.#ended ??= committed.ended;
    if (tree === undefined && batch.length === 0) return;
    this.#unpublished.push({ batch, committed });
    // Frozen while this was on its way to the disk: nothing more is signed.
    if (this.#stopped?.kind === "frozen") {
      this.#rejectUnpublished(this.#stopped.reason, undefined);
      return;
    }
    this.#startPublishing();
  }

  /** Nothing of this batch was written. */
  async #failed(batch: readonly Waiting<C, R>[], error: unknown): Promise<void> {
    if (error instanceof LedgerError && error.code === "ended") {
      // What closed it came from another server: its last entries are still to be taken in.
      for (const { reject } of batch) reject(endedError(error.message));
      this.look();
    } else if (error instanceof LedgerError && error.code !== "no-key") {
      await this.#freeze(error, batch, "nothing was recorded");
    } else if (isOutage(error)) {
      for (const { reject } of batch) {
        reject(
          new LedgerError("not-recorded", `nothing was recorded: ${error.message}`, {
            cause: error,
          }),
        );
      }
    } else if (batch.length === 1) {
      batch[0]?.reject(error);
    } else {
      // One of them is to blame: each gets a transaction of its own.
      for (const one of batch) {
        if (this.#stopped === undefined) await this.#commit([one]);
        else one.reject(new LedgerError("frozen", "the ledger has stopped; nothing was recorded"));
      }
    }
  }

  /**
   * COMMIT was not answered. The head tells: the lock on it waits for a backend
   * that may still be at it. Others may have appended since, so the question is
   * whether the tree with the batch in it is the beginning of the log.
   */
  async #findOut(
    { batch: prepared, cause }: OutcomeUnknown<R>,
    batch: readonly Waiting<C, R>[],
  ): Promise<Committed<R> | undefined> {
    const { tree: before, logId } = this.#held;
    const after = newestTree(prepared) ?? before;
    const deadline = Date.now() + this.#options.recoveryTime;
    for (let pause = 50; ; pause = Math.min(pause * 2, 2_000)) {
      try {
        const began = await this.#options.database.transaction(async (tx) => {
          const head = await lockHead(tx, logId);
          if (head === undefined) throw contradiction("the log's head is gone from the database");
          const beginsWith = async ({ compact: { size }, root }: Tree) =>
            size <= head.size && sameBytes(await rootAt(tx, logId, size, head.size), root);
          if (await beginsWith(after)) return after;
          if (await beginsWith(before)) return before;
          throw contradiction(
            `after a COMMIT without an answer the database has ${head.size} entries, which begin neither with the ${before.compact.size} of before nor with the ${after.compact.size} of after`,
          );
        });
        // What follows takes in what others appended.
        if (began === after) return prepared;
        for (const { reject } of batch) {
          reject(
            new LedgerError("not-recorded", `nothing was recorded: ${messageOf(cause)}`, { cause }),
          );
        }
        return undefined;
      } catch (error) {
        if (error instanceof LedgerError || Date.now() > deadline) {
          await this.#freeze(
            error,
            batch,
            "it may have been recorded; submit it again after the restart",
          );
          return undefined;
        }
      }
      await setTimeout(pause);
    }
  }

  /** Resolves to false if the store is out: it stays owed until the next commit or start. */
  async #storeOwed(): Promise<boolean> {
    const owed = this.#owed;
    try {
      await storeOwed(this.#options.database, this.#held.logId, owed);
      this.#owed = this.#owed.filter((checkpoint) => !owed.includes(checkpoint));
      return true;
    } catch (error) {
      if (isOutage(error)) return false;
      await this.#freeze(error, [], "nothing was recorded");
      return false;
    }
  }

  async #publishAll(): Promise<void> {
    while (this.#unpublished.length > 0 && this.#stopped === undefined) {
      const work = this.#unpublished;
      this.#unpublished = [];
      try {
        await this.#publish(work);
      } catch (error) {
        this.#unpublished = [...work, ...this.#unpublished];
        await this.#freeze(error, [], "");
      }
    }
  }

  async #publish(work: readonly Unpublished<C, R>[]): Promise<void> {
    const { signing, mark, now, onStep } = this.#options;
    const newest = work.map(({ committed }) => newestTree(committed)).findLast(Boolean);
    if (newest !== undefined) {
      const signed = await signTree(signing, newest);
      await onStep("after-sign");
      // Side by side: neither needs the other.
      await Promise.all([mark.write(signed.note), checkSigned(signing, signed)]);
      await onStep("after-mark");
      this.#owed = [...this.#owed, { ...signed, publishedAt: now().toISOString() }];
      this.#published = signed;
    }
    for (const [at, { batch, committed }] of work.entries()) {
      const caches = cachesFrom(work.slice(at).map((one) => one.committed));
      for (const [i, waiting] of batch.entries()) {
        const decision = committed.decisions[i];
        if (decision === undefined) throw new TypeError("a command was not decided");
        await this.#answer(waiting, decision, caches);
        // A receipt takes 40 µs. Whoever has one may go on, and be in the next commit,
        // while the rest are made.
        if (i % receiptsPerTurn === receiptsPerTurn - 1) await setImmediate();
      }
    }
  }

  async #answer(
    { resolve, reject }: Waiting<C, R>,
    decision: Decision<R>,
    caches: Parameters<typeof receiptsFor>[2],
  ): Promise<void> {
    if (decision.kind === "refused") {
      reject(decision.error);
    } else {
      const receipts = await receiptsFor(decision, this.#published, caches, this.#log);
      resolve({ result: decision.result, receipts });
    }
  }

  /** Stops for good. `consequence` tells the batch what became of it. */
  async #freeze(
    error: unknown,
    batch: readonly Waiting<C, R>[],
    consequence: string,
  ): Promise<void> {
    const reason = messageOf(error);
    this.#stopped ??= { kind: "frozen", reason };
    const code = consequence === "nothing was recorded" ? "frozen" : "unacknowledged";
    for (const { reject } of batch) {
      reject(
        new LedgerError(code, `the ledger has stopped: ${reason}; ${consequence}`, {
          cause: error,
        }),
      );
    }
    for (const { reject } of this.#queue.splice(0)) reject(frozenError(reason));
    this.#rejectUnpublished(reason, error);
    if (error instanceof LedgerError && error.code === "contradiction") {
      await this.#freezeForAll(reason);
    }
    this.#announceFrozen(reason);
  }

  #rejectUnpublished(reason: string, cause: unknown): void {
    for (const { reject } of this.#unpublished.splice(0).flatMap((work) => work.batch)) {
      reject(
        new LedgerError(
          "unacknowledged",
          `the ledger has stopped: ${reason}; this was recorded, but there is no receipt; submit it again after the restart`,
          { cause },
        ),
      );
    }
  }

  /** A contradiction is no matter of this process alone: the next start must not go on either. */
  async #freezeForAll(reason: string): Promise<void> {
    const foundAt = this.#options.now().toISOString();
    try {
      await this.#options.database.transaction((tx) =>
        tx
          .updateTable("log")
          .set({ state: "frozen", reason: formatAlarm({ found: reason, foundAt }) })
          .where("log_id", "=", this.#held.logId)
          .where("state", "=", "active")
          .execute(),
      );
    } catch {
      // The store may be what is broken; we have stopped all the same.
    }
  }
}

function endedError(reason: string): LedgerError {
  return new LedgerError("ended", `the ledger was closed: ${reason}; nothing was recorded`);
}

function frozenError(reason: string): LedgerError {
  return new LedgerError("frozen", `the ledger has stopped: ${reason}; nothing was recorded`);
}

function newestTree({ growth, caughtUp }: Committed<unknown>): Tree | undefined {
  return growth?.tree ?? caughtUp?.tree;
}

/** The hashes that came in with a batch and since; null where some of them were not kept. */
function cachesFrom(
  steps: readonly Pick<Committed<unknown>, "caughtUp" | "growth">[],
): readonly NodeCache[] | null {
  const caches: NodeCache[] = [];
  for (const [i, { caughtUp, growth }] of steps.entries()) {
    // What others appended before the batch itself is no part of its proofs' new hashes.
    if (i > 0 && caughtUp !== null) {
      if (caughtUp.nodes === null) return null;
      caches.push(caughtUp.nodes);
    }
    if (growth !== undefined) caches.push(growth.nodes);
  }
  return caches;
}
