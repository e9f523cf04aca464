/** How a commit that goes back relates to what it undoes: for the rules about the going back itself. */
import { sumPatches } from "../content/patch.ts";
import { isBinary } from "../content/line-change.ts";
import { isUnreadable } from "../git/error.ts";
import { type PathChange, pathText } from "../git/tree-diff.ts";
import type { CommitSource } from "../history/source.ts";
import { revertDepth } from "../message/revert-depth.ts";
import type { Location, ReversalFacts, Side } from "../rules/rule.ts";

const mostExtra = 40;
const largestFile = 2 * 1024 * 1024;

export type UndoneTarget = {
  readonly oid: string;
  readonly parent: string | null;
  readonly subject: string;
};

export type Relation = Pick<ReversalFacts, "resolvedBy" | "exact" | "share">;

/** `own` are the changes of the commit that goes back; `targets` what it undoes, none if that is unknown. */
export async function reversalFacts(
  source: CommitSource,
  own: { readonly parent: string | null; readonly oid: string },
  targets: readonly UndoneTarget[],
  relation: Relation,
): Promise<ReversalFacts> {
  const { resolvedBy, exact, share } = relation;
  return {
    resolvedBy,
    exact,
    share,
    extra: relation.exact || targets.length === 0 ? [] : await extraLines(source, own, targets),
    reapplies: targets.some(({ subject }) => revertDepth(subject) % 2 === 1),
  };
}

/**
 * Lines that `own` writes or deletes and that no target deleted or wrote; at most
 * 40 places. White space is set aside, so that a block that moved in is no extra.
 */
async function extraLines(
  source: CommitSource,
  own: { readonly parent: string | null; readonly oid: string },
  targets: readonly UndoneTarget[],
): Promise<Location[]> {
  try {
    const patch = await source.patch(own.parent, own.oid);
    const sum = sumPatches(
      await Promise.all(targets.map((target) => source.patch(target.parent, target.oid))),
    );
    const changes = new Map((await source.changes(own.parent, own.oid)).map((c) => [c.path, c]));
    const places: Location[] = [];
    for (const [path, lines] of patch.files) {
      const change = changes.get(path);
      if (change === undefined) continue;
      const undone = loosely(sum.files.get(path) ?? new Map<string, number>());
      const left = new Map<string, number>();
      for (const [line, n] of loosely(lines)) {
        const rest = n + opposite(n, undone.get(line) ?? 0);
        if (rest !== 0) left.set(line, rest);
      }
      if (left.size > 0) places.push(...(await placesOf(source, change, left)));
      if (places.length >= mostExtra) break;
    }
    return places.slice(0, mostExtra);
  } catch (error) {
    // What cannot be read has no extra lines to show; that it was not read is said elsewhere.
    if (isUnreadable(error)) return [];
    throw error;
  }
}

/** As much of `m` as takes `n` back. */
function opposite(n: number, m: number): number {
  return n * m < 0 ? Math.sign(m) * Math.min(Math.abs(n), Math.abs(m)) : 0;
}

function loosely(lines: ReadonlyMap<string, number>): Map<string, number> {
  const loose = new Map<string, number>();
  for (const [line, n] of lines) {
    const key = line.startsWith("\0") ? "" : loosen(line);
    if (key !== "") loose.set(key, (loose.get(key) ?? 0) + n);
  }
  return loose;
}

function loosen(line: string): string {
  return line.replaceAll(/[ \t\r\n]+/g, " ").trim();
}

async function placesOf(
  source: CommitSource,
  change: PathChange,
  left: ReadonlyMap<string, number>,
): Promise<Location[]> {
  const path = pathText(change.path).toWellFormed();
  const side = async (name: Side, mode: number, oid: string, sign: number) => {
    const wanted = new Map(
      [...left].filter(([, n]) => n * sign > 0).map(([l, n]) => [l, n * sign]),
    );
    if (mode === 0 || wanted.size === 0) return [];
    const object = await source.objects.read(oid, largestFile);
    if (object.kind !== "found" || isBinary(object.content)) return [];
    return linesOf(object.content.toString("latin1"), wanted).map(
      ([startLine, endLine]): Location => ({ side: name, path, startLine, endLine }),
    );
  };
  return [
    ...(await side("before", change.oldMode, change.oldOid, -1)),
    ...(await side("after", change.newMode, change.newOid, 1)),
  ];
}

/** Runs of lines that are wanted, each as often as it is wanted. */
function linesOf(text: string, wanted: Map<string, number>): [number, number][] {
  const runs: [number, number][] = [];
  for (const [i, line] of text.split("\n").entries()) {
    const key = loosen(line);
    const n = wanted.get(key) ?? 0;
    if (n === 0) continue;
    wanted.set(key, n - 1);
    const last = runs.at(-1);
    if (last?.[1] === i) last[1] = i + 1;
    else runs.push([i + 1, i + 1]);
  }
  return runs;
}
