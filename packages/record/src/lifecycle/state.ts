/**
 * The state of one record: what its entries add up to. Plain JSON, so that a
 * store may keep a copy as a view; the entries are the truth.
 */
import type { AssessedInputs, AssessedRisk, Identity, Policy } from "../statements/words.ts";

export const statuses = [
  "proposed",
  "pending_approval",
  "authorised",
  "executing",
  "execution_failed",
  "executed",
  "partial",
  "verifying",
  "verification_failed",
  "stabilising",
  "stabilised",
  "in_review",
  "closed",
  "rejected",
  "withdrawn",
  "expired",
  "lapsed",
] as const;
export type Status = (typeof statuses)[number];

/** Nothing more can happen to a record in one of these, but the deletion of openings. */
export const ended: readonly Status[] = ["closed", "rejected", "withdrawn", "expired", "lapsed"];

/** Said by whom, where in the log, when; both clocks. */
export interface Saying {
  readonly index: number;
  readonly actor: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
}

/** Bytes kept beside the ledger, in by SHA-256. */
export interface Artefact {
  readonly digest: string;
  readonly size: number;
}

export interface Proposal extends Saying {
  /** SHA-256 of the signed payload. */
  readonly digest: string;
  readonly kind: string;
  readonly service: string;
  readonly environment: string;
  readonly current: Identity;
  readonly target: Identity;
  readonly reason: string;
  readonly tickets: readonly string[];
  readonly stabiliseMinutes: number;
  readonly expiresAt?: string;
  readonly rationale: string;
  readonly impact: string;
  readonly security: string;
}

export interface Assessment extends Saying {
  readonly digest: string;
  readonly report?: Artefact;
  readonly commits: number;
  readonly files: number;
  readonly authors: readonly string[];
  readonly unknownAuthors: number;
  readonly implications: readonly {
    readonly id: string;
    readonly rule: string;
    readonly direction: string;
    readonly severity: string;
    readonly count: number;
  }[];
  readonly unknowns: readonly string[];
  readonly risk?: AssessedRisk;
  readonly inputs?: AssessedInputs;
}

export interface EvidenceItem extends Saying, Artefact {
  readonly kind: string;
  readonly mediaType: string;
}

export interface Decision extends Saying {
  readonly leafHash: string;
  readonly decision: "approve" | "reject";
  /** The record hash that was decided on. */
  readonly hash: string;
  readonly evidenceSeen: string;
  readonly comment?: string;
  /** Index of the entry that made it void. */
  readonly voidedBy?: number;
}

export interface Authorisation {
  readonly index: number;
  readonly hash: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly approvals: readonly string[];
}

export interface Execution extends Saying {
  readonly id: string;
  readonly command: string;
  readonly finished?: {
    readonly index: number;
    readonly outcome: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly output?: Artefact;
  };
}

export interface Observation extends Saying {
  readonly running: Identity;
  readonly source: string;
  readonly agrees: boolean;
  readonly independent: boolean;
}

export interface Verification extends Saying {
  readonly outcome: "passed" | "failed";
  readonly checks: readonly { readonly name: string; readonly outcome: "passed" | "failed" }[];
}

export interface TimelineItem extends Saying {
  readonly type: string;
  readonly statement: string;
  readonly key: string;
  readonly leafHash: string;
  /** One sentence without personal data. */
  readonly says: string;
}

export interface RecordState {
  readonly id: string;
  readonly uid: string;
  readonly status: Status;
  /** Recorded time of the entry that led to this status. */
  readonly since: string;
  readonly hash: string;
  readonly revision: number;
  readonly policy: Policy;
  readonly proposal: Proposal;
  readonly assessment?: Assessment;
  readonly evidence: readonly EvidenceItem[];
  readonly decisions: readonly Decision[];
  readonly authorisation?: Authorisation;
  readonly executions: readonly Execution[];
  readonly observations: readonly Observation[];
  readonly verifications: readonly Verification[];
  readonly review?: Saying & { readonly outcome: string; readonly actions: readonly string[] };
  readonly closure?: Saying & { readonly alignment: string };
  /** Everyone who proposed any revision, or assessed. */
  readonly proposers: readonly string[];
  /** Everyone who took part before the review. */
  readonly participants: readonly string[];
  readonly deletedOpenings: readonly string[];
  readonly timeline: readonly TimelineItem[];
  /** Leaf hash of the stream's newest entry, in hex. */
  readonly head: string;
}

/** Approvals that count now: not void, of the hash in force, one for each person. */
export function approvalsInForce(state: RecordState): readonly Decision[] {
  return state.decisions.filter(
    (item) =>
      item.decision === "approve" && item.voidedBy === undefined && item.hash === state.hash,
  );
}

/** Marks every decision that is not void yet as voided by entry `index`. */
export function voidDecisions(state: RecordState, index: number): readonly Decision[] {
  return state.decisions.map((item) =>
    item.voidedBy === undefined ? { ...item, voidedBy: index } : item,
  );
}

/** Every artefact that the record's statements name: report, evidence, output. Each once. */
export function artefactsOf(state: RecordState): readonly Artefact[] {
  const found = new Map<string, Artefact>();
  const add = (item: Artefact | undefined) => {
    if (item !== undefined) found.set(item.digest, { digest: item.digest, size: item.size });
  };
  add(state.assessment?.report);
  for (const item of state.evidence) add(item);
  for (const item of state.executions) add(item.finished?.output);
  return [...found.values()];
}
