/**
 * Which lines of two texts are the same lines, by Myers' greedy algorithm
 * (E. W. Myers, An O(ND) Difference Algorithm, 1986) and by one that holds on to
 * rare lines first. Written out here, and in docs/spec/inverse-proof.md, so that a
 * proof does not depend on the version or the settings of git.
 *
 * Where lines repeat there is more than one good answer: `alignments` are the ones
 * that are tried. A line includes its line feed.
 */

/** Lines as numbers: equal lines have equal numbers within one table. */
export class LineTable {
  readonly #numbers = new Map<string, number>();

  of(text: Buffer): Int32Array {
    const all = text.toString("latin1");
    const lines: number[] = [];
    for (let at = 0; at < all.length;) {
      const feed = all.indexOf("\n", at);
      const next = feed === -1 ? all.length : feed + 1;
      const line = all.slice(at, next);
      let number = this.#numbers.get(line);
      if (number === undefined) this.#numbers.set(line, (number = this.#numbers.size));
      lines.push(number);
      at = next;
    }
    return Int32Array.from(lines);
  }
}

/** Where `a` and `b` differ: `a[a1, a2)` stands where `b[b1, b2)` does. In order; between two there is a common line. */
export type Difference = {
  readonly a1: number;
  readonly a2: number;
  readonly b1: number;
  readonly b2: number;
};

export const alignments = ["first", "last", "rare"] as const;
export type Alignment = (typeof alignments)[number];

/** More lines than this that are on one side only are not aligned. */
export const mostDifferent = 4000;

/** The differences, or null where more than `mostDifferent` lines differ. */
export function differences(a: Int32Array, b: Int32Array, by: Alignment): Difference[] | null {
  const changedA = new Uint8Array(a.length).fill(1);
  const changedB = new Uint8Array(b.length).fill(1);
  const keep = (i: number, j: number) => {
    changedA[i] = 0;
    changedB[j] = 0;
  };
  const whole: Window = { a1: 0, a2: a.length, b1: 0, b2: b.length };
  const done =
    by === "rare" ? rareFirst(a, b, whole, keep) : greedy(a, b, whole, keep, by === "last");
  if (!done) return null;
  const found = collect(changedA, changedB);
  return by === "first" ? found : slideDown(a, b, found);
}

type Window = Difference;
type Keep = (i: number, j: number) => void;

/** Takes the equal lines at both ends for common; what is left. */
function trim(a: Int32Array, b: Int32Array, window: Window, keep: Keep): Window {
  let { a1, a2, b1, b2 } = window;
  while (a1 < a2 && b1 < b2 && a[a1] === b[b1]) keep(a1++, b1++);
  while (a1 < a2 && b1 < b2 && a[a2 - 1] === b[b2 - 1]) keep(--a2, --b2);
  return { a1, a2, b1, b2 };
}

/**
 * A shortest edit script. At each step the path that reaches further in `a` is
 * followed, a deletion before an insertion. `fromEnd` runs over the reversed lines.
 */
function greedy(
  a: Int32Array,
  b: Int32Array,
  window: Window,
  keep: Keep,
  fromEnd: boolean,
): boolean {
  const { a1, a2, b1, b2 } = trim(a, b, window, keep);
  const [n, m] = [a2 - a1, b2 - b1];
  if (n === 0 || m === 0) return true;
  const lineA = (i: number) => a[fromEnd ? a2 - 1 - i : a1 + i];
  const lineB = (j: number) => b[fromEnd ? b2 - 1 - j : b1 + j];
  const most = Math.min(n + m, mostDifferent);
  const reach = new Int32Array(2 * most + 3);
  const steps: Int32Array[] = [];
  const centre = most + 1;
  const at = (k: number) => reach[centre + k] ?? 0;
  for (let d = 0; d <= most; d++) {
    steps.push(reach.slice(centre - d, centre + d + 1));
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < n && x - k < m && lineA(x) === lineB(x - k)) x++;
      reach[centre + k] = x;
      if (x < n || x - k < m) continue;
      walkBack(steps, n, m, (x0, y0) => {
        keep(fromEnd ? a2 - 1 - x0 : a1 + x0, fromEnd ? b2 - 1 - y0 : b1 + y0);
      });
      return true;
    }
  }
  return false;
}

/** From the end of both texts back to their start, through what was reached at each step. */
function walkBack(steps: readonly Int32Array[], n: number, m: number, keep: Keep): void {
  let [x, y] = [n, m];
  for (let d = steps.length - 1; d >= 0; d--) {
    const before = steps[d] ?? new Int32Array(1);
    const at = (k: number) => before[k + d] ?? 0;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const startX = d === 0 ? 0 : down ? at(k + 1) : at(k - 1);
    const startY = d === 0 ? 0 : startX - (down ? k + 1 : k - 1);
    const [fromX, fromY] = d === 0 ? [0, 0] : down ? [startX, startY + 1] : [startX + 1, startY];
    while (x > fromX && y > fromY) keep(--x, --y);
    [x, y] = [startX, startY];
  }
}

/** How often a line may be there to be held on to. */
const mostOften = 64;
/** Lines that are looked at while dividing; texts made to be slow reach it, others do not. */
const mostWork = 20_000_000;

/**
 * Divides at the longest run of common lines whose rarest line is the rarest of
 * all, as `git diff --histogram` does; where every common line is frequent, greedy.
 */
function rareFirst(a: Int32Array, b: Int32Array, window: Window, keep: Keep): boolean {
  const open = [window];
  let work = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const rest = trim(a, b, next, keep);
    const { a1, a2, b1, b2 } = rest;
    if (a1 === a2 || b1 === b2) continue;
    work += a2 - a1 + (b2 - b1);
    if (work > mostWork) return false;
    const run = rarestRun(a, b, rest);
    if (run === "none") continue;
    if (run === "frequent") {
      if (!greedy(a, b, rest, keep, false)) return false;
      continue;
    }
    for (let i = run.a1, j = run.b1; i < run.a2; i++, j++) keep(i, j);
    open.push({ a1: run.a2, a2, b1: run.b2, b2 }, { a1, a2: run.a1, b1, b2: run.b1 });
  }
  return true;
}

function rarestRun(a: Int32Array, b: Int32Array, window: Window): Window | "none" | "frequent" {
  const { a1, a2, b1, b2 } = window;
  const places = new Map<number, number[]>();
  for (let i = a1; i < a2; i++) {
    const line = a[i] ?? -1;
    const known = places.get(line);
    if (known === undefined) places.set(line, [i]);
    else known.push(i);
  }
  let best: Window | null = null;
  let bestCount = mostOften + 1;
  let common = false;
  for (let j = b1; j < b2;) {
    const here = places.get(b[j] ?? -1) ?? [];
    let next = j + 1;
    if (here.length > 0) common = true;
    if (here.length > 0 && here.length <= mostOften) {
      let behind = a1;
      for (const i of here) {
        if (i < behind) continue;
        let [ra1, ra2, rb1, rb2] = [i, i + 1, j, j + 1];
        let rarest = here.length;
        const count = (at: number) => places.get(a[at] ?? -1)?.length ?? 0;
        while (ra1 > a1 && rb1 > b1 && a[ra1 - 1] === b[rb1 - 1]) {
          rb1--;
          rarest = Math.min(rarest, count(--ra1));
        }
        while (ra2 < a2 && rb2 < b2 && a[ra2] === b[rb2]) {
          rb2++;
          rarest = Math.min(rarest, count(ra2++));
        }
        next = Math.max(next, rb2);
        behind = ra2;
        const longer = best === null || ra2 - ra1 > best.a2 - best.a1;
        if (rarest < bestCount || (longer && rarest === bestCount)) {
          best = { a1: ra1, a2: ra2, b1: rb1, b2: rb2 };
          bestCount = rarest;
        }
      }
    }
    j = next;
  }
  if (best !== null) return best;
  return common ? "frequent" : "none";
}

function collect(changedA: Uint8Array, changedB: Uint8Array): Difference[] {
  const found: Difference[] = [];
  let [i, j] = [0, 0];
  while (i < changedA.length || j < changedB.length) {
    const [a1, b1] = [i, j];
    while (changedA[i] === 1) i++;
    while (changedB[j] === 1) j++;
    if (i > a1 || j > b1) found.push({ a1, a2: i, b1, b2: j });
    i++;
    j++;
  }
  return found;
}

/** Lines that only come or only go are taken for the last of equal ones; the common lines stay common. */
function slideDown(a: Int32Array, b: Int32Array, found: readonly Difference[]): Difference[] {
  const slid: Difference[] = [];
  for (let i = found.length - 1; i >= 0; i--) {
    let { a1, a2, b1, b2 } = found[i] as Difference;
    const next = slid.at(-1);
    const [endA, endB] = [next?.a1 ?? a.length, next?.b1 ?? b.length];
    const [lines, start, end] = a1 === a2 ? [b, b1, b2] : [a, a1, a2];
    if (a1 === a2 || b1 === b2) {
      let by = 0;
      while (a2 + by < endA && b2 + by < endB && lines[start + by] === lines[end + by]) by++;
      [a1, a2, b1, b2] = [a1 + by, a2 + by, b1 + by, b2 + by];
    }
    if (next !== undefined && (a2 === endA || b2 === endB)) {
      slid[slid.length - 1] = { a1, a2: next.a2, b1, b2: next.b2 };
    } else {
      slid.push({ a1, a2, b1, b2 });
    }
  }
  return slid.reverse();
}
