/**
 * Whether an inverse that nobody claimed says anything. Histories are full of
 * commits that are each other's inverse by accident: a version number that goes
 * 1, 2, 1; a flag switched on for a release and off after it; a line that comes
 * and goes. A claimed inverse is never weighed: somebody said it is one.
 *
 * The figures were chosen on real histories: docs/design/undo.md.
 */
import type { Patch } from "../content/patch.ts";

export type Weight = {
  /** Distinct changed lines that say something. */
  readonly lines: number;
  /** Letters and digits in them. */
  readonly characters: number;
  /** What remains when every number is read as 0: nothing, for a version bump. */
  readonly beyondNumbers: number;
};

/** Shorter than this is a brace, a keyword, an `end`. */
const shortestLine = 8;

export function weigh(patch: Patch): Weight {
  const lines = new Map<string, number>();
  const numberless = new Map<string, number>();
  let ids = 0;
  for (const [path, changed] of patch.files) {
    for (const [line, n] of changed) {
      if (line.startsWith("\0")) {
        if (line.startsWith("\0id ")) ids++;
        continue;
      }
      const words = line.replaceAll(/[^A-Za-z0-9\x80-\xff]+/g, "");
      if (words.length < shortestLine) continue;
      lines.set(`${path} ${line}`, words.length);
      const key = `${path} ${line.replaceAll(/\d+/g, "0").trim()}`;
      numberless.set(key, (numberless.get(key) ?? 0) + n);
    }
  }
  let characters = 0;
  for (const length of lines.values()) characters += length;
  let beyondNumbers = 0;
  for (const n of numberless.values()) if (n !== 0) beyondNumbers++;
  return {
    lines: lines.size + ids,
    characters: characters + ids * 40,
    beyondNumbers: beyondNumbers + ids,
  };
}

export type Distance = { readonly seconds: number; readonly commits: number };

const day = 86_400;

/** Unclaimed inverses are reported from here on. */
export function isTelling(weight: Weight, distance: Distance): boolean {
  if (weight.beyondNumbers === 0) return false;
  if (distance.seconds > 90 * day) return false;
  return weight.lines >= 2 && weight.characters >= 60;
}
