/** A policy that cannot be used, and where in it the reason is. */

/** Where in a folder: line and column from 1. Without a line it is about the whole file. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** One reason why a policy does not load. */
export interface Problem extends Place {
  /** What is wrong and what would be right. May quote the policy, which is foreign text. */
  readonly says: string;
}

export class PolicyError extends Error {
  override readonly name = "PolicyError";
  /** `invalid`: this is no policy that can be used. */
  readonly code = "invalid";
  readonly problems: readonly Problem[];

  /** The message is the first problem, and how many more there are. */
  constructor(problems: readonly [Problem, ...Problem[]], options: { cause?: unknown } = {}) {
    const more = problems.length - 1;
    super(
      `${showProblem(problems[0])}${more === 0 ? "" : ` (and ${more} more ${more === 1 ? "problem" : "problems"})`}`,
      options,
    );
    this.problems = problems;
  }
}

export function showProblem({ file, line, column, says }: Problem): string {
  const at = line === undefined ? "" : `:${line}${column === undefined ? "" : `:${column}`}`;
  return `${file}${at}: ${says}`;
}

/** For a problem of one file. */
export function refuse(file: string, says: string, at: Omit<Place, "file"> = {}): PolicyError {
  return new PolicyError([{ file, ...at, says }]);
}
