/**
 * What can go wrong between us and git, as one error. A message is one sentence
 * in printable ASCII: refs and paths in it come from strangers.
 */

export type GitErrorCode =
  | "not-a-repository"
  | "unsupported-repository"
  | "empty-repository"
  | "bad-ref"
  | "ambiguous-ref"
  | "missing-object"
  | "shallow"
  | "too-large"
  | "git-missing"
  | "git-failed"
  | "timeout"
  | "aborted";

export class GitError extends Error {
  override readonly name = "GitError";
  readonly code: GitErrorCode;

  constructor(code: GitErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}

/** Hostile text in double quotes, at most `max` UTF-16 units, printable ASCII only. */
export function quoted(text: string, max = 80): string {
  const escaped = JSON.stringify(text.slice(0, max)).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > max ? `${escaped}...` : escaped;
}

/** The comparison is not possible here, which is an answer; anything else is a failure. */
export function isUnreadable(error: unknown): error is GitError {
  return (
    error instanceof GitError && (error.code === "missing-object" || error.code === "too-large")
  );
}
