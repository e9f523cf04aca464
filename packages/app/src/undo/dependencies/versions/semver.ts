/**
 * Semantic Versioning 2.0.0 precedence, leniently: fewer or more than three numbers,
 * a leading `v`, `=` or words before the number are read as people mean them. Build
 * metadata is identity, not order. For npm, crates.io, Go, Hex, Pub, Swift, and for
 * what only looks like it (actions, charts, modules, image tags).
 */
import {
  compareCodes,
  compareDigits,
  isDigits,
  longestVersion,
  type Order,
  sign,
} from "./segments.ts";

type Parsed = { readonly numbers: readonly string[]; readonly pre: readonly string[] };

/** Null where a side is no version of this kind. */
export function compareSemver(a: string, b: string): Order | null {
  const [left, right] = [parse(a), parse(b)];
  if (left === null || right === null) return null;
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const order = compareDigits(left.numbers[i] ?? "0", right.numbers[i] ?? "0");
    if (order !== 0) return order;
  }
  if (left.pre.length === 0 || right.pre.length === 0) {
    return sign(right.pre.length === 0 ? -left.pre.length : 1);
  }
  for (let i = 0; i < Math.max(left.pre.length, right.pre.length); i++) {
    const [x, y] = [left.pre[i], right.pre[i]];
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const order = compareIdentifiers(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

function compareIdentifiers(a: string, b: string): Order {
  if (isDigits(a) && isDigits(b)) return compareDigits(a, b);
  if (isDigits(a) !== isDigits(b)) return isDigits(a) ? -1 : 1;
  return compareCodes(a, b);
}

function parse(text: string): Parsed | null {
  if (text.length > longestVersion) return null;
  const found = /^[=v]{0,2}\s*(\d+(?:\.\d+){0,5})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]*)?$/.exec(
    text.trim(),
  );
  if (found === null) return null;
  const pre = found[2] ?? "";
  return { numbers: (found[1] ?? "").split("."), pre: pre === "" ? [] : pre.split(".") };
}
