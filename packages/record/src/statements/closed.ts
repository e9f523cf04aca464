/**
 * The record is closed. Production is back; whether main and the desired state
 * are too is said here, because a divergence that is forgotten ships again.
 */
import { oneOf, timestamp, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

const shape = predicate(
  { record: recordId, alignment: oneOf(["aligned", "divergent"]) },
  {
    /** For a divergence that is accepted: until when. */
    until: timestamp,
    comment: commitmentText,
  },
);
type Body = Infer<typeof shape>;

export const closed: RecordStatement<Body> = {
  name: "closed",
  stream: "record",
  saidBy: "review",
  during: ["stabilised", "in_review"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said }) {
    const state = existing(before);
    const grant = state.authorisation;
    rule(
      "lifecycle",
      state.status === "in_review" || (grant?.lane === "clean-revert" && !grant.sampled),
      () =>
        `${state.id} is stabilised and was not reviewed; only a pre-authorised clean revert that was not sampled is closed without a review`,
    );
    rule(
      "retrospective-owed",
      state.retrospective === undefined || state.retrospective.done !== undefined,
      () => `${state.id} was an emergency and nobody has judged it; give the retrospective first`,
    );
    const accepted = body.until !== undefined && body.until > said.recordedAt;
    rule("lifecycle", (body.alignment === "divergent") === accepted, () =>
      body.alignment === "divergent"
        ? "a divergence is accepted only until a time that lies ahead; give `until`"
        : "only a divergence has an end; leave `until` out",
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      status: "closed",
      closure: {
        ...saying(said),
        alignment: body.until === undefined ? body.alignment : `divergent until ${body.until}`,
      },
    };
  },
  says: (body) =>
    `closes: ${body.until === undefined ? "main and desired state are back too" : `divergence accepted until ${body.until}`}`,
};
