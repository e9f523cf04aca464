/**
 * Maven's ComparableVersion (Maven 3.9, "Version Order Specification"): tokens at
 * `.`, `-`, `_` and between digits and letters; `-` and such a border nest; trailing
 * "null" values are dropped; known qualifiers have an order, `ga`, `final` and
 * `release` are nothing; unknown ones come after all known ones.
 */
import { compareCodes, compareDigits, longestVersion, type Order } from "./segments.ts";

type Token = { readonly separator: "." | "-"; readonly text: string; readonly number: boolean };

const qualifiers = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

export function compareMaven(a: string, b: string): Order | null {
  if (a.length > longestVersion || b.length > longestVersion) return null;
  const [left, right] = [tokens(a), tokens(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    const order = compareTokens(x ?? padFor(y), y ?? padFor(x));
    if (order !== 0) return order;
  }
  return 0;
}

/** What a missing token counts as beside the other's. */
function padFor(other: Token | undefined): Token {
  const separator = other?.separator ?? ".";
  return other?.number === true
    ? { separator, text: "0", number: true }
    : { separator, text: "", number: false };
}

function compareTokens(a: Token, b: Token): Order {
  if (a.separator === b.separator || a.text === b.text) {
    if (a.number && b.number) {
      const order = compareDigits(a.text, b.text);
      if (order !== 0 || a.separator === b.separator) return order;
    } else if (!a.number && !b.number) {
      const order = compareQualifiers(a.text, b.text);
      if (order !== 0 || a.separator === b.separator) return order;
    }
  }
  // Spec: ".qualifier" = "-qualifier" < "-number" < ".number".
  const rank = (token: Token) => (token.number ? (token.separator === "." ? 2 : 1) : 0);
  if (rank(a) !== rank(b)) return rank(a) < rank(b) ? -1 : 1;
  return a.number ? compareDigits(a.text, b.text) : compareQualifiers(a.text, b.text);
}

function compareQualifiers(a: string, b: string): Order {
  const [x, y] = [qualifiers.indexOf(a), qualifiers.indexOf(b)];
  if (x !== -1 && y !== -1) return x < y ? -1 : x > y ? 1 : 0;
  if (x !== -1 || y !== -1) return x !== -1 ? -1 : 1;
  return compareCodes(a, b);
}

function tokens(version: string): Token[] {
  const found: Token[] = [];
  const parts = version.toLowerCase().match(/[.\-_]|\d+|[^.\-_\d]+/g) ?? [];
  let separator: "." | "-" = ".";
  let afterSeparator = true;
  for (const [i, part] of parts.entries()) {
    if (part === "." || part === "-" || part === "_") {
      if (afterSeparator) found.push({ separator, text: "0", number: true });
      separator = part === "." ? "." : "-";
      afterSeparator = true;
      continue;
    }
    const number = /^\d/.test(part);
    // A border between digits and letters divides as a hyphen does.
    if (!afterSeparator) separator = "-";
    found.push({
      separator,
      text: number ? part : qualifier(part, /^\d/.test(parts[i + 1] ?? "")),
      number,
    });
    separator = ".";
    afterSeparator = false;
  }
  return trimmed(found);
}

function qualifier(text: string, beforeDigit: boolean): string {
  if (beforeDigit) {
    const short = { a: "alpha", b: "beta", m: "milestone" }[text];
    if (short !== undefined) return short;
  }
  if (text === "ga" || text === "final" || text === "release") return "";
  return text === "cr" ? "rc" : text;
}

/**
 * From the end, before each hyphen and before each qualifier, what is nothing is
 * dropped. The last of the three is what Maven's code does, not its specification's
 * text, and without it the order is none: 1 < 1a < 1.0.0.alpha7 < 1.
 */
function trimmed(all: readonly Token[]): Token[] {
  const kept = [...all];
  for (let i = kept.length - 1; i > 0; i--) {
    const token = kept[i];
    const isNull =
      token !== undefined && (token.number ? /^0+$/.test(token.text) : token.text === "");
    const next = kept[i + 1];
    if (isNull && (next === undefined || next.separator === "-" || !next.number)) kept.splice(i, 1);
  }
  return kept;
}
