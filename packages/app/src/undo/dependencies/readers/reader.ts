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

/**
 * 1-based lines of keys in JSON by the path to them, where one name stands in several
 * places. One pass over text that a parser took; `wanted` says under which parents.
 */
export class JsonLines {
  readonly #first = new Map<string, number>();

  constructor(text: string, wanted: (parents: readonly string[]) => boolean) {
    const parents: string[] = [];
    let key = "";
    let line = 1;
    for (const [token, colon] of text.matchAll(jsonToken)) {
      if (token === "\n") line++;
      else if (token === "{" || token === "[") parents.push(key);
      else if (token === "}" || token === "]") parents.pop();
      else if (colon !== undefined) {
        key = keyOf(token.slice(0, token.length - colon.length));
        const above = parents.slice(1);
        if (!wanted(above)) continue;
        const path = [...above, key].join("\0");
        if (!this.#first.has(path)) this.#first.set(path, line);
      }
    }
  }

  of(...path: readonly string[]): number {
    return this.#first.get(path.join("\0")) ?? 1;
  }
}

const jsonToken = /"[^"\\]*(?:\\.[^"\\]*)*"([ \t\r]*:)?|[{}[\]]|\n/g;

function keyOf(quoted: string): string {
  return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}

/** 1-based lines of TOML's keys and tables by the path to them. */
export class TomlLines {
  readonly #first = new Map<string, number>();

  constructor(text: string) {
    let table: readonly string[] = [];
    for (const { line, number } of linesOf(text)) {
      const header = /^\s*\[\[?([^\]]{1,500})\]/.exec(line)?.[1];
      const head = line.slice(0, Math.max(0, line.indexOf("=")));
      const key = /^[\s\w.'"-]{1,300}$/.test(head) ? head : undefined;
      if (header !== undefined) {
        table = tomlPath(header);
        this.#add(table, number);
      } else if (key !== undefined) this.#add([...table, ...tomlPath(key)], number);
    }
  }

  /** What stands under a path begins where its first part does. */
  #add(path: readonly string[], number: number): void {
    for (let depth = 1; depth <= path.length; depth++) {
      const name = path.slice(0, depth).join("\0");
      if (!this.#first.has(name)) this.#first.set(name, number);
    }
  }

  of(...path: readonly string[]): number {
    return this.#first.get(path.join("\0")) ?? 1;
  }
}

function tomlPath(text: string): string[] {
  return Array.from(
    text.matchAll(/"([^"]*)"|'([^']*)'|[\w-]+/g),
    ([bare, double, single]) => double ?? single ?? bare,
  );
}

/** 1-based lines of `name = "…"` in the tables of a lock file, by name and version. */
export class PackageLines {
  readonly #first = new Map<string, number>();

  constructor(text: string) {
    let name: string | null = null;
    let at = 1;
    for (const { line, number } of linesOf(text)) {
      const named = tomlName(line);
      if (named !== null) {
        [name, at] = [named, number];
        this.#add(name, at);
      }
      const version = /^version\s*=\s*"([^"]{1,300})"/.exec(line)?.[1];
      if (name !== null && version !== undefined) {
        this.#add(`${name} ${version}`, at);
        name = null;
      }
    }
  }

  #add(key: string, line: number): void {
    if (!this.#first.has(key)) this.#first.set(key, line);
  }

  of(name: string, version: string | undefined): number {
    return this.#first.get(`${name} ${version ?? ""}`) ?? this.#first.get(name) ?? 1;
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
