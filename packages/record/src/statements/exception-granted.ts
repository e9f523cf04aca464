/** Enough persons agreed: the temporary rollback stays longer, or for good. */
import { array, sha256Hex, uuid, type Infer } from "../bytes/shape.ts";
import { begunStates } from "./exception-requested.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { recordId } from "./words.ts";

const shape = predicate({
  record: recordId,
  request: uuid,
  /** Leaf hashes of the approvals that count. */
  approvals: array(sha256Hex, { min: 1, max: 100 }),
});
type Body = Infer<typeof shape>;

export const exceptionGranted: RecordStatement<Body> = {
  name: "exception-granted",
  stream: "record",
  saidBy: "system",
  during: begunStates,
  shape,
  subjects: aboutRecord,
  apply(body, before, { said }) {
    const state = existing(before);
    const request = state.exceptions.find((item) => item.id === body.request);
    const { temporary } = state;
    if (request === undefined || temporary === undefined) return state;
    return {
      ...state,
      exceptions: state.exceptions.map((item) =>
        item.id === body.request ? { ...item, outcome: "granted" as const } : item,
      ),
      temporary:
        request.until === undefined
          ? { ...temporary, ended: { index: said.index, how: "permanent" as const } }
          : {
              from: said.recordedAt,
              expiresAt: request.until,
              renewals: temporary.renewals + 1,
            },
    };
  },
  says: (body) => `granted what ${body.request} asks (approvals: ${body.approvals.length})`,
};
