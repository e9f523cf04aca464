/**
 * The only way a state changes: one entry after another, under all the rules.
 * Pure; the sequencer runs it under the log's lock, the verifier over a package.
 * A `Refusal` names the rule.
 */
import { digestOf } from "./record-hash.ts";
import { canonicalize, type JsonValue } from "../bytes/canonical-json.ts";
import { checkClock, checkSigner } from "../constitution/signer.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import { registryStream, type Entry } from "../entry/entry.ts";
import { classifyRequest, policyActionOf, policyRequest } from "../policy/facts.ts";
import { judgeOf, mustOblige, mustPermit, type Judging } from "../policy/judge.ts";
import type { Registry } from "../registry/registry.ts";
import type { SignedStatement } from "../statements/signed-statement.ts";
import {
  existing,
  saying,
  type RecordStatement,
  type RegistryStatement,
  type Said,
} from "../statements/statement-type.ts";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { registryFollows } from "./registry-follows.ts";
import { follows } from "./follows.ts";
import type { RecordState } from "./state.ts";

/** Where an entry stands in the log. */
export interface Position {
  readonly index: number;
  /** In hex. */
  readonly leafHash: string;
}

/**
 * Raised whenever the same entries may give another state, be it only another
 * sentence: a store then rebuilds its views.
 */
export const foldVersion = 9;

/**
 * More entries than this in one record is somebody filling the ledger. What time
 * brings, and the judgement of those who took no part, still finds room: nobody
 * escapes them by filling the record.
 */
export const maxRecordEntries = 2000;

export function said(entry: Entry, statement: SignedStatement, at: Position): Said {
  return {
    ...at,
    recordedAt: entry.recordedAt,
    stream: entry.stream,
    payloadDigest: statement.payloadDigest,
    type: statement.type.name,
    head: statement.head,
    body: statement.body,
    subjects: statement.subjects,
    ...(statement.userPresent === undefined ? {} : { userPresent: statement.userPresent }),
    ...(statement.userVerified === undefined ? {} : { userVerified: statement.userVerified }),
    ...(statement.signedWith === undefined ? {} : { signedWith: statement.signedWith }),
  };
}

/** The registry after `entry`; `before` is undefined only for the log's first entry. */
export function advanceRegistry(
  before: Registry | undefined,
  entry: Entry,
  statement: SignedStatement,
  at: Position,
): Registry {
  const { type } = statement;
  if (type.stream !== "registry" || entry.stream !== registryStream) {
    throw new Refusal("chain", `${type.name} does not belong in the stream ${entry.stream}`);
  }
  checkChain(before?.head, before?.head, entry);
  checkOpen(before);
  const now = said(entry, statement, at);
  rule("lifecycle", (before === undefined) === (type.opens === true), () =>
    before === undefined ? "a ledger begins with log-opened" : "a ledger is opened once",
  );
  if (before === undefined) checkClock(now);
  else {
    checkSigner(type, now, before);
    checkOwed(type, before, now);
  }
  checkSubjects(now, type.subjects(statement.body, before));
  const after = type.apply(statement.body, before, now);
  rule(
    "key-bound",
    now.head.key === after.system.fingerprint || before !== undefined,
    () => "the opening entry is signed by the system key that it names",
  );
  return { ...after, head: at.leafHash, length: (before?.length ?? 0) + 1 };
}

function checkOpen(registry: Registry | undefined): void {
  rule(
    "lifecycle",
    registry?.closed === undefined,
    () => `the ledger was closed by entry ${registry?.closed?.index}; nothing is said after it`,
  );
}

function checkOwed(type: RegistryStatement<JsonObject>, registry: Registry, now: Said): void {
  const owed = registryFollows(registry, now.recordedAt);
  if (type.saidBy === "system") {
    rule(
      "system-only",
      owed?.type === type.name && sameBody(owed.body, now.body),
      () => `${type.name} does not follow from the registry at ${now.recordedAt}`,
    );
    return;
  }
  rule(
    "nothing-overdue",
    owed === undefined,
    () => `the registry owed ${owed?.type} before this was recorded, and no entry says so`,
  );
}

/** The record after `entry`; `before` is undefined only for the record's first entry. */
export function advance(
  before: RecordState | undefined,
  registry: Registry,
  entry: Entry,
  statement: SignedStatement,
  at: Position,
  judging: Judging,
): RecordState {
  const { type, body } = statement;
  if (type.stream !== "record" || entry.stream === registryStream) {
    throw new Refusal("chain", `${type.name} does not belong in the stream ${entry.stream}`);
  }
  checkChain(before?.head, registry.head, entry);
  checkOpen(registry);
  const now = said(entry, statement, at);
  checkSigner(type, now, registry, before);
  checkState(type, before, now, registry, judging);
  const context = {
    said: now,
    registry,
    ...(entry.context === undefined ? {} : { facts: entry.context }),
  };
  type.check?.(body, before, context);
  checkSubjects(now, type.subjects(body, before));
  const after = type.apply(body, before, context);
  // A proposal is judged as what it proposes, everything else by what it is said about.
  const action = policyActionOf(type.name, body, before === undefined);
  const judge = action === undefined ? undefined : judgeOf(judging, registry.rules?.digest);
  if (judge !== undefined && action !== undefined) {
    const about = type.opens === true ? after : existing(before);
    if (action === "signal") {
      const request = classifyRequest(about, registry, now.recordedAt, action);
      mustOblige(judge, request, about.proposal, body["owners"] as readonly string[]);
    } else {
      mustPermit(judge, policyRequest(action, about, registry, now, entry.context));
    }
  }
  return {
    ...after,
    head: at.leafHash,
    since: after.status === before?.status ? before.since : entry.recordedAt,
    participants: takesPart(type)
      ? [...new Set([...after.participants, now.head.actor])]
      : after.participants,
    timeline: [
      ...after.timeline,
      {
        ...saying(now),
        type: type.name,
        statement: now.head.id,
        key: now.head.key,
        leafHash: at.leafHash,
        says: type.says(body),
      },
    ],
  };
}

function checkState(
  type: RecordStatement<JsonObject>,
  state: RecordState | undefined,
  now: Said,
  registry: Registry,
  judging: Judging,
): void {
  if (state === undefined) {
    rule("lifecycle", type.opens === true, () => `there is no record ${now.stream}; propose first`);
    return;
  }
  rule(
    "record-bound",
    type.opens === true || now.body["record"] === state.id,
    () => `the statement is about another record than ${state.id}`,
  );
  rule(
    "record-bound",
    state.timeline.length < maxRecordEntries || !takesPart(type),
    () => `${state.id} has ${maxRecordEntries} entries; no record needs more`,
  );
  rule(
    "chain",
    !state.timeline.some((item) => item.statement === now.head.id),
    () => `the statement ${now.head.id} is in ${state.id} already; it is said once`,
  );
  const owed = follows(state, registry, now.recordedAt, judging);
  if (type.saidBy === "system" && type.onRequest !== true) {
    rule(
      "system-only",
      owed?.type === type.name && (owed.body === undefined || sameBody(owed.body, now.body)),
      () => `${type.name} does not follow from the entries of ${state.id} at ${now.recordedAt}`,
    );
  } else {
    rule(
      "nothing-overdue",
      owed === undefined,
      () => `${state.id} was ${owed?.type} before this was recorded, and no entry says so`,
    );
  }
  rule(
    "lifecycle",
    type.during.includes(state.status),
    () =>
      `${state.id} is ${state.status}; ${type.name} can be said while it is ${type.during.join(", ")}`,
  );
}

/** The entry's links must be the newest entries of its stream and of the registry. */
function checkChain(prev: string | undefined, registry: string | undefined, entry: Entry): void {
  rule(
    "chain",
    entry.prev === prev,
    () =>
      `the entry follows ${entry.prev ?? "nothing"} in ${entry.stream}, but the newest entry there is ${prev ?? "none"}: an entry is missing, out of order or not of this stream`,
  );
  rule(
    "chain",
    entry.registry === registry,
    () =>
      `the entry was decided under registry ${entry.registry ?? "none"}, but the newest is ${registry ?? "none"}`,
  );
}

function checkSubjects(now: Said, expected: Said["subjects"]): void {
  const wanted = canonicalize(expected as unknown as JsonValue);
  rule(
    "record-bound",
    canonicalize(now.subjects as unknown as JsonValue) === wanted,
    () =>
      `the statement was signed about another version: it names ${now.subjects[0]?.digest["sha256"] ?? "no digest"}, in force is ${expected[0]?.digest["sha256"] ?? "none"}; read it again and sign anew`,
  );
}

function sameBody(expected: JsonObject, found: JsonObject): boolean {
  return digestOf(expected) === digestOf(found);
}

/** Reviewing, judging, closing and deleting openings are not taking part in the rollback. */
function takesPart(type: RecordStatement<JsonObject>): boolean {
  return (
    type.saidBy !== "system" &&
    type.saidBy !== "review" &&
    type.saidBy !== "administer" &&
    type.name !== "retrospective"
  );
}
