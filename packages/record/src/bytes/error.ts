/**
 * The one error of this package: something from outside is not what it should
 * be. A programmer's mistake (a salt of the wrong length, a pattern without a
 * description) is a `TypeError` instead.
 */

/** What kind of thing was refused. Add a word here when a new kind appears. */
export type RecordErrorCode =
  | "encoding"
  | "canonical"
  | "shape"
  | "envelope"
  | "signature"
  | "key"
  | "commitment"
  | "archive"
  | "entry"
  | "refused"
  | "package";

export class RecordError extends Error {
  override readonly name = "RecordError";
  readonly code: RecordErrorCode;
  /** A path (`predicate.target.commit`) or a position (`byte 17`), where there is one. */
  readonly where: string | undefined;
  readonly #problem: string;

  /** `problem` says what was found and what would be right; the message puts `where` before it. */
  constructor(
    code: RecordErrorCode,
    problem: string,
    options: { readonly where?: string; readonly cause?: unknown } = {},
  ) {
    super(
      options.where === undefined ? problem : `${options.where}: ${problem}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.where = options.where;
    this.#problem = problem;
  }

  /** The same, said to stand elsewhere. */
  at(where: string): RecordError {
    return new RecordError(this.code, this.#problem, {
      ...(where === "" ? {} : { where }),
      ...(this.cause === undefined ? {} : { cause: this.cause }),
    });
  }
}

/**
 * An error, told from further out: `step` is a key or `[3]`. So a path is made where
 * something is wrong, and not for every value that is good.
 */
export function under(step: string, error: unknown): unknown {
  if (!(error instanceof RecordError)) return error;
  const { where = "" } = error;
  return error.at(where === "" || where.startsWith("[") ? step + where : `${step}.${where}`);
}

/**
 * Hostile text for an error message: in double quotes, at most `max` UTF-16
 * units, and nothing but printable ASCII, so that no control or bidirectional
 * character reaches a terminal through an error.
 */
export function quote(text: string, max = 40): string {
  const shown = text.length > max ? text.slice(0, max) : text;
  const escaped = JSON.stringify(shown).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > max ? `${escaped}...` : escaped;
}
