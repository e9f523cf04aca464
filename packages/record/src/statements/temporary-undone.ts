/** What was temporary is no more: something else than the target was seen running. */
import type { Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import { voidRequests } from "../lifecycle/state.ts";
import { begunStates } from "./exception-requested.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { identity, name, recordId, showIdentity } from "./words.ts";

const shape = predicate({
  record: recordId,
  /** What runs instead. */
  running: identity,
  /** Where it was seen. */
  source: name,
});
type Body = Infer<typeof shape>;

export const temporaryUndone: RecordStatement<Body> = {
  name: "temporary-undone",
  stream: "record",
  saidBy: "observe",
  during: begunStates.filter((status) => status !== "executing"),
  shape,
  subjects: aboutRecord,
  check(body, before) {
    const state = existing(before);
    rule(
      "lifecycle",
      state.temporary !== undefined && state.temporary.ended === undefined,
      () => `${state.id} is not temporary, or not any more`,
    );
    rule(
      "lifecycle",
      digestOf(body.running) !== digestOf(state.proposal.target),
      () => `the target of ${state.id} still runs; it is not undone`,
    );
  },
  apply(_body, before, { said }) {
    const state = existing(before);
    if (state.temporary === undefined) return state;
    return {
      ...state,
      temporary: { ...state.temporary, ended: { index: said.index, how: "undone" } },
      exceptions: voidRequests(state),
    };
  },
  says: (body) => `undone: ${showIdentity(body.running)} runs instead (seen by ${body.source})`,
};
