/**
 * Reads HCL 2 native syntax (hashicorp/hcl, hclsyntax/spec.md) into blocks, attributes and
 * values with line numbers. Literals, templates, lists, objects and calls keep their shape;
 * every other expression is kept as its text, because nothing is computed here. Left out:
 * `for` expressions and operators (kept as text), and checking that a file is valid.
 * A line that cannot be read is passed over, so one bad block does not hide the others.
 */
import { Unread } from "../model.ts";

export type Place = { readonly line: number; readonly endLine: number };

/** `literal`: the text is all there is, without interpolation. Numbers and booleans are texts. */
export type Value = Place &
  (
    | { readonly kind: "text"; readonly text: string; readonly literal: boolean }
    | { readonly kind: "list"; readonly items: readonly Value[] }
    | { readonly kind: "map"; readonly entries: ReadonlyMap<string, Value> }
    | { readonly kind: "expression"; readonly text: string; readonly call?: Call }
  );
export type Call = { readonly name: string; readonly arguments: readonly Value[] };
export type MapValue = Extract<Value, { kind: "map" }>;

export type Block = Place & {
  readonly type: string;
  readonly labels: readonly string[];
  /** Attributes, and nested blocks as lists of maps under their type. */
  readonly body: MapValue;
};

export type HclFile = { readonly blocks: readonly Block[]; readonly body: MapValue };

export const hclLimits = { length: 1_000_000, depth: 48, values: 100_000, skipped: 2000 } as const;

class TooMuch extends Error {}
/** A place that is no HCL: the reader goes on at the next line. */
class Unreadable extends Error {}

export function readHcl(text: string): HclFile | Unread {
  if (text.length > hclLimits.length) {
    return new Unread(`longer than ${hclLimits.length} characters`);
  }
  if (text.includes("\0")) return new Unread("not text");
  try {
    const reader = new Reader(text.replaceAll("\r\n", "\n").replace(/^\uFEFF/, ""));
    const { body, blocks } = reader.body(0);
    const nothing = blocks.length === 0 && body.entries.size === 0;
    return nothing && reader.skipped > 0 ? new Unread("not HCL") : { blocks, body };
  } catch (error) {
    return new Unread(error instanceof TooMuch ? error.message : "not HCL that can be read");
  }
}

const identifier = /[A-Za-z_][A-Za-z0-9_-]*/y;
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const heredoc = /<<(-?)([A-Za-z_][A-Za-z0-9_-]*)[ \t]*\n/y;

class Reader {
  readonly #text: string;
  readonly #starts: number[] = [0];
  #at = 0;
  #values = 0;
  /** Lines that were passed over. */
  skipped = 0;

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
      this.#starts.push(at + 1);
    }
  }

  /** To the closing brace or the end of the text; the brace itself is left. */
  body(depth: number): { body: MapValue; blocks: Block[] } {
    if (depth > hclLimits.depth) throw new TooMuch(`deeper than ${hclLimits.depth} levels`);
    const start = this.#at;
    const entries = new Map<string, Value>();
    const blocks: Block[] = [];
    for (this.#space(true); this.#at < this.#text.length; this.#space(true)) {
      if (this.#peek("}") && depth > 0) break;
      const from = this.#at;
      try {
        this.#member(depth, entries, blocks);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        if (++this.skipped > hclLimits.skipped) throw new TooMuch("not HCL");
        const end = this.#text.indexOf("\n", Math.max(this.#at, from));
        this.#at = end === -1 ? this.#text.length : end;
      }
    }
    for (const { type, labels, body } of blocks) {
      const had = entries.get(type);
      const item = labels.length === 0 ? body : labelled(labels, body);
      const items = had?.kind === "list" ? had.items : [];
      entries.set(type, {
        kind: "list",
        items: [...items, item],
        line: items[0]?.line ?? item.line,
        endLine: item.endLine,
      });
    }
    return { body: { kind: "map", entries, ...this.#place(start) }, blocks };
  }

  #member(depth: number, entries: Map<string, Value>, blocks: Block[]): void {
    const start = this.#at;
    const name = this.#peek('"') ? this.#quoted(depth).text : this.#match(identifier);
    this.#space(false);
    if (this.#peek("=") && this.#text[this.#at + 1] !== "=") {
      this.#at++;
      this.#space(false);
      const value = this.#expression(depth + 1, true);
      // A null is an attribute that is not set.
      if (!(value.kind === "expression" && value.text === "null")) {
        entries.set(name, { ...value, line: this.#lineOf(start) });
      }
      return;
    }
    const labels: string[] = [];
    while (!this.#peek("{")) {
      labels.push(this.#peek('"') ? this.#quoted(depth).text : this.#match(identifier));
      this.#space(false);
    }
    this.#at++;
    const { body } = this.body(depth + 1);
    if (!this.#peek("}")) throw new Unreadable();
    this.#at++;
    blocks.push({ type: name, labels, body, ...this.#place(start) });
  }

  /** `lineEnds`: a line break ends it, as it does outside of brackets. */
  #expression(depth: number, lineEnds: boolean): Value {
    if (depth > hclLimits.depth) throw new TooMuch(`deeper than ${hclLimits.depth} levels`);
    if (++this.#values > hclLimits.values) {
      throw new TooMuch(`more than ${hclLimits.values} values`);
    }
    const start = this.#at;
    let value: Value | null = null;
    try {
      value = this.#primary(depth);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
    if (value !== null && this.#ended(lineEnds)) return value;
    this.#at = start;
    this.#pass(lineEnds);
    if (this.#at === start) throw new Unreadable();
    const text = this.#text.slice(start, this.#at).replaceAll(/\s+/g, " ").trim();
    return { kind: "expression", text, ...this.#place(start) };
  }

  #primary(depth: number): Value {
    const start = this.#at;
    const char = this.#text[start] ?? "";
    if (char === '"') {
      const { text, literal } = this.#quoted(depth);
      const only = literal ? null : /^\$\{([^{}"]{1,400})\}$/.exec(text);
      const place = this.#place(start);
      return only === null
        ? { kind: "text", text, literal, ...place }
        : { kind: "expression", text: (only[1] ?? "").trim(), ...place };
    }
    if (char === "<") return this.#heredoc();
    if (char === "[") return this.#list(depth);
    if (char === "{") return this.#object(depth);
    if (/[-0-9]/.test(char)) {
      return { kind: "text", text: this.#match(number), literal: true, ...this.#place(start) };
    }
    const name = this.#match(identifier);
    if (name === "true" || name === "false") {
      return { kind: "text", text: name, literal: true, ...this.#place(start) };
    }
    if (!this.#peek("(")) {
      while (this.#text[this.#at] === "." || this.#text[this.#at] === "[") {
        if (this.#text[this.#at] === "[") this.#brackets();
        else {
          this.#at++;
          if (this.#peek("*")) this.#at++;
          else if (/\d/.test(this.#text[this.#at] ?? "")) this.#match(number);
          else this.#match(identifier);
        }
      }
      return { kind: "expression", text: this.#text.slice(start, this.#at), ...this.#place(start) };
    }
    this.#at++;
    const values = this.#items(")", depth);
    const text = this.#text.slice(start, this.#at).replaceAll(/\s+/g, " ");
    return {
      kind: "expression",
      text,
      call: { name, arguments: values },
      ...this.#place(start),
    };
  }

  #list(depth: number): Value {
    const start = this.#at++;
    this.#space(true);
    if (/^for\b/.test(this.#text.slice(this.#at, this.#at + 4))) throw new Unreadable();
    return { kind: "list", items: this.#items("]", depth), ...this.#place(start) };
  }

  #items(close: string, depth: number): Value[] {
    const items: Value[] = [];
    for (this.#space(true); !this.#peek(close); this.#space(true)) {
      items.push(this.#expression(depth + 1, false));
      this.#space(true);
      if (this.#peek(",")) this.#at++;
      else if (!this.#peek(close)) throw new Unreadable();
    }
    this.#at++;
    return items;
  }

  #object(depth: number): Value {
    const start = this.#at++;
    const entries = new Map<string, Value>();
    this.#space(true);
    if (/^for\b/.test(this.#text.slice(this.#at, this.#at + 4))) throw new Unreadable();
    for (; !this.#peek("}"); this.#space(true)) {
      const from = this.#at;
      let key: string;
      if (this.#peek('"')) key = this.#quoted(depth).text;
      else if (this.#peek("(")) {
        this.#brackets();
        key = this.#text.slice(from, this.#at);
      } else {
        key = this.#match(/[A-Za-z0-9_][A-Za-z0-9_.-]*/y);
      }
      this.#space(false);
      if (!this.#peek("=") && !this.#peek(":")) throw new Unreadable();
      this.#at++;
      this.#space(false);
      const value = this.#expression(depth + 1, true);
      entries.set(key, { ...value, line: this.#lineOf(from) });
      this.#space(true);
      if (this.#peek(",")) this.#at++;
    }
    this.#at++;
    return { kind: "map", entries, ...this.#place(start) };
  }

  /** A quoted template with its escapes decoded; what is interpolated stays as it is written. */
  #quoted(depth: number): { text: string; literal: boolean } {
    this.#at++;
    let [text, literal] = ["", true];
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === "\n") throw new Unreadable();
      if (char === '"') break;
      const next = this.#text[this.#at + 1] ?? "";
      if (char === "\\") {
        text += { n: "\n", t: "\t", r: "\r" }[next] ?? next;
        this.#at += 2;
      } else if ((char === "$" || char === "%") && next === "{") {
        const from = this.#at++;
        this.#brackets(depth);
        text += this.#text.slice(from, this.#at);
        literal = false;
      } else if (
        (char === "$" || char === "%") &&
        this.#text.startsWith(`${char}{`, this.#at + 1)
      ) {
        text += `${char}{`;
        this.#at += 3;
      } else {
        text += char;
        this.#at++;
      }
    }
    this.#at++;
    return { text, literal };
  }

  #heredoc(): Value {
    const start = this.#at;
    heredoc.lastIndex = start;
    const opened = heredoc.exec(this.#text);
    if (opened === null) throw new Unreadable();
    const from = start + opened[0].length;
    for (let at = from; at < this.#text.length;) {
      const end = this.#text.indexOf("\n", at);
      const stop = end === -1 ? this.#text.length : end;
      if (this.#text.slice(at, stop).trim() === opened[2]) {
        const text = this.#text.slice(from, at);
        this.#at = stop;
        return {
          kind: "text",
          text: text.replaceAll("$${", "${"),
          literal: !/(?:^|[^$])\$\{|(?:^|[^%])%\{/.test(text),
          ...this.#place(start),
        };
      }
      at = stop + 1;
    }
    // Each opening would be looked for to the end again.
    throw new TooMuch("a heredoc without its end");
  }

  /** Passes over an expression that has no shape here. */
  #pass(lineEnds: boolean): void {
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? "";
      if (/[,}\])]/.test(char) || (char === "\n" && lineEnds)) return;
      if (char === '"') this.#quoted(0);
      else if (/[[{(]/.test(char)) this.#brackets();
      else if (char === "<" && this.#text[this.#at + 1] === "<") this.#heredoc();
      else if (char === "#" || this.#text.startsWith("//", this.#at)) this.#comment();
      else this.#at++;
    }
  }

  /** From an opening bracket to behind its closing one, strings and comments respected. */
  #brackets(depth = 0): void {
    if (depth > hclLimits.depth) throw new TooMuch(`deeper than ${hclLimits.depth} levels`);
    let open = 0;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] ?? "";
      if (char === '"') {
        this.#quoted(depth + 1);
        continue;
      }
      if (char === "#" || this.#text.startsWith("//", this.#at)) {
        this.#comment();
        continue;
      }
      this.#at++;
      if (/[[{(]/.test(char)) open++;
      else if (/[\]})]/.test(char) && --open === 0) return;
    }
    throw new Unreadable();
  }

  #comment(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end === -1 ? this.#text.length : end;
  }

  /** Blanks and comments; line breaks only where they mean nothing. */
  #space(breaks: boolean): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === " " || char === "\t" || char === "\r" || (breaks && char === "\n")) this.#at++;
      else if (char === "#" || this.#text.startsWith("//", this.#at)) this.#comment();
      else if (this.#text.startsWith("/*", this.#at)) {
        const end = this.#text.indexOf("*/", this.#at + 2);
        this.#at = end === -1 ? this.#text.length : end + 2;
      } else return;
    }
  }

  #ended(lineEnds: boolean): boolean {
    this.#space(!lineEnds);
    const char = this.#text[this.#at];
    return char === undefined || /[,}\])\n]/.test(char);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) throw new Unreadable();
    this.#at += found[0].length;
    return found[0];
  }

  #peek(char: string): boolean {
    return this.#text[this.#at] === char;
  }

  #place(start: number): Place {
    const line = this.#lineOf(start);
    return { line, endLine: Math.max(line, this.#lineOf(Math.max(start, this.#at - 1))) };
  }

  #lineOf(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}

/** A nested block with labels: the labels become `labels` of the map. */
function labelled(labels: readonly string[], body: MapValue): MapValue {
  const { line, endLine } = body;
  const items = labels.map((text): Value => ({ kind: "text", text, literal: true, line, endLine }));
  const entries = new Map<string, Value>([
    ...body.entries,
    ["labels", { kind: "list", items, line, endLine }],
  ]);
  return { kind: "map", entries, line, endLine };
}
