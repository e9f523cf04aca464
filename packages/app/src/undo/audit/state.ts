/**
 * What an audit has found so far, so that an interrupted one goes on and one that was
 * finished is told again at once. In the caller's directory each run has a file of its
 * own for the reversals, one a line, and each repository one small state that is
 * replaced atomically (written whole under another name, then renamed). The state names
 * a file and says how many bytes of it count, so a line that was cut by a kill is
 * dropped and its commit examined again.
 *
 * Two audits of one repository may run at once: neither writes what the other reads,
 * and the state is that of the one that has got farther.
 *
 * A state for other tips, other objects or other versions is left behind, not obeyed.
 * In an audit that is taken up the first pass over the history is done again: it costs
 * seconds and its rows are only as good as the repository that they were read from.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Audited, Coverage } from "./reversal.ts";

/** Raised whenever the same history may give another answer. */
export const auditVersion = 4;

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
  /** Whose file: 16 hex digits. */
  readonly run: string;
  readonly next: number;
  readonly bytes: number;
  readonly finished: Coverage | null;
};

/** Between two saves; a kill loses at most this much work. */
const rowsBetweenSaves = 5000;
const reversalsBetweenSaves = 20;

/** A run that has not saved for this long has ended; then its file may go. */
const longestSilence = 24 * 3_600_000;

export async function openAuditState(directory: string, key: AuditKey): Promise<AuditState> {
  await mkdir(directory, { recursive: true });
  const name = createHash("sha256").update(key.repository).digest("hex").slice(0, 16);
  const statePath = join(directory, `${name}.json`);
  const pathOf = (run: string) => join(directory, `${name}.${run}.ndjson`);
  const saved = await readSaved(statePath, key);
  const known = saved === null ? null : await readKnown(pathOf(saved.run), saved.bytes);
  const run = randomBytes(8).toString("hex");
  // Made with the first save: an audit that was finished is only read.
  let file: RunFile | null = null;
  let next = known === null ? undefined : saved?.next;
  let finished = known === null ? null : (saved?.finished ?? null);
  let pending = known === null ? "" : known.map((line) => `${line}\n`).join("");
  let sinceSave = 0;

  const save = async () => {
    if (next === undefined) return;
    file ??= await createRunFile(pathOf(run));
    await file.append(pending);
    pending = "";
    sinceSave = 0;
    const { bytes } = file;
    const state: Saved = { version: auditVersion, key, run, next, bytes, finished };
    // Between this and the renaming another may save: both states are sound.
    if (!isFarther(await readSaved(statePath, key), state)) {
      await replaceFile(statePath, `${statePath}.${run}.new`, JSON.stringify(state));
    }
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
        await file?.close();
        if (file !== null) await sweep(directory, name, statePath, run);
      }
    },
  };
}

type RunFile = {
  /** Written and durable. */
  readonly bytes: number;
  append(text: string): Promise<void>;
  close(): Promise<void>;
};

async function createRunFile(path: string): Promise<RunFile> {
  const handle = await open(path, "wx", 0o600);
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    async append(text) {
      const data = Buffer.from(text, "utf8");
      await handle.writeFile(data);
      await handle.datasync();
      bytes += data.length;
    },
    close: () => handle.close(),
  };
}

/** Whether `there` has got farther than `mine`: rows are passed from the newest, the highest, on. */
function isFarther(there: Saved | null, mine: Saved): boolean {
  if (there === null || there.run === mine.run) return false;
  return there.finished !== null || (mine.finished === null && there.next < mine.next);
}

/** Removes this run's file unless the state names it, and those of runs that ended long ago. */
async function sweep(
  directory: string,
  name: string,
  statePath: string,
  run: string,
): Promise<void> {
  const { run: named } = await readSavedOf(statePath);
  for (const file of await readdir(directory)) {
    // `<name>.<run>.ndjson`, and drafts of the state that a kill left behind.
    const [, owner] = /^[0-9a-f]{16}\.(?:json\.)?([0-9a-f]{16})\.(?:ndjson|new)$/.exec(file) ?? [];
    if (!file.startsWith(`${name}.`) || owner === undefined || owner === named) continue;
    const path = join(directory, file);
    if (owner === run || (await isSilent(path))) await rm(path, { force: true });
  }
}

async function isSilent(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > longestSilence;
}

async function readSaved(path: string, key: AuditKey): Promise<Saved | null> {
  const saved = await readSavedOf(path);
  const same = saved.version === auditVersion && JSON.stringify(saved.key) === JSON.stringify(key);
  const { next = -1, bytes = -1, run = "" } = saved;
  const sound =
    Number.isSafeInteger(next) && Number.isSafeInteger(bytes) && next >= 0 && bytes >= 0;
  return same && sound && /^[0-9a-f]{16}$/.test(run) ? (saved as Saved) : null;
}

/** Whatever is there; nothing where it is absent or unreadable. */
async function readSavedOf(path: string): Promise<Partial<Saved>> {
  try {
    return (JSON.parse(await readFile(path, "utf8")) ?? {}) as Partial<Saved>;
  } catch {
    return {};
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

async function replaceFile(path: string, draft: string, content: string): Promise<void> {
  const file = await open(draft, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
