/** The root that the database gives for a size, read in one moment. */
import { EMPTY_ROOT, peakNodes, rootOf, tileHashReader } from "@countermand/tlog";
import type { Database } from "../../storage/database.ts";
import { readTileHashes } from "../log-rows.ts";

export interface RootNow {
  /** Entries in the database. */
  readonly size: number;
  /** Undefined if the database has fewer entries than were asked for. */
  readonly root: Uint8Array | undefined;
}

export async function rootNow(database: Database, logId: number, size: number): Promise<RootNow> {
  return await database.snapshot(async (snapshot) => {
    const head = await snapshot
      .selectFrom("log_head")
      .select("log_head.size")
      .where("log_head.log_id", "=", logId)
      .executeTakeFirst();
    const available = head?.size ?? 0;
    if (size > available) return { size: available, root: undefined };
    if (size === 0) return { size: available, root: EMPTY_ROOT };
    const reader = tileHashReader(available, (tile) => readTileHashes(snapshot, logId, tile));
    return {
      size: available,
      root: rootOf({ size, peaks: await reader.readHashes(peakNodes(size)) }),
    };
  });
}
