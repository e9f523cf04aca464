/**
 * The port behind which a policy's rules are judged. The rules' language is not
 * this package's business: who verifies offline may bring a judge, and the
 * report says so where they did not. The same request and rules give the same
 * answer everywhere, or a replay would find fault with an honest ledger.
 */
import type { JsonObject } from "../bytes/canonical-json.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import type { Proposal } from "../lifecycle/state.ts";
import { later } from "../lifecycle/time.ts";
import type { Obligations } from "./obligations.ts";

/** What is asked: everything that a rule can see, computed from the entries (`facts.ts`). */
export interface PolicyRequest {
  /** The kind of statement, or `initiate-emergency`, `classify`, `override` where a kind has several meanings. */
  readonly action: PolicyAction;
  readonly principal: PrincipalFacts;
  readonly resource: ResourceFacts;
  readonly context: ContextFacts;
}

export const policyActions = [
  "initiate",
  "initiate-emergency",
  "assess",
  "attach-evidence",
  "approve",
  "reject",
  "request-changes",
  "delegate",
  "escalate",
  "clear-implication",
  "request-exception",
  "override",
  "execute",
  "observe",
  "verify",
  "review",
  "close",
  "withdraw",
  "oblige",
  "plan",
  "classify",
  "signal",
] as const;
export type PolicyAction = (typeof policyActions)[number];

export interface PrincipalFacts {
  readonly id: string;
  /** `system` for `classify` and `signal`. */
  readonly kind: "human" | "workload" | "controller" | "agent" | "system";
  readonly permissions: readonly string[];
  /** Roles that hold for this resource now. */
  readonly roles: readonly string[];
  /** Who said that the signing key is this person's. */
  readonly assurance: "administrator" | "identity-provider" | "none";
  readonly key: "ssh" | "security-key" | "passkey" | "system";
  readonly userVerified: boolean;
  /** How long ago the signing key was enrolled; the ledger's first key is as old as the ledger. */
  readonly keyAgeMinutes: number;
}

export type PolicyLevel = "none" | "low" | "medium" | "high" | "critical" | "unknown";

export interface ResourceFacts {
  readonly service: string;
  readonly environment: string;
  readonly kind: string;
  readonly status: string;
  readonly reason: string;
  readonly emergency: boolean;
  readonly exercise: boolean;
  readonly temporary: boolean;
  readonly obliged: boolean;
  /** Of the signal that made it mandatory, or that is judged now; empty and `unknown` without one. */
  readonly signalSource: string;
  readonly signalType: string;
  readonly signalSeverity: PolicyLevel;
  /** Sorted. */
  readonly signalIds: readonly string[];
  /** An assessment is in force. Without one every fact below is its least known value. */
  readonly assessed: boolean;
  /** 0 to 100; -1: not known. */
  readonly risk: number;
  readonly level: PolicyLevel;
  /** Per cent; 0 where nothing was assessed. */
  readonly coverage: number;
  /** Ids of implications for the worse, sorted. */
  readonly implications: readonly string[];
  /** Findings for the worse that nothing clears now, by severity. -1, here and below: not known. */
  readonly openCritical: number;
  readonly openHigh: number;
  readonly openMedium: number;
  readonly openLow: number;
  /** Those that a person's signed word took off the score, and that still holds. */
  readonly humanClearedCritical: number;
  readonly humanClearedHigh: number;
  readonly humanClearedMedium: number;
  readonly humanClearedLow: number;
  /** Those that something took off it that a machine checks: evidence, VEX, the context. */
  readonly machineClearedCritical: number;
  readonly machineClearedHigh: number;
  readonly machineClearedMedium: number;
  readonly machineClearedLow: number;
  /** Which of `clearers` took any off it, sorted. */
  readonly clearedBy: readonly string[];
  /** Findings whose clearing the assessment counted on and that has ended since; they are open again. */
  readonly clearingsExpired: number;
  /** Grounds of the clearings signed on this record that hold now, weighed yet or not; sorted. */
  readonly clearingGrounds: readonly string[];
  /** How many things the assessment could not know. */
  readonly unknowns: number;
  readonly unknownAuthors: number;
  readonly commits: number;
  readonly files: number;
  /** Kinds of the evidence attached, sorted. */
  readonly evidence: readonly string[];
  /** The assessment names a proof that this is the exact inverse of what it undoes. */
  readonly inverse: boolean;
  /** The ledger has seen the target run here. */
  readonly ranBefore: boolean;
  readonly approvals: number;
  readonly renewals: number;
}

export interface ContextFacts {
  /** The entry's recorded time, RFC 3339 UTC with milliseconds. */
  readonly now: string;
  /** `mon` to `sun`, UTC. */
  readonly weekday: string;
  /** Minute of the day, UTC, 0 to 1439. */
  readonly minute: number;
  readonly overdueOfActor: number;
  readonly overdueOfService: number;
}

export interface Verdict {
  readonly allowed: boolean;
  /** Ids of the rules that decided, sorted; empty where nothing allowed it. */
  readonly rules: readonly string[];
  /** Why it is not allowed, one sentence: which rule forbids, or that none permits. */
  readonly reason: string;
}

export interface Classification {
  /** Sorted, each once. */
  readonly classes: readonly string[];
  readonly rules: readonly string[];
  readonly obligations: Obligations;
}

/** What the rules make of a signal. */
export interface Obliging {
  /** Ids of the rules that match, sorted; empty: nothing is mandatory. */
  readonly rules: readonly string[];
  /** The shortest time that one of them gives. */
  readonly minutes: number;
  /** Who may own it, in the order of the rule that gives the shortest time. */
  readonly owners: readonly string[];
}

/** Bound to one version of the rules. An error inside denies; it never throws for a request. */
export interface Judge {
  permits(request: PolicyRequest): Verdict;
  /** The strictest of what all matching rules ask for, over the settings' obligations `least`. */
  classify(request: PolicyRequest, least: Obligations): Classification;
  obliges(request: PolicyRequest): Obliging;
}

/**
 * How the policy's part of the rules is held: by a judge for the digest in
 * force, or not at all, which only a verifier may choose and must say aloud.
 */
export type Judging = "unchecked" | ((rules: string) => Judge | undefined);

/** The judge of the rules in force; undefined where there are none, or nothing is to be checked. */
export function judgeOf(judging: Judging, rules: string | undefined): Judge | undefined {
  if (rules === undefined || judging === "unchecked") return undefined;
  const judge = judging(rules);
  rule(
    "policy",
    judge !== undefined,
    () => `the policy's rules sha256:${rules} are not here; without them nothing is allowed`,
  );
  return judge;
}

/** Throws a refusal unless the policy permits. */
export function mustPermit(judge: Judge, request: PolicyRequest): Verdict {
  const verdict = judge.permits(request);
  if (!verdict.allowed) throw new Refusal("policy", verdict.reason);
  return verdict;
}

/** Throws a refusal unless the rules make just this of the signal that opened `state`. */
export function mustOblige(
  judge: Judge,
  request: PolicyRequest,
  { obligation, signal, recordedAt }: Proposal,
  owners: readonly string[],
): void {
  const asked = judge.obliges(request);
  const found = {
    rules: signal?.rules ?? [],
    owners,
    deadline: obligation?.deadline ?? "",
  };
  const wanted = {
    rules: asked.rules,
    owners: asked.owners,
    deadline: later(recordedAt, asked.minutes),
  };
  rule("policy", JSON.stringify(found) === JSON.stringify(wanted), () =>
    asked.rules.length === 0
      ? `no rule makes the signal ${signal?.id} mandatory`
      : `the rules ${asked.rules.join(", ")} make it mandatory by ${wanted.deadline}, not ${found.rules.join(", ")} by ${found.deadline}`,
  );
}

/** For the views and explanations: a request as JSON. */
export function requestJson(request: PolicyRequest): JsonObject {
  return request as unknown as JsonObject;
}
