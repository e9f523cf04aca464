/**
 * What a class of rollback must show. From the settings first; rules may ask
 * for more. `strictest` is the one place where two askings meet.
 */
import { array, int, object, oneOf, type Infer } from "../bytes/shape.ts";
import { name, type Policy } from "../statements/words.ts";

export const lanes = ["quorum", "clean-revert"] as const;

/** So many approvals by distinct persons who hold the role. */
export const roleSeat = object({ role: name, count: int(1, 10) });
export type RoleSeat = Infer<typeof roleSeat>;

export const obligationsShape = object({
  /** Distinct persons, the seats included. 0 only in the lane `clean-revert`. */
  approvals: int(0, 10),
  /** Sorted by role, each role once. */
  roles: array(roleSeat, { max: 20 }),
  /** Kinds of evidence that must be attached before an approval; sorted. */
  evidence: array(name, { max: 50 }),
  requestHours: int(1, 8760),
  windowMinutes: int(1, 10_080),
  temporaryDays: int(1, 366),
  /** Until a retrospective is overdue. */
  retrospectiveHours: int(1, 8760),
  /** How often a temporary rollback may be renewed. */
  renewals: int(0, 20),
  /** Groups to be told, beside those that are always told; sorted. */
  notify: array(name, { max: 50 }),
  lane: oneOf(lanes),
  /** Of the pre-authorised: how many in a hundred are chosen for review. */
  samplePercent: int(0, 100),
});
export type Obligations = Infer<typeof obligationsShape>;

/** What the settings alone ask for. An emergency has the emergency's window and no approvals beforehand. */
export function obligationsOf(policy: Policy, emergency: boolean): Obligations {
  return {
    approvals: emergency ? 0 : policy.approvals,
    roles: [],
    evidence: [],
    requestHours: policy.requestHours,
    windowMinutes: emergency ? (policy.emergencyMinutes ?? 60) : policy.windowMinutes,
    temporaryDays: policy.temporaryDays,
    retrospectiveHours: policy.retrospectiveHours ?? 72,
    renewals: policy.renewals ?? 2,
    notify: [],
    lane: "quorum",
    samplePercent: 0,
  };
}

/**
 * Both askings at once: the larger number of approvals, all seats, all
 * evidence, the shorter times. Commutative, associative, idempotent. The lane
 * is `clean-revert` if either says so: a judge whose rules take something out of
 * the lane does that before it comes here, and `follows` decides whether it may.
 */
export function strictest(a: Obligations, b: Obligations): Obligations {
  const seats = new Map<string, number>();
  for (const { role, count } of [...a.roles, ...b.roles]) {
    seats.set(role, Math.max(count, seats.get(role) ?? 0));
  }
  const roles = [...seats]
    .map(([role, count]) => ({ role, count }))
    .sort((x, y) => (x.role < y.role ? -1 : 1));
  return {
    approvals: Math.max(a.approvals, b.approvals),
    roles,
    evidence: union(a.evidence, b.evidence),
    requestHours: Math.min(a.requestHours, b.requestHours),
    windowMinutes: Math.min(a.windowMinutes, b.windowMinutes),
    temporaryDays: Math.min(a.temporaryDays, b.temporaryDays),
    retrospectiveHours: Math.min(a.retrospectiveHours, b.retrospectiveHours),
    renewals: Math.min(a.renewals, b.renewals),
    notify: union(a.notify, b.notify),
    lane: a.lane === "clean-revert" ? a.lane : b.lane,
    samplePercent: Math.max(a.samplePercent, b.samplePercent),
  };
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort();
}
