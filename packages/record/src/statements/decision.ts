/**
 * An approver decides. The statement names the record hash, the sentence that
 * the approver read, and the evidence that lay before them.
 */
import { oneOf, sha256Hex, string, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { evidenceHash } from "../lifecycle/record-hash.ts";
import { approvalsInForce } from "../lifecycle/state.ts";
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
    decision: oneOf(["approve", "reject"]),
    /** The sentence the approver read; `decisionSentence` makes it from the record. */
    summary: string({ min: 1, max: 1000, pattern: /^[\x20-\x7e]+$/, what: "printable ASCII" }),
    evidenceSeen: sha256Hex,
  },
  { comment: commitmentText },
);
type Body = Infer<typeof shape>;

export const decision: RecordStatement<Body> = {
  name: "decision",
  stream: "record",
  saidBy: "approve",
  humansOnly: true,
  during: ["pending_approval", "authorised"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said }) {
    const state = existing(before);
    const { actor } = said.head;
    rule(
      "approver-not-proposer",
      !state.proposers.includes(actor),
      () => `${actor} proposed ${state.id} and cannot decide on it; somebody else must`,
    );
    rule(
      "approver-not-author",
      state.assessment?.authors.includes(actor) !== true,
      () =>
        `${actor} wrote a commit that ${state.id} undoes and cannot decide on it; somebody else must`,
    );
    if (body.decision === "approve") {
      rule(
        "lifecycle",
        state.status === "pending_approval",
        () => `${state.id} is ${state.status}; it needs no further approval`,
      );
      rule(
        "one-person-one-voice",
        !approvalsInForce(state).some((item) => item.actor === actor),
        () => `${actor} has approved this version of ${state.id} already; one person has one voice`,
      );
    }
    rule(
      "evidence-seen",
      body.evidenceSeen === evidenceHash(state.evidence),
      () =>
        `evidence of ${state.id} changed since the approver read it; read it again and sign anew`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    const rejected = body.decision === "reject";
    return {
      ...state,
      status: rejected ? "rejected" : state.status,
      decisions: [
        ...state.decisions,
        {
          ...saying(said),
          leafHash: said.leafHash,
          decision: body.decision,
          hash: state.hash,
          evidenceSeen: body.evidenceSeen,
          ...(body.comment === undefined ? {} : { comment: body.comment }),
        },
      ],
    };
  },
  says: (body) => `${body.decision === "approve" ? "approves" : "rejects"}: "${body.summary}"`,
};
