/**
 * Takes a change of a text back in a text that has changed since: a three-way merge
 * with what the change left as the base. Nothing is guessed: a line that the change
 * wrote or stood beside must be where it left it, else there is no answer.
 */
import { type Alignment, type Difference, differences, LineTable } from "./align.ts";

export type TakenBack = {
  readonly text: Buffer;
  /** Places of the change, and how many of them had been taken back before. */
  readonly places: number;
  readonly already: number;
};

/**
 * Whether a place of the change may touch one that has changed since. Refused, as by git;
 * or allowed where the regions alone say what comes first: not both are mere insertions.
 */
export type Touching = "refused" | "allowed";

/**
 * `state` without the change from `old` to `now`, or null where that is not clean:
 * a place of the change and a place where `state` differs from `now` overlap or
 * touch (no common line between them), and are not the same.
 */
export function takeBack(
  texts: { readonly old: Buffer; readonly now: Buffer; readonly state: Buffer },
  by: Alignment,
  touching: Touching = "refused",
): TakenBack | null {
  const table = new LineTable();
  const [now, old, state] = [table.of(texts.now), table.of(texts.old), table.of(texts.state)];
  const undo = differences(now, old, by);
  const since = differences(now, state, by);
  if (undo === null || since === null) return null;
  const parts: Buffer[] = [];
  const [oldAt, stateAt] = [offsets(texts.old), offsets(texts.state)];
  let already = 0;
  let done = 0;
  let next = 0;
  /** How far lines of `state` have moved against those of `now`, before `next`. */
  let shift = 0;
  for (const one of undo) {
    const clear = (end: number, start: number, other: Difference) =>
      end < start ||
      (touching === "allowed" && end === start && (one.a1 < one.a2 || other.a1 < other.a2));
    for (let s = since[next]; s !== undefined && clear(s.a2, one.a1, s); s = since[++next]) {
      shift = s.b2 - s.a2;
    }
    const beside = since[next];
    if (beside !== undefined && !clear(one.a2, beside.a1, beside)) {
      if (!isSame(one, old, beside, state)) return null;
      already++;
      continue;
    }
    parts.push(
      texts.state.subarray(stateAt[done], stateAt[one.a1 + shift]),
      texts.old.subarray(oldAt[one.b1], oldAt[one.b2]),
    );
    done = one.a2 + shift;
  }
  parts.push(texts.state.subarray(stateAt[done]));
  return { text: Buffer.concat(parts), places: undo.length, already };
}

function isSame(
  one: Difference,
  linesOne: Int32Array,
  other: Difference,
  linesOther: Int32Array,
): boolean {
  if (one.a1 !== other.a1 || one.a2 !== other.a2) return false;
  if (one.b2 - one.b1 !== other.b2 - other.b1) return false;
  for (let i = 0; i < one.b2 - one.b1; i++) {
    if (linesOne[one.b1 + i] !== linesOther[other.b1 + i]) return false;
  }
  return true;
}

/** Where each line starts, and the end. */
function offsets(text: Buffer): number[] {
  const starts = [0];
  for (let at = text.indexOf(0x0a); at !== -1; at = text.indexOf(0x0a, at + 1)) {
    starts.push(at + 1);
  }
  if (starts.at(-1) !== text.length) starts.push(text.length);
  return starts;
}
