/** Another person agrees to what was asked, or ends it. */
import { oneOf, uuid, type Infer } from "../bytes/shape.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import { begunStates } from "./exception-requested.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

const shape = predicate(
  {
    record: recordId,
    /** Id of the statement that asked. */
    request: uuid,
    decision: oneOf(["approve", "reject"]),
  },
  { comment: commitmentText },
);
type Body = Infer<typeof shape>;

export const exceptionDecided: RecordStatement<Body> = {
  name: "exception-decided",
  stream: "record",
  saidBy: "approve",
  humansOnly: true,
  during: begunStates,
  shape,
  subjects: aboutRecord,
  check(body, before, { said }) {
    const state = existing(before);
    const { actor } = said.head;
    const request = state.exceptions.find((item) => item.id === body.request);
    if (request === undefined || request.outcome !== undefined) {
      throw new Refusal(
        "lifecycle",
        `no request ${body.request} on ${state.id} waits for a decision`,
      );
    }
    rule(
      "approver-not-proposer",
      request.actor !== actor && !state.proposers.includes(actor),
      () => `${actor} asked for this or proposed ${state.id}; somebody else must decide`,
    );
    rule(
      "one-person-one-voice",
      !request.decisions.some((item) => item.actor === actor),
      () => `${actor} has decided on this request already; one person has one voice`,
    );
    rule(
      "key-type",
      said.userVerified !== false,
      () =>
        `the security key ${said.head.key} signed without a PIN or a biometric; a decision needs one`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      exceptions: state.exceptions.map((item) =>
        item.id === body.request
          ? {
              ...item,
              ...(body.decision === "reject" ? { outcome: "rejected" as const } : {}),
              decisions: [
                ...item.decisions,
                {
                  ...saying(said),
                  leafHash: said.leafHash,
                  key: said.head.key,
                  decision: body.decision,
                },
              ],
            }
          : item,
      ),
    };
  },
  says: (body) =>
    `${body.decision === "approve" ? "agrees to" : "refuses"} what ${body.request} asks`,
};
