/**
 * A rollback is proposed, or a proposal is revised. The subject is the target:
 * what production is to become. A revision repeats the whole proposal, so that
 * what is in force is always one signed text.
 */
import { array, int, object, oneOf, timestamp, uuid, sha256Hex } from "../bytes/shape.ts";
import type { Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { digestOf, recordHash } from "../lifecycle/record-hash.ts";
import type { Proposal, RecordState } from "../lifecycle/state.ts";
import { afresh } from "../lifecycle/state.ts";
import {
  predicate,
  saying,
  type RecordContext,
  type RecordStatement,
  type Said,
} from "./statement-type.ts";
import { obligationsOf } from "../policy/obligations.ts";
import { personById, type Registry } from "../registry/registry.ts";
import {
  actorId,
  commitmentText,
  identity,
  modes,
  name,
  prefixOf,
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
    mode: oneOf(modes),
    /** Of an emergency: the incident that is open. */
    incident: ticket,
    obligation: object({ signal: ticket, owner: actorId, deadline: timestamp }),
    /** The plan that was written for this case. */
    plan: recordId,
    /** Names of the checks that are to tell whether it worked. */
    checks: array(name, { max: 20 }),
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
  during: ["planned", "proposed", "pending_approval", "authorised", "execution_failed"],
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
  check(body, state, context) {
    const { registry, said } = context;
    checkMode(body, state, context);
    checkObligation(body, state, context);
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
      rule(
        "lifecycle",
        state.status !== "execution_failed" || state.proposal.obligation !== undefined,
        () =>
          `the run of ${state.id} failed, and only a mandatory rollback is tried again by a revision; propose another`,
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
      ...(body.mode === undefined ? {} : { mode: body.mode }),
      ...(body.mode === "emergency" ? { stepUp: said.userVerified === true } : {}),
      ...(body.incident === undefined ? {} : { incident: body.incident }),
      ...(body.obligation === undefined ? {} : { obligation: body.obligation }),
      ...(state?.proposal.signal === undefined ? {} : { signal: state.proposal.signal }),
      ...(body.plan === undefined ? {} : { plan: body.plan }),
      checks: body.checks ?? [],
      rationale: body.rationale,
      impact: body.impact,
      security: body.security,
    };
    if (state === undefined) {
      return opened({ ...said, actor: said.head.actor }, registry, body.uid, proposal);
    }
    const hash = recordHash(said.stream, said.payloadDigest, undefined);
    const obligations = obligationsOf(registry.policy, body.mode === "emergency");
    const { assessment: _old, classification: _was, ...kept } = afresh(state, said.index);
    return {
      ...kept,
      status: firstStatus(proposal),
      obligations,
      hash,
      revision: state.revision + 1,
      policy: registry.policy,
      proposal,
      proposers: [...new Set([...state.proposers, said.head.actor])],
    };
  },
  says: (body) =>
    `${body.revises === undefined ? "proposes" : "revises the proposal"}${body.mode === undefined ? "" : ` (${body.mode})`}: ${body.kind} of ${body.service} in ${body.environment}, from ${showIdentity(body.current)} back to ${showIdentity(body.target)}, for ${body.reason} (${body.tickets.join(", ")})`,
};

function firstStatus({ mode }: Proposal): RecordState["status"] {
  return mode === "plan" ? "planned" : "proposed";
}

/** A record as its first entry makes it. What the system opens, nobody proposed. */
export function opened(
  said: Pick<Said, "stream" | "payloadDigest" | "recordedAt"> & { readonly actor: string },
  registry: Registry,
  uid: string,
  proposal: Proposal,
): RecordState {
  const { actor } = said;
  return {
    id: said.stream,
    uid,
    status: firstStatus(proposal),
    since: said.recordedAt,
    hash: recordHash(said.stream, said.payloadDigest, undefined),
    revision: 1,
    policy: registry.policy,
    obligations: obligationsOf(registry.policy, proposal.mode === "emergency"),
    proposal,
    evidence: [],
    decisions: [],
    executions: [],
    observations: [],
    verifications: [],
    checks: [],
    workloadKeys: [],
    exceptions: [],
    clearings: [],
    proposers: actor === registry.system.actor ? [] : [actor],
    participants: [],
    deletedOpenings: [],
    timeline: [],
    head: "",
  };
}

function checkMode(
  body: Body,
  state: RecordState | undefined,
  { said, registry, facts }: RecordContext,
): void {
  rule(
    "record-bound",
    state === undefined || state.proposal.mode === body.mode,
    () =>
      `${state?.id} was opened ${asMode(state?.proposal.mode)} and stays that; open another record`,
  );
  const begins = `${prefixOf(body.mode)}-${(state?.timeline[0] ?? said).recordedAt.slice(0, 4)}-`;
  rule(
    "record-bound",
    said.stream.startsWith(begins),
    () =>
      `the number of what is proposed ${asMode(body.mode)} then begins with ${begins}, this is ${said.stream}`,
  );
  const emergency = body.mode === "emergency";
  rule("lifecycle", emergency === (body.incident !== undefined), () =>
    emergency
      ? "an emergency names the incident that is open; give `incident`"
      : "only an emergency names an incident; leave `incident` out, or add it to the tickets",
  );
  if (!emergency) return;
  rule(
    "humans-decide",
    personById(registry, said.head.actor)?.kind === "human",
    () => `an emergency is declared by a natural person; ${said.head.actor} is not one`,
  );
  rule(
    "key-type",
    said.userVerified !== false,
    () =>
      `the security key ${said.head.key} signed without a PIN or a biometric; an emergency needs one`,
  );
  rule(
    "chain",
    facts !== undefined,
    () => "the entry does not say which retrospectives are overdue",
  );
  rule(
    "retrospective-owed",
    facts?.overdueOfActor === 0 && facts.overdueOfService === 0,
    () =>
      `the retrospective of an earlier emergency is overdue (of ${said.head.actor}: ${facts?.overdueOfActor}, of ${body.service}: ${facts?.overdueOfService}); no other is opened before somebody has given it; propose an ordinary rollback`,
  );
}

function asMode(mode: Body["mode"]): string {
  return mode === undefined
    ? "as an ordinary rollback"
    : `as ${mode === "plan" ? "a" : "an"} ${mode}`;
}

function checkObligation(
  body: Body,
  state: RecordState | undefined,
  { said, registry }: RecordContext,
): void {
  const { obligation } = body;
  if (state !== undefined) {
    rule(
      "mandatory",
      digestOf(obligation ?? {}) === digestOf({ ...state.proposal.obligation }),
      () => `what obliges to ${state.id} cannot be changed or left out by a revision`,
    );
    rule(
      "mandatory",
      obligation === undefined ||
        (body.service === state.proposal.service &&
          body.environment === state.proposal.environment),
      () =>
        `${state.id} is mandatory for ${state.proposal.service} in ${state.proposal.environment} and stays that; open another record for ${body.service} in ${body.environment}`,
    );
    return;
  }
  if (obligation === undefined) return;
  rule(
    "mandatory",
    body.mode === undefined,
    () => `a mandatory rollback is an ordinary one; leave the mode ${body.mode} out`,
  );
  rule(
    "mandatory",
    personById(registry, obligation.owner)?.kind === "human",
    () => `the owner ${obligation.owner} is not a natural person who is enrolled here`,
  );
  rule(
    "mandatory",
    obligation.deadline > said.recordedAt,
    () => `the deadline ${obligation.deadline} has passed; give one that lies ahead`,
  );
}
