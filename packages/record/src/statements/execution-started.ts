/**
 * The executor is about to run the rollback: said, signed and logged before the
 * command starts, so that a run that never reports back is visible.
 */
import { sha256Hex, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
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
  check(body, before, { said }) {
    const state = existing(before);
    const window = state.authorisation;
    rule(
      "lifecycle",
      window !== undefined && window.hash === state.hash,
      () => `${state.id} has no authorisation in force`,
    );
    rule(
      "lifecycle",
      said.recordedAt >= window.notBefore && said.recordedAt < window.notAfter,
      () =>
        `the window of ${state.id} is ${window.notBefore} to ${window.notAfter}; it is ${said.recordedAt}`,
    );
    rule(
      "target-pinned",
      body.target === digestOf(state.proposal.target),
      () => `${state.id} was authorised for another target; run what was approved or propose anew`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      status: "executing",
      executions: [
        ...state.executions,
        { ...saying(said), id: said.head.id, command: body.command },
      ],
    };
  },
  says: () => "starts the execution",
};
