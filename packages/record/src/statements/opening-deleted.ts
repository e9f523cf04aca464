/**
 * The openings of commitments were deleted. The entry says which and on what
 * ground; the commitments, signatures and proofs stay valid without them.
 */
import { array, oneOf, type Infer } from "../bytes/shape.ts";
import { statuses } from "../lifecycle/state.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

export const deletionGrounds = [
  "erasure-request",
  "retention-ended",
  "secret-disclosed",
  "entered-by-mistake",
] as const;

const shape = predicate({
  record: recordId,
  commitments: array(commitmentText, { min: 1, max: 100 }),
  ground: oneOf(deletionGrounds),
});
type Body = Infer<typeof shape>;

export const openingDeleted: RecordStatement<Body> = {
  name: "opening-deleted",
  stream: "record",
  saidBy: "administer",
  humansOnly: true,
  during: statuses,
  shape,
  subjects: aboutRecord,
  apply(body, before) {
    const state = existing(before);
    return {
      ...state,
      deletedOpenings: [...new Set([...state.deletedOpenings, ...body.commitments])],
    };
  },
  says: (body) => `deletes texts: ${body.commitments.length} (${body.ground})`,
};
