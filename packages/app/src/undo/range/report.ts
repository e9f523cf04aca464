/**
 * What going back would undo. No field holds null or a fraction, lists are
 * sorted, and the same repository, commits and rule versions give the same
 * bytes, so the report's canonical JSON can be named by its SHA-256.
 */
import type { Knowledge } from "../assess/assess.ts";
import type { BlastRadius } from "../blast/blast-radius.ts";
import type { Cleared } from "../clearing/clear-findings.ts";
import type { ScannedBy } from "../scanners/scan.ts";
import type { Risk } from "../risk/score.ts";
import type { Finding } from "../rules/rule.ts";

export const undoReportVersion = 2;

export type UndoMode = "restore" | "revert";

export type ReportInputs = {
  /** RFC 3339, UTC. */
  readonly asOf: string;
  /** `owner/name` on the forge. */
  readonly repository?: string;
  /** Digest of the advisory data, `sha256:…`. */
  readonly advisories?: string;
  /** Digest of the context that findings were weighed in, `sha256:…`; absent: there was none. */
  readonly context?: string;
  /** Digest of the statements, VEX documents and evidence that were given, `sha256:…`; absent: none were. */
  readonly clearings?: string;
};

/** Files by digest, or an image: with a commit if it says from which one it was built. */
export type StateKind =
  | { readonly kind: "files"; readonly digest: string }
  | { readonly kind: "image"; readonly digest: string; readonly revision?: string };

export type CommitRef = {
  readonly commit: string;
  readonly subject: string;
  /** `Name <mail>` */
  readonly author: string;
  /** RFC 3339, UTC. */
  readonly committedAt: string;
};

/** A commit in the range whose content is not undone, and the commit that says why. */
export type SparedCommit = CommitRef & {
  readonly because: "already-reverted" | "reverts-in-range" | "also-in-target" | "no-content";
  readonly by?: string;
};

export type ChangedPath = {
  readonly path: string;
  readonly status: "added" | "removed" | "modified";
  readonly kind: "text-or-binary" | "symlink" | "submodule";
  /** As octal, where it changes and the path stays. */
  readonly mode?: { readonly from: string; readonly to: string };
};

export type UndoReport = {
  readonly version: typeof undoReportVersion;
  readonly mode: UndoMode;
  /** A commit id, or the digest of files or of an image. */
  readonly from: string;
  /** The state gone back to (`restore`), or the last commit of what is reverted. */
  readonly target: string;
  /** What `from` and `target` are, where they are not commits as named. */
  readonly states?: { readonly from: StateKind; readonly target: StateKind };
  /** Only when a range is reverted: the commit before the first. */
  readonly rangeStart?: string;
  /** Newest first, as in the history. */
  readonly undone: readonly CommitRef[];
  /** All of them, also where the list is cut. */
  readonly undoneCount: number;
  readonly spared: readonly SparedCommit[];
  /** Commits that the target has and `from` has not: they come with it. */
  readonly gained: readonly CommitRef[];
  /** Reverts in the range of commits outside it: what they took out comes back. */
  readonly comesBack: readonly { readonly commit: string; readonly revertedBy: string }[];
  readonly files: readonly ChangedPath[];
  readonly fileCount: number;
  readonly components: BlastRadius["components"];
  /** How far it goes beside the parts: owners, services, dependents, contracts. */
  readonly blast: Omit<BlastRadius, "components">;
  readonly authors: readonly { readonly author: string; readonly commits: number }[];
  /** Tags that contain at least one undone commit. */
  readonly tags: readonly string[];
  readonly findings: readonly Finding[];
  /** Those of them that do not score, and why; absent: none. */
  readonly cleared?: readonly Cleared[];
  /** Of the findings that nothing cleared. */
  readonly risk: Risk;
  /** Scanners that saw both states; none were asked for: absent. */
  readonly scanned?: readonly ScannedBy[];
  /** What the rules were told, so that the same question gives the same answer again. */
  readonly inputs: ReportInputs;
  readonly rules: readonly { readonly id: string; readonly version: number }[];
  readonly unknowns: readonly string[];
};

/** The blast radius as the report holds it. */
export function blastOf({
  components,
  ...blast
}: BlastRadius): Pick<UndoReport, "components" | "blast"> {
  return { components, blast };
}

export function inputsOf(
  { asOf, repository, advisories }: Knowledge,
  { digest: context }: { readonly digest: string | undefined },
  clearings: string | undefined,
): ReportInputs {
  return {
    asOf,
    ...(repository === null ? {} : { repository }),
    ...(advisories.digest === null ? {} : { advisories: advisories.digest }),
    ...(context === undefined ? {} : { context }),
    ...(clearings === undefined ? {} : { clearings }),
  };
}
