/**
 * What follows from the entries and the clock, without anybody saying it: the
 * one place where the system's own statements come from. The sequencer appends
 * what follows before it decides a command; the rules refuse a system statement
 * that does not follow, and anything said while one is owed.
 */
import type { JsonObject } from "../bytes/canonical-json.ts";
import { quorumOf } from "../constitution/quorum.ts";
import { classifyRequest } from "../policy/facts.ts";
import { judgeOf, type Judging } from "../policy/judge.ts";
import { doubtful, type Registry } from "../registry/registry.ts";
import type { Condition } from "../statements/condition.ts";
import { deadlinesOf, fallenDue, type Deadline, type TimerType } from "./deadlines.ts";
import { digestOf } from "./record-hash.ts";
import {
  decisionsInForce,
  missingEvidence,
  openedAt,
  type Lane,
  type RecordState,
} from "./state.ts";
import { later } from "./time.ts";

export type SystemType =
  | TimerType
  | "classified"
  | "authorised"
  | "exception-granted"
  /** Said when the gate asks, and never owed. */
  | "grant-used";

/** A system statement without its head. */
export interface Following {
  readonly type: SystemType;
  /** Absent: what the policy's rules say, where nobody here can judge them. */
  readonly body?: JsonObject;
}

/** The system statement owed on `state` at `now` (RFC 3339, milliseconds, UTC), if any. */
export function follows(
  state: RecordState,
  registry: Registry,
  now: string,
  judging: Judging,
): Following | undefined {
  const due = deadlinesOf(state)[0];
  if (due !== undefined && now >= due.at) {
    return { type: due.type, body: { record: state.id, ...timeOf(due, state, now) } };
  }
  return (
    classification(state, registry, now, judging) ??
    authorisation(state, registry, now) ??
    exception(state, registry)
  );
}

/** What a deadline's statement says of time. */
function timeOf({ type, at, since }: Deadline, { drills }: RecordState, now: string): JsonObject {
  if (type === "stabilised") return { since };
  return type === "drill-due" && drills !== undefined ? fallenDue(drills, now) : { deadline: at };
}

/** Each version is classified once, as soon as what it undoes is known; an emergency does not wait for that. */
function classification(
  state: RecordState,
  registry: Registry,
  now: string,
  judging: Judging,
): Following | undefined {
  const { rules } = registry;
  if (rules === undefined || state.classification?.hash === state.hash) return undefined;
  const ready =
    state.status === "pending_approval" ||
    (state.status === "proposed" && state.proposal.mode === "emergency");
  if (!ready) return undefined;
  if (judging === "unchecked") return { type: "classified" };
  const judge = judgeOf(judging, rules.digest);
  if (judge === undefined) return undefined;
  const request = classifyRequest(state, registry, now);
  const { classes, rules: matched, obligations } = judge.classify(request, state.obligations);
  return {
    type: "classified",
    body: {
      record: state.id,
      policy: rules.digest,
      classes,
      rules: matched,
      obligations,
    },
  };
}

function authorisation(state: RecordState, registry: Registry, now: string): Following | undefined {
  const { proposal, obligations } = state;
  if (state.status !== "pending_approval" && state.status !== "proposed") return undefined;
  if (proposal.mode === "emergency") {
    // One window from the beginning: assessing or revising does not make it longer.
    const notAfter = later(openedAt(state), obligations.windowMinutes);
    if (now < notAfter) {
      return granted(state, registry, { lane: "emergency", rules: ["emergency"], now, notAfter });
    }
  }
  if (state.status !== "pending_approval") return undefined;
  const notAfter = later(now, obligations.windowMinutes);
  if (isCleanRevert(state)) {
    return granted(state, registry, {
      lane: "clean-revert",
      rules: ["clean-revert"],
      now,
      notAfter,
    });
  }
  // An emergency after its window is a request like any.
  const { met, approvals, needed, seats } = quorumOf(state, registry, now);
  if (!met) return undefined;
  return granted(state, registry, {
    lane: "quorum",
    rules: [`approvals>=${needed}`, ...seats.map((seat) => `${seat.role}>=${seat.count}`)],
    now,
    notAfter,
    approvals: approvals.map((item) => item.leafHash),
    conditions: approvals.flatMap((item) => item.conditions),
  });
}

/**
 * What the lane for clean reverts asks, whatever the policy says: a proof that
 * it is the exact inverse, nothing for the worse, nothing unknown, and a target
 * that the ledger saw running here. One objection takes it out of the lane, and
 * so does a run that failed; a rule that asks for somebody's role, or for
 * evidence, is not passed by.
 */
function isCleanRevert(state: RecordState): boolean {
  const { assessment, obligations, proposal } = state;
  return (
    obligations.lane === "clean-revert" &&
    obligations.roles.length === 0 &&
    missingEvidence(state).length === 0 &&
    proposal.mode === undefined &&
    assessment?.inverse !== undefined &&
    assessment.ranBefore &&
    assessment.implications.every((item) => item.direction !== "worse") &&
    assessment.unknowns.length === 0 &&
    state.executions.length === 0 &&
    decisionsInForce(state).length === 0
  );
}

function granted(
  state: RecordState,
  registry: Registry,
  grant: {
    readonly lane: Lane;
    readonly rules: readonly string[];
    readonly now: string;
    readonly notAfter: string;
    readonly approvals?: readonly string[];
    readonly conditions?: readonly Condition[];
  },
): Following {
  const conditions = new Map((grant.conditions ?? []).map((item) => [digestOf(item), item]));
  return {
    type: "authorised",
    body: {
      record: state.id,
      ...(grant.lane === "quorum" ? {} : { lane: grant.lane }),
      ...(grant.lane === "clean-revert" && isSampled(state) ? { sampled: true } : {}),
      approvals: grant.approvals ?? [],
      ...(conditions.size === 0 ? {} : { conditions: [...conditions.values()] }),
      policy: registry.policyDigest,
      rules: [...grant.rules, ...(state.classification?.rules ?? [])].slice(0, 50),
      target: digestOf(state.proposal.target),
      notBefore: grant.now,
      notAfter: grant.notAfter,
    },
  };
}

/**
 * By the newest entry's hash, which everybody can check. Not by the record hash:
 * a proposer could sign with other salts until it is one that is not sampled.
 */
function isSampled(state: RecordState): boolean {
  return Number.parseInt(state.head.slice(0, 8), 16) % 100 < state.obligations.samplePercent;
}

function exception(state: RecordState, registry: Registry): Following | undefined {
  const request = state.exceptions.find((item) => item.outcome === undefined);
  if (request === undefined) return undefined;
  const approvals = request.decisions.filter(
    (item) => item.decision === "approve" && !doubtful(registry, item.key, item.recordedAt),
  );
  if (approvals.length < request.approvals) return undefined;
  return {
    type: "exception-granted",
    body: {
      record: state.id,
      request: request.id,
      approvals: approvals.map((item) => item.leafHash),
    },
  };
}
