/** JSON from somebody else, which need not be ours in form: numbers with fractions, nulls, any order. */
export interface ForeignObject {
  readonly [key: string]: unknown;
}

export function isForeignObject(value: unknown): value is ForeignObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
