/**
 * Source as a tree of blocks and statements, tolerant of what it does not know.
 * A block's `text` is what stands before it (`if (x)`, `def f`), white space
 * squeezed and cut; lines are 1-based. One pass; what is deeper than `depth` is not read.
 *
 * Left out: precedence, types, macros, what a preprocessor does. A brace or an
 * indentation decides, as a reader's eye would.
 */
import type { Language } from "./languages.ts";
import type { Stripped } from "./strip.ts";

export type Node = {
  readonly text: string;
  readonly line: number;
  endLine: number;
  /** Null: a statement. */
  readonly nodes: Node[] | null;
};

export const treeLimits = { depth: 120, nodes: 60_000, text: 600 } as const;

/** The nodes of a file, or one sentence part that says why it is not read. */
export function treeOf(stripped: Stripped, language: Language): Node[] | string {
  const build = new Build();
  if (language.blocks === "braces") braces(stripped, language, build);
  else if (language.blocks === "indentation") indentation(logicalLines(stripped), build);
  else ends(logicalLines(stripped, true), build);
  return build.failure ?? build.root;
}

class Build {
  readonly root: Node[] = [];
  readonly stack: Node[] = [];
  failure: string | null = null;
  #count = 0;

  statement(text: string, line: number, endLine: number): void {
    const squeezed = squeeze(text);
    if (squeezed !== "") this.#add({ text: squeezed, line, endLine, nodes: null });
  }

  open(text: string, line: number): void {
    const node: Node = { text: squeeze(text), line, endLine: line, nodes: [] };
    this.#add(node);
    this.stack.push(node);
    if (this.stack.length > treeLimits.depth)
      this.failure = `deeper than ${treeLimits.depth} blocks`;
  }

  close(endLine: number): void {
    const node = this.stack.pop();
    if (node !== undefined) node.endLine = Math.max(node.line, endLine);
  }

  #add(node: Node): void {
    (this.stack.at(-1)?.nodes ?? this.root).push(node);
    this.#count += 1;
    if (this.#count > treeLimits.nodes) this.failure = `more than ${treeLimits.nodes} statements`;
  }
}

function squeeze(text: string): string {
  return text
    .slice(0, treeLimits.text * 2)
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, treeLimits.text);
}

type Frame = { parts: string; length: number; from: number; line: number; brackets: string };

/** Blocks in braces; a line break ends a statement unless the line says that it goes on. */
function braces({ code, kept }: Stripped, language: Language, build: Build): void {
  const frames: Frame[] = [];
  let frame: Frame = { parts: "", length: 0, from: 0, line: 0, brackets: "" };
  let line = 1;
  const literals = language.name === "go" || language.name === "rust";
  const text = (to: number): string =>
    frame.parts + kept.slice(frame.from, Math.min(to, frame.from + treeLimits.text * 2));
  const restart = (from: number): void => {
    frame.parts = "";
    frame.from = from;
    frame.line = 0;
    frame.brackets = "";
  };
  for (let at = 0; at < code.length && build.failure === null; at += 1) {
    const char = code[at] ?? "";
    if (char === "\n") {
      if (frame.brackets === "" && frame.line !== 0 && endsHere(code, frame.from, at)) {
        build.statement(text(at), frame.line, line);
        restart(at + 1);
      }
      line += 1;
      continue;
    }
    if (char === " " || char === "\t" || char === "\r") continue;
    if (frame.line === 0 && char !== "}" && char !== ";") {
      frame.line = line;
      frame.from = at;
    }
    if (char === "(" || char === "[") {
      if (frame.brackets.length < 1000) frame.brackets += char;
    } else if (char === ")" || char === "]") {
      frame.brackets = frame.brackets.slice(0, -1);
    } else if (char === "{") {
      if (
        literals &&
        /[\w\]]/.test(code[at - 1] ?? "") &&
        !/\belse$/.test(code.slice(at - 6, at))
      ) {
        if (frame.brackets.length < 1000) frame.brackets += "{";
        continue;
      }
      if (isShortLiteral(code, at)) {
        if (frame.brackets.length < 1000) frame.brackets += "{";
        continue;
      }
      build.open(text(at), frame.line === 0 ? line : frame.line);
      frame.parts = text(at).slice(0, treeLimits.text) + "{";
      frames.push(frame);
      frame = { parts: "", length: 0, from: at + 1, line: 0, brackets: "" };
    } else if (char === "}") {
      if (frame.brackets.endsWith("{")) {
        frame.brackets = frame.brackets.slice(0, -1);
        continue;
      }
      if (frame.line !== 0) build.statement(text(at), frame.line, line);
      build.close(line);
      const outer = frames.pop();
      if (outer === undefined) restart(at + 1);
      else {
        frame = outer;
        // What the block stood in as an argument goes on after it.
        if (frame.brackets === "") restart(at + 1);
        else frame.from = at;
      }
    } else if (char === ";" && frame.brackets === "") {
      // Go writes a statement before the condition.
      if (frame.line !== 0 && /^(?:if|for|switch)\s/.test(code.slice(frame.from, frame.from + 8)))
        continue;
      if (frame.line !== 0) build.statement(text(at), frame.line, line);
      restart(at + 1);
    }
  }
  if (frame.line !== 0) build.statement(text(code.length), frame.line, line);
  while (build.stack.length > 0) build.close(line);
}

/** Data in braces on one line, as an argument or value. */
function isShortLiteral(code: string, at: number): boolean {
  if (!/[(,:=[]\s{0,20}$/.test(code.slice(Math.max(0, at - 22), at))) return false;
  let depth = 0;
  for (let end = at; end < Math.min(code.length, at + 300); end += 1) {
    const char = code[end] ?? "";
    if (char === "\n" || char === ";" || (char === "=" && code[end + 1] === ">")) return false;
    if (char === "{") depth += 1;
    else if (char === "}" && (depth -= 1) === 0) return true;
  }
  return false;
}

function endsHere(code: string, from: number, at: number): boolean {
  const said = code.slice(Math.max(from, at - 300), at).trimEnd();
  if (/(?:[,.+*=<>?:&|(-]|\b(?:and|or|extends|implements|throws|return|else))$/.test(said)) {
    return /(?:\+\+|--|\*\/)$/.test(said);
  }
  if (/^(?:\} ?)?(?:else )?if\s*\(/.test(said) && said.endsWith(")")) return false;
  const next = /^\s{0,400}(\S{0,10})/.exec(code.slice(at, at + 410))?.[1] ?? "";
  return !/^(?:[.?:{&|+]|=>|throws\b|where\b)/.test(next) || /^(?:\?>|:\w)/.test(next);
}

type Logical = { text: string; code: string; indent: number; line: number; endLine: number };

/** Lines, joined where brackets are open or a line says that it goes on. */
function logicalLines({ code, kept }: Stripped, ruby = false): Logical[] {
  const codes = code.split("\n");
  const lines = kept.split("\n");
  const logical: Logical[] = [];
  let open = 0;
  let current: Logical | null = null;
  for (const [index, raw] of codes.entries()) {
    const trimmed = raw.trim();
    if (trimmed === "" && open === 0) continue;
    const follows = ruby && /^(?:&?\.\w|&&|\|\|)/.test(trimmed);
    if (current === null || (open <= 0 && !follows && !goesOn(current.code, ruby))) {
      const indent = /^[ \t]{0,1000}/.exec(raw)?.[0].replaceAll("\t", "        ").length ?? 0;
      current = { text: "", code: "", indent, line: index + 1, endLine: index + 1 };
      logical.push(current);
      open = 0;
    }
    if (current.text.length < treeLimits.text * 2) {
      current.text += ` ${(lines[index] ?? "").slice(0, treeLimits.text * 2)}`;
    }
    // Only the end decides whether it goes on.
    current.code = current.code.length > 4000 ? trimmed : `${current.code} ${trimmed}`.trim();
    current.endLine = index + 1;
    for (const char of trimmed) {
      if ("([{".includes(char)) open += 1;
      else if (")]}".includes(char)) open = Math.max(0, open - 1);
    }
  }
  return logical;
}

function goesOn(code: string, ruby: boolean): boolean {
  return ruby
    ? /(?:[,\\+.=]|&&|\|\||\b(?:and|or|not))$/.test(code.slice(-20))
    : code.endsWith("\\");
}

function indentation(lines: readonly Logical[], build: Build): void {
  const indents: number[] = [];
  let last = 1;
  for (const { text, code, indent, line, endLine } of lines) {
    if (build.failure !== null) return;
    while (indents.length > 0 && (indents.at(-1) ?? 0) >= indent) {
      indents.pop();
      build.close(last);
    }
    if (code.endsWith(":")) {
      build.open(text, line);
      indents.push(indent);
    } else build.statement(text, line, endLine);
    last = endLine;
  }
  while (build.stack.length > 0) build.close(last);
}

/** Blocks that a keyword opens and `end` closes; `else` and its like end one branch and start the next. */
function ends(lines: readonly Logical[], build: Build): void {
  let last = 1;
  for (const { text, code, line, endLine } of lines) {
    if (build.failure !== null) return;
    last = endLine;
    if (/^end\b/.test(code)) build.close(endLine);
    else if (/^(?:else|elsif|when|rescue|ensure)\b/.test(code) && build.stack.length > 0) {
      build.close(line);
      build.open(text, line);
    } else if (opensRuby(code)) build.open(text, line);
    else build.statement(text, line, endLine);
  }
  while (build.stack.length > 0) build.close(last);
}

function opensRuby(code: string): boolean {
  if (/\bend(?:\s*[.)\]].{0,200})?$/.test(code.slice(-220))) return false;
  const start = code.slice(0, 400);
  if (/^(?:[a-z_]{1,40} )?def\s/.test(start)) {
    return !/^(?:[a-z_]{1,40} )?def\s+[\w.?!]{1,100}\s*(?:\([^()]{0,200}\))?\s*=\s/.test(start);
  }
  return (
    /^(?:class|module|if|unless|while|until|for|case|begin)\b/.test(start) ||
    /(?:=|<<|\()\s*(?:if|unless|case|begin)\b[^;]{0,300}$/.test(start) ||
    /\bdo(?:\s*\|[^|]{0,200}\|)?$/.test(code.slice(-220))
  );
}
