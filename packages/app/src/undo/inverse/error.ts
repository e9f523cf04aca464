/** The bytes are no proof. That a proof does not hold is an answer; what git cannot give is a GitError. */
export class InverseError extends Error {
  override readonly name = "InverseError";
  readonly code = "invalid";
}
