/** The one error of this package. A programmer's mistake is a `TypeError` instead. */
export type TlogErrorCode =
  | "note"
  | "key"
  | "signature"
  | "checkpoint"
  | "tile"
  | "bundle"
  | "path"
  | "proof-file"
  | "witness"
  | "policy"
  | "inclusion"
  | "consistency"
  | "tree";

export class TlogError extends Error {
  override readonly name = "TlogError";
  readonly code: TlogErrorCode;
  /** Where in the input, for parsers: `line 3`, `byte 17`. */
  readonly where: string | undefined;

  /** `problem` says what was found and what would be right; `where` is put before it. */
  constructor(code: TlogErrorCode, problem: string, where?: string, options?: ErrorOptions) {
    super(where === undefined ? problem : `${where}: ${problem}`, options);
    this.code = code;
    this.where = where;
  }
}
