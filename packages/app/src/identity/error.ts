/** Refusals of logging in: one sentence for the person, and a code that HTTP makes a status of. */

export type LoginErrorCode =
  /** Logged in, and not allowed this. */
  | "forbidden"
  /** A code, link or answer that is wrong, used up or too old. */
  | "login-failed"
  /** The identity provider does not answer. */
  | "login-unavailable"
  | "not-found"
  | "invalid";

export class LoginError extends Error {
  override readonly name = "LoginError";
  readonly code: LoginErrorCode;
  constructor(code: LoginErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
