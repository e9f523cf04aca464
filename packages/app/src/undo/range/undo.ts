/**
 * "What will this undo?" for a target, by content.
 *
 * A single commit, branch or tag means: go back to its state. With mode `revert`
 * it means: take this commit back. A range `A..B` always means: take the commits
 * after A up to B back. (docs/design/undo.md says why.)
 */
import { type Commit, isoTime, showPerson } from "../git/commit.ts";
import { type AssessedWidely, assessWidely, type Knowledge } from "../assess/assess.ts";
import { GitError, isUnreadable } from "../git/error.ts";
import type { Repository } from "../git/repository.ts";
import { resolveCommit, resolveRange } from "../git/resolve.ts";
import { gitlinkMode, type PathChange, pathText, symlinkMode } from "../git/tree-diff.ts";
import { flags, type History, none } from "../history/history.ts";
import { addLineKeys } from "../history/line-keys.ts";
import { scanHistory } from "../history/scan.ts";
import { CommitSource } from "../history/source.ts";
import {
  clearFindings,
  clearingsDigest,
  type ClearingSources,
  uncleared,
} from "../clearing/clear-findings.ts";
import { contextOf, inContext } from "../context/context.ts";
import type { ContextFile } from "../context/context-file.ts";
import { contextTexts } from "../context/repository-context.ts";
import { Auditor } from "../audit/auditor.ts";
import type { Reversal } from "../audit/reversal.ts";
import { compareText } from "../rules/order.ts";
import type { ScannerPlugin } from "../scanners/plugin.ts";
import { scan, type ScanReport } from "../scanners/scan.ts";
import { count } from "../text.ts";
import { riskOf } from "../risk/score.ts";
import { ordered, rules } from "../rules/registry.ts";
import type { ChangedFile } from "../rules/rule.ts";
import {
  blastOf,
  inputsOf,
  type ChangedPath,
  type CommitRef,
  type SparedCommit,
  type UndoMode,
  type UndoReport,
  undoReportVersion,
} from "./report.ts";
import { alsoInTarget, settle } from "./settle.ts";
import { tagsWith } from "./tags.ts";

export type UndoRequest = {
  /** A commit, tag, branch or range `A..B`. */
  readonly target: string;
  /** Where one goes back from; default HEAD. */
  readonly from?: string;
  /** For a single commit; a range is always reverted. Default `restore`. */
  readonly mode?: UndoMode;
  /** Scanners to run on both states; they are not repositories' to choose. */
  readonly scanners?: { readonly plugins: readonly ScannerPlugin[]; readonly cache?: string };
  /** Files that come with the states and are in no commit: SBOMs of images. */
  readonly beside?: readonly ChangedFile[];
  /** The operator's word on where things run and what they hold; the repository's own is read from it. */
  readonly context?: ContextFile;
  /** What people signed, VEX and evidence say of findings. */
  readonly clearings?: ClearingSources;
  /** What the rules are told beside the repository. */
  readonly knowledge: Knowledge;
  readonly signal?: AbortSignal | undefined;
};

/** Beyond these, lists name the first and `unknowns` says how many there are. */
const mostCommits = 5000;
const mostFiles = 20_000;
const mostTags = 500;

export async function undo(repo: Repository, request: UndoRequest): Promise<UndoReport> {
  const plan = await planOf(repo, request);
  const source = new CommitSource(repo);
  try {
    return await report(repo, source, plan, request);
  } finally {
    source.close();
  }
}

type Plan = {
  readonly mode: UndoMode;
  readonly from: string;
  readonly target: string;
  /** Exclusive start of a reverted range; null for a root commit. */
  readonly rangeStart: string | null;
  readonly isRange: boolean;
};

async function planOf(repo: Repository, request: UndoRequest): Promise<Plan> {
  const from = await resolveCommit(repo, request.from ?? "HEAD");
  const range = await resolveRange(repo, request.target);
  if (range !== null) {
    if (request.mode === "restore") {
      throw new GitError("bad-ref", "a range is reverted; give a single commit to go back to");
    }
    return { mode: "revert", from, target: range.to, rangeStart: range.from, isRange: true };
  }
  const target = await resolveCommit(repo, request.target);
  const mode = request.mode ?? "restore";
  return { mode, from, target, rangeStart: null, isRange: false };
}

async function report(
  repo: Repository,
  source: CommitSource,
  plan: Plan,
  request: UndoRequest,
): Promise<UndoReport> {
  const { knowledge, signal, beside } = request;
  const unknowns = new Set<string>();
  const target = await commitOf(source, plan.target);
  const start = plan.isRange ? plan.rangeStart : (target.parents[0] ?? null);
  // Everything after the target (or after the start of what is reverted), up to where we are.
  const without = plan.mode === "restore" ? [plan.target] : start === null ? [] : [start];
  const history = await scanHistory(repo, { tips: [plan.from], without, signal });
  await addLineKeys(repo, history, signal);
  const reversals = await reversalsIn(history, source, signal);
  const chosen = await chosenRows(repo, history, plan, start, signal);
  const sides =
    plan.mode === "restore"
      ? await scanHistory(repo, { tips: [plan.target], without: [plan.from], signal })
      : null;
  const settled = settle(history, chosen, reversals);
  if (sides !== null && sides.size > 0) {
    unknowns.add(
      `the histories have diverged: the target has ${count(sides.size, "commit")} that ${plan.from} has not`,
    );
    await alsoInTarget(history, settled, sides, source);
  }
  const commits = new Map<string, Commit>();
  for (const row of chosen) {
    const commit = await source.commit(history.oid(row));
    if (commit !== null) commits.set(commit.oid, commit);
  }
  const undone: CommitRef[] = [];
  const spared: SparedCommit[] = [];
  for (const row of chosen) {
    const commit = commits.get(history.oid(row));
    if (commit === undefined) continue;
    const reason = settled.get(row);
    if (reason === undefined) undone.push(refOf(commit));
    else spared.push({ ...refOf(commit), ...reason });
  }
  const changes = await changesOf(source, plan, start, unknowns);
  const files = (changes ?? []).map(describePath).sort((a, b) => compareText(a.path, b.path));
  noteUnknowns(repo, history, changes ?? [], unknowns);
  const messages = undone.map(({ commit, subject }) => ({
    commit,
    subject,
    message: commits.get(commit)?.message ?? "",
  }));
  const change = {
    before: plan.from,
    changes: changes ?? [],
    undone: messages,
    undoing: null,
    reversal: null,
    ...(beside === undefined ? {} : { beside }),
  };
  const assessed: AssessedWidely = await assessWidely(repo, source, change, knowledge, signal);
  for (const unknown of assessed.unknowns) unknowns.add(unknown);
  const scans = await scansOf(repo, plan, request);
  for (const { tool, reason } of scans?.incomparable ?? []) {
    unknowns.add(`scanner ${tool}: ${reason}`);
  }
  const texts = await contextTexts(repo, source.objects, plan.from, changes ?? []);
  const context = contextOf(request.context, texts.before, texts.after);
  for (const unknown of context.unknowns) unknowns.add(unknown);
  const findings = inContext(ordered([...assessed.findings, ...(scans?.findings ?? [])]), context);
  const cleared = clearFindings(findings, request.clearings ?? {}, {
    asOf: knowledge.asOf,
    target: plan.target,
    advisories: knowledge.advisories,
  });
  const gained: CommitRef[] = [];
  for (let row = (sides?.size ?? 0) - 1; row >= 0 && gained.length < mostCommits; row--) {
    const commit = await source.commit(sides?.oid(row) ?? "");
    if (commit !== null) gained.push(refOf(commit));
  }
  const standing = new Set(chosen.filter((row) => !settled.has(row)));
  const tags = await tagsWith(repo, history, standing, without);
  if (tags === null)
    unknowns.add("which tags contain the undone commits took too long to find out");
  const inRange = new Set(chosen.map((row) => history.oid(row)));
  return {
    version: undoReportVersion,
    mode: plan.mode,
    from: plan.from,
    target: plan.target,
    ...(plan.isRange && plan.rangeStart !== null ? { rangeStart: plan.rangeStart } : {}),
    undone: limited(undone, mostCommits, "undone commits", unknowns),
    undoneCount: undone.length,
    spared: limited(spared, mostCommits, "spared commits", unknowns),
    gained,
    comesBack: comesBack(reversals, inRange, new Set(undone.map(({ commit }) => commit))),
    files: limited(files, mostFiles, "files", unknowns),
    fileCount: files.length,
    ...blastOf(assessed.blast),
    authors: authorsOf(undone),
    tags: limited(tags ?? [], mostTags, "tags", unknowns),
    findings,
    ...(cleared.length === 0 ? {} : { cleared }),
    risk: riskOf(uncleared(findings, cleared), {
      ...assessed,
      scanners: request.scanners?.plugins.length ?? 0,
      incomparable: (request.scanners?.plugins.length ?? 0) - (scans?.scanned.length ?? 0),
      originUnresolved: changes === null || atEdge(repo, history, chosen),
    }),
    ...(scans === null ? {} : { scanned: scans.scanned }),
    inputs: inputsOf(knowledge, context, clearingsDigest(request.clearings ?? {})),
    rules: rules.map(({ id, version }) => ({ id, version })),
    unknowns: [...unknowns].sort(compareText),
  };
}

/** What scanners say of both states; null where none were asked for. */
async function scansOf(
  repo: Repository,
  plan: Plan,
  { scanners, signal }: UndoRequest,
): Promise<Pick<ScanReport, "scanned" | "findings" | "incomparable"> | null> {
  if (scanners === undefined || scanners.plugins.length === 0) return null;
  const { plugins, cache } = scanners;
  if (plan.mode === "revert") {
    const reason = "a revert's result is no state that is in the repository";
    return {
      scanned: [],
      findings: [],
      incomparable: plugins.map(({ id }) => ({ tool: id, reason })),
    };
  }
  const kept = cache === undefined ? {} : { cache };
  return await scan(repo, { before: plan.from, after: plan.target, plugins, signal, ...kept });
}

async function commitOf(source: CommitSource, oid: string): Promise<Commit> {
  const commit = await source.commit(oid);
  if (commit === null) {
    throw new GitError("missing-object", `commit ${oid} is not in this repository`);
  }
  return commit;
}

function refOf(commit: Commit): CommitRef {
  return {
    commit: commit.oid,
    subject: commit.subject.toWellFormed(),
    author: showPerson(commit.author).toWellFormed(),
    committedAt: isoTime(commit.committer.at),
  };
}

async function reversalsIn(
  history: History,
  source: CommitSource,
  signal: AbortSignal | undefined,
): Promise<Reversal[]> {
  const auditor = new Auditor(history, source);
  const found: Reversal[] = [];
  for await (const { row, compared } of auditor.comparedRows(history.size)) {
    signal?.throwIfAborted();
    if (compared === null) continue;
    const reversal = await auditor.describe(row, compared);
    auditor.remember(reversal);
    found.push(reversal);
  }
  return found;
}

/** Rows that the request is about, newest first: all, or those of the reverted range. */
async function chosenRows(
  repo: Repository,
  history: History,
  plan: Plan,
  start: string | null,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const all = Array.from({ length: history.size }, (_, i) => history.size - 1 - i);
  if (plan.mode === "restore") return all;
  const target = history.find(plan.target);
  if (target === none) {
    throw new GitError(
      "bad-ref",
      `commit ${plan.target} is not in the history of ${plan.from}, so there is nothing to revert`,
    );
  }
  if (!plan.isRange) return [target];
  const range = await scanHistory(repo, {
    tips: [plan.target],
    without: start === null ? [] : [start],
    signal,
  });
  const chosen = new Set(Array.from({ length: range.size }, (_, i) => range.oid(i)));
  return all.filter((row) => chosen.has(history.oid(row)));
}

/** A shallow clone ends within the range: what its oldest commits changed, and what is before, is not here. */
function atEdge(repo: Repository, history: History, rows: readonly number[]): boolean {
  const edge = new Set(repo.shallowCommits);
  return edge.size > 0 && rows.some((row) => edge.has(history.oid(row)));
}

/** From the state now to the state gone back to; null where it cannot be listed. */
async function changesOf(
  source: CommitSource,
  plan: Plan,
  start: string | null,
  unknowns: Set<string>,
): Promise<PathChange[] | null> {
  try {
    if (plan.mode === "restore") return await source.changes(plan.from, plan.target);
    return await revertedChanges(source, plan, start, unknowns);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    unknowns.add(`the files that change could not be listed: ${error.message}`);
    return null;
  }
}

/**
 * Reverting leaves alone what happened to other paths since. A path that is not
 * any more as the reverted commits left it would have to be merged; its result
 * is not computed.
 */
async function revertedChanges(
  source: CommitSource,
  plan: Plan,
  start: string | null,
  unknowns: Set<string>,
): Promise<PathChange[]> {
  const done = await source.changes(start, plan.target);
  const since = new Map(
    (await source.changes(plan.target, plan.from)).map((change) => [change.path, change]),
  );
  let merged = 0;
  const changes = done.map((change): PathChange => {
    if (since.has(change.path)) merged++;
    return {
      path: change.path,
      oldMode: change.newMode,
      newMode: change.oldMode,
      oldOid: change.newOid,
      newOid: change.oldOid,
    };
  });
  if (merged > 0) {
    unknowns.add(
      `${count(merged, "reverted file")} changed since: shown as the reverted commits left it, and may conflict`,
    );
  }
  return changes;
}

function describePath(change: PathChange): ChangedPath {
  const { oldMode, newMode } = change;
  const modes = [oldMode, newMode];
  return {
    path: pathText(change.path).toWellFormed(),
    status: oldMode === 0 ? "added" : newMode === 0 ? "removed" : "modified",
    kind: modes.includes(gitlinkMode)
      ? "submodule"
      : modes.includes(symlinkMode)
        ? "symlink"
        : "text-or-binary",
    ...(oldMode !== 0 && newMode !== 0 && oldMode !== newMode
      ? { mode: { from: oldMode.toString(8), to: newMode.toString(8) } }
      : {}),
  };
}

function noteUnknowns(
  repo: Repository,
  history: History,
  changes: readonly PathChange[],
  unknowns: Set<string>,
): void {
  if (repo.shallowCommits.length > 0) {
    unknowns.add("shallow clone: commits before its edge, and what its edge changed, are unknown");
  }
  if (repo.partial) unknowns.add("partial clone: some objects may not be here");
  const submodules = changes.filter((c) => c.oldMode === gitlinkMode || c.newMode === gitlinkMode);
  if (submodules.length > 0) {
    const many = count(submodules.length, "submodule");
    unknowns.add(`${many} changed: what that undoes inside is unknown`);
  }
  let long = 0;
  for (let row = 0; row < history.size; row++) if (history.has(row, flags.messageCut)) long++;
  if (long > 0) unknowns.add(`${count(long, "commit message")} longer than what is read of it`);
}

function comesBack(
  reversals: readonly Reversal[],
  inRange: ReadonlySet<string>,
  undone: ReadonlySet<string>,
): { commit: string; revertedBy: string }[] {
  return reversals
    .filter(({ commit }) => undone.has(commit))
    .flatMap(({ commit, undoes }) =>
      undoes
        .filter(
          (one) => !inRange.has(one.commit) && (one.match === "exact" || one.match === "partial"),
        )
        .map((one) => ({ commit: one.commit, revertedBy: commit })),
    )
    .sort((a, b) => compareText(a.commit, b.commit) || compareText(a.revertedBy, b.revertedBy));
}

function authorsOf(undone: readonly CommitRef[]): { author: string; commits: number }[] {
  const counts = new Map<string, number>();
  for (const { author } of undone) counts.set(author, (counts.get(author) ?? 0) + 1);
  return [...counts]
    .map(([author, commits]) => ({ author, commits }))
    .sort((a, b) => b.commits - a.commits || compareText(a.author, b.author));
}

function limited<T>(items: readonly T[], most: number, what: string, unknowns: Set<string>): T[] {
  if (items.length <= most) return [...items];
  unknowns.add(`${items.length} ${what}: the first ${most} are named`);
  return items.slice(0, most);
}
