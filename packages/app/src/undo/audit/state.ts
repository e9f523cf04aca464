/**
 * Where an interrupted audit goes on. Two files in the caller's directory: the
 * reversals found so far, one a line, and beside it a small state that is
 * replaced atomically (written whole under another name, then renamed). The
 * state says how many bytes of the first file count, so a line that was cut by a
 * kill is dropped and its commit examined again.
 *
 * A state for another repository or other tips is left behind, not obeyed. The
 * first pass over the history is done again: it costs seconds and its rows are
 * only as good as the repository that they were read from.
 */
import { type FileHandle, mkdir, open, readFile, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Audited } from "./reversal.ts";

/** Raised whenever the same history may give another answer. */
export const auditVersion = 3;

export type AuditKey = {
  readonly repository: string;
  readonly tips: readonly string[];
  /** What the implications depend on; "" where messages alone are read. */
  readonly versions: string;
};

export type AuditState = {
  /** Found before the interruption, in order. */
  readonly known: readonly Audited[];
  /** Rows from here on have been examined; undefined in a new audit. */
  readonly next: number | undefined;
  /** The commit at `row` was examined. */
  passed(row: number, found: Audited | null): Promise<void>;
  /** The audit is complete: nothing is left to take up. */
  finish(): Promise<void>;
  /** Writes what is not yet written. */
  close(): Promise<void>;
};

type Saved = {
  readonly version: number;
  readonly key: AuditKey;
  readonly next: number;
  readonly bytes: number;
};

/** Between two saves; a kill loses at most this much work. */
const rowsBetweenSaves = 5000;
const reversalsBetweenSaves = 20;

export async function openAuditState(directory: string, key: AuditKey): Promise<AuditState> {
  await mkdir(directory, { recursive: true });
  const statePath = join(directory, "audit-state.json");
  const foundPath = join(directory, "audit-found.ndjson");
  const saved = await readSaved(statePath, key);
  const known = saved === null ? null : await readKnown(foundPath, saved.bytes);
  const found: FileHandle = await open(foundPath, known === null ? "w" : "r+");
  let bytes = known === null ? 0 : (saved?.bytes ?? 0);
  if (known !== null) await truncate(foundPath, bytes);
  let pending = "";
  let next = known === null ? undefined : saved?.next;
  let sinceSave = 0;
  let finished = false;

  const save = async () => {
    if (next === undefined) return;
    const data = Buffer.from(pending, "utf8");
    await found.write(data, 0, data.length, bytes);
    await found.datasync();
    bytes += data.length;
    pending = "";
    sinceSave = 0;
    const state: Saved = { version: auditVersion, key, next, bytes };
    await replaceFile(statePath, JSON.stringify(state));
  };
  return {
    known: known ?? [],
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
    async finish() {
      finished = true;
      await rm(statePath, { force: true });
      await rm(foundPath, { force: true });
    },
    async close() {
      try {
        if (!finished && sinceSave > 0) await save();
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

async function readKnown(path: string, bytes: number): Promise<Audited[] | null> {
  try {
    const data = await readFile(path);
    if (data.length < bytes) return null;
    const lines = data.toString("utf8", 0, bytes).split("\n");
    if (lines.pop() !== "") return null;
    return lines.map((line) => JSON.parse(line) as Audited);
  } catch {
    return null;
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, "w");
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
