/** What can go wrong between us and a store, in words for the person who runs it. */
export type StorageErrorCode =
  /** The disk, a quota or a size limit is reached; nothing was written. */
  | "full"
  /** The store may be read and not written. */
  | "read-only"
  /** No connection, or it was lost before COMMIT was sent; nothing was written. */
  | "unavailable"
  /** The store did not say whether COMMIT took place. */
  | "commit-unknown"
  /** Somebody else holds the data directory or the database. */
  | "in-use"
  /** The files are not a database, or the medium does not give back what was written. */
  | "damaged"
  /** The schema is newer, or an applied migration was changed since. */
  | "schema"
  /** The store is set up in a way that would lose acknowledged entries. */
  | "unsafe"
  /** A statement touched another number of rows than it must. */
  | "row-count"
  /** A constraint refused the write: the same key twice, an edit of what is append-only. */
  | "constraint"
  /** A blob or an import does not have the content that it claims. */
  | "content"
  /** A blob is larger than allowed. */
  | "too-large"
  | "not-found"
  /** Anything else that a statement was refused for. */
  | "statement";

export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code: StorageErrorCode;
  constructor(code: StorageErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** The store is at fault, not the statement: any other would have failed too. */
export function isOutage(error: unknown): error is StorageError {
  return (
    error instanceof StorageError &&
    ["full", "read-only", "unavailable", "commit-unknown", "in-use", "damaged"].includes(error.code)
  );
}

/** Errors of the file system, as one sentence about `path`; others are returned as they are. */
export function fileError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new StorageError(
      "full",
      `the disk is full: cannot write ${path}; make room and try again`,
      {
        cause: error,
      },
    );
  }
  if (code === "EROFS" || code === "EACCES" || code === "EPERM") {
    return new StorageError(
      "read-only",
      `cannot write ${path}: ${code === "EROFS" ? "the file system is read-only" : "permission denied"}; use a directory that this user may write`,
      { cause: error },
    );
  }
  return error;
}
