/**
 * Cedar text cut into rules before Cedar sees it: where each begins, that it is
 * small enough to be parsed, and that it holds no character that shows
 * otherwise than it reads. Knows strings, comments and brackets, nothing more;
 * whether a piece is a rule is Cedar's to say.
 */
import { limits } from "./limits.ts";
import type { Problem } from "./error.ts";

/** One rule's text, from the end of the one before it to its `;`. */
export interface Piece {
  readonly file: string;
  readonly text: string;
  /** Where in the file the text begins, and where its first token: between them is comment. */
  readonly from: number;
  readonly first: number;
}

export interface Scanned {
  readonly pieces: readonly Piece[];
  readonly problems: readonly Problem[];
}

/** Controls but tab and line feed, and what reorders or hides text (Trojan Source, CVE-2021-42574). */
const deceptive =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufeff\ufff9-\uffff]/;

const token =
  /\/\/[^\n]*|"(?:[^"\\\n]|\\[^\n])*"|&&|\|\||[-+.*!;"()[\]{}]|\b(?:if|when|unless)\b|[^\s]/g;

export function scan(file: string, text: string): Scanned {
  const bad = deceptive.exec(text);
  if (bad !== null) {
    return {
      pieces: [],
      problems: [{ file, ...placeOf(text, bad.index), says: character(bad[0]) }],
    };
  }
  const pieces: Piece[] = [];
  const problems: Problem[] = [];
  const refuseAt = (index: number, says: string) =>
    problems.push({ file, ...placeOf(text, index), says });
  let from = 0;
  let first: number | undefined;
  let depth = 0;
  let operators = 0;
  for (const match of text.matchAll(token)) {
    const [found] = match;
    if (found.startsWith("//")) continue;
    first ??= match.index;
    if (found === '"') {
      refuseAt(match.index, "a string begins here and does not end on its line");
      return { pieces, problems };
    }
    if ("([{".includes(found)) depth += 1;
    else if (")]}".includes(found)) depth -= 1;
    else if (isOperator(found)) operators += 1;
    if (depth > limits.nesting) {
      refuseAt(match.index, `brackets nested deeper than ${limits.nesting}; split the rule`);
      return { pieces, problems };
    }
    if (operators > limits.operators) {
      const says = `a rule with more than ${limits.operators} operators and conditions; split it`;
      refuseAt(first, says);
      return { pieces, problems };
    }
    if (found !== ";") continue;
    const end = match.index + 1;
    if (end - first > limits.ruleLength) {
      refuseAt(first, `a rule of ${end - first} characters; at most ${limits.ruleLength}`);
      return { pieces, problems };
    }
    pieces.push({ file, text: text.slice(from, end), from, first });
    from = end;
    first = undefined;
    depth = 0;
    operators = 0;
  }
  if (first !== undefined) refuseAt(first, "the rule that begins here does not end with `;`");
  return { pieces, problems };
}

/** Line and column of a position in a text, both from 1. */
export function placeOf(
  text: string,
  index: number,
): { readonly line: number; readonly column: number } {
  const before = text.slice(0, index);
  const line = before.split("\n").length;
  return { line, column: index - before.lastIndexOf("\n") };
}

function isOperator(found: string): boolean {
  return /^(?:&&|\|\||[-+.*!]|if|when|unless)$/.test(found);
}

function character(found: string): string {
  if (found === "\r") return "a carriage return; lines of a policy end with a line feed alone";
  const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return `the character U+${code}, which does not show as it reads; write the rule without it`;
}
