/** RubyGems' Gem::Version: numbers and letters in turn; a letter makes a version older than the same without. */
import { compareCodes, compareDigits, isDigits, longestVersion, type Order } from "./segments.ts";

export function compareGem(a: string, b: string): Order | null {
  if (
    ![a, b].every(
      (v) =>
        v.length <= longestVersion && /^\s*[0-9][0-9A-Za-z]*(?:[.-][0-9A-Za-z-]+)*\s*$/.test(v),
    )
  ) {
    return null;
  }
  const [left, right] = [segments(a), segments(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? "0", right[i] ?? "0"];
    if (x === y) continue;
    if (isDigits(x) !== isDigits(y)) return isDigits(x) ? 1 : -1;
    const order = isDigits(x) ? compareDigits(x, y) : compareCodes(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

/** A hyphen stands for a pre-release; zeros before a letter and at the end say nothing. */
function segments(version: string): string[] {
  const all =
    version
      .trim()
      .replaceAll("-", ".pre.")
      .match(/\d+|[A-Za-z]+/g) ?? [];
  const letter = all.findIndex((one) => !isDigits(one));
  const trim = (part: string[]) => {
    while (part.length > 0 && /^0+$/.test(part.at(-1) ?? "")) part.pop();
    return part;
  };
  return letter === -1
    ? trim([...all])
    : [...trim(all.slice(0, letter)), ...trim(all.slice(letter))];
}
