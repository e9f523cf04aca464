/**
 * A rollback is proposed, or a proposal is revised. The subject is the target:
 * what production is to become. A revision repeats the whole proposal, so that
 * what is in force is always one signed text.
 */
import { array, int, object, timestamp, uuid, sha256Hex } from "../bytes/shape.ts";
import type { Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { digestOf, recordHash } from "../lifecycle/record-hash.ts";
import type { Proposal, RecordState } from "../lifecycle/state.ts";
import { voidDecisions } from "../lifecycle/state.ts";
import { predicate, saying, type RecordStatement } from "./statement-type.ts";
import {
  commitmentText,
  identity,
  name,
  recordId,
  rollbackKind,
  showIdentity,
  ticket,
} from "./words.ts";

const shape = predicate(
  {
    /** Names the record until it has a number; the same in every revision. */
    uid: uuid,
    kind: rollbackKind,
    service: name,
    environment: name,
    /** What runs now. */
    current: identity,
    /** What is to run. */
    target: identity,
    /** One of the policy's reason codes. */
    reason: name,
    tickets: array(ticket, { min: 1, max: 20 }),
    /** How long it must hold after its verification before it counts as stabilised. */
    stabiliseMinutes: int(0, 10_080),
    rationale: commitmentText,
    impact: commitmentText,
    security: commitmentText,
  },
  {
    /** For a temporary rollback: when it must have been undone or renewed. */
    expiresAt: timestamp,
    revises: object({ record: recordId, hash: sha256Hex }),
  },
);
type Body = Infer<typeof shape>;

const day = 86_400_000;

export const proposed: RecordStatement<Body> = {
  name: "proposed",
  stream: "record",
  saidBy: "initiate",
  opens: true,
  during: ["proposed", "pending_approval", "authorised"],
  shape,
  subjects: (body) => [
    {
      name: `urn:countermand:target:${body.target.type}`,
      digest: {
        ...(body.target.type === "commit" ? { gitCommit: body.target.commit } : {}),
        sha256: digestOf(body.target),
      },
    },
  ],
  check(body, state, { registry, said }) {
    rule("record-bound", (body.revises === undefined) === (state === undefined), () =>
      state === undefined
        ? "a new proposal cannot revise a record; leave `revises` out"
        : `this proposal would open a second record under the id of ${state.id}; to change it, revise ${state.id}`,
    );
    if (state !== undefined) {
      rule(
        "record-bound",
        body.revises?.record === state.id &&
          body.revises.hash === state.hash &&
          body.uid === state.uid,
        () =>
          `this revision was made from another version of ${state.id}; read it again and sign anew`,
      );
    }
    const { policy } = registry;
    rule(
      "policy",
      policy.reasons.includes(body.reason),
      () =>
        `the reason ${body.reason} is not in policy ${policy.id}; it knows ${policy.reasons.join(", ")}`,
    );
    rule(
      "policy",
      digestOf(body.current) !== digestOf(body.target),
      () => "the target is what runs now already; that is a redeploy, not a rollback",
    );
    if (body.expiresAt !== undefined) {
      const lasts = Date.parse(body.expiresAt) - Date.parse(said.recordedAt);
      rule(
        "policy",
        lasts > 0 && lasts <= policy.temporaryDays * day,
        () =>
          `a temporary rollback ends within ${policy.temporaryDays} days of being proposed; this one says ${body.expiresAt}`,
      );
    }
  },
  apply(body, state, { said, registry }): RecordState {
    const proposal: Proposal = {
      ...saying(said),
      digest: said.payloadDigest,
      kind: body.kind,
      service: body.service,
      environment: body.environment,
      current: body.current,
      target: body.target,
      reason: body.reason,
      tickets: body.tickets,
      stabiliseMinutes: body.stabiliseMinutes,
      ...(body.expiresAt === undefined ? {} : { expiresAt: body.expiresAt }),
      rationale: body.rationale,
      impact: body.impact,
      security: body.security,
    };
    const hash = recordHash(said.stream, said.payloadDigest, undefined);
    if (state === undefined) {
      return {
        id: said.stream,
        uid: body.uid,
        status: "proposed",
        since: said.recordedAt,
        hash,
        revision: 1,
        policy: registry.policy,
        proposal,
        evidence: [],
        decisions: [],
        executions: [],
        observations: [],
        verifications: [],
        proposers: [said.head.actor],
        participants: [],
        deletedOpenings: [],
        timeline: [],
        head: "",
      };
    }
    const { assessment: _old, authorisation: _void, ...kept } = state;
    return {
      ...kept,
      status: "proposed",
      hash,
      revision: state.revision + 1,
      policy: registry.policy,
      proposal,
      proposers: [...new Set([...state.proposers, said.head.actor])],
      decisions: voidDecisions(state, said.index),
    };
  },
  says: (body) =>
    `${body.revises === undefined ? "proposes" : "revises the proposal"}: ${body.kind} of ${body.service} in ${body.environment}, from ${showIdentity(body.current)} back to ${showIdentity(body.target)}, for ${body.reason} (${body.tickets.join(", ")})`,
};
