/**
 * Signals: what scanners and other tools report about something that runs. Each is
 * kept; what a rule of the policy matches opens a mandatory rollback, once however
 * often it is sent, and several signals about one state are one rollback.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  checkAt,
  digestOf,
  identity,
  makeOpening,
  name,
  obligationOf,
  Refusal,
  rollbackKind,
  securitySignal,
  signalRequest,
  type JsonObject,
  type SecuritySignal,
} from "@countermand/record";
import type { Page, Signal, SignalAnswer, SignalEvent, SignalQuery } from "./countermand.ts";
import type { SignalCommand, WrittenSignal } from "./batch.ts";
import { RollbacksError } from "./error.ts";
import { knownRegistry } from "./known-registry.ts";
import { checkLimit } from "./list.ts";
import { writeSignal } from "./signal-rows.ts";
import type { OpenStore } from "./store.ts";
import { readRecord } from "./views.ts";

/** An event's clock may be ahead of ours by this much, in milliseconds. */
const clockTolerance = 60_000;

export async function takeSignal(store: OpenStore, event: SignalEvent): Promise<SignalAnswer> {
  const now = store.now();
  const command = commandOf(event, now);
  const { row } = command;
  const before = await store.database.read
    .selectFrom("signal")
    .select(["signal.digest", "signal.outcome", "signal.record"])
    .where("signal.log_id", "=", store.logId)
    .where("signal.source", "=", row.source)
    .where("signal.id", "=", row.id)
    .executeTakeFirst();
  if (before !== undefined) {
    if (before.digest !== row.digest) {
      throw new RollbacksError(
        "conflict",
        `the signal ${row.id} of ${row.source} was received before with another content; give what is new an id of its own`,
      );
    }
    const outcome = before.outcome as Signal["outcome"];
    // What nothing came of is judged again: since then the rules may have changed.
    if (outcome !== "no-rule") return answer(store, outcome, before.record ?? undefined, true);
  }
  const repeated = before !== undefined;
  if (!(await isMandatory(store, command, now))) return forgoing(store, row, repeated);
  try {
    const { result } = await store.ledger.submit(command);
    if (result.refused !== undefined) throw result.refused;
    if (result.joined !== true) return await answer(store, "mandatory", result.stream, repeated);
    await keep(store, { ...row, outcome: "joined", record: result.stream });
    return await answer(store, "joined", result.stream, repeated);
  } catch (error) {
    // The policy or the people changed at this moment.
    if (error instanceof Refusal && error.rule === "policy") return forgoing(store, row, repeated);
    throw error;
  }
}

/** Asked before the log is: most signals are not worth an entry. */
async function isMandatory(
  store: OpenStore,
  { signal, place }: SignalCommand,
  now: Date,
): Promise<boolean> {
  const registry = await knownRegistry(store);
  if (registry === undefined) throw new RollbacksError("no-ledger", "the ledger is not open yet");
  const { rules } = registry;
  if (rules === undefined) return false;
  await store.judges.prepare(registry);
  const judge = store.judges.judge(rules.digest);
  if (judge === undefined) {
    throw new RollbacksError(
      "unavailable",
      `the policy's rules sha256:${rules.digest} are not here, so nobody can say what a signal asks for; put the artefact back and send it again`,
    );
  }
  const request = signalRequest(registry, signal, place, now.toISOString());
  return obligationOf(judge, registry, request) !== undefined;
}

/** It is kept, and nothing follows from it. */
async function forgoing(
  store: OpenStore,
  row: SignalCommand["row"],
  repeated: boolean,
): Promise<SignalAnswer> {
  await keep(store, { ...row, outcome: "no-rule" });
  return answer(store, "no-rule", undefined, repeated);
}

async function keep({ database, logId }: OpenStore, row: WrittenSignal): Promise<void> {
  await database.transaction((tx) => writeSignal(tx, logId, row));
}

async function answer(
  { database, logId }: OpenStore,
  outcome: Signal["outcome"],
  record: string | undefined,
  repeated: boolean,
): Promise<SignalAnswer> {
  const state = record === undefined ? undefined : await readRecord(database.read, logId, record);
  const { obligation, signal } = state?.proposal ?? {};
  return {
    outcome,
    repeated,
    ...(record === undefined ? {} : { record }),
    ...(obligation === undefined ? {} : { owner: obligation.owner, deadline: obligation.deadline }),
    ...(signal === undefined ? {} : { rules: signal.rules }),
  };
}

function commandOf(event: SignalEvent, now: Date): SignalCommand {
  const { source, id, type, data } = event;
  const occurredAt = event.time ?? now.toISOString();
  if (Date.parse(occurredAt) > now.getTime() + clockTolerance) {
    throw new RollbacksError(
      "invalid",
      `the signal says it was made at ${occurredAt}, and it is ${now.toISOString()} here; check the sender's clock`,
    );
  }
  const { service, environment, severity, ids = [], current, target, summary, url } = data;
  const kind = data.kind ?? "redeploy-previous";
  const digest = digestOf(event as unknown as JsonObject);
  const signal: SecuritySignal = {
    source,
    id,
    type,
    severity,
    ids: [...new Set(ids)],
    occurredAt,
    digest,
  };
  // Whoever asks without HTTP between was checked by nobody yet.
  checkAt("signal", securitySignal, signal);
  checkAt("service", name, service);
  checkAt("environment", name, environment);
  checkAt("kind", rollbackKind, kind);
  if (current !== undefined) checkAt("current", identity, current);
  if (target !== undefined) checkAt("target", identity, target);
  if (`${summary ?? ""}${url ?? ""}`.length > 2500) {
    throw new RollbacksError("invalid", "summary and url together have at most 2500 characters");
  }
  const link = url === undefined ? "" : ` (${url})`;
  const about = ids.length === 0 ? "" : ` about ${ids.join(", ")}`;
  const text = (value: string) => makeOpening(value, randomBytes(32));
  return {
    kind: "signal",
    statement: uuidOf(`statement ${source} ${id}`),
    uid: uuidOf(`record ${source} ${id}`),
    signal,
    place: {
      service,
      environment,
      kind,
      ...(current === undefined ? {} : { current }),
      ...(target === undefined ? {} : { target }),
    },
    texts: {
      rationale: text(
        `${source} reported ${type} ${id}${link}${about}: ${summary ?? "no summary was given."}`,
      ),
      impact: text(
        "Not known yet: a rule of the policy opened this. Whoever revises the proposal says what users will notice.",
      ),
      security: text(`Severity ${severity} as ${source} says${about}.`),
    },
    row: {
      source,
      id,
      recordedAt: now.toISOString(),
      occurredAt,
      service,
      environment,
      type,
      severity,
      currentDigest: current === undefined ? "" : digestOf(current),
      event: JSON.stringify(event),
      digest,
    },
  };
}

/** The same for every attempt, so that a signal that is sent again is known as itself (UUID version 8). */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(`countermand signal ${text}`).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Newest first. */
export async function listSignals(
  { database, logId }: OpenStore,
  query: SignalQuery,
): Promise<Page<Signal>> {
  const limit = checkLimit(query.limit);
  let rows = database.read
    .selectFrom("signal")
    .selectAll("signal")
    .where("signal.log_id", "=", logId)
    .orderBy("signal.recorded_at", "desc")
    .orderBy("signal.source", "desc")
    .orderBy("signal.id", "desc")
    .limit(limit + 1);
  if (query.outcome !== undefined) rows = rows.where("signal.outcome", "=", query.outcome);
  if (query.after !== undefined) {
    const [at, source, id] = parseCursor(query.after);
    rows = rows.where((eb) =>
      eb(
        eb.refTuple("signal.recorded_at", "signal.source", "signal.id"),
        "<",
        eb.tuple(at, source, id),
      ),
    );
  }
  const found = await rows.execute();
  const items = found.slice(0, limit).map((row): Signal => ({
    event: JSON.parse(row.event) as SignalEvent,
    recordedAt: row.recorded_at,
    outcome: row.outcome as Signal["outcome"],
    ...(row.record === null ? {} : { record: row.record }),
  }));
  const last = items.at(-1);
  return {
    items,
    ...(found.length > limit && last !== undefined
      ? { next: `${last.recordedAt}|${last.event.source}|${last.event.id}` }
      : {}),
  };
}

/** No name and no id has a bar in it. */
function parseCursor(cursor: string): readonly [at: string, source: string, id: string] {
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]{12}Z)\|([^\s|]{1,100})\|([^\s|]{1,200})$/.exec(cursor);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) {
    throw new RollbacksError("invalid", "after is the `next` of the page before");
  }
  return [match[1], match[2], match[3]];
}
