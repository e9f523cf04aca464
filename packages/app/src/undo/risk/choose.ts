/**
 * Which finding stands for its root cause, so that the score is the greatest that
 * one finding a cause allows. Always taking the heaviest would let one more finding
 * lower a score: it could move its cause into an implication where another cause
 * is then halved.
 *
 * Places are (implication, rank); the k-th rank multiplies by 1/2^k, k from 0. The
 * score falls with Π(1 − weight / 2^k), so the greatest score is the assignment of
 * causes to places with the greatest sum of −log2(1 − weight / 2^k): Kuhn and
 * Munkres. Logarithms are whole numbers made from whole numbers, so the choice is
 * the same on every machine.
 */
import { compareText } from "../rules/order.ts";
import { mostOfOne } from "./weights.ts";

/** What a cause could count as: one implication, and the weight there. */
export type Option = {
  readonly implication: string;
  /** Over `whole`, greater than 0 and less than it. */
  readonly weight: bigint;
};

/** Causes beyond these that have a choice take their heaviest finding: by then little is left to add. */
const mostWithChoice = 40;
const fractionBits = 40n;

/**
 * For each cause the index of the option that counts, 0 where there is none. Causes
 * come with the heaviest first, and so do the options of each.
 */
export function chooseOptions(causes: readonly (readonly Option[])[], whole: bigint): number[] {
  const chosen = causes.map(() => 0);
  const free = causes
    .map((options, cause) => ({ options, cause }))
    .filter(({ options }) => options.length > 1)
    .slice(0, mostWithChoice);
  if (free.length === 0) return chosen;
  const places = new Map(
    free.flatMap(({ options }) => options.map(({ implication }) => [implication, 0])),
  );
  const isFree = new Set(free.map(({ cause }) => cause));
  // Of those without a choice only the heaviest can have a place, and only where there is competition.
  const bound = causes.flatMap((options, cause) => {
    const [only] = options;
    if (only === undefined || isFree.has(cause)) return [];
    const taken = places.get(only.implication);
    if (taken === undefined || taken >= mostOfOne) return [];
    places.set(only.implication, taken + 1);
    return [{ options: [only], cause }];
  });
  const rows = [...free, ...bound];
  const columns = [...places.keys()].sort(compareText).flatMap((implication) => {
    const wanted = rows.filter(({ options }) =>
      options.some((option) => option.implication === implication),
    );
    return Array.from({ length: Math.min(mostOfOne, wanted.length) }, (_, k) => ({
      implication,
      k,
    }));
  });
  const gain = gains(whole);
  const values = rows.map(({ options }) => [
    ...columns.map(({ implication, k }) => {
      const option = options.find((one) => one.implication === implication);
      return option === undefined ? 0 : gain(option.weight, k);
    }),
    // Enough places that add nothing: a cause may be left out.
    ...rows.map(() => 0),
  ]);
  assign(values).forEach((column, row) => {
    const { options, cause } = rows[row] ?? { options: [], cause: 0 };
    const place = columns[column];
    const found = options.findIndex(({ implication }) => implication === place?.implication);
    chosen[cause] = Math.max(0, found);
  });
  return chosen;
}

/** −log2(1 − weight / whole / 2^k) in units of 2^-40, rounded down; each computed once. */
function gains(whole: bigint): (weight: bigint, k: number) => number {
  const known = new Map<string, number>();
  return (weight, k) => {
    const key = `${weight} ${k}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const all = whole << BigInt(k);
    const found = log2(all, all - weight);
    known.set(key, found);
    return found;
  };
}

/** log2(n / d) in units of 2^-40 for n ≥ d > 0: squaring gives one binary digit after the other. */
function log2(n: bigint, d: bigint): number {
  const two = 2n << 64n;
  let y = (n << 64n) / d;
  let result = 0n;
  while (y >= two) {
    y >>= 1n;
    result++;
  }
  for (let i = 0n; i < fractionBits; i++) {
    y = (y * y) >> 64n;
    result <<= 1n;
    if (y >= two) {
      y >>= 1n;
      result++;
    }
  }
  return Number(result);
}

/** For each row a column of its own, the sum of values the greatest; there are no fewer columns than rows. */
function assign(values: readonly (readonly number[])[]): number[] {
  const n = values.length;
  const m = values[0]?.length ?? 0;
  const rowPotential = new Float64Array(n + 1);
  const columnPotential = new Float64Array(m + 1);
  /** Row in each column, from 1; 0: none. Column 0 holds the row that is being placed. */
  const rowIn = new Int32Array(m + 1);
  for (let row = 1; row <= n; row++) {
    rowIn[0] = row;
    const least = new Float64Array(m + 1).fill(Number.POSITIVE_INFINITY);
    const from = new Int32Array(m + 1);
    const visited = new Uint8Array(m + 1);
    let column = 0;
    while (rowIn[column] !== 0) {
      visited[column] = 1;
      const at = rowIn[column] ?? 0;
      let step = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let j = 1; j <= m; j++) {
        if (visited[j] === 1) continue;
        const cost =
          -(values[at - 1]?.[j - 1] ?? 0) - (rowPotential[at] ?? 0) - (columnPotential[j] ?? 0);
        if (cost < (least[j] ?? 0)) {
          least[j] = cost;
          from[j] = column;
        }
        if ((least[j] ?? 0) < step) {
          step = least[j] ?? 0;
          next = j;
        }
      }
      for (let j = 0; j <= m; j++) {
        if (visited[j] === 1) {
          const placed = rowIn[j] ?? 0;
          rowPotential[placed] = (rowPotential[placed] ?? 0) + step;
          columnPotential[j] = (columnPotential[j] ?? 0) - step;
        } else {
          least[j] = (least[j] ?? 0) - step;
        }
      }
      column = next;
    }
    while (column !== 0) {
      const previous = from[column] ?? 0;
      rowIn[column] = rowIn[previous] ?? 0;
      column = previous;
    }
  }
  const columnOf = values.map(() => m);
  for (let j = 1; j <= m; j++) {
    const row = rowIn[j] ?? 0;
    if (row > 0) columnOf[row - 1] = j - 1;
  }
  return columnOf;
}
