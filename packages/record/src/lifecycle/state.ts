/**
 * The state of one record: what its entries add up to. Plain JSON, so that a
 * store may keep a copy as a view; the entries are the truth.
 */
import type { Condition } from "../statements/condition.ts";
import type { Obligations } from "../policy/obligations.ts";
import { digestOf } from "./record-hash.ts";
import type {
  AssessedInputs,
  AssessedRisk,
  Identity,
  Mode,
  Policy,
  SecuritySignal,
  Unnamed,
  WeighedFindings,
} from "../statements/words.ts";

export const statuses = [
  "planned",
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
  "overridden",
  "rejected",
  "withdrawn",
  "expired",
  "lapsed",
] as const;
export type Status = (typeof statuses)[number];

/** The main line is over. What stands beside it (a temporary rollback's end, a retrospective) may go on. */
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
  /** Unnamed only in what a signal opened, until somebody revises it. */
  readonly current: Identity | Unnamed;
  readonly target: Identity | Unnamed;
  readonly reason: string;
  readonly tickets: readonly string[];
  readonly stabiliseMinutes: number;
  readonly expiresAt?: string;
  readonly mode?: Mode;
  /** Of an emergency: whether its key showed that it was its owner who signed. */
  readonly stepUp?: boolean;
  /** The open incident of an emergency. */
  readonly incident?: string;
  /** Somebody must roll back, or answer for not doing so: why, who, until when. */
  readonly obligation?: MandatorySignal;
  /** What a rule over signals made of it. */
  readonly signal?: SecuritySignal & { readonly rules: readonly string[] };
  /** The plan that was written for this, before. */
  readonly plan?: string;
  /** Names of the checks that are to tell whether it worked. */
  readonly checks: readonly string[];
  readonly rationale: string;
  readonly impact: string;
  readonly security: string;
}

export interface MandatorySignal {
  /** The finding or alert that it came from. */
  readonly signal: string;
  readonly owner: string;
  readonly deadline: string;
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
  /** A proof that the target is the exact inverse of what is undone. */
  readonly inverse?: Artefact;
  /** The ledger had seen the target run here, as the sequencer said. */
  readonly ranBefore: boolean;
  readonly risk?: AssessedRisk;
  readonly inputs?: AssessedInputs;
  readonly findings?: WeighedFindings;
}

export interface EvidenceItem extends Saying, Artefact {
  readonly kind: string;
  readonly mediaType: string;
  /** SHA-256 of the target that it was laid before the approvers for. */
  readonly target: string;
}

export const decisionKinds = [
  "approve",
  "reject",
  "request-changes",
  "delegate",
  "escalate",
] as const;
export type DecisionKind = (typeof decisionKinds)[number];

export interface Decision extends Saying {
  /** Id of the statement. */
  readonly id: string;
  /** Fingerprint of the key that signed it. */
  readonly key: string;
  readonly leafHash: string;
  readonly decision: DecisionKind;
  /** Of a delegation the person, of an escalation the role. */
  readonly to?: string;
  readonly conditions: readonly Condition[];
  /** The record hash that was decided on. */
  readonly hash: string;
  readonly evidenceSeen: string;
  readonly comment?: string;
  /** Index of the entry that made it void. */
  readonly voidedBy?: number;
  /** Index of the entry with which the person took it back. */
  readonly withdrawnBy?: number;
}

/** Which way led to the authorisation. */
export type Lane = "quorum" | "clean-revert" | "emergency";

export interface Authorisation {
  readonly lane: Lane;
  /** Pre-authorised, and chosen to be reviewed all the same. */
  readonly sampled: boolean;
  /** Of all approvals that count, each once. */
  readonly conditions: readonly Condition[];
  readonly index: number;
  readonly hash: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly approvals: readonly string[];
}

export interface Execution extends Saying {
  readonly id: string;
  /** Commitment to the command line; none where the gate let a deployment through. */
  readonly command?: string;
  /** Whom the gate let through. */
  readonly gate?: string;
  /** Index of the entry that said that nobody had reported on it in time. */
  readonly overdue?: number;
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

export interface CheckReport extends Saying {
  /** The record hash that it was reported on. */
  readonly hash: string;
  readonly name: string;
  readonly outcome: "passed" | "failed";
}

/** A job's own key, for one record and as long as its token held. */
export interface WorkloadKey extends Saying {
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly issuer: string;
  readonly expiresAt: string;
  /** The issuer's key set as it was then. */
  readonly keys: Artefact;
}

/** What the policy's rules made of the version with this hash. */
export interface ClassifiedAs extends Saying {
  readonly hash: string;
  readonly classes: readonly string[];
  readonly rules: readonly string[];
}

/** A rollback that ends: from when, until when, and what became of it. */
export interface Temporary {
  readonly from: string;
  readonly expiresAt: string;
  readonly renewals: number;
  /** Index of the entry that warned, and of the one that said it had expired. */
  readonly warned?: number;
  readonly expired?: number;
  readonly ended?: { readonly index: number; readonly how: "permanent" | "undone" };
}

/** A request for a longer or an endless stay of what was temporary. */
export interface ExceptionRequest extends Saying {
  readonly id: string;
  readonly kind: "renew" | "make-permanent";
  readonly until?: string;
  readonly rationale: string;
  /** Distinct persons who must agree. */
  readonly approvals: number;
  readonly decisions: readonly (Saying & {
    readonly leafHash: string;
    readonly key: string;
    readonly decision: "approve" | "reject";
  })[];
  /** `void`: what it was asked for was over before it was decided on. */
  readonly outcome?: "granted" | "rejected" | "expired" | "void";
}

/** What an emergency owes: the judgement of somebody who took no part. */
export interface Retrospective {
  readonly dueAt: string;
  /** Index of the entry that said it was overdue. */
  readonly overdue?: number;
  readonly done?: Saying & {
    readonly outcome: string;
    /** Whether the key showed that it was its owner who judged. */
    readonly stepUp: boolean;
  };
}

/** Findings of the analysis that somebody took off the score for a time. */
export interface Clearing extends Saying {
  readonly leafHash: string;
  /** Fingerprints. */
  readonly findings: readonly string[];
  readonly ground: string;
  readonly scope: "record" | "service";
  readonly until: string;
  /** SHA-256 of the target that it was said about. */
  readonly target: string;
  readonly rationale: string;
}

/** A mandatory rollback that was set aside for a time, with something in its place. */
export interface Override extends Saying {
  readonly until: string;
  readonly control: string;
  readonly rationale: string;
}

/** Drills of what a plan describes, by a schedule that somebody signed. */
export interface Drills {
  readonly schedule: Saying & {
    readonly owner: string;
    readonly first: string;
    /** ISO 8601, see `interval.ts`. */
    readonly every: string;
    readonly until: string;
    readonly withinDays: number;
    /** `planned`: to the plan's own target; `chosen`: to one named each time. */
    readonly target: "planned" | "chosen";
  };
  /** The newest time at which one fell due under this schedule. */
  readonly told?: string;
  /** The one to be held: since when, the entry that said so, how many more fell due before or after it. */
  readonly due?: {
    readonly at: string;
    readonly index: number;
    readonly missed: number;
    /** Index of the entry that said it was overdue. */
    readonly overdue?: number;
  };
  readonly held: readonly (Saying & {
    /** The exercise. */
    readonly drill: string;
    readonly outcome: "succeeded" | "failed";
  })[];
  readonly cancelled?: Saying & { readonly rationale: string };
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
  /** What this version must show: from the policy's settings, and from its rules once they classified it. */
  readonly obligations: Obligations;
  readonly classification?: ClassifiedAs;
  readonly proposal: Proposal;
  readonly assessment?: Assessment;
  readonly evidence: readonly EvidenceItem[];
  readonly decisions: readonly Decision[];
  readonly authorisation?: Authorisation;
  readonly executions: readonly Execution[];
  readonly observations: readonly Observation[];
  readonly verifications: readonly Verification[];
  readonly checks: readonly CheckReport[];
  readonly workloadKeys: readonly WorkloadKey[];
  readonly temporary?: Temporary;
  readonly exceptions: readonly ExceptionRequest[];
  readonly clearings: readonly Clearing[];
  readonly retrospective?: Retrospective;
  /** Index of the entry that said the obligation's deadline had passed. */
  readonly obligationOverdue?: number;
  readonly override?: Override;
  /** Of a plan. */
  readonly drills?: Drills;
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

/** Decisions that hold now: not void, not taken back, of the hash in force. */
export function decisionsInForce(state: RecordState): readonly Decision[] {
  return state.decisions.filter(
    (item) =>
      item.voidedBy === undefined && item.withdrawnBy === undefined && item.hash === state.hash,
  );
}

/** Approvals among them, one for each person. */
export function approvalsInForce(state: RecordState): readonly Decision[] {
  return decisionsInForce(state).filter((item) => item.decision === "approve");
}

/** Clearings that hold at `now`: for this record only those of the target it has now. */
export function clearingsInForce(state: RecordState, now: string): readonly Clearing[] {
  const target = digestOf(state.proposal.target);
  return state.clearings.filter(
    (item) => item.until > now && (item.scope === "service" || item.target === target),
  );
}

/** Kinds of evidence that the obligations name and nobody attached for the target in force. */
export function missingEvidence(state: RecordState): readonly string[] {
  const target = digestOf(state.proposal.target);
  return state.obligations.evidence.filter(
    (kind) => !state.evidence.some((item) => item.kind === kind && item.target === target),
  );
}

/** Somebody took part: said something about the rollback itself, or deployed it through a gate. */
export function tookPart(state: RecordState, actor: string): boolean {
  return state.participants.includes(actor) || state.executions.some((item) => item.gate === actor);
}

/** The target ran: its executor reported so, or somebody saw it. */
export function hasRun(state: RecordState): boolean {
  return (
    state.executions.some((item) => item.finished?.outcome === "exit 0") ||
    state.observations.some((item) => item.agrees)
  );
}

/** Somebody must still roll back: what obliges to it was not met by a run. */
export function obligationUnmet(state: RecordState): boolean {
  return state.proposal.obligation !== undefined && !hasRun(state);
}

/**
 * What is mandatory, and failed or was not run in its window, waits for another
 * attempt: nothing holds any more that was agreed on for the one before, and a
 * stay that began with it never was.
 */
export function afresh(state: RecordState, index: number): RecordState {
  const { authorisation: _void, temporary: _never, ...kept } = state;
  return {
    ...kept,
    exceptions: voidRequests(state),
    decisions: voidDecisions(state, index),
  };
}

/** Requests for exceptions whose object is gone. */
export function voidRequests({ exceptions }: RecordState): readonly ExceptionRequest[] {
  return exceptions.map((item) =>
    item.outcome === undefined ? { ...item, outcome: "void" as const } : item,
  );
}

/** A schedule of drills still has times ahead at `now`. */
export function drillsGoOn({ drills }: RecordState, now: string): boolean {
  return drills !== undefined && drills.cancelled === undefined && drills.schedule.until > now;
}

/** A retrospective is overdue: until it is given, its people open no other emergency. */
export function isOverdue(state: RecordState): boolean {
  return state.retrospective?.overdue !== undefined && state.retrospective.done === undefined;
}

/**
 * Production was taken back, or is being taken back, and what it was taken back
 * from may still ship again: main and the desired state are not said to be
 * aligned. A run that failed took nothing back.
 */
export function isDangling(state: RecordState): boolean {
  const newest = state.executions.at(-1);
  return (
    state.proposal.mode !== "exercise" &&
    newest !== undefined &&
    (newest.finished === undefined || hasRun(state)) &&
    state.temporary?.ended?.how !== "undone" &&
    state.closure?.alignment !== "aligned"
  );
}

/** When the record was opened: what an emergency's window runs from, however often it is revised. */
export function openedAt(state: RecordState): string {
  return state.timeline[0]?.recordedAt ?? state.proposal.recordedAt;
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
  add(state.assessment?.inverse);
  for (const item of state.evidence) add(item);
  for (const item of state.workloadKeys) add(item.keys);
  for (const item of state.executions) add(item.finished?.output);
  return [...found.values()];
}
