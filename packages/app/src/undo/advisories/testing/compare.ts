/** For tests: versions of numbers and dots, a part with letters before any number; null for anything else. */
export function compareDotted(_: string, a: string, b: string): -1 | 0 | 1 | null {
  const [left, right] = [parts(a), parts(b)];
  if (left === null || right === null) return null;
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? 0, right[i] ?? 0];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

function parts(version: string): number[] | null {
  if (!/^v?\d+(?:\.(?:\d+|[A-Za-z]\w*))*$/.test(version)) return null;
  return version
    .replace("v", "")
    .split(".")
    .map((part) => (/^\d/.test(part) ? Number(part) : -1));
}
