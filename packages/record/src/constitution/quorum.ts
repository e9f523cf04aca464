/**
 * Whether those who approved are enough: so many distinct persons, and for every
 * seat that asks for a role a person of its own. Nobody fills two seats, so that
 * "one SRE and one from security" is never one person who is both.
 */
import { doubtful, personById, rolesFor, type Registry } from "../registry/registry.ts";
import { decisionsInForce, type Decision, type RecordState } from "../lifecycle/state.ts";
import type { RoleSeat } from "../policy/obligations.ts";

export interface Quorum {
  readonly met: boolean;
  /** The approvals that count. */
  readonly approvals: readonly Decision[];
  /** Persons needed, the seats included. */
  readonly needed: number;
  /** The roles asked for: by the policy, and by those who escalated. */
  readonly seats: readonly RoleSeat[];
  /** What is missing, a clause each; empty if the quorum is met. */
  readonly missing: readonly string[];
}

/** The quorum of the version in force, as of `now`. */
export function quorumOf(state: RecordState, registry: Registry, now: string): Quorum {
  const decisions = decisionsInForce(state);
  const sure = decisions.filter((item) => !doubtful(registry, item.key, item.recordedAt));
  const approvals = sure.filter((item) => item.decision === "approve");
  const seats = [...state.obligations.roles];
  for (const { decision, to } of decisions) {
    if (decision !== "escalate" || to === undefined || seats.some((seat) => seat.role === to)) {
      continue;
    }
    seats.push({ role: to, count: 1 });
  }
  const wanted = seats.flatMap((seat) => Array.from({ length: seat.count }, () => seat.role));
  const needed = Math.max(leastApprovals(state), wanted.length);
  const speaking = approvals.map((item) => rolesOf(item.actor, sure, state, registry, now));
  const empty = unfilled(wanted, speaking);
  const missing = [
    ...(approvals.length < needed
      ? [`${needed - approvals.length} more of ${needed} approvals`]
      : []),
    ...empty.map((role) => `a person with the role ${role}, one for each seat`),
    ...decisions
      .filter((item) => item.decision === "request-changes")
      .map((item) => `the changes that ${item.actor} asked for`),
  ];
  return { met: missing.length === 0, approvals, needed, seats, missing };
}

/**
 * Persons needed before any seat is counted. The obligations may say none: those
 * of an emergency, whose settings then count, and those of the lane for clean
 * reverts; but nothing is authorised by a quorum of nobody.
 */
export function leastApprovals({ obligations, policy, proposal }: RecordState): number {
  return Math.max(1, obligations.approvals, proposal.mode === "emergency" ? policy.approvals : 0);
}

/** Persons needed, with the seats of the obligations and whatever the settings say. */
export function personsNeeded(state: RecordState): number {
  const seats = state.obligations.roles.reduce((sum, seat) => sum + seat.count, 0);
  return Math.max(leastApprovals(state), state.policy.approvals, seats);
}

/** A person's own roles, and those of whoever delegated to them. */
function rolesOf(
  id: string,
  decisions: readonly Decision[],
  state: RecordState,
  registry: Registry,
  now: string,
): ReadonlySet<string> {
  const speaksFor = decisions
    .filter((item) => item.decision === "delegate" && item.to === id)
    .map((item) => item.actor);
  const roles = new Set<string>();
  for (const each of [id, ...speaksFor]) {
    const person = personById(registry, each);
    if (person === undefined) continue;
    for (const role of rolesFor(person, state.proposal, now)) roles.add(role);
  }
  return roles;
}

/**
 * The seats that stay empty when as many as possible are filled, each by another
 * person: a maximum bipartite matching by augmenting paths (Kuhn, 1955).
 */
export function unfilled(
  seats: readonly string[],
  persons: readonly ReadonlySet<string>[],
): readonly string[] {
  const seatOf = new Map<number, number>();
  const place = (seat: number, tried: Set<number>): boolean =>
    persons.some((roles, person) => {
      if (tried.has(person) || !roles.has(seats[seat] ?? "")) return false;
      tried.add(person);
      const other = seatOf.get(person);
      if (other !== undefined && !place(other, tried)) return false;
      seatOf.set(person, seat);
      return true;
    });
  return seats.filter((_role, seat) => !place(seat, new Set()));
}
