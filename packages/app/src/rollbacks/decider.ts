/**
 * Commands decided in log order, under the log's lock. For a batch: the states
 * that it touches are read once, the pure rules run one command after another
 * in memory, and the views are written once at the end. What follows from the
 * entries and the clock is appended where it falls due, before and after the
 * command that met it.
 */
import {
  advance,
  advanceRegistry,
  encodeHex,
  follows,
  formatEntry,
  identityOf,
  RecordError,
  registryStream,
  type Entry,
  type Envelope,
  type Following,
  type Opening,
  type RecordState,
  type Registry,
  type SignedStatement,
} from "@countermand/record";
import { leafHash } from "@countermand/tlog";
import type { Decider, LeafDraft, Outcome } from "../ledger/ledger.ts";
import type { Tx } from "../storage/database.ts";
import { RollbacksError } from "./error.ts";
import type { SystemSigner } from "./system-signer.ts";
import { findIdentities, loadView, writeView, type Change, type View } from "./views.ts";

/** A statement whose signature and openings were checked, or a look at what time has brought. */
export type Command =
  | {
      readonly kind: "statement";
      readonly envelope: Envelope;
      readonly statement: SignedStatement;
      readonly openings: readonly Opening[];
    }
  | { readonly kind: "clock"; readonly record: string };

export interface Decision {
  readonly stream: string;
  readonly state?: RecordState;
  /** Types of the entries, in the order of the receipts. */
  readonly types: readonly string[];
  /** Why the command itself was not accepted; what fell due before it was appended all the same. */
  readonly refused?: Error;
  readonly repeated: boolean;
}

export function rollbackDecider(signer: SystemSigner): Decider<Command, Decision> {
  return {
    async decide(tx, commands, frame) {
      const view = await loadView(tx, frame.logId, commands);
      const batch = new Batch(view, signer, frame.nextIndex, frame.recordedAt.toISOString());
      const known = await findIdentities(tx, frame.logId, commands.flatMap(statementId).map(identityOf));
      const outcomes: Outcome<Decision>[] = [];
      for (const command of commands) {
        outcomes.push(await batch.decide(tx, frame.logId, command, known));
      }
      return { outcomes, writeViews: (tx2: Tx) => writeView(tx2, frame.logId, batch.change()) };
    },
  };
}
