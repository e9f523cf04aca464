/**
 * The part of fsck that reads entries and tiles: pages of one tile's width, and
 * the tree that grows over them. Where a stored hash contradicts another, the
 * one that agrees with a third is taken further, so that one flipped bit is one
 * finding and not one for everything above it.
 *
 * A page is first looked at where it lies: the store hashes its entries, and one row
 * comes out. Only where something is wrong, or where an entry's identity is wanted,
 * are the rows themselves read.
 */
import {
  decodeTile,
  emptyTree,
  EMPTY_ROOT,
  HASH_SIZE,
  leafHash,
  TILE_WIDTH,
  tileRoot,
} from "@countermand/tlog";
import { sql } from "kysely";
import { engineOf, type Database } from "../storage/database.ts";
import { grow, type FullTile, type Tree } from "./growth.ts";
import { sameBytes } from "./start-up.ts";

export interface Finding {
  readonly kind: "finding";
  /** `entry 17`, `tile 0/3`, `checkpoint 300`, `head`, `mark`, `log`. */
  readonly where: string;
  /** What is wrong; with `where: ` before it, a sentence. */
  readonly problem: string;
}

export function finding(where: string, problem: string): Finding {
  return { kind: "finding", where, problem };
}

export interface Page {
  readonly from: number;
  /** Undefined where an entry is missing and no tile knows its hash. */
  readonly hashes: readonly (Uint8Array | undefined)[];
  readonly findings: readonly Finding[];
  /** The tile's root as it is stored, where it was not compared with the hashes yet. */
  readonly storedRoot?: Uint8Array;
}

export interface PageOptions {
  readonly logId: number;
  /** The identity that an entry's bytes say; undefined if they say none. Left out, identities are not looked at. */
  readonly identityOf?: (leaf: Uint8Array) => Uint8Array | undefined;
}

/** Entries `from` to `to`, at most one tile of them, and their tile if they fill it. */
export async function checkPage(
  database: Database,
  options: PageOptions,
  from: number,
  to: number,
): Promise<Page> {
  const good =
    options.identityOf === undefined && (await goodPage(database, options.logId, from, to));
  return good || (await checkRows(database, options, from, to));
}

/** The page, if its entries have their hashes and the tile is made of them; its root is for later. */
async function goodPage(
  database: Database,
  logId: number,
  from: number,
  to: number,
): Promise<Page | undefined> {
  const engine = engineOf(database.read);
  const isTile = to - from === TILE_WIDTH;
  const place = `idx % ${TILE_WIDTH}`;
  const tile = sql`from tile where log_id = ${logId} and level = 0 and n = ${from / TILE_WIDTH}`;
  const { rows } = await sql<{
    stored: Uint8Array | null;
    computed: Uint8Array | null;
    hashes: Uint8Array | null;
    root: Uint8Array | null;
  }>`select ${sql.raw(engine.joinedHashes(place, "leaf_hash"))} as stored,
      ${sql.raw(engine.joinedLeafHashes(place, "leaf"))} as computed,
      (select hashes ${tile}) as hashes, (select root ${tile}) as root
    from entry where log_id = ${logId} and idx >= ${from} and idx < ${to}`.execute(database.read);
  const [row] = rows;
  if (row?.stored?.length !== (to - from) * HASH_SIZE || row.computed === null) return undefined;
  const { stored, computed, hashes, root } = row;
  if (!sameBytes(stored, computed)) return undefined;
  const page = { from, hashes: decodeTile(stored, to - from), findings: [] };
  if (!isTile) return page;
  if (hashes === null || root === null || !sameBytes(stored, hashes)) return undefined;
  return { ...page, storedRoot: root };
}

async function checkRows(
  database: Database,
  { logId, identityOf }: PageOptions,
  from: number,
  to: number,
): Promise<Page> {
  const rows = await database.read
    .selectFrom("entry")
    .select(["idx", "leaf", "leaf_hash", "identity_hash"])
    .where("log_id", "=", logId)
    .where("idx", ">=", from)
    .where("idx", "<", to)
    .orderBy("idx")
    .execute();
  const byIndex = new Map(rows.map((row) => [row.idx, row]));
  const findings = sharedIndexes(rows.map(({ idx }) => idx));
  const hashes: (Uint8Array | undefined)[] = [];
  for (let index = from; index < to; index++) {
    const row = byIndex.get(index);
    hashes.push(row?.leaf_hash);
    if (row === undefined) {
      findings.push(finding(`entry ${index}`, "it is missing"));
      continue;
    }
    const computed = leafHash(row.leaf);
    if (!sameBytes(computed, row.leaf_hash)) {
      findings.push(
        finding(`entry ${index}`, `its bytes do not match its leaf hash ${hex(row.leaf_hash)}`),
      );
    }
    const identity = identityOf?.(row.leaf);
    if (
      identityOf !== undefined &&
      (identity === undefined || !sameBytes(identity, row.identity_hash))
    ) {
      findings.push(finding(`entry ${index}`, "its identity hash is not that of its bytes"));
    }
  }
  if (to - from < TILE_WIDTH) return { from, hashes, findings };
  const tile = await checkLowestTile(database, logId, from, hashes);
  return { from, hashes: tile.hashes, findings: [...findings, ...tile.findings] };
}

/** Only without its index can the table hold them. */
function sharedIndexes(indexes: readonly number[]): Finding[] {
  const counts = new Map<number, number>();
  for (const index of indexes) counts.set(index, (counts.get(index) ?? 0) + 1);
  return [...counts].flatMap(([index, times]) =>
    times === 1 ? [] : [finding(`entry ${index}`, `${times} rows have its index`)],
  );
}

async function checkLowestTile(
  database: Database,
  logId: number,
  from: number,
  hashes: readonly (Uint8Array | undefined)[],
): Promise<Pick<Page, "hashes" | "findings">> {
  const n = from / TILE_WIDTH;
  const where = `tile 0/${n}`;
  const row = await readTile(database, logId, 0, n);
  if (row === undefined) return { hashes, findings: [finding(where, "it is missing")] };
  const frozen = decodeTile(row.hashes, TILE_WIDTH);
  const different = frozen.flatMap((hash, i) => {
    const own = hashes[i];
    return own !== undefined && sameBytes(own, hash) ? [] : [i];
  });
  const isWhole = sameBytes(tileRoot(frozen), row.root);
  if (isWhole) {
    const findings = different
      .filter((i) => hashes[i] !== undefined)
      .map((i) =>
        finding(
          `entry ${from + i}`,
          `its leaf hash is ${hex(hashes[i])}, but ${hex(frozen[i])} was put into ${where}: it was changed, moved or renumbered`,
        ),
      );
    return { hashes: frozen, findings };
  }
  if (different.length === 0) {
    return {
      hashes,
      findings: [otherRoot(where, row.root)],
    };
  }
  return {
    hashes,
    findings: different.map((i) =>
      finding(where, `its hash ${i} is not the leaf hash of entry ${from + i}`),
    ),
  };
}

async function readTile(database: Database, logId: number, level: number, n: number) {
  return database.read
    .selectFrom("tile")
    .select(["hashes", "root"])
    .where("log_id", "=", logId)
    .where("level", "=", level)
    .where("n", "=", n)
    .executeTakeFirst();
}

/** The tree over what was scanned so far. */
export interface EntryScan {
  readonly size: number;
  /** Undefined once a hash was missing. */
  readonly root: Uint8Array | undefined;
  /** Takes the page's hashes up to index `to` into the tree. */
  advance(page: Page, to: number): void;
  /** Compares the tiles that became full since the last call with what the tree has in their place. */
  checkTiles(database: Database, logId: number): Promise<Finding[]>;
}

export function emptyScan(): EntryScan {
  let tree: Tree | undefined = { compact: emptyTree, root: EMPTY_ROOT, edge: [] };
  let size = 0;
  let full: FullTile[] = [];
  /** Level 0, by the roots that pages brought with them. */
  let unsaid: Finding[] = [];
  function compareRoot({ from, storedRoot }: Page, root: Uint8Array): void {
    if (storedRoot === undefined || sameBytes(storedRoot, root)) return;
    unsaid.push(otherRoot(`tile 0/${from / TILE_WIDTH}`, storedRoot));
  }
  return {
    get size() {
      return size;
    },
    get root() {
      return tree?.root;
    },
    advance(page, to) {
      const hashes = page.hashes.slice(size - page.from, to - page.from);
      size = to;
      const known = hashes.filter((hash) => hash !== undefined);
      if (tree === undefined || known.length < hashes.length) {
        tree = undefined;
        // No tree grows any more; a tile has its root all the same.
        if (page.storedRoot !== undefined && to === page.from + TILE_WIDTH) {
          compareRoot(page, tileRoot(page.hashes.filter((hash) => hash !== undefined)));
        }
        return;
      }
      const growth = grow(tree, known);
      tree = growth.tree;
      for (const tile of growth.tiles) {
        if (tile.level > 0) full.push(tile);
        else compareRoot(page, tile.root);
      }
    },
    async checkTiles(database, logId) {
      const findings = unsaid;
      unsaid = [];
      for (const { level, n, hashes, root } of full) {
        const where = `tile ${level}/${n}`;
        const row = await readTile(database, logId, level, n);
        if (row === undefined) {
          findings.push(finding(where, "it is missing"));
        } else if (
          !decodeTile(row.hashes, TILE_WIDTH).every((hash, i) => sameBytes(hash, hashes[i] ?? hash))
        ) {
          findings.push(finding(where, "its hashes are not the roots of the tiles below"));
        } else if (!sameBytes(row.root, root)) {
          findings.push(otherRoot(where, row.root));
        }
      }
      full = [];
      return findings;
    },
  };
}

function otherRoot(where: string, root: Uint8Array): Finding {
  return finding(where, `its root ${hex(root)} is not that of its hashes`);
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}
