/**
 * What the policy's rules are asked, from the entries alone: the same ledger
 * gives the same request everywhere.
 */
import { doubtful, personById, rolesFor, type Registry } from "../registry/registry.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import type { RecordState } from "../lifecycle/state.ts";
import type { JsonObject } from "../bytes/canonical-json.ts";
import type { SecuritySignal } from "../statements/words.ts";
import { clearingFacts } from "./clearing-facts.ts";
import type { LedgerFacts } from "../entry/entry.ts";
import type { Said } from "../statements/statement-type.ts";
import type {
  ContextFacts,
  PolicyAction,
  PolicyRequest,
  PrincipalFacts,
  ResourceFacts,
} from "./judge.ts";

/**
 * What a kind of statement is called in the rules. `undefined`: no rule is
 * asked, because it only takes something back or is the system's own.
 */
export function policyActionOf(
  type: string,
  body: JsonObject,
  opens: boolean,
): PolicyAction | undefined {
  switch (type) {
    case "proposed":
      if (body["mode"] === "emergency") return "initiate-emergency";
      if (body["mode"] === "plan") return "plan";
      return opens && body["obligation"] !== undefined ? "oblige" : "initiate";
    case "assessed":
      return "assess";
    case "evidence":
      return "attach-evidence";
    case "decision":
      return body["decision"] as PolicyAction;
    case "obliged":
      return "signal";
    case "implication-cleared":
      return "clear-implication";
    case "exception-requested":
      return "request-exception";
    case "exception-decided":
      return body["decision"] as PolicyAction;
    case "overridden":
      return "override";
    case "execution-started":
    case "execution-finished":
      return "execute";
    case "observation":
    case "temporary-undone":
      return "observe";
    case "verification":
    case "check-reported":
      return "verify";
    case "reviewed":
    case "retrospective":
      return "review";
    case "closed":
      return "close";
    case "withdrawn":
      return "withdraw";
    // Drills are said of a plan, by who may write one.
    case "drill-scheduled":
    case "drill-cancelled":
    case "drill-held":
      return "plan";
    default:
      return undefined;
  }
}

/** The request for a statement of a person's about a record in `state`. */
export function policyRequest(
  action: PolicyAction,
  state: RecordState,
  registry: Registry,
  said: Said,
  facts: LedgerFacts | undefined,
): PolicyRequest {
  return {
    action,
    principal: principalFacts(state, registry, said),
    resource: resourceFacts(state, registry, said.recordedAt),
    context: contextFacts(said.recordedAt, facts),
  };
}

/** The request with which a version of a record is classified, or the signal that opens one judged. */
export function classifyRequest(
  state: RecordState,
  registry: Registry,
  now: string,
  action: "classify" | "signal" = "classify",
): PolicyRequest {
  return {
    action,
    principal: {
      id: registry.system.actor,
      kind: "system",
      permissions: [],
      roles: [],
      assurance: "none",
      key: "system",
      userVerified: false,
      keyAgeMinutes: 0,
    },
    resource: resourceFacts(state, registry, now),
    context: contextFacts(now, undefined),
  };
}

function principalFacts(state: RecordState, registry: Registry, said: Said): PrincipalFacts {
  const person = personById(registry, said.head.actor);
  if (person === undefined) {
    throw new TypeError("the signer was checked before the policy is asked");
  }
  const key = person.keys.find((item) => item.fingerprint === said.head.key);
  // A key that is not the person's is a job's, with a token of just now as its witness.
  const age = key === undefined ? 0 : Date.parse(said.recordedAt) - Date.parse(key.enrolledOn);
  return {
    id: person.id,
    kind: person.kind,
    permissions: [...person.permissions].sort(),
    roles: rolesFor(person, state.proposal, said.recordedAt),
    assurance: key?.assurance ?? "identity-provider",
    key: said.signedWith ?? "ssh",
    userVerified: said.userVerified === true,
    keyAgeMinutes: Math.max(0, Math.floor(age / 60_000)),
  };
}

function resourceFacts(state: RecordState, registry: Registry, now: string): ResourceFacts {
  const { proposal, assessment } = state;
  const target = digestOf(proposal.target);
  const worse = (assessment?.implications ?? []).filter((item) => item.direction === "worse");
  return {
    service: proposal.service,
    environment: proposal.environment,
    kind: proposal.kind,
    status: state.status,
    reason: proposal.reason,
    emergency: proposal.mode === "emergency",
    exercise: proposal.mode === "exercise",
    temporary: proposal.expiresAt !== undefined,
    obliged: proposal.obligation !== undefined,
    ...signalFacts(proposal.signal),
    assessed: assessment !== undefined,
    risk: assessment?.risk?.score ?? -1,
    level: assessment?.risk?.level ?? "unknown",
    coverage: assessment?.risk?.coverage ?? 0,
    implications: [...new Set(worse.map((item) => item.id))].sort(),
    ...clearingFacts(state, now),
    unknowns: assessment?.unknowns.length ?? 0,
    unknownAuthors: assessment?.unknownAuthors ?? 0,
    commits: assessment?.commits ?? 0,
    files: assessment?.files ?? 0,
    evidence: [
      ...new Set(state.evidence.filter((item) => item.target === target).map((item) => item.kind)),
    ].sort(),
    inverse: assessment?.inverse !== undefined,
    ranBefore: assessment?.ranBefore ?? false,
    approvals: state.decisions.filter(
      (item) =>
        item.decision === "approve" &&
        item.voidedBy === undefined &&
        item.withdrawnBy === undefined &&
        !doubtful(registry, item.key, item.recordedAt),
    ).length,
    renewals: state.temporary?.renewals ?? 0,
  };
}

/** What rules see of a signal. */
export function signalFacts(
  signal: Pick<SecuritySignal, "source" | "type" | "severity" | "ids"> | undefined,
): Pick<ResourceFacts, "signalSource" | "signalType" | "signalSeverity" | "signalIds"> {
  return {
    signalSource: signal?.source ?? "",
    signalType: signal?.type ?? "",
    signalSeverity: signal?.severity ?? "unknown",
    signalIds: [...(signal?.ids ?? [])].sort(),
  };
}

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

function contextFacts(now: string, facts: LedgerFacts | undefined): ContextFacts {
  const time = new Date(now);
  return {
    now,
    weekday: weekdays[time.getUTCDay()] ?? "sun",
    minute: time.getUTCHours() * 60 + time.getUTCMinutes(),
    overdueOfActor: facts?.overdueOfActor ?? 0,
    overdueOfService: facts?.overdueOfService ?? 0,
  };
}
