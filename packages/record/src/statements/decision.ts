/**
 * An approver decides: approves (perhaps on conditions), rejects, asks for
 * changes, lets another person speak for their roles, or asks for a role's
 * approval too. The statement names the record hash, the sentence that the
 * approver read, and the evidence that lay before them.
 */
import { array, oneOf, sha256Hex, string, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { evidenceHash } from "../lifecycle/record-hash.ts";
import {
  approvalsInForce,
  decisionKinds,
  decisionsInForce,
  missingEvidence,
  type RecordState,
} from "../lifecycle/state.ts";
import { personById, type Registry } from "../registry/registry.ts";
import { condition, showCondition } from "./condition.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, name, recordId } from "./words.ts";

const shape = predicate(
  {
    record: recordId,
    decision: oneOf(decisionKinds),
    /** The sentence the approver read; `decisionSentence` makes it from the record. */
    summary: string({ min: 1, max: 1000, pattern: /^[\x20-\x7e]+$/, what: "printable ASCII" }),
    evidenceSeen: sha256Hex,
  },
  {
    comment: commitmentText,
    /** Of a delegation a person, of an escalation a role. */
    to: name,
    /** Of an approval: what the grant shall be bound to. */
    conditions: array(condition, { min: 1, max: 10 }),
  },
);
type Body = Infer<typeof shape>;

/** Of all approvals together: a grant carries them all, and an entry has an end. */
const maxConditions = 50;

export const decision: RecordStatement<Body> = {
  name: "decision",
  stream: "record",
  saidBy: "approve",
  humansOnly: true,
  during: ["pending_approval", "authorised"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said, registry }) {
    const state = existing(before);
    const { actor } = said.head;
    noPartIn(state, actor);
    rule(
      "key-type",
      said.userVerified !== false,
      () =>
        `the security key ${said.head.key} signed without a PIN or a biometric; a decision needs one`,
    );
    rule(
      "lifecycle",
      body.decision === "reject" || state.status === "pending_approval",
      () => `${state.id} is ${state.status}; it can only be rejected now`,
    );
    rule(
      "mandatory",
      body.decision !== "reject" || state.proposal.obligation === undefined,
      () =>
        `${state.id} is mandatory and cannot be rejected; ask for changes, or override it with a control in its place`,
    );
    const mine = decisionsInForce(state).filter((item) => item.actor === actor);
    if (body.decision !== "reject") {
      rule(
        "one-person-one-voice",
        mine.length === 0,
        () =>
          `${actor} has said ${mine[0]?.decision} to this version of ${state.id} already; one person has one voice, withdraw it first`,
      );
    }
    rule(
      "lifecycle",
      (body.decision === "delegate" || body.decision === "escalate") === (body.to !== undefined),
      () => "a delegation names a person and an escalation a role, under `to`; nothing else does",
    );
    rule(
      "lifecycle",
      body.decision === "approve" || body.conditions === undefined,
      () => "only an approval has conditions",
    );
    if (body.decision === "delegate") checkDelegate(state, registry, actor, body.to ?? "");
    if (body.decision === "approve") {
      const missing = missingEvidence(state);
      rule(
        "policy",
        missing.length === 0,
        () => `${state.id} needs evidence of the kind ${missing.join(", ")} before it is approved`,
      );
      const set = approvalsInForce(state).reduce((sum, item) => sum + item.conditions.length, 0);
      rule(
        "condition",
        set + (body.conditions?.length ?? 0) <= maxConditions,
        () =>
          `approvals of ${state.id} set ${set} conditions already, and a grant carries ${maxConditions}; set fewer`,
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
          id: said.head.id,
          key: said.head.key,
          leafHash: said.leafHash,
          decision: body.decision,
          hash: state.hash,
          evidenceSeen: body.evidenceSeen,
          ...(body.to === undefined ? {} : { to: body.to }),
          conditions: body.conditions ?? [],
          ...(body.comment === undefined ? {} : { comment: body.comment }),
        },
      ],
    };
  },
  says: (body) =>
    `${verbs[body.decision]}${body.to === undefined ? "" : ` to ${body.to}`}: "${body.summary}"${(body.conditions ?? []).map((item) => `, ${showCondition(item)}`).join("")}`,
};

const verbs: Readonly<Record<Body["decision"], string>> = {
  approve: "approves",
  reject: "rejects",
  "request-changes": "asks for changes",
  delegate: "delegates",
  escalate: "escalates",
};

/** Separation of duties: who proposed it or wrote what it undoes has no voice in it. */
export function noPartIn(state: RecordState, actor: string): void {
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
}

/** One hop: who speaks for others hands nothing on, and to somebody who could decide themselves. */
function checkDelegate(state: RecordState, registry: Registry, actor: string, to: string): void {
  const person = personById(registry, to);
  rule(
    "quorum",
    person?.kind === "human" && person.permissions.includes("approve") && to !== actor,
    () => `${to} is not another person who may approve; delegate to one who may`,
  );
  noPartIn(state, to);
  const decisions = decisionsInForce(state);
  rule(
    "quorum",
    !decisions.some(
      (item) => item.decision === "delegate" && (item.actor === to || item.to === actor),
    ),
    () => `a delegation goes one step; ${to} has handed on or ${actor} was handed to already`,
  );
}
