/** Why there is no time-stamp token, or why one is not believed. */
export type TimestampErrorCode =
  /** The authority could not be asked, or failed: it is asked again. */
  | "unreachable"
  /** The authority answered, and gave no token. */
  | "refused"
  /** The token is not over what was asked, or not by an authority that the roots vouch for. */
  | "untrue"
  /** The command that checks tokens cannot be run. */
  | "openssl"
  /** The file of certificates that are believed cannot be used. */
  | "roots";

export class TimestampError extends Error {
  override readonly name = "TimestampError";
  readonly code: TimestampErrorCode;
  constructor(code: TimestampErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
