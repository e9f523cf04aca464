import type { Remark } from "@countermand/record";

/** A request that was understood and cannot be met, apart from what the record's rules refuse. */
export type RollbacksErrorCode =
  | "not-found"
  | "invalid"
  | "missing-opening"
  | "rationale"
  | "missing-artefact"
  | "conflict"
  | "no-ledger"
  /** Enough witnesses have not signed a checkpoint over it yet; ask again later. */
  | "not-witnessed"
  | "busy"
  /** The store cannot do it now: a full disk, a database that is gone. */
  | "unavailable";

export class RollbacksError extends Error {
  override readonly name = "RollbacksError";
  readonly code: RollbacksErrorCode;
  /** With "rationale": what is refused, with an example. */
  readonly remarks: readonly Remark[];
  constructor(
    code: RollbacksErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly remarks?: readonly Remark[] } = {},
  ) {
    super(message, options);
    this.code = code;
    this.remarks = options.remarks ?? [];
  }
}
