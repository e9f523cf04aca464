/**
 * What an entry is worth telling: a pure function of the entry and of the record
 * before and after it. A notice holds ids, codes, times and the sentence that the
 * timeline shows; no name, no address, no text behind a commitment. Whoever wants
 * those reads the record, with the rights they have then.
 *
 * Reminders are not made here: each is an entry that a timer fired (adr 0005).
 */
import { showIdentity, type JsonObject, type RecordState } from "@countermand/record";

export const noticeKinds = [
  "approval.requested",
  "decision.made",
  "decision.withdrawn",
  "rollback.authorised",
  "rollback.lapsed",
  "rollback.expired",
  "emergency.opened",
  "retrospective.due",
  "retrospective.overdue",
  "retrospective.given",
  "temporary.expiring",
  "temporary.expired",
  "exception.requested",
  "exception.decided",
  "exception.granted",
  "execution.started",
  "execution.failed",
  "execution.overdue",
  "exception.expired",
  "obligation.opened",
  "obligation.overdue",
  "obligation.overridden",
  "override.ended",
  "drill.due",
  "drill.overdue",
  "policy.proposed",
  "policy.decided",
  "policy.review-due",
  "alarm.cleared",
] as const;

/** For one person alone, whatever the routes say: what happened to a key of theirs. */
export const personalKinds = ["key.used", "key.added", "key.revoked"] as const;

/** `test` is what `countermand notify test` sends; nothing else makes it. */
export type NoticeKind = (typeof noticeKinds)[number] | (typeof personalKinds)[number] | "test";

export interface Notice {
  readonly kind: NoticeKind;
  /** The entry that it tells of. */
  readonly index: number;
  /** In hex. */
  readonly leafHash: string;
  /** The kind of statement in the entry. */
  readonly statement: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  /** Who said it: an opaque id. */
  readonly actor: string;
  /** The entry in one sentence, after the actor. */
  readonly says: string;
  readonly record?: NoticedRecord;
  /** What it is about ends or is due then. */
  readonly until?: string;
  /** Groups that the policy wants told. */
  readonly groups: readonly string[];
  /** Only this person is told. */
  readonly person?: string;
  /** Fingerprint of the key that signed, or that was added or revoked. */
  readonly key?: string;
}

export interface NoticedRecord {
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  readonly status: string;
  readonly reason: string;
  /** Short. */
  readonly target: string;
  readonly mode?: string;
}

/** An entry as it was just appended. */
export interface Appended {
  readonly index: number;
  readonly leafHash: string;
  readonly type: string;
  readonly actor: string;
  /** Fingerprint of the key that signed it. */
  readonly key: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly says: string;
  readonly body: JsonObject;
  /** The actor is a human, not the system, a workload or a controller. */
  readonly byHuman: boolean;
}

/** Statements whose kind alone decides. */
const kindOf: Readonly<Record<string, (typeof noticeKinds)[number]>> = {
  decision: "decision.made",
  "decision-withdrawn": "decision.withdrawn",
  authorised: "rollback.authorised",
  lapsed: "rollback.lapsed",
  expired: "rollback.expired",
  retrospective: "retrospective.given",
  "retrospective-overdue": "retrospective.overdue",
  "temporary-expiring": "temporary.expiring",
  "temporary-expired": "temporary.expired",
  "exception-requested": "exception.requested",
  "exception-decided": "exception.decided",
  "exception-granted": "exception.granted",
  "exception-expired": "exception.expired",
  "execution-started": "execution.started",
  "execution-overdue": "execution.overdue",
  "obligation-overdue": "obligation.overdue",
  overridden: "obligation.overridden",
  "override-ended": "override.ended",
  "policy-proposed": "policy.proposed",
  "policy-decided": "policy.decided",
  "policy-review-due": "policy.review-due",
  "drill-due": "drill.due",
  "drill-overdue": "drill.overdue",
  "alarm-cleared": "alarm.cleared",
};

/** Everything that an entry is worth telling, each kind once; of most entries nothing. */
export function noticesOf(
  entry: Appended,
  before: RecordState | undefined,
  after: RecordState | undefined,
): readonly Notice[] {
  const base = {
    index: entry.index,
    leafHash: entry.leafHash,
    statement: entry.type,
    occurredAt: entry.occurredAt,
    recordedAt: entry.recordedAt,
    actor: entry.actor,
    says: entry.says,
    groups: after?.obligations.notify ?? [],
    ...(after === undefined ? {} : { record: recordIn(after) }),
  };
  const found: Notice[] = [];
  const kind = Object.hasOwn(kindOf, entry.type) ? kindOf[entry.type] : undefined;
  if (kind !== undefined) found.push({ kind, ...base, ...until(kind, entry, after) });
  if (after !== undefined) {
    if (after.proposal.mode === "emergency" && before === undefined) {
      found.push({ kind: "emergency.opened", ...base });
    }
    if (after.proposal.obligation !== undefined && before === undefined) {
      found.push({ kind: "obligation.opened", ...base, until: after.proposal.obligation.deadline });
    }
    if (after.status === "execution_failed" && before?.status !== "execution_failed") {
      found.push({ kind: "execution.failed", ...base });
    }
    if (after.status === "pending_approval" && before?.status !== "pending_approval") {
      found.push({ kind: "approval.requested", ...base });
    }
    const due = after.retrospective?.dueAt;
    if (due !== undefined && before?.retrospective === undefined) {
      found.push({ kind: "retrospective.due", ...base, until: due });
    }
  }
  return [...found, ...personal(entry).map((item) => ({ ...base, ...item, groups: [] }))];
}

function personal({
  type,
  actor,
  key,
  body,
  byHuman,
}: Appended): readonly Pick<Notice, "kind" | "person" | "key">[] {
  switch (type) {
    case "key-added":
      return [{ kind: "key.added", person: text(body["person"]), key: fingerprintIn(body) }];
    case "key-enrolled":
      return [{ kind: "key.added", person: actor, key: fingerprintIn(body) }];
    case "key-revoked":
      return [
        { kind: "key.revoked", person: text(body["person"]), key: text(body["fingerprint"]) },
      ];
    default:
      return byHuman ? [{ kind: "key.used", person: actor, key }] : [];
  }
}

function until(
  kind: NoticeKind,
  { body }: Appended,
  after: RecordState | undefined,
): Pick<Notice, "until"> {
  const found =
    kind === "rollback.authorised"
      ? after?.authorisation?.notAfter
      : kind === "temporary.expiring"
        ? after?.temporary?.expiresAt
        : kind === "obligation.overridden" || kind === "exception.requested"
          ? body["until"]
          : undefined;
  return typeof found === "string" ? { until: found } : {};
}

function recordIn({ id, status, proposal }: RecordState): NoticedRecord {
  const { service, environment, reason, target, mode } = proposal;
  return {
    id,
    service,
    environment,
    status,
    reason,
    target: showIdentity(target),
    ...(mode === undefined ? {} : { mode }),
  };
}

function fingerprintIn(body: JsonObject): string {
  return text((body["newKey"] as JsonObject | undefined)?.["fingerprint"]);
}

/** The rules have checked that it is one. */
function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("the statement has another shape");
  return value;
}

/** The same for every attempt, so that a receiver knows a repetition. */
export function messageId({ leafHash, kind }: Pick<Notice, "leafHash" | "kind">): string {
  return `msg_${leafHash.slice(0, 32)}_${kind.replaceAll(/[.-]/g, "_")}`;
}
