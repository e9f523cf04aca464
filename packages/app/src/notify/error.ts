/** What the notifier refuses: its configuration, or what an operator asks of it. */
export type NotifyErrorCode =
  /** The configuration cannot be used; the message names the place. */
  | "config"
  /** No such channel or notice, or no ledger to tell of. */
  | "not-found";

export class NotifyError extends Error {
  override readonly name = "NotifyError";
  readonly code: NotifyErrorCode;
  constructor(code: NotifyErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
