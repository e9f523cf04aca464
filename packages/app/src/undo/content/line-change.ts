/**
 * The change of a file as a signed multiset of lines: +n for a line that is
 * there n times more than before, -n for one that is there n times less.
 *
 *     change(a, b)                 is the negation of change(b, a)
 *     change(a, b) + change(b, c)  equals change(a, c)
 *
 * So reverting negates, squashing adds, and neither depends on a diff algorithm
 * (the hunks of `git diff` are not symmetric). Order and position are not seen:
 * a file whose lines were only reordered has an empty change.
 *
 * A line includes its line feed, so a missing one at the end of a file counts.
 */

/** Keys are lines as latin1 (one unit a byte) or, with a NUL in front, facts that are no lines. */
export type LineChange = Map<string, number>;

/** A NUL within this many bytes makes a file binary, as in git. */
const binaryWindow = 8000;

export function isBinary(content: Uint8Array): boolean {
  const zero = content.subarray(0, binaryWindow).indexOf(0);
  return zero !== -1;
}

/** The change between two texts; null is a file that is absent. */
export function lineChange(before: Buffer | null, after: Buffer | null): LineChange {
  const change: LineChange = new Map();
  const old = before ?? Buffer.alloc(0);
  const now = after ?? Buffer.alloc(0);
  const start = commonStart(old, now);
  const tail = commonEnd(old, now, start);
  addLines(change, old.subarray(start, old.length - tail), -1);
  addLines(change, now.subarray(start, now.length - tail), 1);
  return change;
}

/** Adds `n` to the count of `key`; a count of zero is absent. */
export function addTo(change: LineChange, key: string, n: number): void {
  const count = (change.get(key) ?? 0) + n;
  if (count === 0) change.delete(key);
  else change.set(key, count);
}

function addLines(change: LineChange, text: Buffer, sign: number): void {
  const all = text.toString("latin1");
  let at = 0;
  while (at < all.length) {
    const end = all.indexOf("\n", at);
    const next = end === -1 ? all.length : end + 1;
    addTo(change, all.slice(at, next), sign);
    at = next;
  }
}

const block = 4096;

/** Bytes of the lines that both start with. */
function commonStart(a: Buffer, b: Buffer): number {
  const shared = Math.min(a.length, b.length);
  let at = 0;
  while (at + block <= shared && a.compare(b, at, at + block, at, at + block) === 0) at += block;
  while (at < shared && a[at] === b[at]) at++;
  if (at === shared && a.length === b.length) return at;
  // Back to the start of the line in which they part.
  return at === 0 ? 0 : a.lastIndexOf(0x0a, at - 1) + 1;
}

/** Bytes of the lines that both end with, leaving the first `start` bytes alone. */
function commonEnd(a: Buffer, b: Buffer, start: number): number {
  const most = Math.min(a.length, b.length) - start;
  let n = 0;
  while (
    n + block <= most &&
    a.compare(b, b.length - n - block, b.length - n, a.length - n - block, a.length - n) === 0
  ) {
    n += block;
  }
  while (n < most && a[a.length - n - 1] === b[b.length - n - 1]) n++;
  if (n === 0) return 0;
  // Whole lines only: each side's middle must end right after a line feed or be empty.
  const aligned = (text: Buffer) => text.length - n === start || text[text.length - n - 1] === 0x0a;
  if (aligned(a) && aligned(b)) return n;
  const feed = a.indexOf(0x0a, a.length - n);
  return feed === -1 ? 0 : a.length - feed - 1;
}
