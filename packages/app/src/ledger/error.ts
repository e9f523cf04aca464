/** Why the ledger did not do what was asked, or stopped. */
export type LedgerErrorCode =
  /** The queue is full; nothing was recorded. Try again after `retryAfter` seconds. */
  | "busy"
  /** The store failed before anything was recorded; the same may be tried again. */
  | "not-recorded"
  /** Recorded, or perhaps recorded, and no receipt; submitting the same again is safe. */
  | "unacknowledged"
  /** The ledger appends no more until an operator has looked; see `reason`. */
  | "frozen"
  /** An entry closed the log; nothing is appended after it. */
  | "ended"
  /** The entry names a next key of the log that this server does not hold. */
  | "no-key"
  /** This ledger object was closed. */
  | "closed"
  /** The database and what was signed, stored or acknowledged before contradict each other. */
  | "contradiction"
  /** The store belongs to another key. */
  | "foreign-key"
  /** The file of the high-water mark is missing or damaged. */
  | "mark"
  /** The file that names the witnesses cannot be used. */
  | "witness-policy"
  /** The file of a log key cannot be used. */
  | "key-file"
  | "no-such-log"
  | "log-exists";

export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: LedgerErrorCode;
  /** Seconds, with "busy". */
  readonly retryAfter: number | undefined;
  constructor(
    code: LedgerErrorCode,
    message: string,
    options: { cause?: unknown; retryAfter?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfter = options.retryAfter;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
