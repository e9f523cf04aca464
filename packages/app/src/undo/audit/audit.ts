/**
 * Finds every reversal in a history, newest first. Two passes: `scanHistory`
 * reads trees and messages once and keeps fixed rows; then each commit that
 * makes a claim, or whose fingerprint is the inverse of an earlier one, is
 * compared with its targets by content. Newest first, because whether something
 * was re-applied is told by commits that come later: when a reversal is
 * reported, all of those have been seen.
 *
 * What it takes for a reversal: docs/design/undo.md. The object: docs/spec/audit-output.md.
 */
import { createHash } from "node:crypto";
import type { ImplicationReader } from "../assess/reversal.ts";
import { isoTime } from "../git/commit.ts";
import type { Repository } from "../git/repository.ts";
import { resolveCommit } from "../git/resolve.ts";
import { flags, type History, none } from "../history/history.ts";
import { addLineKeys } from "../history/line-keys.ts";
import { scanHistory } from "../history/scan.ts";
import { CommitSource } from "../history/source.ts";
import { weightsVersion } from "../risk/weights.ts";
import { Auditor } from "./auditor.ts";
import type { Audited, Coverage, Reversal } from "./reversal.ts";
import { type AuditState, openAuditState } from "./state.ts";

export type AuditProgress = {
  readonly phase: "reading" | "comparing";
  readonly done: number;
  /** Null while it is not known. */
  readonly total: number | null;
  readonly found: number;
};

export type AuditOptions = {
  /** Refs or ids; default HEAD. */
  readonly refs?: readonly string[];
  /** Stops at the next commit; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: AuditProgress) => void;
  readonly onCoverage?: (coverage: Coverage) => void;
  /** What the rules are told: with it they read the content of every reversal, without it messages and paths. */
  readonly implications?: { readonly reader: ImplicationReader; readonly versions: string };
  /** Where an interrupted audit is taken up again, and a finished one of the same history told again. */
  readonly stateDirectory?: string;
};

/** Every reversal that the refs reach, newest first. Ends early only by throwing. */
export async function* auditHistory(
  repo: Repository,
  options: AuditOptions = {},
): AsyncGenerator<Reversal, void, void> {
  for await (const { reversal } of auditWithDelays(repo, options)) yield reversal;
}

/** As `auditHistory`, with the time that each took to come: what the summary is made of. */
export async function* auditWithDelays(
  repo: Repository,
  options: AuditOptions = {},
): AsyncGenerator<Audited, void, void> {
  const tips: string[] = [];
  for (const ref of options.refs ?? ["HEAD"]) tips.push(await resolveCommit(repo, ref));
  const state = await openState(repo, tips, options);
  try {
    if (state?.finished === null || state === null) {
      yield* auditTips(repo, tips, state, options);
      return;
    }
    options.onCoverage?.(state.finished);
    for (const audited of state.known) {
      options.signal?.throwIfAborted();
      yield audited;
    }
  } finally {
    await state?.close();
  }
}

async function openState(
  repo: Repository,
  tips: readonly string[],
  { stateDirectory, implications }: AuditOptions,
): Promise<AuditState | null> {
  if (stateDirectory === undefined) return null;
  // Counts and sizes of packs and loose objects: they grow when what was missing comes.
  const { stdout } = await repo.run(["count-objects", "-v"], { maxBytes: 65_536 });
  const objects = [stdout.toString("latin1"), ...repo.shallowCommits].join("\n");
  return await openAuditState(stateDirectory, {
    repository: repo.gitDir,
    tips,
    objects: createHash("sha256").update(objects).digest("hex"),
    versions: implications === undefined ? "" : `${implications.versions} ${weightsVersion}`,
  });
}

async function* auditTips(
  repo: Repository,
  tips: readonly string[],
  state: AuditState | null,
  options: AuditOptions,
): AsyncGenerator<Audited, void, void> {
  const history = await scanHistory(repo, {
    tips,
    signal: options.signal,
    onProgress: (done) => {
      options.onProgress?.({ phase: "reading", done, total: null, found: 0 });
    },
  });
  await addLineKeys(repo, history, options.signal);
  const coverage = coverageOf(repo, history);
  options.onCoverage?.(coverage);
  const source = new CommitSource(repo);
  try {
    const auditor = new Auditor(history, source, options.implications?.reader);
    let found = 0;
    for (const audited of state?.known ?? []) {
      auditor.remember(audited.reversal);
      found++;
      yield audited;
    }
    for await (const { row, compared } of auditor.comparedRows(state?.next ?? history.size)) {
      options.signal?.throwIfAborted();
      const reversal = compared === null ? null : await auditor.describe(row, compared);
      const audited = reversal === null ? null : { reversal, delay: delayOf(history, reversal) };
      if (audited !== null) {
        auditor.remember(audited.reversal);
        found++;
      }
      await state?.passed(row, audited);
      if (audited !== null) yield audited;
      if (row % 1000 === 0 || audited !== null) {
        const done = history.size - row;
        options.onProgress?.({ phase: "comparing", done, total: history.size, found });
      }
    }
    await state?.finish(coverage);
  } finally {
    source.close();
  }
}

function delayOf(history: History, reversal: Reversal): number | null {
  const first = reversal.undoes.find(({ share }) => share > 0);
  const row = first === undefined ? none : history.find(first.commit);
  return row === none ? null : history.time(history.find(reversal.commit)) - history.time(row);
}

function coverageOf(repo: Repository, history: History): Coverage {
  let unsized = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < history.size; row++) {
    const unknowable =
      history.has(row, flags.unsized) && !history.has(row, flags.merge | flags.empty);
    if (unknowable) unsized++;
    from = Math.min(from, history.time(row));
    to = Math.max(to, history.time(row));
  }
  return {
    commits: history.size,
    shallowCommits: repo.shallowCommits.length,
    partial: repo.partial,
    unsized,
    from: history.size === 0 ? null : isoTime(from),
    to: history.size === 0 ? null : isoTime(to),
  };
}
