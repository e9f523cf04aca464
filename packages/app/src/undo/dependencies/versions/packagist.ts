/** PHP's version_compare, which Composer's order rests on: dev < alpha < beta < RC < # < pl. */
import { compareDigits, isDigits, longestVersion, type Order, sign } from "./segments.ts";

const forms = new Map([
  ["dev", 0],
  ["alpha", 1],
  ["a", 1],
  ["beta", 2],
  ["b", 2],
  ["rc", 3],
  ["c", 3],
  ["#", 4],
  ["pl", 5],
  ["p", 5],
  ["patch", 5],
]);

export function comparePackagist(a: string, b: string): Order | null {
  if (a.length > longestVersion || b.length > longestVersion) return null;
  if (!/^v?\d/i.test(a) || !/^v?\d/i.test(b)) return null;
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x !== undefined && y !== undefined) {
      const order = comparePart(x, y);
      if (order !== 0) return order;
      continue;
    }
    // A number more is newer; a word more counts as beside "#".
    const rest = x ?? y ?? "";
    const longer = isDigits(rest) ? 1 : comparePart(rest, "#");
    if (longer !== 0) return sign(x === undefined ? -longer : longer);
  }
  return 0;
}

function parts(version: string): string[] {
  const plain = version.toLowerCase().replace(/^v/, "").replace(/\+.*$/, "");
  const all = plain.match(/\d+|[a-z#]+/g) ?? [];
  // Composer fills numbers up to four before any word.
  const word = all.findIndex((one) => !isDigits(one));
  const numbers = word === -1 ? all : all.slice(0, word);
  while (numbers.length < 4) numbers.push("0");
  return word === -1 ? numbers : [...numbers, ...all.slice(word)];
}

function comparePart(a: string, b: string): Order {
  if (isDigits(a) && isDigits(b)) return compareDigits(a, b);
  const form = (part: string) => (isDigits(part) ? 4 : (forms.get(part) ?? -1));
  return sign(form(a) - form(b));
}
