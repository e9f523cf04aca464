/** Why a witness or a monitor does not run, in words for who runs it. */
export type WitnessErrorCode =
  /** A key file cannot be used. */
  | "key"
  /** The list of logs, or the policy, cannot be read. */
  | "list"
  /** What was seen cannot be kept, or is held by another process. */
  | "state"
  /** The log cannot be reached, or what it serves is not what C2SP says. */
  | "log"
  /** The log does not serve what a checkpoint that it signed implies. */
  | "missing";

export class WitnessError extends Error {
  override readonly name = "WitnessError";
  readonly code: WitnessErrorCode;
  constructor(code: WitnessErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
