/**
 * What the rest of the program sees of the ledger: commands go in, each is
 * decided in log order under the log's lock, and a durable receipt comes out.
 * The ledger knows nothing of what its entries mean.
 */
import type { LogKey } from "@countermand/tlog";
import type { Tx } from "../storage/database.ts";
import type { LogReader } from "./log-reader.ts";

export interface LeafDraft {
  /** The entry: stored and hashed as it is, 65,535 bytes at most. */
  readonly bytes: Uint8Array;
  /** 32 bytes, unique in the log: what makes a retry the same submission. */
  readonly identity: Uint8Array;
}

export type Outcome<R> =
  | { readonly kind: "append"; readonly leaves: readonly LeafDraft[]; readonly result: R }
  /** In the log already: the receipts of those entries are given again. */
  | { readonly kind: "repeat"; readonly indexes: readonly number[]; readonly result: R }
  | { readonly kind: "refuse"; readonly error: Error };

export interface Frame {
  readonly logId: number;
  /** The index that the first appended leaf gets; the rest follow in order. */
  readonly nextIndex: number;
  /** Never earlier than that of an entry before. */
  readonly recordedAt: Date;
}

export interface Decider<C, R> {
  /**
   * Decides commands in the order of their arrival, under the log's lock and in
   * its transaction; one outcome for each. It has no I/O but `tx`, and may be
   * called again for the same commands: a batch whose `decide` or `writeViews`
   * throws is rolled back and its commands are decided one by one, each in a
   * transaction of its own; the one that throws alone gets the error.
   *
   * `writeViews` is called after the entries are in, if any were appended.
   */
  decide(tx: Tx, commands: readonly C[], frame: Frame): Promise<Decided<R>>;
}

export interface Decided<R> {
  readonly outcomes: readonly Outcome<R>[];
  writeViews(tx: Tx): Promise<void>;
  /** Who signs the log from this batch on, where an entry of it changed that. */
  readonly keys?: readonly LogKey[];
  /** Why nothing is appended after this batch: an entry of it closes the log. */
  readonly closes?: string;
}

/** Proof that an entry is durable and in the log. */
export interface Receipt {
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly entry: Uint8Array;
  /** Size of the tree that the proof is for. */
  readonly size: number;
  /** A signed note. */
  readonly checkpoint: string;
  /** The text of a C2SP `.tlog-proof` file; checked before it was given. */
  readonly proof: string;
}

export type LedgerState =
  | {
      readonly kind: "running";
      readonly size: number;
      readonly published: number;
      readonly waiting: number;
    }
  /** Appends no more. `reason` says what and where; docs/operations/ledger.md what to do. */
  | { readonly kind: "frozen"; readonly reason: string }
  /** An entry closed the log, for ever; it is served on. */
  | { readonly kind: "ended"; readonly reason: string }
  | { readonly kind: "closed" };

export interface Ledger<C, R> {
  /**
   * Rejects with the decider's error, or with a `LedgerError`: `busy`,
   * `not-recorded`, `unacknowledged`, `frozen`, `ended`, `no-key` or `closed`.
   */
  submit(command: C): Promise<{ readonly result: R; readonly receipts: readonly Receipt[] }>;
  /** Takes in, soon, what other servers appended to the same log, so that it is served here too. */
  look(): void;
  state(): LedgerState;
  log(): LogReader;
  /**
   * Stops for good and for every process, as after a contradiction: somebody outside
   * holds what this log must not have signed.
   */
  freeze(reason: string): Promise<void>;
  /** Why the log is frozen, where it was opened to end that and nothing was appended yet. */
  thaws(): string | undefined;
  /** Resolves with the reason when the ledger freezes: the process should then end. */
  readonly frozen: Promise<string>;
  /** Finishes what was submitted, then lets go of the mark. The database stays open. */
  close(): Promise<void>;
}

/** Where a crash is staged in tests. */
export type Step =
  | "before-transaction"
  | "after-insert"
  | "before-commit"
  | "after-commit"
  | "after-sign"
  | "after-mark";
