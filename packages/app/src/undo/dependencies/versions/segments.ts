/** What the version orders below share: walking along digits and letters without backtracking. */

export type Order = -1 | 0 | 1;

/** Longer than any version that was ever published; what is longer is not compared. */
export const longestVersion = 256;

export function sign(n: number): Order {
  return n < 0 ? -1 : n > 0 ? 1 : 0;
}

/** Digits of any length as numbers, without losing precision. */
export function compareDigits(a: string, b: string): Order {
  const [x, y] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return x.length === y.length ? compareCodes(x, y) : sign(x.length - y.length);
}

export function compareCodes(a: string, b: string): Order {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isDigits(text: string): boolean {
  return text !== "" && /^\d+$/.test(text);
}

/** Runs of digits and of everything else, in turn. */
export function runs(text: string): string[] {
  return text.match(/\d+|\D+/g) ?? [];
}
