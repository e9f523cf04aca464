/**
 * The executor is about to run the rollback: said, signed and logged before the
 * command starts, so that a run that never reports back is visible.
 */
import { sha256Hex, type Infer } from "../bytes/shape.ts";
import { mustGrant } from "../constitution/grant.ts";
import type { Execution, RecordState } from "../lifecycle/state.ts";
import { later } from "../lifecycle/time.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

const shape = predicate({
  record: recordId,
  /** SHA-256 of the target's canonical bytes: the executor knows where it is going. */
  target: sha256Hex,
  /** Commitment to the command line, which may hold names. */
  command: commitmentText,
});
type Body = Infer<typeof shape>;

export const executionStarted: RecordStatement<Body> = {
  name: "execution-started",
  stream: "record",
  saidBy: "execute",
  during: ["authorised", "execution_failed"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said, registry }) {
    const state = existing(before);
    mustGrant(state, registry, {
      now: said.recordedAt,
      target: body.target,
      environment: state.proposal.environment,
    });
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return begun(state, { ...saying(said), id: said.head.id, command: body.command });
  },
  says: () => "starts the execution",
};

/** The record with a run begun: from here a temporary rollback's time counts. */
export function begun(state: RecordState, execution: Execution): RecordState {
  const { expiresAt } = state.proposal;
  const from = execution.recordedAt;
  // The rules may have asked for a shorter stay than the settings let the proposer say.
  const longest = later(from, state.obligations.temporaryDays * 1440);
  const temporary =
    expiresAt === undefined || state.temporary !== undefined
      ? {}
      : {
          temporary: { from, expiresAt: expiresAt < longest ? expiresAt : longest, renewals: 0 },
        };
  return {
    ...state,
    ...temporary,
    status: "executing",
    executions: [...state.executions, execution],
  };
}
