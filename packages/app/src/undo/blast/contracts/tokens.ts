/**
 * Words, numbers, strings and signs of a small language with the lines that they
 * are on, and a cursor over them for parsers by hand. One pass, bounded; what is
 * no token refuses the text.
 */
export type Token = {
  readonly kind: "word" | "number" | "string" | "sign" | "end";
  /** Of a string: without its quotes, escapes as written. */
  readonly text: string;
  readonly line: number;
};

export const tokenLimits = { length: 1_000_000, tokens: 200_000 } as const;

/** The text is not of the language, or too much; the message is for people and holds none of it. */
export class Unparsable extends Error {}

export type Syntax = {
  /** C's, or `#` to the end of the line. */
  readonly comments: "slashes" | "hash";
  /** Names may hold dots (and begin with one). */
  readonly dottedNames: boolean;
  /** Longest first. */
  readonly signs: readonly string[];
  /** Counted as white space. */
  readonly ignored: string;
};

const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const dottedWord = /\.?[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const numeral = /[0-9][0-9A-Za-z_]*(?:\.[0-9]*)?(?:(?<=[eE])[+-][0-9]+)?/y;

export function tokenise(text: string, syntax: Syntax): Token[] {
  if (text.length > tokenLimits.length) {
    throw new Unparsable(`longer than ${tokenLimits.length} characters`);
  }
  const tokens: Token[] = [];
  const name = syntax.dottedNames ? dottedWord : word;
  let [at, line] = [0, 1];
  const skipTo = (end: number) => {
    for (; at < end; at++) if (text[at] === "\n") line++;
  };
  const take = (kind: Token["kind"], from: number, to: number, end: number) => {
    tokens.push({ kind, text: text.slice(from, to), line });
    if (tokens.length > tokenLimits.tokens) {
      throw new Unparsable(`more than ${tokenLimits.tokens} words`);
    }
    skipTo(end);
  };
  while (at < text.length) {
    const character = text[at] ?? "";
    const comment = commentEnd(text, at, syntax.comments);
    if (comment !== null) skipTo(comment);
    else if (/\s|\ufeff/.test(character) || syntax.ignored.includes(character)) skipTo(at + 1);
    else if (character === '"' || (character === "'" && syntax.comments === "slashes")) {
      const quotes = text.startsWith('"""', at) && syntax.comments === "hash" ? '"""' : character;
      const end = stringEnd(text, at + quotes.length, quotes, line);
      take("string", at + quotes.length, end, end + quotes.length);
    } else {
      const found = matchAt(name, text, at);
      const digits = found === null ? matchAt(numeral, text, at) : null;
      const sign = syntax.signs.find((one) => text.startsWith(one, at));
      if (found !== null) take("word", at, at + found, at + found);
      else if (digits !== null) take("number", at, at + digits, at + digits);
      else if (sign !== undefined) take("sign", at, at + sign.length, at + sign.length);
      else throw new Unparsable(`not readable at line ${line}`);
    }
  }
  return tokens;
}

function matchAt(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? null;
}

function commentEnd(text: string, at: number, comments: Syntax["comments"]): number | null {
  const lineEnd = () => {
    const end = text.indexOf("\n", at);
    return end === -1 ? text.length : end;
  };
  if (comments === "hash") return text[at] === "#" ? lineEnd() : null;
  if (text.startsWith("//", at)) return lineEnd();
  if (!text.startsWith("/*", at)) return null;
  const end = text.indexOf("*/", at + 2);
  if (end === -1) throw new Unparsable("a comment that does not end");
  return end + 2;
}

function stringEnd(text: string, from: number, quotes: string, line: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text.startsWith(quotes, at)) return at;
    else if (quotes.length === 1 && text[at] === "\n") break;
  }
  throw new Unparsable(`a string that does not end at line ${line}`);
}

const end: Token = { kind: "end", text: "", line: 0 };

export class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get next(): Token {
    return this.#tokens[this.#at] ?? end;
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** The token after the next. */
  get second(): Token {
    return this.#tokens[this.#at + 1] ?? end;
  }

  take(): Token {
    const token = this.next;
    this.#at++;
    return token;
  }

  /** Takes the next if it is this text and no string. */
  skip(text: string): boolean {
    const { next } = this;
    if (next.text !== text || next.kind === "string" || next.kind === "end") return false;
    this.#at++;
    return true;
  }

  expect(text: string): Token {
    const { next } = this;
    if (!this.skip(text)) throw this.wrong();
    return next;
  }

  word(): Token {
    const token = this.take();
    if (token.kind !== "word") throw this.wrong();
    return token;
  }

  /** Past one bracketed group, however deep; the cursor is on its opening. */
  skipGroup(): void {
    let depth = 0;
    do {
      const token = this.take();
      if (token.kind === "end") throw this.wrong();
      if (token.kind !== "sign") continue;
      if ("{[(<".includes(token.text)) depth++;
      else if ("}])>".includes(token.text)) depth--;
    } while (depth > 0);
  }

  wrong(): Unparsable {
    const line = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]?.line ?? 1;
    return new Unparsable(`not readable at line ${line}`);
  }
}
