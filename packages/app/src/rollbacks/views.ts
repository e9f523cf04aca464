/**
 * The views of the ledger, read for a batch and written with it. Everything
 * that is filtered, sorted or counted is a typed column; a record's whole state
 * is JSON beside them, read only for one record at a time.
 */
import {
  deadlineOf,
  digestOf,
  foldVersion,
  isDangling,
  isOverdue,
  obligationUnmet,
  showIdentity,
  textField,
  type JsonValue,
  type Opening,
  type RecordState,
  type Registry,
} from "@countermand/record";
import { sql } from "kysely";
import { writeNotices } from "../notify/outbox.ts";
import type { BulkColumn } from "../storage/connection.ts";
import {
  insertNewRows,
  insertRows,
  mustTouch,
  upsertRows,
  type Snapshot,
  type Tx,
} from "../storage/database.ts";
import {
  drillFact,
  factsWanted,
  LedgerFactsBook,
  type DrillFact,
  type Seen,
} from "./ledger-facts.ts";
import type { Change, Command, Loaded, Logged } from "./batch.ts";
import { openedBefore, writeSignal } from "./signal-rows.ts";

/** Everything that deciding `commands` needs, in a fixed number of reads. */
export async function loadFor(
  tx: Tx,
  logId: number,
  commands: readonly Command[],
  year: number,
): Promise<Loaded> {
  const ids = new Set<string>();
  const uids = new Set<string>();
  const statements = new Set<string>();
  let proposals = false;
  for (const command of commands) {
    if (command.kind === "signal") {
      for (const id of await openedBefore(tx, logId, command)) ids.add(id);
      statements.add(command.statement);
      uids.add(command.uid);
      proposals = true;
      continue;
    }
    if (command.kind !== "statement") {
      ids.add(command.record);
      if (command.kind === "gate") statements.add(command.use.id);
      continue;
    }
    const { head, body, type } = command.statement;
    statements.add(head.id);
    const revises = body["revises"] as { readonly record: string } | undefined;
    const id = revises?.record ?? body["record"];
    if (typeof id === "string") ids.add(id);
    // Its exercise is read too.
    if (type.name === "drill-held") ids.add(textField(body, "drill"));
    if (type.name === "proposed") {
      uids.add(textField(body, "uid"));
      proposals = true;
    }
  }
  const records = await readRecords(tx, logId, [...ids]);
  return {
    registry: await readRegistry(tx, logId),
    records,
    ids: await readIds(tx, logId, [...uids]),
    logged: await readLogged(tx, logId, [...statements]),
    lastNumber: proposals ? await lastNumber(tx, logId, year) : 0,
    facts: await readFacts(tx, logId, commands, records),
  };
}

/** Only an emergency, an assessment and a drill need any; all look up rows by an index. */
async function readFacts(
  tx: Tx,
  logId: number,
  commands: readonly Command[],
  records: ReadonlyMap<string, RecordState>,
): Promise<LedgerFactsBook> {
  const overdueOfActor = new Map<string, number>();
  const overdueOfService = new Map<string, number>();
  const seen: (readonly [Seen, boolean])[] = [];
  const drills = new Map<string, DrillFact | undefined>();
  for (const command of commands) {
    if (command.kind !== "statement") continue;
    const id = command.statement.body["record"];
    const state = typeof id === "string" ? records.get(id) : undefined;
    const wanted = factsWanted(command.statement, state);
    if (wanted?.overdue !== undefined) {
      const { actor, service } = wanted.overdue;
      overdueOfActor.set(actor, await countOverdue(tx, logId, "opener", actor));
      overdueOfService.set(service, await countOverdue(tx, logId, "service", service));
    }
    if (wanted?.ran !== undefined) {
      seen.push([wanted.ran, await wasSeen(tx, logId, wanted.ran)]);
    }
    if (wanted?.drill !== undefined) {
      drills.set(wanted.drill, drillFact(records.get(wanted.drill)));
    }
  }
  return new LedgerFactsBook({ overdueOfActor, overdueOfService, seen, drills });
}

async function countOverdue(
  tx: Tx,
  logId: number,
  column: "opener" | "service",
  value: string,
): Promise<number> {
  const row = await tx
    .selectFrom("record")
    .select((eb) => eb.fn.countAll<number | string>().as("n"))
    .where("record.log_id", "=", logId)
    .where(`record.${column}`, "=", value)
    .where("record.overdue", "=", sql.lit(1))
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

export async function wasSeen(reader: Tx | Snapshot, logId: number, what: Seen): Promise<boolean> {
  const row = await reader
    .selectFrom("seen_running")
    .select("seen_running.idx")
    .where("seen_running.log_id", "=", logId)
    .where("seen_running.service", "=", what.service)
    .where("seen_running.environment", "=", what.environment)
    .where("seen_running.digest", "=", what.digest)
    .executeTakeFirst();
  return row !== undefined;
}

export async function readRegistry(
  reader: Tx | Snapshot,
  logId: number,
): Promise<Registry | undefined> {
  const row = await reader
    .selectFrom("registry")
    .select("registry.state")
    .where("registry.log_id", "=", logId)
    .executeTakeFirst();
  return row === undefined ? undefined : (JSON.parse(row.state) as Registry);
}

export async function readRecord(
  reader: Tx | Snapshot,
  logId: number,
  id: string,
): Promise<RecordState | undefined> {
  return (await readRecords(reader, logId, [id])).get(id);
}

/** By id; those that there are. */
export async function readRecords(
  reader: Tx | Snapshot,
  logId: number,
  ids: readonly string[],
): Promise<Map<string, RecordState>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom("record")
    .select(["record.id", "record.state"])
    .where("record.log_id", "=", logId)
    .where("record.id", "in", ids)
    .execute();
  return new Map(rows.map((row) => [row.id, JSON.parse(row.state) as RecordState]));
}

async function readIds(
  tx: Tx,
  logId: number,
  uids: readonly string[],
): Promise<Map<string, string>> {
  if (uids.length === 0) return new Map();
  const rows = await tx
    .selectFrom("record")
    .select(["record.uid", "record.id"])
    .where("record.log_id", "=", logId)
    .where("record.uid", "in", uids)
    .execute();
  return new Map(rows.map((row) => [row.uid, row.id]));
}

async function readLogged(
  tx: Tx,
  logId: number,
  statements: readonly string[],
): Promise<Map<string, Logged>> {
  if (statements.length === 0) return new Map();
  const rows = await tx
    .selectFrom("record_entry")
    .select([
      "record_entry.idx",
      "record_entry.stream",
      "record_entry.type",
      "record_entry.statement",
      "record_entry.payload_digest",
    ])
    .where("record_entry.log_id", "=", logId)
    .where("record_entry.statement", "in", statements)
    .execute();
  return new Map(
    rows.map((row) => [
      row.statement,
      { index: row.idx, stream: row.stream, type: row.type, payloadDigest: row.payload_digest },
    ]),
  );
}

async function lastNumber(tx: Tx, logId: number, year: number): Promise<number> {
  const row = await tx
    .selectFrom("record")
    .select("record.number")
    .where("record.log_id", "=", logId)
    .where("record.year", "=", year)
    .orderBy("record.number", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.number ?? 0;
}

/** Writes what a batch changed. */
export async function writeChange(tx: Tx, logId: number, change: Change): Promise<void> {
  const newest = new Map<string, number>();
  for (const entry of change.entries) newest.set(entry.stream, entry.index);
  await insertRows(
    tx,
    "record_entry",
    [
      { name: "log_id", type: "integer" },
      { name: "idx", type: "integer" },
      { name: "stream", type: "text" },
      { name: "type", type: "text" },
      { name: "statement", type: "text" },
      { name: "payload_digest", type: "text" },
      { name: "actor", type: "text" },
      { name: "occurred_at", type: "text" },
    ],
    change.entries.map((entry) => [
      logId,
      entry.index,
      entry.stream,
      entry.type,
      entry.statement,
      entry.payloadDigest,
      entry.actor,
      entry.occurredAt,
    ]),
  );
  await insertRows(
    tx,
    "opening",
    [
      { name: "log_id", type: "integer" },
      { name: "commitment", type: "text" },
      { name: "idx", type: "integer" },
      { name: "salt", type: "text" },
      { name: "value", type: "text" },
    ],
    change.entries.flatMap((entry) =>
      entry.openings.map((opening) => [
        logId,
        opening.commitment,
        entry.index,
        opening.salt,
        JSON.stringify(opening.value),
      ]),
    ),
  );
  await writeSeen(tx, logId, change);
  const deleted = change.entries.flatMap((entry) => entry.deletes);
  if (deleted.length > 0) {
    await tx
      .deleteFrom("opening")
      .where("opening.log_id", "=", logId)
      .where("opening.commitment", "in", deleted)
      .execute();
  }
  if (change.registry !== undefined) {
    await writeRegistry(tx, logId, change.registry, newest.get("registry") ?? 0);
  }
  await writeRecords(
    tx,
    change.records.map((state) => recordRow(logId, state, newest.get(state.id) ?? 0)),
  );
  await writeNotices(tx, logId, change.notices ?? []);
  for (const row of change.signals ?? []) await writeSignal(tx, logId, row);
}

/** Whoever saw it first stays. */
async function writeSeen(tx: Tx, logId: number, change: Change): Promise<void> {
  const rows = change.entries.flatMap(({ seen, index }) =>
    seen === undefined
      ? []
      : [[logId, seen.service, seen.environment, seen.digest, index] as const],
  );
  await insertNewRows(tx, "seen_running", seenColumns, rows);
}

const seenColumns: readonly BulkColumn[] = [
  { name: "log_id", type: "integer" },
  { name: "service", type: "text" },
  { name: "environment", type: "text" },
  { name: "digest", type: "text" },
  { name: "idx", type: "integer" },
];

async function writeRegistry(tx: Tx, logId: number, registry: Registry, idx: number) {
  const row = { idx, fold: foldVersion, state: JSON.stringify(registry) };
  const result = await tx
    .insertInto("registry")
    .values({ log_id: logId, ...row })
    .onConflict((conflict) => conflict.column("log_id").doUpdateSet(row))
    .executeTakeFirstOrThrow();
  mustTouch(1, result.numInsertedOrUpdatedRows ?? 0n, "write the registry");
}

type RecordRow = ReturnType<typeof recordRow>;

/** Each record once. */
export async function writeRecords(tx: Tx, rows: readonly RecordRow[]): Promise<void> {
  const key = ["log_id", "year", "number"];
  await upsertRows(
    tx,
    "record",
    recordColumns,
    rows.map((row) => recordColumns.map(({ name }) => row[name])),
    key,
  );
}

const recordTypes: Readonly<Record<keyof RecordRow, BulkColumn["type"]>> = {
  log_id: "integer",
  year: "integer",
  number: "integer",
  id: "text",
  uid: "text",
  status: "text",
  kind: "text",
  service: "text",
  environment: "text",
  reason: "text",
  target: "text",
  proposer: "text",
  proposed_at: "text",
  changed_at: "text",
  due_at: "text",
  mandatory: "integer",
  mode: "text",
  opener: "text",
  overdue: "integer",
  target_digest: "text",
  undone_digest: "text",
  idx: "integer",
  state: "text",
};
const recordColumns = (Object.keys(recordTypes) as (keyof RecordRow)[]).map((name) => ({
  name,
  type: recordTypes[name],
}));

/** The row of a record: a pure function of its state, so that fsck can compare. */
export function recordRow(logId: number, state: RecordState, idx: number) {
  const match = /^(?:RB|DR|PL)-(\d{4})-(\d+)$/.exec(state.id);
  const { proposal } = state;
  return {
    log_id: logId,
    year: Number(match?.[1]),
    number: Number(match?.[2]),
    id: state.id,
    uid: state.uid,
    status: state.status,
    kind: proposal.kind,
    service: proposal.service,
    environment: proposal.environment,
    reason: proposal.reason,
    target: showIdentity(proposal.target),
    proposer: proposal.actor,
    proposed_at: proposal.recordedAt,
    changed_at: state.timeline.at(-1)?.recordedAt ?? proposal.recordedAt,
    due_at: deadlineOf(state)?.at ?? null,
    mandatory: obligationUnmet(state) ? 1 : 0,
    mode: proposal.mode ?? null,
    opener: state.proposers[0] ?? proposal.actor,
    overdue: isOverdue(state) ? 1 : 0,
    target_digest: digestOf(proposal.target),
    undone_digest: isDangling(state) ? digestOf(proposal.current) : null,
    idx,
    state: JSON.stringify(state),
  };
}

/** The openings, as far as they are not deleted, of everything said in one stream. */
export async function readOpenings(
  reader: Tx | Snapshot,
  logId: number,
  stream: string,
): Promise<readonly Opening[]> {
  const rows = await reader
    .selectFrom("opening")
    .innerJoin("record_entry", (join) =>
      join
        .onRef("record_entry.log_id", "=", "opening.log_id")
        .onRef("record_entry.idx", "=", "opening.idx"),
    )
    .select(["opening.commitment", "opening.salt", "opening.value"])
    .where("record_entry.log_id", "=", logId)
    .where("record_entry.stream", "=", stream)
    .orderBy("opening.idx")
    .orderBy("opening.commitment")
    .execute();
  return rows.map((row) => ({
    commitment: row.commitment,
    salt: row.salt,
    value: JSON.parse(row.value) as JsonValue,
  }));
}
