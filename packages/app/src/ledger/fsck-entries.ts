/**
 * The part of fsck that reads entries and tiles: pages of one tile's width, and
 * the tree that grows over them. Where a stored hash contradicts another, the
 * one that agrees with a third is taken further, so that one flipped bit is one
 * finding and not one for everything above it.
 */
import {
  decodeTile,
  emptyTree,
  EMPTY_ROOT,
  leafHash,
  TILE_WIDTH,
  tileRoot,
} from "@countermand/tlog";
import type { Database } from "../storage/database.ts";
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
}

/** Entries `from` to `to`, at most one tile of them, and their tile if they fill it. */
export async function checkPage(
  database: Database,
  {
    logId,
    identityOf,
  }: {
    readonly logId: number;
    readonly identityOf?: (leaf: Uint8Array) => Uint8Array | undefined;
  },
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
  const findings: Finding[] = [];
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
      findings: [finding(where, `its root ${hex(row.root)} is not that of its hashes`)],
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
  /** Compares the tiles above the lowest that became full since the last call. */
  checkHigherTiles(database: Database, logId: number): Promise<Finding[]>;
}

export function emptyScan(): EntryScan {
  let tree: Tree | undefined = { compact: emptyTree, root: EMPTY_ROOT, edge: [] };
  let size = 0;
  let full: FullTile[] = [];
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
        return;
      }
      const growth = grow(tree, known);
      tree = growth.tree;
      full.push(...growth.tiles.filter(({ level }) => level > 0));
    },
    async checkHigherTiles(database, logId) {
      const findings: Finding[] = [];
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
          findings.push(finding(where, `its root ${hex(row.root)} is not that of its hashes`));
        }
      }
      full = [];
      return findings;
    },
  };
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}
