/** The proposer takes the proposal back before anything ran. */
import type { Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

const shape = predicate({ record: recordId }, { comment: commitmentText });
type Body = Infer<typeof shape>;

export const withdrawn: RecordStatement<Body> = {
  name: "withdrawn",
  stream: "record",
  saidBy: "initiate",
  during: ["planned", "proposed", "pending_approval", "authorised"],
  shape,
  subjects: aboutRecord,
  check(_body, before, { said }) {
    const state = existing(before);
    rule(
      "mandatory",
      state.proposal.obligation === undefined,
      () => `${state.id} is mandatory and cannot be withdrawn; revise it, or have it overridden`,
    );
    rule(
      "lifecycle",
      state.proposers.includes(said.head.actor),
      () =>
        `${said.head.actor} did not propose ${state.id}; only a proposer withdraws it, an approver can reject it`,
    );
  },
  apply: (_body, before) => ({ ...existing(before), status: "withdrawn" }),
  says: () => "withdraws the proposal",
};
