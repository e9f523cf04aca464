/**
 * Reads hostile YAML (1.2 core schema) into a small tree with line numbers.
 * What is too large, too deep, repeats a key, expands aliases without end or is
 * no YAML gives one sentence and no tree. Tags other than the core ones and
 * comments are left out; `<<` is merged, as Kubernetes' reader does.
 *
 * The library's own check for repeated keys compares each key with each, so it
 * is off and done here; depth is checked on the tokens, before anything recurses.
 */
import {
  CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseAllDocuments,
  type Range,
} from "yaml";

export type Yaml = { readonly line: number; readonly endLine: number } & (
  | { readonly kind: "scalar"; readonly text: string | null }
  | { readonly kind: "list"; readonly items: readonly Yaml[] }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, Yaml> }
);

export const yamlLimits = {
  /** UTF-16 code units. */
  length: 1_000_000,
  /** In flow and block collections together, and after aliases are expanded. */
  depth: 64,
  /** Columns before the first content of a line. */
  indent: 200,
  lines: 130_000,
  documents: 500,
  /** Lexical tokens: what is dense in them costs the parser most. */
  tokens: 250_000,
  /** Values of one file, aliases expanded. */
  nodes: 100_000,
  aliases: 100,
} as const;

class Unread extends Error {}

/**
 * The documents of a file, or one sentence that says why it is not read. `lenient`:
 * of repeated keys the first counts, and a document with errors is left out.
 */
export function readYaml(
  text: string,
  { lenient = false }: { readonly lenient?: boolean } = {},
): readonly Yaml[] | string {
  if (text.length > yamlLimits.length) return `longer than ${yamlLimits.length} characters`;
  const lines = new LineCounter();
  try {
    refuseExcess(text);
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "silent",
    });
    if (!Array.isArray(documents)) return [];
    if (documents.length > yamlLimits.documents) {
      return `more than ${yamlLimits.documents} documents`;
    }
    const budget = { nodes: 0, aliases: 0 };
    const read: Yaml[] = [];
    for (const document of documents) {
      const error = document.errors[0];
      if (error !== undefined) {
        if (lenient) continue;
        return `not YAML at line ${lines.linePos(error.pos[0]).line}`;
      }
      if (document.contents === null) continue;
      read.push(new Conversion(lines, budget, lenient).of(document.contents, 0));
    }
    return read;
  } catch (error) {
    // Anything else is the parser's own failure; whatever it throws, the file is not read.
    return error instanceof Unread ? error.message : "not YAML that can be read";
  }
}

/** One document's nodes to our tree. */
class Conversion {
  readonly #lines: LineCounter;
  readonly #budget: { nodes: number; aliases: number };
  readonly #anchors = new Map<string, unknown>();
  readonly #lenient: boolean;

  constructor(lines: LineCounter, budget: { nodes: number; aliases: number }, lenient: boolean) {
    this.#lines = lines;
    this.#budget = budget;
    this.#lenient = lenient;
  }

  of(node: unknown, depth: number): Yaml {
    if (++this.#budget.nodes > yamlLimits.nodes) {
      throw new Unread(`more than ${yamlLimits.nodes} values`);
    }
    if (depth > yamlLimits.depth) throw new Unread(`deeper than ${yamlLimits.depth} levels`);
    if (isAlias(node)) {
      if (++this.#budget.aliases > yamlLimits.aliases) {
        throw new Unread(`more than ${yamlLimits.aliases} aliases`);
      }
      return this.of(this.#anchors.get(node.source), depth + 1);
    }
    if ((isScalar(node) || isSeq(node) || isMap(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
    if (isScalar(node)) {
      const { value } = node;
      const text =
        typeof value === "string" ? value : value === null ? null : JSON.stringify(value);
      return { kind: "scalar", text, ...this.#place(node.range) };
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => this.of(item, depth + 1));
      return { kind: "list", items, ...this.#place(node.range) };
    }
    if (isMap(node)) {
      const entries = this.#entries(node.items, depth);
      return { kind: "map", entries, ...this.#place(node.range) };
    }
    throw new Unread("an alias without its anchor");
  }

  #entries(
    pairs: readonly { readonly key: unknown; readonly value: unknown }[],
    depth: number,
  ): Map<string, Yaml> {
    const entries = new Map<string, Yaml>();
    const merged: Yaml[] = [];
    for (const { key, value } of pairs) {
      if (!isScalar(key)) throw new Unread("a key that is not a plain value");
      const name = String(key.value);
      const at = this.#place(key.range);
      if (entries.has(name)) {
        if (this.#lenient) continue;
        throw new Unread(`a repeated key at line ${at.line}`);
      }
      const child: Yaml =
        value === null ? { kind: "scalar", text: null, ...at } : this.of(value, depth + 1);
      if (name === "<<") merged.push(...(child.kind === "list" ? child.items : [child]));
      // A value is found where its key is.
      else
        entries.set(name, { ...child, line: at.line, endLine: Math.max(at.line, child.endLine) });
    }
    for (const from of merged) {
      if (from.kind !== "map") continue;
      for (const [name, child] of from.entries) if (!entries.has(name)) entries.set(name, child);
    }
    return entries;
  }

  #place(range: Range | null | undefined): { line: number; endLine: number } {
    const [start, end] = range ?? [0, 0];
    const line = this.#lines.linePos(start).line;
    return { line, endLine: Math.max(line, this.#lines.linePos(Math.max(start, end - 1)).line) };
  }
}

/** Before anything recurses: brackets by the lexer's tokens, blocks by the columns they need. */
function refuseExcess(text: string): void {
  // Each line costs the lexer a token or more, also an empty one.
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
    if (++lines > yamlLimits.lines) throw new Unread(`more than ${yamlLimits.lines} lines`);
  }
  if (/^[ \t?:-]{201}/m.test(text)) {
    throw new Unread(`more than ${yamlLimits.indent} columns before the content of a line`);
  }
  let [open, tokens] = [0, 0];
  for (const token of new Lexer().lex(text)) {
    if (++tokens > yamlLimits.tokens) throw new Unread(`more than ${yamlLimits.tokens} tokens`);
    const type = CST.tokenType(token);
    if (type === "flow-map-start" || type === "flow-seq-start") open++;
    else if (type === "flow-map-end" || type === "flow-seq-end") open--;
    if (open > yamlLimits.depth) throw new Unread(`deeper than ${yamlLimits.depth} levels`);
  }
}

/** The values at a path of keys; `*` is every item of a list. Nothing where the path ends early. */
export function valuesAt(node: Yaml | undefined, path: readonly string[]): readonly Yaml[] {
  if (node === undefined) return [];
  const [step, ...rest] = path;
  if (step === undefined) return [node];
  if (step === "*") {
    return node.kind === "list" ? node.items.flatMap((item) => valuesAt(item, rest)) : [];
  }
  return node.kind === "map" ? valuesAt(node.entries.get(step), rest) : [];
}

/** The scalar at a path as text; null is no value. */
export function textAt(node: Yaml | undefined, ...path: readonly string[]): string | undefined {
  const [value] = valuesAt(node, path);
  return value?.kind === "scalar" && value.text !== null ? value.text : undefined;
}
