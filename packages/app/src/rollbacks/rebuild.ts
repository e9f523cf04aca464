/**
 * Views made again from the entries, after the rules' version changed. The
 * entries' signatures were checked when they came in and are `fsck`'s to check
 * again; here the rules alone run. Openings are not views and stay.
 */
import {
  applyEntry,
  decodeBase64,
  emptyWorld,
  encodeHex,
  foldVersion,
  parseEntry,
  parsePayload,
} from "@countermand/record";
import { leafHash } from "@countermand/tlog";
import { lockHead } from "../ledger/log-rows.ts";
import type { Database, Tx } from "../storage/database.ts";
import type { WrittenEntry } from "./batch.ts";
import { writeChange } from "./views.ts";

const pageRows = 256;

/**
 * Rebuilds the views if another version of the rules made them, or nothing did
 * (the ledger was restored from an export). Answers whether it did.
 */
export async function rebuildStaleViews(database: Database, logId: number): Promise<boolean> {
  const row = await database.read
    .selectFrom("registry")
    .select("registry.fold")
    .where("registry.log_id", "=", logId)
    .executeTakeFirst();
  if (row?.fold === foldVersion) return false;
  await database.transaction(async (tx) => {
    await lockHead(tx, logId);
    for (const table of ["record_entry", "record", "registry"] as const) {
      await tx.deleteFrom(table).where("log_id", "=", logId).execute();
    }
    await replayAll(tx, logId);
  });
  return true;
}

async function replayAll(tx: Tx, logId: number): Promise<void> {
  const world = emptyWorld();
  for (let from = 0; ; from += pageRows) {
    const rows = await tx
      .selectFrom("entry")
      .select(["entry.idx", "entry.leaf"])
      .where("entry.log_id", "=", logId)
      .where("entry.idx", ">=", from)
      .where("entry.idx", "<", from + pageRows)
      .orderBy("entry.idx")
      .execute();
    const entries: WrittenEntry[] = [];
    const changed = new Set<string>();
    for (const { idx, leaf } of rows) {
      const entry = parseEntry(leaf);
      const statement = parsePayload(decodeBase64(entry.envelope.payload));
      applyEntry(world, entry, statement, { index: idx, leafHash: encodeHex(leafHash(leaf)) });
      changed.add(entry.stream);
      entries.push({
        index: idx,
        stream: entry.stream,
        type: statement.type.name,
        statement: statement.head.id,
        payloadDigest: statement.payloadDigest,
        actor: statement.head.actor,
        occurredAt: statement.head.occurredAt,
        openings: [],
        deletes: [],
      });
    }
    const { registry } = world;
    await writeChange(tx, logId, {
      ...(changed.has("registry") && registry !== undefined ? { registry } : {}),
      records: [...world.records.values()].filter((state) => changed.has(state.id)),
      entries,
    });
    if (rows.length < pageRows) return;
  }
}
