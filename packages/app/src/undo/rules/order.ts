/** By UTF-16 units, so that no locale changes an order that is hashed. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
