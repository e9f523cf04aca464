/**
 * What an audit has found so far, so that an interrupted one goes on and one that was
 * finished is told again at once. Two files a repository in the caller's directory:
 * the reversals, one a line, and beside them a small state that is replaced atomically
 * (written whole under another name, then renamed). The state says how many bytes of
 * the first file count, so a line that was cut by a kill is dropped and its commit
 * examined again.
 *
 * A state for other tips, other objects or other versions is left behind, not obeyed.
 * In an audit that is taken up the first pass over the history is done again: it costs
 * seconds and its rows are only as good as the repository that they were read from.
 */
import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Audited, Coverage } from "./reversal.ts";

/** Raised whenever the same history may give another answer. */
export const auditVersion = 3;

export type AuditKey = {
  readonly repository: string;
  readonly tips: readonly string[];
  /** Names the objects that are there: what was missing may have come. */
  readonly objects: string;
  /** What the implications depend on; "" where messages alone are read. */
  readonly versions: string;
};

export type AuditState = {
  /** What the audit could see, if it was finished; then `known` is all of it. */
  readonly finished: Coverage | null;
  /** Found before, in order. Parsed as they are asked for: there may be many. */
  readonly known: Iterable<Audited>;
  /** Rows from here on have been examined; undefined in a new audit. */
  readonly next: number | undefined;
  /** The commit at `row` was examined. */
  passed(row: number, found: Audited | null): Promise<void>;
  /** The audit is complete, and saw this. */
  finish(coverage: Coverage): Promise<void>;
  /** Writes what is not yet written. */
  close(): Promise<void>;
};

type Saved = {
  readonly version: number;
  readonly key: AuditKey;
  readonly next: number;
  readonly bytes: number;
  readonly finished: Coverage | null;
};

/** Between two saves; a kill loses at most this much work. */
const rowsBetweenSaves = 5000;
const reversalsBetweenSaves = 20;

export async function openAuditState(directory: string, key: AuditKey): Promise<AuditState> {
  await mkdir(directory, { recursive: true });
  const name = createHash("sha256").update(key.repository).digest("hex").slice(0, 16);
  const statePath = join(directory, `${name}.json`);
  const foundPath = join(directory, `${name}.ndjson`);
  const saved = await readSaved(statePath, key);
  const known = saved === null ? null : await readKnown(foundPath, saved.bytes);
  const found: FileHandle = await open(foundPath, known === null ? "w" : "r+", 0o600);
  let bytes = known === null ? 0 : (saved?.bytes ?? 0);
  if (known !== null) await truncate(foundPath, bytes);
  let pending = "";
  let next = known === null ? undefined : saved?.next;
  let finished = known === null ? null : (saved?.finished ?? null);
  let sinceSave = 0;

  const save = async () => {
    if (next === undefined) return;
    const data = Buffer.from(pending, "utf8");
    await found.write(data, 0, data.length, bytes);
    await found.datasync();
    bytes += data.length;
    pending = "";
    sinceSave = 0;
    const state: Saved = { version: auditVersion, key, next, bytes, finished };
    await replaceFile(statePath, JSON.stringify(state));
  };
  return {
    finished,
    known: { [Symbol.iterator]: () => parsed(known ?? []) },
    next,
    async passed(row, audited) {
      next = row;
      sinceSave++;
      if (audited !== null) {
        pending += `${JSON.stringify(audited)}\n`;
        sinceSave += rowsBetweenSaves / reversalsBetweenSaves;
      }
      if (sinceSave >= rowsBetweenSaves) await save();
    },
    async finish(coverage) {
      finished = coverage;
      next ??= 0;
      await save();
    },
    async close() {
      try {
        if (sinceSave > 0) await save();
      } finally {
        await found.close();
      }
    },
  };
}

async function readSaved(path: string, key: AuditKey): Promise<Saved | null> {
  try {
    const saved = JSON.parse(await readFile(path, "utf8")) as Saved;
    const same =
      saved.version === auditVersion && JSON.stringify(saved.key) === JSON.stringify(key);
    const sound = Number.isSafeInteger(saved.next) && Number.isSafeInteger(saved.bytes);
    return same && sound && saved.next >= 0 && saved.bytes >= 0 ? saved : null;
  } catch {
    // Absent or unreadable: start anew.
    return null;
  }
}

/** The first `bytes` as whole lines that are all JSON, or null. */
async function readKnown(path: string, bytes: number): Promise<string[] | null> {
  try {
    const data = await readFile(path);
    if (data.length < bytes) return null;
    const lines = data.toString("utf8", 0, bytes).split("\n");
    if (lines.pop() !== "") return null;
    for (const line of lines) JSON.parse(line);
    return lines;
  } catch {
    return null;
  }
}

function* parsed(lines: readonly string[]): Generator<Audited, void, void> {
  for (const line of lines) yield JSON.parse(line) as Audited;
}

async function replaceFile(path: string, content: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
