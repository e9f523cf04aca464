/**
 * From a change between two states to findings: reads what the rules ask for,
 * parses each file once, runs the rules, and says what could not be known. The
 * same change, data, rules and time give the same answer.
 */
import type { AdvisoryIndex } from "../advisories/advisory-index.ts";
import { type BlastRadius, blastRadius, blastReads } from "../blast/blast-radius.ts";
import type { Repository } from "../git/repository.ts";
import type { PathChange } from "../git/tree-diff.ts";
import type { CommitSource } from "../history/source.ts";
import { Models, type UnreadSide } from "../models/model.ts";
import { compareText } from "../rules/order.ts";
import { rules, runRules } from "../rules/registry.ts";
import type {
  ChangedFile,
  Finding,
  ReversalFacts,
  RuleInput,
  UndoneCommit,
} from "../rules/rule.ts";
import { type Content, readContent } from "./content.ts";
import { readSurroundings, type Surroundings } from "./surroundings.ts";

/** What the rules are told beside the change. */
export type Knowledge = {
  readonly advisories: AdvisoryIndex;
  /** RFC 3339, UTC: what counts as expired or stale. */
  readonly asOf: string;
  /** `owner/name` on the forge, lower case. */
  readonly repository: string | null;
  readonly hashSecret: (value: string) => string;
};

/** What changes, and whose change it is. */
type Story = {
  readonly undone: readonly UndoneCommit[];
  readonly undoing: UndoneCommit | null;
  readonly reversal: ReversalFacts | null;
};

/** A change between two commits. */
export type Change = Story & {
  /** The commit whose state is left. */
  readonly before: string;
  readonly changes: readonly PathChange[];
  /** Files that come with the states and are in no commit: SBOMs of images. */
  readonly beside?: readonly ChangedFile[];
};

/** A change whose files are read already. */
export type FileChange = Story & Content & Surroundings;

/** With how far it goes, for a person who is about to decide; an audit does without. */
export type AssessedWidely = Assessed & { readonly blast: BlastRadius };

export type Assessed = {
  readonly findings: readonly Finding[];
  /** Sorted, without text of the repository. */
  readonly unknowns: readonly string[];
  /** Files that rules wanted to read, and how many of them they could not. */
  readonly wanted: number;
  readonly unread: number;
  /** The same in bytes, as far as sizes are known. */
  readonly wantedBytes: number;
  readonly unreadBytes: number;
};

export async function assess(
  repo: Repository,
  source: CommitSource,
  change: Change,
  knowledge: Knowledge,
  signal?: AbortSignal,
): Promise<Assessed> {
  return assessFiles(await read(repo, source, change, false, signal), knowledge);
}

/** As `assess`, and the blast radius. */
export async function assessWidely(
  repo: Repository,
  source: CommitSource,
  change: Change,
  knowledge: Knowledge,
  signal?: AbortSignal,
): Promise<AssessedWidely> {
  const files = await read(repo, source, change, true, signal);
  return assessFilesWidely(files, knowledge);
}

async function read(
  repo: Repository,
  source: CommitSource,
  change: Change,
  widely: boolean,
  signal: AbortSignal | undefined,
): Promise<FileChange> {
  const also = widely ? blastReads : undefined;
  const { objects } = source;
  const content = await readContent(objects, change.changes, also, signal);
  const around = await readSurroundings(repo, objects, change.before, content.files, rules, also);
  const { undone, undoing, reversal, beside = [] } = change;
  return {
    undone,
    undoing,
    reversal,
    ...around,
    wanted: content.wanted + beside.length,
    unread: content.unread,
    wantedBytes: content.wantedBytes,
    unreadBytes: content.unreadBytes,
    files: [...content.files, ...beside],
    unknowns: [...content.unknowns, ...around.unknowns],
  };
}

export function assessFiles(change: FileChange, knowledge: Knowledge): Assessed {
  return judge(inputOf(change, knowledge), change);
}

export function assessFilesWidely(change: FileChange, knowledge: Knowledge): AssessedWidely {
  const input = inputOf(change, knowledge);
  // The rules first: what only the blast radius could not read is said there.
  return { ...judge(input, change), blast: blastRadius(input) };
}

function inputOf(
  { files, unchanged, paths, undone, undoing, reversal }: FileChange,
  knowledge: Knowledge,
): RuleInput {
  const models = new Models();
  return { files, unchanged, paths, undone, undoing, reversal, models, ...knowledge };
}

function judge(input: RuleInput, change: FileChange): Assessed {
  const findings = runRules(rules, input);
  const unknowns = new Set(change.unknowns);
  // Not looking is not the same as finding nothing.
  if (input.advisories.digest === null) {
    unknowns.add(
      "no advisory data is here: whether known vulnerabilities come back was not looked up",
    );
  }
  for (const rule of rules) {
    for (const unknown of rule.unknowns?.(input) ?? []) unknowns.add(unknown);
  }
  const unread = input.models.unread();
  for (const unknown of byReason(unread)) unknowns.add(unknown);
  const unreadPaths = new Set(unread.map(({ path }) => path));
  return {
    findings,
    unknowns: [...unknowns].sort(compareText),
    wanted: change.wanted,
    unread: change.unread + unreadPaths.size,
    wantedBytes: change.wantedBytes,
    unreadBytes: change.unreadBytes + bytesOf(change.files, unreadPaths),
  };
}

function bytesOf(files: readonly ChangedFile[], paths: ReadonlySet<string>): number {
  return files
    .filter(({ path }) => paths.has(path))
    .reduce(
      (sum, { before = "", after = "" }) =>
        sum + Buffer.byteLength(before) + Buffer.byteLength(after),
      0,
    );
}

/** By reason, not by path: an unknown is signed, and paths are the repository's text. */
function byReason(unread: readonly UnreadSide[]): string[] {
  const reasons = new Map<string, Set<string>>();
  for (const { path, reason } of unread) {
    const files = reasons.get(reason) ?? new Set<string>();
    reasons.set(reason, files.add(path));
  }
  return [...reasons].map(
    ([reason, { size }]) => `${size === 1 ? "1 file" : `${size} files`} not read: ${reason}`,
  );
}
