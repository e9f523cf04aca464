/**
 * What the policy's rules make of this version: its classes, and what it must
 * show before and after. Follows from the assessment; of an emergency at once.
 */
import { array, sha256Hex, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { obligationsShape } from "../policy/obligations.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { name, recordId } from "./words.ts";

const shape = predicate({
  record: recordId,
  /** SHA-256 of the rules' artefact. */
  policy: sha256Hex,
  classes: array(name, { max: 50 }),
  rules: array(name, { max: 100 }),
  obligations: obligationsShape,
});
type Body = Infer<typeof shape>;

export const classified: RecordStatement<Body> = {
  name: "classified",
  stream: "record",
  saidBy: "system",
  during: ["proposed", "pending_approval"],
  shape,
  subjects: aboutRecord,
  check(body, _before, { registry }) {
    rule(
      "policy",
      body.policy === registry.rules?.digest,
      () => `the rules in force are sha256:${registry.rules?.digest}, not sha256:${body.policy}`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      obligations: body.obligations,
      classification: {
        ...saying(said),
        hash: state.hash,
        classes: body.classes,
        rules: body.rules,
      },
    };
  },
  says: (body) =>
    `classified as ${body.classes.join(", ") || "nothing special"}: approvals ${body.obligations.approvals}${body.obligations.roles.map((seat) => `, ${seat.count} ${seat.role}`).join("")}${body.obligations.evidence.map((kind) => `, evidence ${kind}`).join("")}`,
};
