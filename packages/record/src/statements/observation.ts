/**
 * What runs, seen by someone. It moves the record only if the one who saw it is
 * not the one who executed; what disagrees makes the record `partial`.
 */
import type { Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import type { RecordState, Status } from "../lifecycle/state.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, identity, name, recordId, showIdentity } from "./words.ts";

const shape = predicate(
  {
    record: recordId,
    running: identity,
    /** Where it was seen: `kubectl`, `health-endpoint`, `eyes`. */
    source: name,
  },
  { comment: commitmentText },
);
type Body = Infer<typeof shape>;

export const observation: RecordStatement<Body> = {
  name: "observation",
  stream: "record",
  saidBy: "observe",
  during: ["executing", "executed", "partial", "verifying", "stabilising"],
  shape,
  subjects: aboutRecord,
  check(_body, before) {
    const state = existing(before);
    const run = state.executions.at(-1);
    rule(
      "lifecycle",
      state.status !== "executing" || run?.gate !== undefined || run?.overdue !== undefined,
      () => `${state.id} is being executed; its executor reports first`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    const agrees = digestOf(body.running) === digestOf(state.proposal.target);
    const { actor } = said.head;
    const independent = !state.executions.some(
      (item) => item.actor === actor || item.gate === actor,
    );
    return {
      ...state,
      status: next(state, agrees, independent),
      observations: [
        ...state.observations,
        { ...saying(said), running: body.running, source: body.source, agrees, independent },
      ],
    };
  },
  says: (body) => `observes ${showIdentity(body.running)} running (${body.source})`,
};

function next(state: RecordState, agrees: boolean, independent: boolean): Status {
  // What the gate let through, or nobody reported on, may still be on its way.
  if (!agrees) return state.status === "executing" ? "executing" : "partial";
  if (!independent || state.status === "verifying" || state.status === "stabilising") {
    return state.status;
  }
  return "verifying";
}
