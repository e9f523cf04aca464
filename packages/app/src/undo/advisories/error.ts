/** What can go wrong with advisory data as a whole, in one sentence of printable ASCII. */
export type AdvisoryErrorCode = "not-found" | "invalid" | "busy" | "aborted" | "failed";

export class AdvisoryError extends Error {
  override readonly name = "AdvisoryError";
  readonly code: AdvisoryErrorCode;

  constructor(
    code: AdvisoryErrorCode,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
