/**
 * The results of one scanner on two trees: what came, what went, what stayed.
 * Results are matched as multisets, so a second copy of a finding is a new one.
 * What is left over is matched by where it is, so that rewriting a line which is
 * still wrong, or another setting of a resource, makes neither a new result nor a
 * gone one.
 */
import type { IdentifiedResult } from "./identity.ts";

export type Matched = {
  readonly added: readonly IdentifiedResult[];
  readonly gone: readonly IdentifiedResult[];
  readonly unchanged: number;
};

/** `renames`: path before to path after. */
export function matchResults(
  before: readonly IdentifiedResult[],
  after: readonly IdentifiedResult[],
  renames: ReadonlyMap<string, string>,
): Matched {
  const pathAfter = (result: IdentifiedResult) => renames.get(result.path) ?? result.path;
  const exact = pair(
    before,
    after,
    (result, path) => `${path}\0${result.rule}\0${result.identity}`,
    pathAfter,
  );
  // A moved file that git did not see as renamed: same rule, same text.
  const moved = pair(
    exact.before.filter(({ certain }) => certain),
    exact.after.filter(({ certain }) => certain),
    (result) => `${result.rule}\0${result.identity}\0${result.above}\0${result.below}`,
    pathAfter,
  );
  const left = {
    before: [...exact.before.filter(({ certain }) => !certain), ...moved.before],
    after: [...exact.after.filter(({ certain }) => !certain), ...moved.after],
  };
  const near = pairNear(left.before, left.after, pathAfter);
  return {
    added: near.after,
    gone: near.before,
    unchanged: after.length - near.after.length,
  };
}

type Sides = {
  readonly before: readonly IdentifiedResult[];
  readonly after: readonly IdentifiedResult[];
};

function pair(
  before: readonly IdentifiedResult[],
  after: readonly IdentifiedResult[],
  key: (result: IdentifiedResult, path: string) => string,
  pathAfter: (result: IdentifiedResult) => string,
): Sides {
  const waiting = new Map<string, IdentifiedResult[]>();
  for (const result of before) {
    const name = key(result, pathAfter(result));
    const some = waiting.get(name);
    if (some === undefined) waiting.set(name, [result]);
    else some.push(result);
  }
  const alone: IdentifiedResult[] = [];
  for (const result of after) {
    // The last that was put in; which of equal ones is taken does not matter.
    if (waiting.get(key(result, result.path))?.pop() === undefined) alone.push(result);
  }
  const unpaired = new Set([...waiting.values()].flat());
  return { before: before.filter((result) => unpaired.has(result)), after: alone };
}

/** Same rule and file, and the same resource, or the line above or the line below is the same; the nearest by number is taken. */
function pairNear(
  before: readonly IdentifiedResult[],
  after: readonly IdentifiedResult[],
  pathAfter: (result: IdentifiedResult) => string,
): Sides {
  const byPlace = Map.groupBy(before, (result) => `${pathAfter(result)}\0${result.rule}`);
  const paired = new Set<IdentifiedResult>();
  const alone: IdentifiedResult[] = [];
  for (const result of after) {
    const candidates = (byPlace.get(`${result.path}\0${result.rule}`) ?? [])
      // Few enough to look at each; a rule that fires a thousand times in a file is not told apart further.
      .slice(0, 200)
      .filter(
        (one) =>
          !paired.has(one) &&
          ((one.anchor !== "" && one.anchor === result.anchor) ||
            (one.above !== "" && one.above === result.above) ||
            (one.below !== "" && one.below === result.below)),
      );
    const nearest = candidates.reduce<IdentifiedResult | null>(
      (best, one) =>
        best === null ||
        Math.abs(one.startLine - result.startLine) < Math.abs(best.startLine - result.startLine)
          ? one
          : best,
      null,
    );
    if (nearest === null) alone.push(result);
    else paired.add(nearest);
  }
  return { before: before.filter((result) => !paired.has(result)), after: alone };
}
