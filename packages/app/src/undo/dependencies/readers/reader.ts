/** What a reader of one kind of file is, and what all of them share. */
import { tooDeepAt } from "@countermand/record";
import { parse as parseTomlText } from "smol-toml";
import { Unread } from "../../models/model.ts";
import type { Ecosystem, LockedPackage, PackageSet } from "../package-set.ts";

export type Reader = {
  /** `ecosystem/format`. */
  readonly format: string;
  readonly kind: PackageSet["kind"];
  readonly reads: (path: string) => boolean;
  /** Bounded work on any text; never throws. */
  readonly read: (text: string, path: string) => readonly LockedPackage[] | Unread;
};

/** Entries of one file; what is larger is no file of a project. */
export const mostPackages = 200_000;
const deepest = 64;
const longestToml = 8_000_000;

export type Json = { readonly [key: string]: unknown };

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function field(value: unknown, name: string): unknown {
  return isJson(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 1000) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, mostPackages) : [];
}

export function entriesOf(value: unknown): [string, unknown][] {
  return isJson(value) ? Object.entries(value).slice(0, mostPackages) : [];
}

export function parseJson(text: string): Json | Unread {
  if (tooDeepAt(text, deepest) !== null) return new Unread(`JSON deeper than ${deepest} levels`);
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : new Unread("not a JSON object");
  } catch {
    return new Unread("not JSON");
  }
}

export function parseToml(text: string): Json | Unread {
  if (text.length > longestToml) return new Unread(`longer than ${longestToml} characters`);
  // Brackets nest no deeper than the values in them; the parser recurses on them.
  if (tooDeepAt(text, deepest) !== null) return new Unread(`TOML deeper than ${deepest} levels`);
  // Each table header costs the parser its length.
  if (/^[^\n]{20000}/m.test(text)) return new Unread("TOML with a line over 20,000 characters");
  try {
    return parseTomlText(text, { integersAsBigInt: "asNeeded" });
  } catch {
    return new Unread("not TOML");
  }
}

/** 1-based lines of texts that begin a line's content, the first of each; one pass. */
export class Lines {
  readonly #first = new Map<string, number>();

  /** `keyOf` gives what a line is known by, or null. */
  constructor(text: string, keyOf: (line: string) => string | null) {
    let number = 0;
    let at = 0;
    while (at <= text.length) {
      const end = text.indexOf("\n", at);
      const line = text.slice(at, end === -1 ? text.length : end);
      number++;
      const key = line.length > 4000 ? null : keyOf(line);
      if (key !== null && !this.#first.has(key)) this.#first.set(key, number);
      if (end === -1) break;
      at = end + 1;
    }
  }

  of(key: string): number {
    return this.#first.get(key) ?? 1;
  }
}

/** Each line with its number, carriage returns off, at most `most` of them. */
export function* linesOf(
  text: string,
  most = 1_000_000,
): Generator<{ line: string; number: number }> {
  let at = 0;
  for (let number = 1; at <= text.length && number <= most; number++) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end === -1 ? text.length : end).replace(/\r$/, "");
    yield { line: line.length > 4000 ? line.slice(0, 4000) : line, number };
    if (end === -1) return;
    at = end + 1;
  }
}

/** The JSON key that a line begins with. */
export function jsonKey(line: string): string | null {
  const found = /^\s*"((?:[^"\\]|\\.){1,1000})"\s*:/.exec(line);
  return found === null ? null : (found[1] ?? "");
}

/** `name = "…"`, as TOML lock files write it. */
export function tomlName(line: string): string | null {
  return /^name\s*=\s*"([^"]{1,300})"/.exec(line)?.[1] ?? null;
}

type Facts = Partial<LockedPackage> & Pick<LockedPackage, "ecosystem" | "name" | "line">;

/** A package with what is usual left out. */
export function locked(facts: Facts): LockedPackage {
  const { version, direct, source, ...rest } = facts;
  return {
    dev: false,
    integrity: [],
    pin: "version",
    ...rest,
    ...(version === undefined ? {} : { version }),
    ...(direct === undefined ? {} : { direct }),
    ...(source === undefined ? {} : { source }),
  };
}

/** A version that is asked for exactly; null for a range, a tag or nothing. */
export function exactVersion(range: string | undefined, ecosystem: Ecosystem): string | null {
  if (range === undefined) return null;
  const plain = range.trim().replace(/^(?:==|=|v(?=\d))\s*/, "");
  // Cargo and Composer read a bare version as a range, but as the lowest of it.
  void ecosystem;
  return /^\d[0-9A-Za-z.+_-]*$/.test(plain) && !/[xX*]/.test(plain) ? plain : null;
}
