/**
 * A rule of the policy makes a rollback mandatory because of a signal: a record
 * is opened with an owner and a deadline before anybody looked at it. The system
 * says it, for whoever sent the signal signs nothing; that the rules ask for it,
 * and for this deadline, is checked again wherever the rules are.
 */
import { array, int, sha256Hex, timestamp, uuid, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import type { RecordState } from "../lifecycle/state.ts";
import { obligedPerson } from "../registry/obliged-person.ts";
import { opened } from "./proposed.ts";
import { predicate, saying, type RecordStatement } from "./statement-type.ts";
import {
  actorId,
  commitmentText,
  identity,
  name,
  rollbackKind,
  securitySignal,
  showIdentity,
  unnamed,
} from "./words.ts";

const shape = predicate(
  {
    /** Names the record until it has a number; every revision repeats it. */
    uid: uuid,
    signal: securitySignal,
    /** SHA-256 of the rules' artefact. */
    policy: sha256Hex,
    /** The rules that ask for it. */
    rules: array(name, { min: 1, max: 100 }),
    /** Who may own it, as the rules name them; the first who can is it. */
    owners: array(actorId, { max: 20 }),
    owner: actorId,
    deadline: timestamp,
    kind: rollbackKind,
    service: name,
    environment: name,
    reason: name,
    stabiliseMinutes: int(0, 10_080),
    rationale: commitmentText,
    impact: commitmentText,
    security: commitmentText,
  },
  {
    /** What runs, as the signal says. Absent, here and below: it does not say. */
    current: identity,
    target: identity,
  },
);
type Body = Infer<typeof shape>;

export const obliged: RecordStatement<Body> = {
  name: "obliged",
  stream: "record",
  saidBy: "system",
  opens: true,
  onRequest: true,
  during: [],
  shape,
  subjects: (body) => [
    {
      name: "urn:countermand:signal",
      digest: { sha256: digestOf(body.signal) },
    },
  ],
  check(body, _before, { said, registry }) {
    const { policy, rules } = registry;
    rule(
      "record-bound",
      said.stream.startsWith(`RB-${said.recordedAt.slice(0, 4)}-`),
      () =>
        `the number of a mandatory rollback begins with RB-${said.recordedAt.slice(0, 4)}-, this is ${said.stream}`,
    );
    rule("policy", body.policy === rules?.digest, () =>
      rules === undefined
        ? "no rules are in force, so no signal makes anything mandatory"
        : `the rules in force are sha256:${rules.digest}, not sha256:${body.policy}`,
    );
    rule(
      "policy",
      policy.reasons.includes(body.reason),
      () =>
        `the reason ${body.reason} is not in policy ${policy.id}; it knows ${policy.reasons.join(", ")}`,
    );
    const owner = obligedPerson(registry, body.owners);
    rule(
      "mandatory",
      body.owner === owner,
      () => `the owner is ${owner ?? "nobody"} by the rules and who is enrolled, not ${body.owner}`,
    );
    rule(
      "mandatory",
      body.deadline > said.recordedAt,
      () => `the deadline ${body.deadline} has passed when it was set`,
    );
  },
  apply(body, _before, { said, registry }): RecordState {
    const { signal, rules } = body;
    return opened({ ...said, actor: said.head.actor }, registry, body.uid, {
      ...saying(said),
      digest: said.payloadDigest,
      kind: body.kind,
      service: body.service,
      environment: body.environment,
      current: body.current ?? unnamed,
      target: body.target ?? unnamed,
      reason: body.reason,
      tickets: [signal.id],
      stabiliseMinutes: body.stabiliseMinutes,
      obligation: { signal: signal.id, owner: body.owner, deadline: body.deadline },
      signal: { ...signal, rules },
      checks: [],
      rationale: body.rationale,
      impact: body.impact,
      security: body.security,
    });
  },
  says: ({ signal, rules, service, environment, deadline, owner, target }) =>
    `makes a rollback of ${service} in ${environment} mandatory by ${deadline}, owned by ${owner}: the signal ${signal.id} (${signal.severity}) from ${signal.source}, by ${rules.join(", ")}; back to ${showIdentity(target ?? unnamed)}`,
};
