/**
 * Exit codes and the one sentence that goes with them. 0 good, 1 a finding or a
 * refusal, 2 wrong usage or input, 3 it could not be done or verified.
 */
import { RecordError } from "@countermand/record";

export const exitCodes = { good: 0, finding: 1, usage: 2, couldNot: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command with a sentence for the person. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export function usage(message: string): CommandError {
  return new CommandError(exitCodes.usage, message);
}

/** Errors that features throw, by the code each carries. What is not here could not be done. */
const byCode: Readonly<Record<string, ExitCode>> = {
  refused: exitCodes.finding,
  conflict: exitCodes.finding,
  rationale: exitCodes.finding,
  "not-found": exitCodes.usage,
  invalid: exitCodes.usage,
  "not-a-repository": exitCodes.usage,
  "bad-ref": exitCodes.usage,
  "ambiguous-ref": exitCodes.usage,
  "empty-repository": exitCodes.usage,
  "bad-state": exitCodes.usage,
  "not-comparable": exitCodes.usage,
};

/** The exit code and the sentence for anything that a command threw. */
export function explain(error: unknown): { readonly exitCode: ExitCode; readonly says: string } {
  if (error instanceof CommandError) return { exitCode: error.exitCode, says: error.message };
  if (error instanceof RecordError && error.code !== "refused") {
    return { exitCode: exitCodes.usage, says: error.message };
  }
  const code = (error as { code?: unknown }).code;
  const says = error instanceof Error ? error.message : String(error);
  const known = typeof code === "string" ? byCode[code] : undefined;
  return { exitCode: known ?? exitCodes.couldNot, says };
}
