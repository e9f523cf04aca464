/** A named check was run: conditions of approvals and the outcome's verification look at the newest report. */
import { oneOf, type Infer } from "../bytes/shape.ts";
import { ended, statuses } from "../lifecycle/state.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, name, recordId } from "./words.ts";

const shape = predicate(
  { record: recordId, name, outcome: oneOf(["passed", "failed"]) },
  { comment: commitmentText },
);
type Body = Infer<typeof shape>;

export const checkReported: RecordStatement<Body> = {
  name: "check-reported",
  stream: "record",
  saidBy: "verify",
  during: statuses.filter((status) => !ended.includes(status)),
  shape,
  subjects: aboutRecord,
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      checks: [
        ...state.checks,
        { ...saying(said), hash: state.hash, name: body.name, outcome: body.outcome },
      ],
    };
  },
  says: (body) => `reports the check ${body.name}: ${body.outcome}`,
};
