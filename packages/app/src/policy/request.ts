/** A request of the record package as Cedar is asked it, by the schema of its rules. */
import { signalFacts, type PolicyRequest } from "@countermand/record";
import type { Call } from "./cedar.ts";

/** What is asked of rules: the record package's actions, and what only the gate asks. */
export type Asked = PolicyRequest["action"] | "deploy-unchecked";

/** Pure. What does not fit the schema is Cedar's to refuse, and a refusal denies. */
export function callOf(request: PolicyRequest, action: Asked, schema = 3): Call {
  const { principal, resource, context } = request;
  const actor = { type: "Actor", id: principal.id };
  const rollback = { type: "Rollback", id: "this" };
  return {
    principal: actor,
    action: { type: "Action", id: action },
    resource: rollback,
    context: {
      now: context.now,
      weekday: { type: "Weekday", id: context.weekday },
      minute: context.minute,
      overdueOfActor: context.overdueOfActor,
      overdueOfService: context.overdueOfService,
    },
    entities: [
      {
        uid: actor,
        attrs: {
          id: principal.id,
          kind: { type: "ActorKind", id: principal.kind },
          permissions: [...principal.permissions],
          roles: [...principal.roles],
          assurance: { type: "Assurance", id: principal.assurance },
          key: { type: "KeyType", id: principal.key },
          userVerified: principal.userVerified,
          keyAgeMinutes: principal.keyAgeMinutes,
        },
        parents: [],
      },
      {
        uid: rollback,
        attrs: {
          service: resource.service,
          environment: resource.environment,
          kind: resource.kind,
          status: resource.status,
          reason: resource.reason,
          emergency: resource.emergency,
          exercise: resource.exercise,
          temporary: resource.temporary,
          obliged: resource.obliged,
          ...(schema < 3 ? {} : signalAttributes(resource)),
          assessed: resource.assessed,
          risk: resource.risk,
          level: { type: "Level", id: resource.level },
          coverage: resource.coverage,
          implications: [...resource.implications],
          ...(schema === 1 ? {} : clearingAttributes(resource)),
          unknowns: resource.unknowns,
          unknownAuthors: resource.unknownAuthors,
          commits: resource.commits,
          files: resource.files,
          evidence: [...resource.evidence],
          inverse: resource.inverse,
          ranBefore: resource.ranBefore,
          approvals: resource.approvals,
          renewals: resource.renewals,
        },
        parents: [],
      },
    ],
  };
}

/** Facts that schemas 1 and 2 do not have. */
function signalAttributes(resource: PolicyRequest["resource"]) {
  return {
    signalSource: resource.signalSource,
    signalType: resource.signalType,
    signalSeverity: { type: "Level", id: resource.signalSeverity },
    signalIds: [...resource.signalIds],
  };
}

/** Facts that schema 1 does not have. */
function clearingAttributes(resource: PolicyRequest["resource"]) {
  return {
    openCritical: resource.openCritical,
    openHigh: resource.openHigh,
    openMedium: resource.openMedium,
    openLow: resource.openLow,
    humanClearedCritical: resource.humanClearedCritical,
    humanClearedHigh: resource.humanClearedHigh,
    humanClearedMedium: resource.humanClearedMedium,
    humanClearedLow: resource.humanClearedLow,
    machineClearedCritical: resource.machineClearedCritical,
    machineClearedHigh: resource.machineClearedHigh,
    machineClearedMedium: resource.machineClearedMedium,
    machineClearedLow: resource.machineClearedLow,
    clearedBy: [...resource.clearedBy],
    clearingsExpired: resource.clearingsExpired,
    clearingGrounds: [...resource.clearingGrounds],
  };
}

/** What the gate knows of a deployment that it cannot ask about: the rest has its least known value. */
export function gateRequest(service: string, environment: string): PolicyRequest {
  return {
    action: "execute",
    principal: {
      id: "gate",
      kind: "system",
      permissions: [],
      roles: [],
      assurance: "none",
      key: "system",
      userVerified: false,
      keyAgeMinutes: 0,
    },
    resource: {
      service,
      environment,
      kind: "unknown",
      status: "unknown",
      reason: "unknown",
      emergency: false,
      exercise: false,
      temporary: false,
      obliged: false,
      ...signalFacts(undefined),
      assessed: false,
      risk: -1,
      level: "unknown",
      coverage: 0,
      implications: [],
      openCritical: -1,
      openHigh: -1,
      openMedium: -1,
      openLow: -1,
      humanClearedCritical: -1,
      humanClearedHigh: -1,
      humanClearedMedium: -1,
      humanClearedLow: -1,
      machineClearedCritical: -1,
      machineClearedHigh: -1,
      machineClearedMedium: -1,
      machineClearedLow: -1,
      clearedBy: [],
      clearingsExpired: -1,
      clearingGrounds: [],
      unknowns: 0,
      unknownAuthors: 0,
      commits: 0,
      files: 0,
      evidence: [],
      inverse: false,
      ranBefore: false,
      approvals: 0,
      renewals: 0,
    },
    context: {
      now: "1970-01-01T00:00:00.000Z",
      weekday: "thu",
      minute: 0,
      overdueOfActor: 0,
      overdueOfService: 0,
    },
  };
}
