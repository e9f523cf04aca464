/** What was given to clear findings by, or to weigh them in, cannot be read or means nothing. */
export class ClearingError extends Error {
  override readonly name = "ClearingError";
  readonly code = "invalid";
}
