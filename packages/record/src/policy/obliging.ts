/**
 * What the rules make of a signal, before the system says it: the fields of
 * `obliged` that follow from the signal, the rules and who is enrolled. The
 * statement is checked against the same rules again when it is appended.
 */
import { later } from "../lifecycle/time.ts";
import type { Proposal } from "../lifecycle/state.ts";
import { obligedPerson } from "../registry/obliged-person.ts";
import type { Registry } from "../registry/registry.ts";
import { opened } from "../statements/proposed.ts";
import { unnamed, type Identity, type SecuritySignal } from "../statements/words.ts";
import { classifyRequest } from "./facts.ts";
import type { Judge, PolicyRequest } from "./judge.ts";

/** Where it was seen, and as far as the sender knows what runs and where to go back to. */
export interface SignalPlace {
  readonly service: string;
  readonly environment: string;
  readonly kind: string;
  readonly current?: Identity;
  readonly target?: Identity;
}

/** The reason under which a signal opens a record: `security` where the policy knows it, else its first. */
export function signalReason({ policy }: Registry): string {
  const { reasons } = policy;
  return reasons.includes("security") ? "security" : (reasons[0] ?? "security");
}

/** What the rules are asked about a signal at `now`. */
export function signalRequest(
  registry: Registry,
  signal: SecuritySignal,
  place: SignalPlace,
  now: string,
): PolicyRequest {
  const saying = { index: 0, actor: registry.system.actor, occurredAt: now, recordedAt: now };
  const proposal: Proposal = {
    ...saying,
    digest: "",
    kind: place.kind,
    service: place.service,
    environment: place.environment,
    current: place.current ?? unnamed,
    target: place.target ?? unnamed,
    reason: signalReason(registry),
    tickets: [signal.id],
    stabiliseMinutes: 0,
    obligation: { signal: signal.id, owner: "", deadline: now },
    signal: { ...signal, rules: [] },
    checks: [],
    rationale: "",
    impact: "",
    security: "",
  };
  const state = opened(
    { stream: "RB-0000-1", payloadDigest: "", recordedAt: now, actor: saying.actor },
    registry,
    "",
    proposal,
  );
  return classifyRequest(state, registry, now, "signal");
}

export interface SignalObligation {
  readonly rules: readonly string[];
  readonly owners: readonly string[];
  readonly owner: string;
  readonly deadline: string;
}

/** Undefined where no rule matches, or nobody is left who could own it. */
export function obligationOf(
  judge: Judge,
  registry: Registry,
  request: PolicyRequest,
): SignalObligation | undefined {
  const { rules, minutes, owners } = judge.obliges(request);
  const owner = obligedPerson(registry, owners);
  if (rules.length === 0 || owner === undefined) return undefined;
  return { rules, owners, owner, deadline: later(request.context.now, minutes) };
}
