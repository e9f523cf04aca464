/**
 * The implications of one reversal of a history: from messages and paths alone,
 * or by reading what changed. What an audit asks for each reversal it finds.
 */
import type { Commit } from "../git/commit.ts";
import { isoTime } from "../git/commit.ts";
import { isUnreadable } from "../git/error.ts";
import type { Repository } from "../git/repository.ts";
import { type PathChange, pathText } from "../git/tree-diff.ts";
import type { CommitSource } from "../history/source.ts";
import { messagesAndPaths } from "../rules/messages-and-paths.ts";
import { cheapRules, runRules } from "../rules/registry.ts";
import type { UndoneCommit } from "../rules/rule.ts";
import { assess, type Assessed, type Knowledge } from "./assess.ts";
import { type Relation, reversalFacts } from "./reversal-facts.ts";

/** A commit that goes back, and what the audit found that it undoes. */
export type ReversalChange = Relation & {
  readonly commit: Commit;
  /** The parent that the commit is compared with; null for a root commit. */
  readonly parent: string | null;
  readonly undone: readonly (UndoneCommit & { readonly parent: string | null })[];
};

export type ReversalFindings = Assessed;

export type ImplicationReader = (
  source: CommitSource,
  reversal: ReversalChange,
  signal?: AbortSignal,
) => Promise<ReversalFindings>;

/** Messages and paths alone: some microseconds a reversal. */
export const messageReader: ImplicationReader = async (source, reversal) => {
  const changes = await changesOf(source, reversal);
  const files = changes.map((change) => ({
    path: pathText(change.path),
    status: statusOf(change),
  }));
  const { undone } = reversal;
  const input = messagesAndPaths({ files, undone, undoing: asUndoing(reversal.commit) });
  return {
    findings: runRules(cheapRules, input),
    unknowns: [],
    wanted: 0,
    unread: 0,
    wantedBytes: 0,
    unreadBytes: 0,
  };
};

/** Every rule, over the content of the change. The time is the reversal's own. */
export function contentReader(
  repo: Repository,
  knowledge: Omit<Knowledge, "asOf">,
): ImplicationReader {
  return async (source, reversal, signal) => {
    const { commit, parent, undone } = reversal;
    if (parent === null) return await messageReader(source, reversal);
    const change = {
      before: parent,
      changes: await changesOf(source, reversal),
      undone,
      undoing: asUndoing(commit),
      reversal: await reversalFacts(
        source,
        { parent, oid: commit.oid },
        undone.map((one) => ({ oid: one.commit, parent: one.parent, subject: one.subject })),
        reversal,
      ),
    };
    const asOf = isoTime(commit.committer.at);
    return await assess(repo, source, change, { ...knowledge, asOf }, signal);
  };
}

function asUndoing(commit: Commit): UndoneCommit {
  return { commit: commit.oid, subject: commit.subject, message: commit.message };
}

function statusOf({ oldMode, newMode }: PathChange): "added" | "removed" | "modified" {
  return oldMode === 0 ? "added" : newMode === 0 ? "removed" : "modified";
}

async function changesOf(
  source: CommitSource,
  { commit, parent }: ReversalChange,
): Promise<PathChange[]> {
  try {
    return await source.changes(parent, commit.oid);
  } catch (error) {
    if (isUnreadable(error)) return [];
    throw error;
  }
}
