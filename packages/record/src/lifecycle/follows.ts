/**
 * What follows from the entries and the clock, without anybody saying it: the
 * one place where the system's own statements come from. The sequencer appends
 * what follows before it decides a command; the rules refuse a system statement
 * that does not follow, and anything said while one is owed.
 */
import type { JsonObject } from "../bytes/canonical-json.ts";
import type { Registry } from "../registry/registry.ts";
import { digestOf } from "./record-hash.ts";
import { approvalsInForce, type RecordState } from "./state.ts";

export type SystemType = "authorised" | "stabilised" | "expired" | "lapsed";

/** A system statement without its head. */
export interface Following {
  readonly type: SystemType;
  readonly body: JsonObject;
}

/** The system statement owed on `state` at `now` (RFC 3339, milliseconds, UTC), if any. */
export function follows(
  state: RecordState,
  registry: Registry,
  now: string,
): Following | undefined {
  const due = deadlineOf(state);
  if (due !== undefined && now >= due.at) {
    return due.type === "stabilised"
      ? { type: "stabilised", body: { record: state.id, since: due.since } }
      : { type: due.type, body: { record: state.id, deadline: due.at } };
  }
  if (state.status !== "pending_approval") return undefined;
  const approvals = approvalsInForce(state);
  if (approvals.length < state.policy.approvals) return undefined;
  return {
    type: "authorised",
    body: {
      record: state.id,
      approvals: approvals.map((item) => item.leafHash),
      policy: registry.policyDigest,
      rules: [`approvals>=${state.policy.approvals}`],
      target: digestOf(state.proposal.target),
      notBefore: now,
      notAfter: later(now, state.policy.windowMinutes),
    },
  };
}

export interface Deadline {
  readonly type: "expired" | "lapsed" | "stabilised";
  readonly at: string;
  /** From when the time runs. */
  readonly since: string;
}

/** When time alone will change this record, and to what. */
export function deadlineOf(state: RecordState): Deadline | undefined {
  switch (state.status) {
    case "proposed":
    case "pending_approval": {
      const since = state.proposal.recordedAt;
      return { type: "expired", at: later(since, state.policy.requestHours * 60), since };
    }
    case "authorised": {
      const window = state.authorisation;
      if (window === undefined) throw new TypeError("an authorised record has an authorisation");
      return { type: "lapsed", at: window.notAfter, since: window.notBefore };
    }
    case "stabilising": {
      const verified = state.verifications.at(-1);
      if (verified === undefined) throw new TypeError("a stabilising record was verified");
      const since = verified.recordedAt;
      return { type: "stabilised", at: later(since, state.proposal.stabiliseMinutes), since };
    }
    case "executing":
    case "execution_failed":
    case "executed":
    case "partial":
    case "verifying":
    case "verification_failed":
    case "stabilised":
    case "in_review":
    case "closed":
    case "rejected":
    case "withdrawn":
    case "expired":
    case "lapsed":
      return undefined;
  }
}

function later(time: string, minutes: number): string {
  return new Date(Date.parse(time) + minutes * 60_000).toISOString();
}
