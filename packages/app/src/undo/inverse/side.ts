/**
 * What becomes of one path when changes are taken back, one after the other. By
 * object id and mode where that is enough (any file, also binary, links, submodules);
 * else by content, for regular text files.
 */
import { createHash } from "node:crypto";
import { GitError } from "../git/error.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { isBinary } from "../content/line-change.ts";
import { alignments } from "./align.ts";
import { takeBack, type Touching } from "./take-back.ts";

/** What is at a path; null is nothing. */
export type Side = { readonly mode: number; readonly oid: string } | null;

/** A change of one path: `old` before it, `now` after it. */
export type Step = { readonly old: Side; readonly now: Side };

/** Reads a blob; null if it is larger than `largestMerged`. Throws where it is missing. */
export type ReadText = (oid: string) => Promise<Buffer | null>;

/** Larger files are only compared by id. */
export const largestMerged = 4 * 1024 * 1024;

/**
 * swap: each change met the path as it had left it. merge: some of the lines had to
 * be found in a text that has changed since. kept: nothing was left to take back.
 * `rest`: some of it had been taken back before.
 */
export type Settled =
  | { readonly how: "swap" | "merge" | "kept"; readonly rest: boolean }
  | {
      readonly how: "conflict";
      readonly why: string;
      /** It could be taken back, and what that gives is something else. */
      readonly merged?: true;
    };

/** A content that may be no object: what is computed between two steps. */
type State = { readonly mode: number; readonly oid: string; readonly text?: Buffer } | null;

export type Settler = {
  readonly format: "sha1" | "sha256";
  readonly read: ReadText;
  readonly touching?: Touching;
};

/** Whether taking `steps` back, in this order, leads from `from` to exactly `to`. */
export async function settle(
  settler: Settler,
  from: Side,
  to: Side,
  steps: readonly Step[],
): Promise<Settled> {
  // One alignment for all steps: a result that needs two is nobody's.
  let conflict: Settled | null = null;
  for (const by of alignments) {
    const answer = await settleBy(settler, from, to, steps, by);
    if (answer.how !== "conflict") return answer;
    if (conflict === null || answer.merged === true) conflict = answer;
    // Ids do not depend on how lines are aligned.
    if (!steps.every(({ old, now }) => isText(old) && isText(now))) break;
  }
  return conflict ?? { how: "conflict", why: "nothing was to be taken back" };
}

async function settleBy(
  settler: Settler,
  from: Side,
  to: Side,
  steps: readonly Step[],
  by: (typeof alignments)[number],
): Promise<Settled> {
  let state: State = from;
  let how: "swap" | "merge" = "swap";
  let taken = 0;
  let kept = 0;
  for (const { old, now } of steps) {
    if (isEqual(old, now)) continue;
    if (isEqual(state, now)) {
      state = old;
      taken++;
    } else if (isEqual(state, old)) {
      kept++;
    } else if (state !== null && isText(state) && isText(old) && isText(now)) {
      const next = await mergeText(settler, state, old, now, by);
      if ("how" in next) return next;
      if (next.already) kept++;
      if (next.taken) taken++;
      if (next.merged) how = "merge";
      state = next.state;
    } else {
      return { how: "conflict", why: "it is not any more as the change left it" };
    }
  }
  if (!isEqual(state, to)) {
    return { how: "conflict", why: "it is not what taking the change back gives", merged: true };
  }
  // Neither taken nor kept: the change only moved the file.
  return { how: taken === 0 && kept > 0 ? "kept" : how, rest: kept > 0 };
}

type Merged = {
  readonly state: State;
  /** Content was merged, not only a mode. */
  readonly merged: boolean;
  readonly taken: boolean;
  readonly already: boolean;
};

async function mergeText(
  { read, format, touching }: Settler,
  state: NonNullable<State>,
  old: NonNullable<Side>,
  now: NonNullable<Side>,
  by: (typeof alignments)[number],
): Promise<Merged | Extract<Settled, { how: "conflict" }>> {
  let { mode } = state;
  let taken = false;
  let already = false;
  if (old.mode !== now.mode) {
    if (mode === now.mode) taken = true;
    else if (mode === old.mode) already = true;
    else return { how: "conflict", why: "its mode is not any more as the change left it" };
    mode = old.mode;
  }
  if (old.oid === now.oid) return { state: { ...state, mode }, merged: false, taken, already };
  if (state.oid === now.oid) {
    return { state: { mode, oid: old.oid }, merged: false, taken: true, already };
  }
  if (state.oid === old.oid) {
    return { state: { ...state, mode }, merged: false, taken, already: true };
  }
  const texts: Buffer[] = [];
  for (const side of [old, now, state]) {
    const known = "text" in side ? (side as NonNullable<State>).text : undefined;
    const text = known ?? (await read(side.oid));
    if (text === null || isBinary(text)) {
      const what = text === null ? `it has more than ${largestMerged} bytes` : "it is no text";
      return { how: "conflict", why: `${what}, and is not any more as the change left it` };
    }
    texts.push(text);
  }
  const [oldText, nowText, stateText] = texts as [Buffer, Buffer, Buffer];
  const result = takeBack({ old: oldText, now: nowText, state: stateText }, by, touching);
  if (result === null) {
    return { how: "conflict", why: "lines of the change have changed since, or lines beside them" };
  }
  return {
    state: { mode, oid: blobId(format, result.text), text: result.text },
    merged: true,
    taken: taken || result.already < result.places,
    already: already || result.already > 0,
  };
}

export function isEqual(a: Side, b: Side): boolean {
  return a === null || b === null ? a === b : a.oid === b.oid && a.mode === b.mode;
}

/** A regular file; links and submodules have no lines. */
export function isText<T extends Side>(side: T): side is NonNullable<T> {
  return side !== null && (side.mode & 0o170000) === 0o100000;
}

/** The id that git gives this content. */
export function blobId(format: "sha1" | "sha256", content: Buffer): string {
  return createHash(format).update(`blob ${content.length}\0`).update(content).digest("hex");
}

export async function readBlob(reader: ObjectReader, oid: string): Promise<Buffer | null> {
  const object = await reader.read(oid, largestMerged);
  if (object.kind === "missing") {
    throw new GitError("missing-object", `file content ${oid} is not in this repository`);
  }
  if (object.kind === "too-large") return null;
  if (object.type !== "blob") {
    throw new GitError("git-failed", `object ${oid} is a ${object.type}, not a file`);
  }
  return object.content;
}
