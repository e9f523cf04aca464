/**
 * Whether an authorised record lets this be done now. One place, because a run
 * that is reported and a deployment that the gate lets through use the same grant.
 */
import { digestOf } from "../lifecycle/record-hash.ts";
import type { Authorisation, RecordState } from "../lifecycle/state.ts";
import { doubtful, type Registry } from "../registry/registry.ts";
import { unmet } from "../statements/condition.ts";
import { rule } from "./refusal.ts";
import { quorumOf } from "./quorum.ts";

export interface Use {
  readonly now: string;
  /** SHA-256 of the target's canonical bytes: whoever uses the grant knows where they are going. */
  readonly target: string;
  readonly environment: string;
}

/** Throws a refusal unless the record's grant covers `use`. */
export function mustGrant(state: RecordState, registry: Registry, use: Use): Authorisation {
  const grant = state.authorisation;
  rule(
    "lifecycle",
    grant !== undefined && grant.hash === state.hash,
    () => `${state.id} has no authorisation in force`,
  );
  rule(
    "lifecycle",
    use.now >= grant.notBefore && use.now < grant.notAfter,
    () => `the window of ${state.id} is ${grant.notBefore} to ${grant.notAfter}; it is ${use.now}`,
  );
  rule(
    "target-pinned",
    use.target === digestOf(state.proposal.target),
    () => `${state.id} was authorised for another target; run what was approved or propose anew`,
  );
  rule(
    "lifecycle",
    !state.executions.some((item) => item.gate !== undefined && item.index > grant.index),
    () => `a gate let a deployment through on ${state.id}, and a grant is used once; propose anew`,
  );
  // A check that passed for another version says nothing of this one.
  const checks = state.checks.filter((item) => item.hash === state.hash);
  const broken = grant.conditions
    .map((item) => unmet(item, { ...use, checks }))
    .find((problem) => problem !== undefined);
  rule("condition", broken === undefined, () => `${state.id} may not be run: ${broken}`);
  if (grant.lane === "quorum") {
    const quorum = quorumOf(state, registry, grant.notBefore);
    rule(
      "quorum",
      quorum.met,
      () =>
        `${state.id} has lost its quorum since it was authorised; missing: ${quorum.missing.join("; ")}`,
    );
  } else {
    // Nobody approved it: it stands on who proposed and who assessed it alone.
    const rests = [state.proposal, state.assessment].map((item) => item?.index);
    const broken = state.timeline.find(
      (item) => rests.includes(item.index) && doubtful(registry, item.key, item.recordedAt),
    );
    rule(
      "quorum",
      broken === undefined,
      () =>
        `${state.id} was authorised without approvals, and the key ${broken?.key} that signed what it rests on was compromised; revise it with another`,
    );
  }
  return grant;
}
