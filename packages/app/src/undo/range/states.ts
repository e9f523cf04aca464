/**
 * "What will this undo?" for states that are no commits: files, or images. Files
 * are compared as they are. Images that say from which commit they were built are
 * compared as these commits, with the SBOMs that are attached to them; without
 * that, the SBOMs alone speak, and the rest is said to be unknown.
 */
import { assessFilesWidely } from "../assess/assess.ts";
import { clearFindings, clearingsDigest, uncleared } from "../clearing/clear-findings.ts";
import { contextOf, inContext } from "../context/context.ts";
import { contextTextsIn, type ContextTexts } from "../context/repository-context.ts";
import type { Repository } from "../git/repository.ts";
import { compareText } from "../rules/order.ts";
import { riskOf } from "../risk/score.ts";
import { rules } from "../rules/registry.ts";
import type { ChangedFile } from "../rules/rule.ts";
import { StateError } from "../states/error.ts";
import { changedFiles } from "../states/files.ts";
import { readState, type State } from "../states/state.ts";
import { blastOf, inputsOf, type StateKind, type UndoReport, undoReportVersion } from "./report.ts";
import { undo, type UndoRequest } from "./undo.ts";

/** As `undo`; `target` and `from` may name files or images. A repository is needed for commits alone. */
export async function undoStates(
  repo: Repository | undefined,
  request: UndoRequest,
): Promise<UndoReport> {
  const target = await readState(request.target);
  const from = await readState(request.from ?? "HEAD");
  if (target.kind === "ref" && from.kind === "ref") {
    if (repo === undefined) throw noRepository();
    return await undo(repo, request);
  }
  if (target.kind === "ref" || from.kind === "ref" || target.kind !== from.kind) {
    throw new StateError(
      "not-comparable",
      `a state is compared with one of its kind; ${named(from)} and ${named(target)} were given (--from names the state gone back from)`,
    );
  }
  if (request.mode === "revert") {
    throw new StateError("not-comparable", "only commits are reverted; name a state to go back to");
  }
  const states = { from: kindOf(from), target: kindOf(target) };
  const beside = changedFiles(from.files, target.files);
  const texts = contextTextsIn(from.files, target.files);
  if (from.kind === "image" && target.kind === "image") {
    if (repo !== undefined && from.revision !== undefined && target.revision !== undefined) {
      const commits = { ...request, from: from.revision, target: target.revision, beside };
      return { ...(await undo(repo, commits)), states };
    }
    const missing = repo === undefined ? "a repository" : "the commit they were built from";
    return await ofFiles(beside, states, request, texts, [
      `the images were compared by their SBOMs alone: ${missing} is missing`,
      ...(beside.length === 0 && (from.files.size === 0 || target.files.size === 0)
        ? ["no SBOM is attached to one of the images"]
        : []),
    ]);
  }
  return await ofFiles(beside, states, request, texts, []);
}

function noRepository(): StateError {
  return new StateError(
    "bad-state",
    "there is no git repository here; name one, or states as dir:, file: or image:",
  );
}

function named(state: State): string {
  return { ref: "a commit", files: "files", image: "an image" }[state.kind];
}

function kindOf(state: Exclude<State, { kind: "ref" }>): StateKind {
  const { kind, digest } = state;
  if (kind === "files" || state.revision === undefined) return { kind, digest };
  return { kind, digest, revision: state.revision };
}

async function ofFiles(
  files: readonly ChangedFile[],
  states: { readonly from: StateKind; readonly target: StateKind },
  { knowledge, context: operator, clearings = {} }: UndoRequest,
  texts: ContextTexts,
  unknowns: readonly string[],
): Promise<UndoReport> {
  const text = files.filter(({ before, after }) => before !== undefined || after !== undefined);
  const assessed = assessFilesWidely(
    {
      files,
      unchanged: [],
      paths: { before: [], after: [] },
      undone: [],
      undoing: null,
      reversal: null,
      wanted: files.length,
      unread: files.length - text.length,
      // Files that could not be read have no size here; they count as files.
      wantedBytes: 0,
      unreadBytes: 0,
      unknowns,
    },
    knowledge,
  );
  const context = contextOf(operator, texts.before, texts.after);
  const findings = inContext(assessed.findings, context);
  const cleared = clearFindings(findings, clearings, {
    asOf: knowledge.asOf,
    target: states.target.digest,
    advisories: knowledge.advisories,
  });
  return {
    version: undoReportVersion,
    mode: "restore",
    from: states.from.digest,
    target: states.target.digest,
    states,
    undone: [],
    undoneCount: 0,
    spared: [],
    gained: [],
    comesBack: [],
    files: files
      .map(({ path, status }) => ({ path, status, kind: "text-or-binary" as const }))
      .sort((a, b) => compareText(a.path, b.path)),
    fileCount: files.length,
    ...blastOf(assessed.blast),
    authors: [],
    tags: [],
    findings,
    ...(cleared.length === 0 ? {} : { cleared }),
    risk: riskOf(uncleared(findings, cleared), { ...assessed, originUnresolved: true }),
    inputs: inputsOf(knowledge, context, clearingsDigest(clearings)),
    rules: rules.map(({ id, version }) => ({ id, version })),
    unknowns: [
      ...new Set([
        "the states are not commits: which changes lie between them is unknown",
        ...assessed.unknowns,
        ...context.unknowns,
      ]),
    ].sort(compareText),
  };
}
