/**
 * Whether a commit takes others back at the very places where they had been: what
 * counting lines cannot see (content/patch.ts). By the changed paths alone, so moves
 * of files are not looked for.
 */
import { isUnreadable } from "../git/error.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import type { PathChange } from "../git/tree-diff.ts";
import { readBlob, settle, type Settler, type Side, type Step } from "./side.ts";

/**
 * yes: taking the changes back gives exactly these files. no: it gives other ones.
 * untold: the lines around have changed since, so no merge can say where they belong.
 */
export type InPlace = "yes" | "no" | "untold";

/** `targets` are taken back in this order, the newest first. */
export async function invertsInPlace(
  objects: ObjectReader,
  own: readonly PathChange[],
  targets: readonly (readonly PathChange[])[],
): Promise<InPlace> {
  const format = own[0]?.oldOid.length === 64 ? "sha256" : "sha1";
  const read = (oid: string) => readBlob(objects, oid);
  // A changelog's neighbours have nearly always changed; the place is plain all the same.
  const settler: Settler = { format, read, touching: "allowed" };
  const steps = new Map<string, Step[]>();
  for (const change of targets.flat()) {
    const step = { old: oldSide(change), now: newSide(change) };
    const known = steps.get(change.path);
    if (known === undefined) steps.set(change.path, [step]);
    else known.push(step);
  }
  const ownByPath = new Map(own.map((change) => [change.path, change]));
  let answer: InPlace = "yes";
  for (const path of new Set([...steps.keys(), ...ownByPath.keys()])) {
    const here = steps.get(path);
    const change = ownByPath.get(path);
    if (here === undefined) return "no";
    // Where nothing changes, the targets must cancel each other out.
    const left = here[0]?.now ?? null;
    const [from, to] = change === undefined ? [left, left] : [oldSide(change), newSide(change)];
    const one = await settled(settler, from, to, here);
    if (one === "no") return "no";
    if (one === "untold") answer = "untold";
  }
  return answer;
}

async function settled(
  settler: Settler,
  from: Side,
  to: Side,
  steps: readonly Step[],
): Promise<InPlace> {
  try {
    const found = await settle(settler, from, to, steps);
    if (found.how === "conflict") return found.merged === true ? "no" : "untold";
    return found.rest ? "no" : "yes";
  } catch (error) {
    if (isUnreadable(error)) return "untold";
    throw error;
  }
}

function oldSide({ oldMode, oldOid }: PathChange): Side {
  return oldMode === 0 ? null : { mode: oldMode, oid: oldOid };
}

function newSide({ newMode, newOid }: PathChange): Side {
  return newMode === 0 ? null : { mode: newMode, oid: newOid };
}
