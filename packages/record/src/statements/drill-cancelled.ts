/** No more drills of a plan, and none that fell due is to be held any more. */
import type { Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { drillsGoOn } from "../lifecycle/state.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

const shape = predicate({ record: recordId, rationale: commitmentText });
type Body = Infer<typeof shape>;

export const drillCancelled: RecordStatement<Body> = {
  name: "drill-cancelled",
  stream: "record",
  saidBy: "initiate",
  humansOnly: true,
  during: ["planned"],
  shape,
  subjects: aboutRecord,
  check(_body, before, { said }) {
    const state = existing(before);
    rule(
      "lifecycle",
      drillsGoOn(state, said.recordedAt) || state.drills?.due !== undefined,
      () => `no drill of ${state.id} is scheduled or due; there is nothing to cancel`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    if (state.drills === undefined) return state;
    const { due: _dropped, ...kept } = state.drills;
    return {
      ...state,
      drills: { ...kept, cancelled: { ...saying(said), rationale: body.rationale } },
    };
  },
  says: () => "cancels the drills, and what fell due of them",
};
