/** Somebody who took no part judges an emergency after the fact. */
import { array, oneOf, type Infer } from "../bytes/shape.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import { statuses, tookPart, type Status } from "../lifecycle/state.ts";
import { noPartIn } from "./decision.ts";
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
  outcome: oneOf(["justified", "justified-with-actions", "not-justified"]),
  /** Tickets of what is to change because of it. */
  actions: array(ticket, { max: 50 }),
  findings: commitmentText,
});
type Body = Infer<typeof shape>;

const before: readonly Status[] = ["planned", "proposed", "pending_approval", "authorised"];

export const retrospective: RecordStatement<Body> = {
  name: "retrospective",
  stream: "record",
  saidBy: "approve",
  humansOnly: true,
  // Nobody judges beforehand what is still to be done.
  during: statuses.filter((status) => !before.includes(status)),
  shape,
  subjects: aboutRecord,
  check(body, known, { said }) {
    const state = existing(known);
    const { actor } = said.head;
    if (state.retrospective === undefined) {
      throw new Refusal("lifecycle", `${state.id} owes no retrospective; only an emergency does`);
    }
    rule(
      "lifecycle",
      state.retrospective.done === undefined,
      () => `the retrospective of ${state.id} was given by ${state.retrospective?.done?.actor}`,
    );
    noPartIn(state, actor);
    rule(
      "key-type",
      said.userVerified !== false,
      () =>
        `the security key ${said.head.key} signed without a PIN or a biometric; a retrospective needs one`,
    );
    rule(
      "reviewer-took-no-part",
      !tookPart(state, actor),
      () => `${actor} took part in ${state.id} and cannot judge it; somebody who did not must`,
    );
    rule(
      "lifecycle",
      (body.outcome === "justified-with-actions") === body.actions.length > 0 ||
        body.outcome === "not-justified",
      () => "actions belong to the outcome justified-with-actions or not-justified",
    );
  },
  apply(body, known, { said }) {
    const state = existing(known);
    if (state.retrospective === undefined) return state;
    return {
      ...state,
      retrospective: {
        ...state.retrospective,
        done: { ...saying(said), outcome: body.outcome, stepUp: said.userVerified === true },
      },
    };
  },
  says: (body) =>
    `judges the emergency: ${body.outcome}${body.actions.length === 0 ? "" : `, actions ${body.actions.join(", ")}`}`,
};
