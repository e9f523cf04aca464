/**
 * Takes comments and the insides of strings out of source, place by place, so that
 * every index and line stays what it was. One pass, constant state; text that ends
 * inside a string or comment ends it. Left out: code inside of templates and
 * interpolations, Ruby's `%` literals.
 */
import type { Language } from "./languages.ts";

export type Stripped = {
  /** Without comments and without what strings hold. */
  readonly code: string;
  /** Without comments. */
  readonly kept: string;
};

export function strip(text: string, language: Language): Stripped {
  const code: string[] = [];
  const kept: string[] = [];
  let done = 0;
  let at = 0;
  const through = (to: number): void => {
    code.push(text.slice(done, to));
    kept.push(text.slice(done, to));
    done = to;
  };
  while (at < text.length) {
    const opening = openingAt(text, at, language);
    if (opening === null) {
      at += 1;
      continue;
    }
    through(at);
    const { end, open, close, comment } = opening;
    const whole = text.slice(at, end);
    const inside = blank(text.slice(at + open, Math.max(at + open, end - close)));
    code.push(
      comment
        ? blank(whole)
        : `${text.slice(at, at + open)}${inside}${text.slice(Math.max(at + open, end - close), end)}`,
    );
    kept.push(comment ? blank(whole) : whole);
    done = at = end;
  }
  through(text.length);
  return { code: code.join(""), kept: kept.join("") };
}

type Opening = { end: number; open: number; close: number; comment: boolean };

function openingAt(text: string, at: number, language: Language): Opening | null {
  const char = text[at] ?? "";
  if (!"\"'`#/<=@r".includes(char)) return null;
  const { name } = language;
  const attribute = char === "#" && name === "php" && text[at + 1] === "[";
  const line = language.lineComments.find((mark) => text.startsWith(mark, at));
  if (line !== undefined && !attribute) return comment(endOfLine(text, at));
  if (language.blockComments && text.startsWith("/*", at))
    return comment(after(text, "*/", at + 2));
  if (name === "ruby" && char === "=" && text.startsWith("=begin", at) && lineStart(text, at)) {
    return comment(after(text, "\n=end", at));
  }
  const heredoc = char === "<" ? heredocAt(text, at, name) : null;
  if (heredoc !== null) return heredoc;
  if ((char === '"' || char === "'") && text.startsWith(char.repeat(3), at) && name !== "ruby") {
    return quoted(at, after(text, char.repeat(3), at + 3), 3);
  }
  if (char === "/" && (name === "javascript" || name === "ruby")) return regexAt(text, at);
  if (char === "r" && name === "rust") return rawAt(text, at);
  if (char === "@" && name === "csharp" && text[at + 1] === '"') {
    return quoted(at, after(text, '"', at + 2), 1, 2);
  }
  if (char === "`") {
    if (name === "go") return quoted(at, after(text, "`", at + 1), 1);
    return name === "javascript" ? quoted(at, endOfQuote(text, at, true), 1) : null;
  }
  if (char === '"') return quoted(at, endOfQuote(text, at, language.longStrings), 1);
  if (char !== "'") return null;
  // In Rust a quote also starts a lifetime.
  if (name === "rust" && !/^'(?:\\[^\n]{1,10}|[^\\'\n]{1,2})'/.test(text.slice(at, at + 14))) {
    return null;
  }
  return quoted(at, endOfQuote(text, at, language.longStrings), 1);
}

function comment(end: number): Opening {
  return { end, open: 0, close: 0, comment: true };
}

function quoted(at: number, end: number, close: number, open = close): Opening {
  return { end: Math.max(end, at + open), open, close, comment: false };
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, " ");
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}

function lineStart(text: string, at: number): boolean {
  return at === 0 || text[at - 1] === "\n";
}

function endOfQuote(text: string, at: number, long: boolean): number {
  const quote = text[at];
  for (let index = at + 1; index < text.length; index += 1) {
    const char = text[index];
    if (char === "\\") index += 1;
    else if (char === quote) return index + 1;
    else if (char === "\n" && !long) return index;
  }
  return text.length;
}

/** A slash where no value ends starts a regular expression, if it closes on its line. */
function regexAt(text: string, at: number): Opening | null {
  const before = text.slice(Math.max(0, at - 60), at).trimEnd();
  if (before !== "" && !/[(,=:[!&|?{};~]$|\b(?:return|when|if|unless|and|or)$/.test(before)) {
    return null;
  }
  let within = false;
  for (let index = at + 1; index < Math.min(text.length, at + 2000); index += 1) {
    const char = text[index];
    if (char === "\n") return null;
    if (char === "\\") index += 1;
    else if (char === "[") within = true;
    else if (char === "]") within = false;
    else if (char === "/" && !within) return quoted(at, index + 1, 1);
  }
  return null;
}

function rawAt(text: string, at: number): Opening | null {
  if (/\w/.test(text[at - 1] ?? "")) return null;
  const marks = /^r(#{0,10})"/.exec(text.slice(at, at + 12))?.[1];
  if (marks === undefined) return null;
  const open = 2 + marks.length;
  return quoted(at, after(text, `"${marks}`, at + open), 1 + marks.length, open);
}

/** From the line after the mark to the line that says the mark again. */
function heredocAt(text: string, at: number, name: Language["name"]): Opening | null {
  const pattern =
    name === "ruby" ? /^<<[~-]?(['"]?)([A-Z_]{2,40})\1/ : /^<<<\s?(['"]?)(\w{2,40})\1/;
  if (name !== "ruby" && name !== "php") return null;
  const found = pattern.exec(text.slice(at, at + 60));
  const [mark, word] = [found?.[0], found?.[2]];
  if (mark === undefined || word === undefined) return null;
  const body = endOfLine(text, at);
  // Only what follows on the same line is code; it is given up with the text.
  let from = body + 1;
  while (from < text.length) {
    const end = endOfLine(text, from);
    if (
      text
        .slice(from, Math.min(end, from + 300))
        .trim()
        .replace(/[;,)]+$/, "") === word
    ) {
      return quoted(at, end, word.length, mark.length);
    }
    from = end + 1;
  }
  return null;
}
