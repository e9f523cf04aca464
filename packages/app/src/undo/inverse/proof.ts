/**
 * The proof that going from one tree to another takes given changes back and does
 * nothing else: docs/spec/inverse-proof.md. It names trees, and how each path is
 * settled; whoever has the trees can check it (check.ts), and the same trees give the
 * same bytes.
 *
 *     parseInverseProof(inverseProofBytes(p)) equals p
 */
import { createHash } from "node:crypto";
import { canonicalBytes, parseCanonical, RecordError } from "@countermand/record";
import { InverseError } from "./error.ts";

export const inverseProofType = "urn:countermand:inverse-proof:v1";

/** A tree, and a commit that has it: a label, checked where the commit is there. */
export type TreeName = { readonly tree: string; readonly commit?: string };

/** A change that is taken back: what was there before and after it. */
export type UndoneChange = { readonly before: TreeName; readonly after: TreeName };

export type PathProof = {
  /** In `to`; or in `from`, where nothing is left. Escaped (`escapePath`). */
  readonly path: string;
  readonly how: "swap" | "merge" | "kept";
  /** Its path in `from`, where the undone change had moved it there. */
  readonly leaves?: string;
  /** Its path in the undone changes, where it has been moved since. */
  readonly changedAs?: string;
};

export type InverseClaim = {
  readonly from: TreeName;
  readonly to: TreeName;
  /** In the order in which they are taken back: the newest first. */
  readonly undoes: readonly UndoneChange[];
};

export type InverseProof = InverseClaim & {
  readonly objects: "sha1" | "sha256";
  readonly paths: readonly PathProof[];
  /** Whether some of the changes had been taken back before, so that only the rest is. */
  readonly takesBack: "all" | "rest";
};

/** 200,000 paths of ordinary length. */
export const largestProof = 64 * 1024 * 1024;
export const mostUndone = 1000;
const mostPaths = 200_000;
/** Each moved file is aligned with what it was: a proof that was made to be slow is refused. */
export const mostMoved = 1000;
const longestPath = 3 * 4096;

export function inverseProofBytes(proof: InverseProof): Uint8Array<ArrayBuffer> {
  return canonicalBytes({ _type: inverseProofType, ...proof });
}

/** SHA-256 of the bytes, in hex. */
export function inverseProofDigest(proof: InverseProof): string {
  return createHash("sha256").update(inverseProofBytes(proof)).digest("hex");
}

/** Refuses (InverseError) whatever `inverseProofBytes` would not have written. */
export function parseInverseProof(bytes: Uint8Array): InverseProof {
  let value: unknown;
  try {
    value = parseCanonical(bytes, { maxBytes: largestProof, maxDepth: 6 });
  } catch (cause) {
    if (!(cause instanceof RecordError)) throw cause;
    throw refused(cause.message, cause);
  }
  const proof = members(value, "the proof", [
    "_type",
    "from",
    "objects",
    "paths",
    "takesBack",
    "to",
    "undoes",
  ]);
  if (proof["_type"] !== inverseProofType) throw refused(`_type is not ${inverseProofType}`);
  const objects = oneOf(proof["objects"], "objects", ["sha1", "sha256"]);
  const digits = objects === "sha1" ? 40 : 64;
  return {
    from: treeName(proof["from"], "from", digits),
    objects,
    paths: parsePaths(proof["paths"]),
    takesBack: oneOf(proof["takesBack"], "takesBack", ["all", "rest"]),
    to: treeName(proof["to"], "to", digits),
    undoes: list(proof["undoes"], "undoes", mostUndone).map((one, i) => {
      const change = members(one, `undoes[${i}]`, ["after", "before"]);
      return {
        after: treeName(change["after"], `undoes[${i}].after`, digits),
        before: treeName(change["before"], `undoes[${i}].before`, digits),
      };
    }),
  };
}

function parsePaths(value: unknown): PathProof[] {
  let last = "";
  let moved = 0;
  return list(value, "paths", mostPaths).map((one, i) => {
    const at = `paths[${i}]`;
    const given = members(one, at, ["how", "path"], ["changedAs", "leaves"]);
    const path = escapedPath(given["path"], `${at}.path`);
    const how = oneOf(given["how"], `${at}.how`, ["swap", "merge", "kept"]);
    const key = unescapePath(path);
    if (i > 0 && key <= last) throw refused(`${at}.path is there twice or out of order`);
    last = key;
    const { changedAs, leaves } = given;
    if (changedAs === undefined && leaves === undefined) return { how, path };
    moved++;
    if (moved > mostMoved) throw refused(`more than ${mostMoved} files are said to have moved`);
    if (how === "kept" || (changedAs !== undefined && leaves !== undefined)) {
      throw refused(`${at} has moved in two ways, or without a change`);
    }
    const member = changedAs === undefined ? "leaves" : "changedAs";
    const other = escapedPath(changedAs ?? leaves, `${at}.${member}`);
    if (other === path) throw refused(`${at}.${member} is the path itself`);
    return { [member]: other, how, path };
  });
}

function members(
  value: unknown,
  at: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refused(`${at} is no object`);
  }
  for (const key of required) {
    if (!Object.hasOwn(value, key)) throw refused(`${at} has no ${key}`);
  }
  for (const key of Object.keys(value)) {
    if (!required.includes(key) && !optional.includes(key)) {
      throw refused(`${at} has a member that is unknown: ${JSON.stringify(key.slice(0, 80))}`);
    }
  }
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, at: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw refused(`${at} is no array`);
  if (value.length === 0 || value.length > most) {
    throw refused(`${at} has ${value.length} items; 1 to ${most} are allowed`);
  }
  return value as readonly unknown[];
}

function oneOf<T extends string>(value: unknown, at: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw refused(`${at} is none of ${allowed.join(", ")}`);
  return found;
}

function treeName(value: unknown, at: string, digits: number): TreeName {
  const name = members(value, at, ["tree"], ["commit"]);
  const { commit } = name;
  const tree = objectId(name["tree"], `${at}.tree`, digits);
  return commit === undefined
    ? { tree }
    : { commit: objectId(commit, `${at}.commit`, digits), tree };
}

function objectId(value: unknown, at: string, digits: number): string {
  if (typeof value !== "string" || value.length !== digits || !/^[0-9a-f]+$/.test(value)) {
    throw refused(`${at} is no object id of ${digits} lower-case hexadecimal digits`);
  }
  return value;
}

function escapedPath(value: unknown, at: string): string {
  if (typeof value !== "string" || value === "" || value.length > longestPath) {
    throw refused(`${at} is no path of 1 to ${longestPath} characters`);
  }
  const names = unescapePath(value).split("/");
  const isPath = names.every((name) => name !== "" && name !== "." && name !== "..");
  if (!isPath || escapePath(unescapePath(value)) !== value) {
    throw refused(`${at} is no path in the form %41 for every byte but printable ASCII`);
  }
  return value;
}

/**
 * A path (latin1, one unit a byte) in printable ASCII: other bytes, and `%`, as `%`
 * and two upper-case hexadecimal digits. Inverse of `unescapePath`.
 */
export function escapePath(path: string): string {
  return path.replaceAll(
    /[^\x20-\x24\x26-\x7e]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

export function unescapePath(escaped: string): string {
  return escaped.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function refused(problem: string, cause?: unknown): InverseError {
  return new InverseError(`this is no proof of an inverse: ${problem}`, { cause });
}
