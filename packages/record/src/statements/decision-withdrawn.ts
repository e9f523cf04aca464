/** A person takes their own decision back. An authorisation that rested on it falls with it. */
import { uuid, type Infer } from "../bytes/shape.ts";
import { Refusal } from "../constitution/refusal.ts";
import { quorumOf } from "../constitution/quorum.ts";
import { decisionsInForce } from "../lifecycle/state.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

const shape = predicate(
  {
    record: recordId,
    /** Id of the statement that decided. */
    decision: uuid,
  },
  { comment: commitmentText },
);
type Body = Infer<typeof shape>;

export const decisionWithdrawn: RecordStatement<Body> = {
  name: "decision-withdrawn",
  stream: "record",
  saidBy: "approve",
  humansOnly: true,
  during: ["pending_approval", "authorised"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said }) {
    const state = existing(before);
    const { actor } = said.head;
    if (
      !decisionsInForce(state).some((item) => item.id === body.decision && item.actor === actor)
    ) {
      throw new Refusal(
        "lifecycle",
        `${actor} has no decision ${body.decision} in force on ${state.id}; one takes back one's own`,
      );
    }
  },
  apply(body, before, { said, registry }) {
    const state = existing(before);
    const after = {
      ...state,
      decisions: state.decisions.map((item) =>
        item.id === body.decision ? { ...item, withdrawnBy: said.index } : item,
      ),
    };
    const { authorisation, ...without } = after;
    if (authorisation?.lane !== "quorum") return after;
    if (quorumOf(after, registry, said.recordedAt).met) return after;
    return { ...without, status: "pending_approval" };
  },
  says: (body) => `takes back the decision ${body.decision}`,
};
