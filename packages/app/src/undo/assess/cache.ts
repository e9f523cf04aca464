/**
 * Implications of reversals, kept between audits of one repository: one line a
 * reversal, added as it is found, so that an interrupted audit loses nothing and a
 * second one reads no file again. A line is found by the commits that it is about
 * (which name every blob) and is good only under the versions that made it: rules,
 * advisory data, key for secrets. The file is named after those; files of other
 * versions are removed.
 */
import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { rules } from "../rules/registry.ts";
import type { Knowledge } from "./assess.ts";
import type { ImplicationReader, ReversalChange, ReversalFindings } from "./reversal.ts";

/** Raised when the engine may give another answer with the same rules. */
const engineVersion = 2;

/** Names what an answer depends on beside the commits. */
export function versionsOf(knowledge: Omit<Knowledge, "asOf">): string {
  return digest([
    engineVersion,
    rules.map(({ id, version }) => [id, version]),
    knowledge.advisories.digest,
    knowledge.repository,
    knowledge.hashSecret("version"),
  ]);
}

export type ImplicationCache = {
  /** As `reader`, but what was read before is not read again. */
  readonly reader: ImplicationReader;
  close(): Promise<void>;
};

/** Opens the cache of a repository in `directory`; what is cut or not ours is dropped. */
export async function openImplicationCache(
  directory: string,
  repository: string,
  versions: string,
  reader: ImplicationReader,
): Promise<ImplicationCache> {
  const folder = join(directory, digest([repository]));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = `${versions}.ndjson`;
  for (const other of await readdir(folder)) if (other !== name) await rm(join(folder, other));
  const path = join(folder, name);
  const { known, bytes } = await readKnown(path);
  const file: FileHandle = await open(path, "a", 0o600);
  await truncate(path, bytes);
  return {
    async reader(source, reversal, signal) {
      const key = keyOf(reversal);
      const line = known.get(key);
      if (line !== undefined) return JSON.parse(line) as ReversalFindings;
      const found = await reader(source, reversal, signal);
      await file.appendFile(`${key} ${JSON.stringify(found)}\n`);
      return found;
    },
    close: () => file.close(),
  };
}

function keyOf({ commit, parent, undone, resolvedBy, exact, share }: ReversalChange): string {
  const targets = undone.map((one) => [one.commit, one.parent]);
  return digest([commit.oid, parent, targets, resolvedBy, exact, share]);
}

function digest(facts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 32);
}

/** Whole lines of `key SP JSON`, up to the first that is neither; later ones were written after a fault. */
async function readKnown(path: string): Promise<{ known: Map<string, string>; bytes: number }> {
  const known = new Map<string, string>();
  const text = await readFile(path, "utf8").catch(() => "");
  let at = 0;
  for (;;) {
    const end = text.indexOf("\n", at);
    const line = end === -1 ? "" : text.slice(at, end);
    if (!/^[0-9a-f]{32} \{.*\}$/.test(line)) break;
    known.set(line.slice(0, 32), line.slice(33));
    at = end + 1;
  }
  return { known, bytes: Buffer.byteLength(text.slice(0, at)) };
}
