/**
 * The gate: may this be deployed here, now? A few look-ups by an index; the log
 * is waited for only where a grant is used up. What went forward is remembered,
 * so that going back to it is known as going back.
 */
import { digestOf, Refusal, showIdentity } from "@countermand/record";
import { sql } from "kysely";
import type { Snapshot } from "../storage/database.ts";
import type { GateAnswer, GateRequest } from "./countermand.ts";
import { RollbacksError } from "./error.ts";
import type { GateLog } from "./gate-log.ts";
import { knownRegistry } from "./known-registry.ts";
import type { OpenStore } from "./store.ts";
import { wasSeen } from "./views.ts";

interface Ruling {
  readonly allowed: boolean;
  readonly rule: string;
  readonly reason: string;
  readonly record?: string;
}

/** Throws a `RollbacksError` where the ledger cannot be asked: then nothing was decided. */
export async function askGate(
  store: OpenStore,
  log: GateLog,
  request: GateRequest,
): Promise<GateAnswer> {
  const digest = digestOf(request.target);
  const answered = request.dryRun === true ? undefined : await log.answered(request.id);
  const unreachable = await unreachableMode(store, request);
  if (answered !== undefined) {
    if (answered.digest !== digest || answered.service !== request.service) {
      throw new RollbacksError(
        "conflict",
        `the request ${request.id} was made for something else; use a new id`,
      );
    }
    const { allowed, rule, reason, record, late, bypassed } = answered;
    const answer = { allowed, rule, reason, late, bypassed, unreachable };
    return record === undefined ? answer : { ...answer, record };
  }
  const ruling = await rule(store, log, request, digest);
  const late = request.spooled !== undefined;
  const bypassed = request.spooled?.allowed === true && !ruling.allowed;
  if (request.dryRun !== true) {
    await log.remember({
      ...request,
      ...ruling,
      digest,
      late,
      bypassed,
      shown: showIdentity(request.target),
      at: request.spooled?.at ?? store.now().toISOString(),
      // What was let through while nobody could be asked runs all the same.
      runs: request.spooled?.allowed ?? ruling.allowed,
    });
  }
  return { ...ruling, late, bypassed, unreachable };
}

async function rule(
  store: OpenStore,
  log: GateLog,
  request: GateRequest,
  digest: string,
): Promise<Ruling> {
  const where = { service: request.service, environment: request.environment, digest };
  const { read } = store.database;
  const what = showIdentity(request.target);
  const place = `${request.service} in ${request.environment}`;
  if (request.record !== undefined) return useGrant(store, request, request.record, digest);
  const [grants, dangling, newest, known, seen] = await Promise.all([
    grantsFor(read, store.logId, where),
    danglingOver(read, store.logId, where),
    log.newest(request.service, request.environment),
    log.ran(where),
    wasSeen(read, store.logId, where),
  ]);
  const unchanged = newest === digest;
  const older = request.older === true || ((known || seen) && !unchanged);
  if (dangling === undefined && !older) {
    return {
      allowed: true,
      rule: unchanged ? "unchanged" : "forward",
      reason: unchanged
        ? `${what} is what was deployed last to ${place}`
        : `${what} was never seen running as ${place}; it goes forward`,
    };
  }
  const [grant] = grants;
  if (grant !== undefined) return useGrant(store, request, grant, digest);
  if (dangling !== undefined) {
    return {
      allowed: false,
      rule: "dangling",
      reason: `${dangling} took ${place} back from ${what}, and main is not aligned yet; deploying it would undo that rollback. Close ${dangling} as aligned, or propose to go there`,
      record: dangling,
    };
  }
  return {
    allowed: false,
    rule: "older",
    reason: `${what} ran before as ${place} and is not what runs now: that is a rollback, and no authorised record has it as its target. Propose one, or in an incident declare an emergency`,
  };
}

async function useGrant(
  store: OpenStore,
  request: GateRequest,
  record: string,
  target: string,
): Promise<Ruling> {
  const { id, service, environment, caller } = request;
  if (request.dryRun === true) {
    return {
      allowed: true,
      rule: "grant",
      reason: `${record} would let it through; its grant was not used`,
      record,
    };
  }
  try {
    const { result } = await store.ledger.submit({
      kind: "gate",
      record,
      use: { id, target, service, environment, caller },
    });
    if (result.refused !== undefined) throw result.refused;
    return {
      allowed: true,
      rule: "grant",
      reason: `${record} authorises it; its grant is used up by this`,
      record,
    };
  } catch (error) {
    if (error instanceof Refusal) {
      return { allowed: false, rule: error.rule, reason: error.message, record };
    }
    if (error instanceof RollbacksError && error.code === "not-found") {
      return { allowed: false, rule: "record", reason: error.message, record };
    }
    throw error;
  }
}

interface Where {
  readonly service: string;
  readonly environment: string;
  readonly digest: string;
}

/** Authorised records with this target; of several the one whose time runs out first. */
async function grantsFor(
  reader: Snapshot,
  logId: number,
  { service, environment, digest }: Where,
): Promise<readonly string[]> {
  const rows = await reader
    .selectFrom("record")
    .select("record.id")
    .where("record.log_id", "=", logId)
    .where("record.service", "=", service)
    .where("record.environment", "=", environment)
    .where("record.target_digest", "=", digest)
    // Written out: an index over some rows is used only where the plan can see which.
    .where("record.status", "=", sql.lit("authorised"))
    .where((eb) => eb.or([eb("record.mode", "is", null), eb("record.mode", "!=", "exercise")]))
    .orderBy("record.due_at")
    .limit(1)
    .execute();
  return rows.map(({ id }) => id);
}

async function danglingOver(
  reader: Snapshot,
  logId: number,
  { service, environment, digest }: Where,
): Promise<string | undefined> {
  const row = await reader
    .selectFrom("record")
    .select("record.id")
    .where("record.log_id", "=", logId)
    .where("record.service", "=", service)
    .where("record.environment", "=", environment)
    .where("record.undone_digest", "=", digest)
    .orderBy("record.year", "desc")
    .orderBy("record.number", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** By the policy in force; closed where there is none, or it cannot be judged. */
async function unreachableMode(
  store: OpenStore,
  { environment, service }: GateRequest,
): Promise<GateAnswer["unreachable"]> {
  const rules = (await knownRegistry(store))?.rules;
  if (rules === undefined) return "fail-closed";
  await store.judges.prepare({ rules });
  return store.judges.judge(rules.digest)?.gateMode(environment, service) ?? "fail-closed";
}
