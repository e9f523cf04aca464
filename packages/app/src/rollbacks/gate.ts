/**
 * The gate: may this be deployed here, now? A few look-ups by an index; the log
 * is waited for only where a grant is used up. What went forward is remembered,
 * so that going back to it is known as going back.
 */
import { digestOf, Refusal, showIdentity } from "@countermand/record";
import { sql } from "kysely";
import type { GateAnswer, GateRequest } from "./countermand.ts";
import { RollbacksError } from "./error.ts";
import type { GateLog } from "./gate-log.ts";
import { knownRegistry } from "./known-registry.ts";
import type { OpenStore } from "./store.ts";

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
  const known = await lookUp(store, request, digest);
  const unreachable = await unreachableMode(store, known.registry, request);
  const answered =
    request.dryRun === true || !known.answered ? undefined : await log.answered(request.id);
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
  const ruling = await rule(store, request, digest, known);
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
  request: GateRequest,
  digest: string,
  { grant, dangling, newest, ran }: Known,
): Promise<Ruling> {
  const what = showIdentity(request.target);
  const place = `${request.service} in ${request.environment}`;
  if (request.record !== undefined) return useGrant(store, request, request.record, digest);
  const unchanged = newest === digest;
  const older = request.older === true || (ran && !unchanged);
  if (dangling === undefined && !older) {
    return {
      allowed: true,
      rule: unchanged ? "unchanged" : "forward",
      reason: unchanged
        ? `${what} is what was deployed last to ${place}`
        : `${what} was never seen running as ${place}; it goes forward`,
    };
  }
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

interface Known {
  /** Index of the registry's newest entry. */
  readonly registry: number;
  /** Whether this very question was answered before. */
  readonly answered: boolean;
  /** An authorised record with this target; of several the one whose time runs out first. */
  readonly grant?: string;
  /** The newest rollback that took this state back here and is not aligned. */
  readonly dangling?: string;
  /** The digest of what was let through last. */
  readonly newest?: string;
  /** It was let through before, or an entry of the ledger saw it running. */
  readonly ran: boolean;
}

/** Everything that a question needs, in one query of look-ups by index. */
async function lookUp(
  { database, logId }: OpenStore,
  { id, service, environment }: GateRequest,
  digest: string,
): Promise<Known> {
  const row = await database.read
    .selectNoFrom((eb) => {
      const here = eb
        .selectFrom("record")
        .where("record.log_id", "=", logId)
        .where("record.service", "=", service)
        .where("record.environment", "=", environment)
        .limit(1);
      const deployed = eb
        .selectFrom("deployment")
        .where("deployment.log_id", "=", logId)
        .where("deployment.service", "=", service)
        .where("deployment.environment", "=", environment)
        .limit(1);
      return [
        eb
          .selectFrom("registry")
          .select("registry.idx")
          .where("registry.log_id", "=", logId)
          .as("registry"),
        eb
          .selectFrom("gate_event")
          .select("gate_event.id")
          .where("gate_event.log_id", "=", logId)
          .where("gate_event.id", "=", id)
          .as("answered"),
        here
          .select("record.id")
          .where("record.target_digest", "=", digest)
          // Written out: an index over some rows is used only where the plan can see which.
          .where("record.status", "=", sql.lit("authorised"))
          .where((or) =>
            or.or([or("record.mode", "is", null), or("record.mode", "!=", "exercise")]),
          )
          .orderBy("record.due_at")
          .as("granted"),
        here
          .select("record.id")
          .where("record.undone_digest", "=", digest)
          .orderBy("record.year", "desc")
          .orderBy("record.number", "desc")
          .as("dangling"),
        deployed.select("deployment.digest").orderBy("deployment.last_at", "desc").as("newest"),
        deployed.select("deployment.digest").where("deployment.digest", "=", digest).as("before"),
        eb
          .selectFrom("seen_running")
          .select("seen_running.digest")
          .where("seen_running.log_id", "=", logId)
          .where("seen_running.service", "=", service)
          .where("seen_running.environment", "=", environment)
          .where("seen_running.digest", "=", digest)
          .as("seen"),
      ];
    })
    .executeTakeFirstOrThrow();
  return {
    registry: row.registry ?? -1,
    answered: row.answered !== null,
    ...(row.granted === null ? {} : { grant: row.granted }),
    ...(row.dangling === null ? {} : { dangling: row.dangling }),
    ...(row.newest === null ? {} : { newest: row.newest }),
    ran: row.before !== null || row.seen !== null,
  };
}

/** By the policy in force; closed where there is none, or it cannot be judged. */
async function unreachableMode(
  store: OpenStore,
  idx: number,
  { environment, service }: GateRequest,
): Promise<GateAnswer["unreachable"]> {
  const rules = (await knownRegistry(store, idx))?.rules;
  if (rules === undefined) return "fail-closed";
  await store.judges.prepare({ rules });
  return store.judges.judge(rules.digest)?.gateMode(environment, service) ?? "fail-closed";
}
