/**
 * What no policy can change, as far as it is known before anybody signs: who is
 * enrolled, what the ledger permits them, where the record stands, and that
 * nobody decides on their own work. The constitution itself speaks when the
 * statement is made; this is for an explanation beforehand.
 */
import {
  decisionsInForce,
  personById,
  statementTypes,
  usableKey,
  type EnrolledKey,
  type Person,
  type PolicyAction,
  type RecordState,
  type Registry,
} from "@countermand/record";

/** The kind of statement that an action is said with. */
const saidWith: Readonly<Record<PolicyAction, string>> = {
  initiate: "proposed",
  "initiate-emergency": "proposed",
  oblige: "proposed",
  plan: "proposed",
  assess: "assessed",
  "attach-evidence": "evidence",
  approve: "decision",
  reject: "decision",
  "request-changes": "decision",
  delegate: "decision",
  escalate: "decision",
  "clear-implication": "implication-cleared",
  "request-exception": "exception-requested",
  override: "overridden",
  execute: "execution-started",
  observe: "observation",
  verify: "verification",
  review: "reviewed",
  close: "closed",
  withdraw: "withdrawn",
  classify: "classified",
  signal: "obliged",
};

export interface FixedRules {
  readonly person: Person | undefined;
  /** The newest of their keys that can sign. */
  readonly key: EnrolledKey | undefined;
  /** What stands against it, a sentence each. */
  readonly refuses: readonly string[];
}

export function fixedRules(
  action: PolicyAction,
  id: string,
  state: RecordState,
  registry: Registry,
  now: string,
): FixedRules {
  const person = personById(registry, id);
  if (person === undefined) {
    return { person, key: undefined, refuses: [`${id} is not enrolled in this ledger`] };
  }
  const key = person.keys.findLast((item) => usableKey(person, item.fingerprint, now) === item);
  const kind = statementTypes.get(saidWith[action]);
  const refuses: string[] = [];
  const refuseIf = (holds: boolean, says: string) => {
    if (holds) refuses.push(says);
  };
  refuseIf(key === undefined, `${id} has no key in use`);
  if (kind?.stream === "record") {
    const { saidBy, during } = kind;
    refuseIf(
      kind.humansOnly === true && person.kind !== "human",
      `only a natural person may ${action}; ${id} is a ${person.kind}`,
    );
    refuseIf(
      saidBy !== "anyone" && saidBy !== "system" && !person.permissions.includes(saidBy),
      `${id} does not have the permission ${saidBy}`,
    );
    refuseIf(
      kind.opens !== true && !during.includes(state.status),
      `${state.id} is ${state.status}; that can be said while it is ${during.join(", ")}`,
    );
    if (kind.name === "decision") refuses.push(...ownWork(id, state));
  }
  if (action === "approve") refuses.push(...beforeApproval(id, state));
  refuseIf(
    action === "review" && state.participants.includes(id),
    `${id} took part in ${state.id} and cannot review it`,
  );
  return { person, key, refuses };
}

function ownWork(id: string, state: RecordState): readonly string[] {
  return [
    ...(state.proposers.includes(id)
      ? [`${id} proposed ${state.id}; somebody else must decide`]
      : []),
    ...(state.assessment?.authors.includes(id) === true
      ? [`${id} wrote a commit that ${state.id} undoes; somebody else must decide`]
      : []),
  ];
}

function beforeApproval(id: string, state: RecordState): readonly string[] {
  const lacking = state.obligations.evidence.filter(
    (kind) => !state.evidence.some((item) => item.kind === kind),
  );
  const said = decisionsInForce(state).find((item) => item.actor === id);
  return [
    ...(lacking.length === 0 ? [] : [`${state.id} needs evidence first: ${lacking.join(", ")}`]),
    ...(said === undefined ? [] : [`${id} has said ${said.decision} to this version already`]),
  ];
}
