/** A state that was named and cannot be read, or cannot be compared with the other: one sentence. */
export class StateError extends Error {
  override readonly name = "StateError";
  readonly code: "bad-state" | "unreadable" | "too-large" | "not-comparable";

  constructor(code: StateError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
