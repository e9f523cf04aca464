/**
 * CODEOWNERS files of GitHub and GitLab: who has to be asked for a path.
 *
 * GitHub: the last line that matches wins; a line without owners says that nobody
 * owns the path; a line that it does not understand is skipped.
 * GitLab: the same within each section, and every section that matches asks;
 * `^[Name]` is optional, `[Name][2]` wants two approvals, owners after the heading
 * stand for lines without any, `!path` takes a path out of its section for good;
 * words that name nobody are ignored.
 * (docs.github.com "About code owners", docs.gitlab.com "Syntax of CODEOWNERS file"
 * and "Advanced CODEOWNERS configuration", read 2026-11.)
 *
 * Left out: whether an owner exists and may write (only the forge knows), Gitea's
 * regular expressions.
 */
import { type Model, Unread } from "../models/model.ts";
import { compareText } from "../rules/order.ts";
import { type Dialect, neededName, parsePattern, type Pattern } from "./codeowners-pattern.ts";
import { PatternIndex } from "./pattern-index.ts";

export type OwnerRule = {
  /** 1-based. */
  readonly line: number;
  /** As written, escapes included, without `!`. */
  readonly text: string;
  readonly pattern: Pattern;
  /** As written, in the order of the line; empty: nobody. */
  readonly owners: readonly string[];
  /** GitLab's `!`: the path is taken out of the section. */
  readonly excludes: boolean;
};

export type OwnerSection = {
  /** As first written; empty for the lines before the first heading. */
  readonly name: string;
  readonly line: number;
  readonly optional: boolean;
  /** How many owners have to approve; 0 where the section is optional. */
  readonly approvals: number;
  readonly rules: readonly OwnerRule[];
};

export type Codeowners = {
  readonly dialect: Dialect;
  readonly sections: readonly OwnerSection[];
  /** Lines that the forge ignores. */
  readonly skipped: readonly { readonly line: number; readonly reason: string }[];
};

/** What one section asks for a path. */
export type Ownership = {
  readonly section: string;
  readonly optional: boolean;
  readonly approvals: number;
  /** By name; empty: the section names nobody for it. */
  readonly owners: readonly string[];
  /** The line that decides, 1-based. */
  readonly line: number;
};

export const codeownersLimits = {
  /** UTF-16 units; GitHub loads no file over 3 MB. */
  length: 3 * 1024 * 1024,
  rules: 20_000,
  /** Lines of wildcards alone, which every path has to be held against. */
  wild: 2000,
  sections: 1000,
  /** Of one line or heading. */
  owners: 200,
} as const;

/** Where forges look, the first found wins. */
export const codeownersPaths: Readonly<Record<Dialect, readonly string[]>> = {
  github: [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"],
  gitlab: ["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"],
};

export function isCodeownersPath(path: string): boolean {
  return codeownersPaths.github.includes(path) || codeownersPaths.gitlab.includes(path);
}

/**
 * Reads the file. The dialect is GitHub's below `.github/`, GitLab's below
 * `.gitlab/`; anywhere else headings and `!` tell GitLab's. Give `dialect` where
 * the forge is known.
 */
export function parseCodeowners(text: string, path = "", dialect?: Dialect): Codeowners | Unread {
  if (text.length > codeownersLimits.length) {
    return new Unread(`longer than ${codeownersLimits.length} characters, which no forge loads`);
  }
  const lines = text.replace(/^\ufeff/, "").split("\n");
  return new Reader(dialect ?? dialectOf(lines, path)).read(lines);
}

/** For `models.of`. */
export const codeownersModel: Model<Codeowners> = {
  id: "codeowners",
  version: 1,
  parse: parseCodeowners,
};

/** The owners that have to be or may be asked for a path, every section together, by name. */
export function ownersOf(codeowners: Codeowners, path: string): readonly string[] {
  const owners = ownershipOf(codeowners, path).flatMap((one) => one.owners);
  return [...new Set(owners)].sort(compareText);
}

/** What each section that has a line for the path asks, in the order of the file. */
export function ownershipOf(codeowners: Codeowners, path: string): readonly Ownership[] {
  return codeowners.sections.flatMap((section) => {
    const rule = decides(section, path);
    if (rule === undefined || rule.excludes) return [];
    const { name, optional, approvals } = section;
    const owners = [...new Set(rule.owners)].sort(compareText);
    return [{ section: name, optional, approvals, owners, line: rule.line }];
  });
}

type Index = { readonly excludes: boolean; readonly patterns: PatternIndex };

/** Derived from the value alone, so that it may be kept beside it. */
const indexes = new WeakMap<OwnerSection, Index>();

function indexOf(section: OwnerSection): Index {
  const known = indexes.get(section);
  if (known !== undefined) return known;
  const index = {
    excludes: section.rules.some((rule) => rule.excludes),
    patterns: new PatternIndex(section.rules.map(({ pattern }) => pattern)),
  };
  indexes.set(section, index);
  return index;
}

function decides(section: OwnerSection, path: string): OwnerRule | undefined {
  const { excludes, patterns } = indexOf(section);
  let last: OwnerRule | undefined;
  for (const at of patterns.matches(path)) {
    const rule = section.rules[at];
    last ??= rule;
    if (rule?.excludes === true) return rule;
    if (!excludes) break;
  }
  return last;
}

function dialectOf(lines: readonly string[], path: string): Dialect {
  if (path.startsWith(".github/")) return "github";
  if (path.startsWith(".gitlab/")) return "gitlab";
  return lines.some((line) => /^\s{0,40}(?:\^?\[|!)/.test(line)) ? "gitlab" : "github";
}

type OpenSection = { -readonly [K in keyof OwnerSection]: OwnerSection[K] } & {
  rules: OwnerRule[];
  defaults: readonly string[];
};

class Reader {
  readonly #dialect: Dialect;
  readonly #sections = new Map<string, OpenSection>();
  readonly #skipped: { line: number; reason: string }[] = [];
  #section: OpenSection;
  #rules = 0;
  #wild = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
    this.#section = { name: "", line: 1, optional: false, approvals: 1, rules: [], defaults: [] };
    this.#sections.set("", this.#section);
  }

  read(lines: readonly string[]): Codeowners | Unread {
    for (const [index, raw] of lines.entries()) {
      const line = raw.trim();
      if (line === "" || line.startsWith("#")) continue;
      const reason = this.#heading(line, index + 1) ? null : this.#rule(line, index + 1);
      if (reason !== null) this.#skipped.push({ line: index + 1, reason });
      if (this.#rules > codeownersLimits.rules) {
        return new Unread(`more than ${codeownersLimits.rules} lines`);
      }
      if (this.#wild > codeownersLimits.wild) {
        return new Unread(`more than ${codeownersLimits.wild} lines of wildcards`);
      }
      if (this.#sections.size > codeownersLimits.sections) {
        return new Unread(`more than ${codeownersLimits.sections} sections`);
      }
    }
    const sections = [...this.#sections.values()].filter(({ rules }) => rules.length > 0);
    return {
      dialect: this.#dialect,
      sections: sections.map(({ name, line, optional, approvals, rules }) => ({
        name,
        line,
        optional,
        approvals,
        rules,
      })),
      skipped: this.#skipped,
    };
  }

  /** Headings of the same name, whatever its case, are one section. */
  #heading(line: string, at: number): boolean {
    if (this.#dialect !== "gitlab") return false;
    const found = /^(\^?)\[([^\]]{1,200})\](?:\[(\d{1,3})\])?(?:\s|$)/.exec(line);
    if (found === null) return false;
    const name = (found[2] ?? "").trim();
    const optional = found[1] === "^";
    const owners = words(line.slice(found[0].length)).filter(isOwner);
    const known = this.#sections.get(name.toLowerCase());
    this.#section = known ?? {
      name,
      line: at,
      optional,
      approvals: optional ? 0 : Math.max(1, Number(found[3] ?? "1")),
      rules: [],
      defaults: [],
    };
    this.#section.defaults = owners.slice(0, codeownersLimits.owners);
    this.#sections.set(name.toLowerCase(), this.#section);
    return true;
  }

  /** Null, or why the forge skips the line. */
  #rule(line: string, at: number): string | null {
    this.#rules++;
    const excludes = this.#dialect === "gitlab" && line.startsWith("!");
    const [text = "", ...rest] = words(excludes ? line.slice(1) : line);
    const pattern = parsePattern(text, this.#dialect);
    if (typeof pattern === "string") return pattern;
    if (neededName(pattern) === null) this.#wild++;
    const comment =
      this.#dialect === "github" ? rest.findIndex((word) => word.startsWith("#")) : -1;
    const named = comment === -1 ? rest : rest.slice(0, comment);
    if (named.length > codeownersLimits.owners) {
      return `more than ${codeownersLimits.owners} owners in one line`;
    }
    if (this.#dialect === "github" && !named.every(isOwner)) return "a word that is no owner";
    const owners = named.filter(isOwner);
    const own = owners.length > 0 || excludes ? owners : this.#section.defaults;
    this.#section.rules.push({ line: at, text, pattern, owners: own, excludes });
    return null;
  }
}

/** Split at spaces and tabs that no backslash escapes. */
function words(line: string): string[] {
  const found: string[] = [];
  let word = "";
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? "";
    if (character === "\\" && at + 1 < line.length) {
      word += character + (line[++at] ?? "");
    } else if (/\s/.test(character)) {
      if (word !== "") found.push(word);
      word = "";
    } else {
      word += character;
    }
  }
  if (word !== "") found.push(word);
  return found;
}

/** `@user`, `@org/team`, `@group/sub/group`, GitLab's `@@role`, or an e-mail address. */
function isOwner(word: string): boolean {
  return (
    /^@{1,2}[A-Za-z0-9_][\w.-]{0,250}(?:\/[\w.-]{1,250}){0,20}$/.test(word) ||
    /^[^\s@]{1,250}@[^\s@]{1,250}$/.test(word)
  );
}
