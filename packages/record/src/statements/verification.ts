/** Did it help? Checks after the rollback, each passed or failed, and the judgement over them. */
import { array, object, oneOf, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, name, recordId } from "./words.ts";

const passedOrFailed = oneOf(["passed", "failed"]);
const shape = predicate(
  {
    record: recordId,
    outcome: passedOrFailed,
    checks: array(object({ name, outcome: passedOrFailed }), { max: 100 }),
  },
  { comment: commitmentText },
);
type Body = Infer<typeof shape>;

export const verification: RecordStatement<Body> = {
  name: "verification",
  stream: "record",
  saidBy: "verify",
  during: ["verifying", "verification_failed", "stabilising"],
  shape,
  subjects: aboutRecord,
  check(body) {
    const failed = body.checks.some((item) => item.outcome === "failed");
    rule(
      "lifecycle",
      body.outcome === "failed" || !failed,
      () => "an outcome cannot be passed while one of its checks failed",
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      status: body.outcome === "passed" ? "stabilising" : "verification_failed",
      verifications: [
        ...state.verifications,
        { ...saying(said), outcome: body.outcome, checks: body.checks },
      ],
    };
  },
  says(body) {
    const passed = body.checks.filter((item) => item.outcome === "passed").length;
    return `verifies the outcome: ${body.outcome} (checks passed: ${passed} of ${body.checks.length})`;
  },
};
