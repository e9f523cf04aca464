/** The day on which the policy was to be looked at again has come, and nobody has put another in force. */
import { sha256Hex, timestamp, type Infer } from "../bytes/shape.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";

const shape = predicate({
  /** SHA-256 of the policy's settings. */
  policy: sha256Hex,
  deadline: timestamp,
});

export const policyReviewDue: RegistryStatement<Infer<typeof shape>> = {
  name: "policy-review-due",
  stream: "registry",
  saidBy: "system",
  shape,
  subjects: aboutRegistry,
  apply(_body, before, said) {
    if (before === undefined) throw new TypeError("the log is open");
    return { ...before, policyReviewDue: said.index };
  },
  says: (body) => `the policy was to be reviewed by ${body.deadline}`,
};
