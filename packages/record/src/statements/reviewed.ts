/** The review afterwards, by a person who took no part. */
import { array, oneOf, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { obligationUnmet, tookPart } from "../lifecycle/state.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, recordId, ticket } from "./words.ts";

const shape = predicate({
  record: recordId,
  outcome: oneOf(["effective", "partly-effective", "ineffective"]),
  /** Tickets of what is to change because of it. */
  actions: array(ticket, { max: 50 }),
  findings: commitmentText,
});
type Body = Infer<typeof shape>;

export const reviewed: RecordStatement<Body> = {
  name: "reviewed",
  stream: "record",
  saidBy: "review",
  humansOnly: true,
  during: ["stabilised", "partial", "execution_failed", "verification_failed"],
  shape,
  subjects: aboutRecord,
  check(_body, before, { said }) {
    const state = existing(before);
    rule(
      "mandatory",
      !obligationUnmet(state),
      () =>
        `${state.id} is mandatory and its target has not run, so it is not over; revise it for another attempt, or have it overridden`,
    );
    rule(
      "reviewer-took-no-part",
      !tookPart(state, said.head.actor),
      () =>
        `${said.head.actor} took part in ${state.id} and cannot review it; somebody who did not must`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      status: "in_review",
      review: { ...saying(said), outcome: body.outcome, actions: body.actions },
    };
  },
  says: (body) =>
    `reviews: ${body.outcome}${body.actions.length === 0 ? "" : `, actions ${body.actions.join(", ")}`}`,
};
