/** The quorum is reached: from here the rollback may be run, to this target, in this window. */
import { array, sha256Hex, string, timestamp, type Infer } from "../bytes/shape.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { recordId } from "./words.ts";

const shape = predicate({
  record: recordId,
  /** Leaf hashes of the approvals that count. */
  approvals: array(sha256Hex, { min: 1, max: 100 }),
  policy: sha256Hex,
  /** The rules that decided. */
  rules: array(string({ min: 1, max: 100 }), { min: 1, max: 50 }),
  target: sha256Hex,
  notBefore: timestamp,
  notAfter: timestamp,
});
type Body = Infer<typeof shape>;

export const authorised: RecordStatement<Body> = {
  name: "authorised",
  stream: "record",
  saidBy: "system",
  during: ["pending_approval"],
  shape,
  subjects: aboutRecord,
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      status: "authorised",
      authorisation: {
        index: said.index,
        hash: state.hash,
        notBefore: body.notBefore,
        notAfter: body.notAfter,
        approvals: body.approvals,
      },
    };
  },
  says: (body) =>
    `authorised until ${body.notAfter} (${body.rules.join(", ")}; approvals: ${body.approvals.length})`,
};
