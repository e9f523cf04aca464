/**
 * What a tree of source says: functions, methods, handlers and classes by name,
 * and in each its statements, marks (annotations, decorators, attributes) and exits.
 * An exit is a condition with a short body that ends what the function does: it
 * refuses (raises, answers 4xx, returns an error or false, adds an error to a list)
 * or accepts (returns true, success).
 */
import { negate } from "./condition.ts";
import type { Language } from "./languages.ts";
import type { Node } from "./tree.ts";

export type Statement = { readonly text: string; readonly line: number; readonly endLine: number };

export type Exit = Statement & {
  readonly effect: "refuses" | "leaves" | "accepts";
  /** As condition.ts reads it. */
  readonly condition: string;
  readonly body: string;
};

export type Unit = {
  /** With what it is in: `Class.method`, `get '/path'`; empty for the file itself. */
  readonly name: string;
  readonly kind: "function" | "class" | "file";
  readonly line: number;
  readonly endLine: number;
  /** What stands before its block. */
  readonly header: string;
  readonly marks: readonly Statement[];
  readonly statements: readonly Statement[];
  readonly exits: readonly Exit[];
};

type Draft = {
  readonly name: string;
  readonly kind: Unit["kind"];
  readonly line: number;
  readonly endLine: number;
  readonly header: string;
  readonly marks: Statement[];
  readonly statements: Statement[];
  readonly exits: Exit[];
};

export function unitsOf(nodes: readonly Node[], language: Language): Unit[] {
  const endLine = nodes.at(-1)?.endLine ?? 1;
  const file = draft({ name: "", kind: "file" }, { text: "", line: 1, endLine, nodes: null }, []);
  const units: Draft[] = [file];
  collect(nodes, file, units, language);
  return units;
}

function draft(
  named: { readonly name: string; readonly kind: Unit["kind"] },
  node: Node,
  marks: Statement[],
): Draft {
  const { line, endLine, text } = node;
  return { ...named, line, endLine, header: text, marks, statements: [], exits: [] };
}

function collect(nodes: readonly Node[], into: Draft, units: Draft[], language: Language): void {
  let marks: Statement[] = [];
  let previous: Node | null = null;
  for (const node of nodes) {
    const { text, line, endLine } = node;
    if (node.nodes === null && isMark(text, language)) {
      marks.push({ text, line, endLine });
      continue;
    }
    const named = node.nodes === null ? null : nameOf(text, language, into);
    if (named !== null && node.nodes !== null) {
      const name = into.name === "" ? named.name : `${into.name}.${named.name}`;
      const unit = draft({ name, kind: named.kind }, node, marks);
      units.push(unit);
      collect(node.nodes, unit, units, language);
    } else {
      into.statements.push(...marks);
      if (!/^(?:"""|'''|"use )/.test(text) && text !== "")
        into.statements.push({ text, line, endLine });
      const exit = exitOf(node, previous, language);
      if (exit !== null) into.exits.push(exit);
      if (node.nodes !== null) collect(node.nodes, into, units, language);
    }
    marks = [];
    previous = node;
  }
  into.statements.push(...marks);
}

function isMark(text: string, { name }: Language): boolean {
  if (name === "python" || name === "javascript" || name === "java") return /^@\w/.test(text);
  if (name === "csharp") return /^\[\w[^\]]{0,300}\]/.test(text);
  return (name === "rust" || name === "php") && text.startsWith("#[");
}

const notNames = new Set(
  (
    "if for while switch catch return function else do try with synchronized using lock foreach match unless " +
    "select new throw await yield typeof sizeof fixed elseif finally defer go case when loop super print"
  ).split(" "),
);

type Named = { readonly name: string; readonly kind: "function" | "class" };

function nameOf(text: string, language: Language, into: Draft): Named | null {
  const as = (kind: Named["kind"], pattern: RegExp): Named | null => {
    const name = pattern.exec(text)?.[1];
    return name === undefined || notNames.has(name) ? null : { kind, name };
  };
  switch (language.name) {
    case "python":
      return as("function", /^(?:async )?def (\w+)/) ?? as("class", /^class (\w+)/);
    case "ruby":
      return (
        as("function", /^(?:[a-z_]+ )?def ((?:self\.)?[\w?!=[\]+<>-]+)/) ??
        as("class", /^(?:class|module) ([\w:]+)/)
      );
    case "go": {
      const found = /^func (?:\(\s?\w*\s?\*?(\w+)[^)]*\) )?(\w+)/.exec(text);
      if (found === null) return as("class", /^type (\w+)/);
      const name = found[1] === undefined ? (found[2] ?? "") : `${found[1]}.${found[2] ?? ""}`;
      return { kind: "function", name };
    }
    case "rust":
      return (
        as("function", /\bfn (\w+)/) ??
        as(
          "class",
          /^(?:pub(?:\([^)]*\))? )?(?:impl|struct|enum|trait|mod)\b(?:<[^>]{0,200}>)? ?(?:[\w:<>, ]{1,200} for )?(\w+)/,
        )
      );
    case "javascript":
      return javascriptName(text, into);
    case "java":
    case "csharp":
    case "php":
      return (
        as(
          "class",
          /(?:^|\s)(?:class|interface|struct|trait|enum|record|namespace|object) ([\w.\\]+)/,
        ) ??
        as("function", /\b(?:function|fun|def) (?:&\s?)?(\w+)/) ??
        // A method has a type before its name or an access word.
        as(
          "function",
          /(?:^|[\w>\])?] )(\w+)\s?(?:<[^<>]{0,100}>)?\s?\([^;{}]*\)\s?(?:throws [\w., ]{1,300}|: ?[\w?<>|\\ ]{1,200}|where .{1,200})?$/,
        )
      );
  }
}

const route =
  /(?:^|[\s.])((?:[a-z]\w{0,60}\.){1,3}(?:get|post|put|patch|delete|all|route|query|mutation))\((["'`][^"'`]{0,200}["'`])/i;

function javascriptName(text: string, into: Draft): Named | null {
  const found = route.exec(text);
  // An object type or a default value in a list of parameters is no body.
  const balanced = text.split("(").length === text.split(")").length;
  if (found !== null && /(?:=>|\))$/.test(text)) {
    return { kind: "function", name: `${found[1] ?? ""} ${found[2] ?? ""}` };
  }
  if (!balanced) return null;
  const name =
    /(?:^|[\s(=])function\s?\*?\s?([\w$]+)/.exec(text)?.[1] ??
    /(?:^| )(?:const|let|var) ([\w$]+)[^=]{0,200}= ?.{0,300}(?:=>|function\b.{0,200}\))$/.exec(
      text,
    )?.[1] ??
    /^(?:(?:private|public|protected|static|readonly|export) ){0,4}([\w$.]+)(?: ?:[^=]{1,200})? ?= ?(?:async )?(?:function\b.{0,200}|.{0,300}=>)$/.exec(
      text,
    )?.[1] ??
    /^([\w$]+) ?: ?(?:async )?(?:function\b.{0,200}|\(.{0,300}=>)$/.exec(text)?.[1];
  if (name !== undefined) return { kind: "function", name };
  const type = /(?:^|\s)(?:class|namespace|interface) ([\w$.]+)/.exec(text)?.[1];
  if (type !== undefined) return { kind: "class", name: type };
  if (into.kind === "function" && !/^(?:async |get |set )/.test(text)) return null;
  const method =
    /^(?:(?:export|default|public|private|protected|static|async|get|set|override|readonly) |\*|#)*([\w$]+)\s?(?:<[^<>]{0,100}>)?\s?\(.*\)\s?(?::.{0,200})?$/.exec(
      text,
    )?.[1];
  return method === undefined || notNames.has(method) ? null : { kind: "function", name: method };
}

/** A body that refuses has few statements; a long one is a branch. */
const bodyStatements = 12;

function exitOf(node: Node, previous: Node | null, language: Language): Exit | null {
  const { line, endLine } = node;
  const split = node.nodes === null ? inline(node.text, language) : header(node, previous);
  if (split === null) return null;
  const { condition } = split;
  const nodes = node.nodes ?? [];
  const bodies = node.nodes === null ? [split.body ?? ""] : flat(nodes);
  if (condition === "" || bodies.length === 0 || bodies.length > bodyStatements) return null;
  const body = bodies.join("; ").slice(0, 600);
  const effect = effectOf(bodies);
  if (effect === null) return null;
  return { effect, condition, body, text: node.text, line, endLine };
}

function flat(nodes: readonly Node[]): string[] {
  return nodes
    .slice(0, bodyStatements + 1)
    .flatMap((node) => [node.text, ...(node.nodes === null ? [] : flat(node.nodes))])
    .filter((text) => text !== "")
    .slice(0, bodyStatements + 1);
}

type Split = { readonly condition: string; readonly body?: string };

function header(node: Node, previous: Node | null): Split | null {
  const text = node.text.replace(/:$/, "").trim();
  const plain = /^(?:else ?)?(?:if|elif|elsif|elseif)\b(.*)$/.exec(text)?.[1];
  if (plain !== undefined) return { condition: unwrap(afterInit(plain)) };
  const unless = /^unless\b(.*)$/.exec(text)?.[1];
  if (unless !== undefined) return { condition: negate(unwrap(unless)) };
  // Rust's and Swift's `let … else` and `guard … else`.
  const held = /^(?:let|guard) (.{1,400}) else$/.exec(text)?.[1];
  if (held !== undefined) return { condition: negate(unwrap(held)) };
  if (text !== "else" || previous === null) return null;
  const before = header(previous, null);
  return before === null ? null : { condition: negate(before.condition) };
}

/** `if x { … }` on one line, `return y if x`, `if (x) return y;`. */
function inline(text: string, { name }: Language): Split | null {
  if (name === "ruby") {
    const found = /^(.{1,400}?) (if|unless) (.{1,400})$/.exec(text);
    if (found === null || /^(?:if|unless|when|elsif) /.test(text)) return null;
    const condition = unwrap(found[3] ?? "");
    return { body: found[1] ?? "", condition: found[2] === "if" ? condition : negate(condition) };
  }
  if (name === "python") {
    const found = /^(?:if|elif) (.{1,400}?): (\S.{0,300})$/.exec(text);
    return found === null ? null : { condition: found[1] ?? "", body: found[2] ?? "" };
  }
  const start = /^(?:else )?if ?\(/.exec(text);
  if (start === null) return null;
  const end = closing(text, start[0].length - 1);
  if (end === -1) return null;
  const body = text.slice(end + 1).trim();
  return body === "" ? null : { condition: text.slice(start[0].length, end).trim(), body };
}

function closing(text: string, open: number): number {
  let depth = 0;
  let quote = "";
  for (let at = open; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (quote !== "") {
      if (char === "\\") at += 1;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'" || char === "`") quote = char;
    else if (char === "(") depth += 1;
    else if (char === ")" && (depth -= 1) === 0) return at;
  }
  return -1;
}

/** Go sets a variable before it tests it. */
function afterInit(text: string): string {
  const parts = text.split("; ");
  return parts.length === 2 ? (parts[1] ?? "") : text;
}

function unwrap(text: string): string {
  const trimmed = text.replace(/ then$/, "").trim();
  return trimmed.startsWith("(") && closing(trimmed, 0) === trimmed.length - 1
    ? trimmed.slice(1, -1).trim()
    : trimmed;
}

const refusing =
  /^(?:raise|throw|panic!?|fail!?|abort|bail!|die|halt|head|deny|forbid|reject|unauthorized|not_found|access_denied|redirect\w*|render_?\w*)\b|\b(?:4(?:0[0-9]|1[0-9]|2[0-9])|Forbidden|Unauthorized|BadRequest|NotFound|StatusBadRequest|StatusForbidden|StatusUnauthorized|AccessDenied|PermissionDenied)\b|:(?:bad_request|forbidden|unauthorized|not_found|unprocessable_\w{2,10})\b|\b(?:sendError|http\.Error|sendStatus|abort|redirect\w{0,20}|errors?\.add|add_?[eE]rror|[rR]eject|[dD]eny|[fF]orbid(?:den)?|fail!?|Err|[eE]rrorf|errors\.New|NewErr\w{0,60}|\w{0,60}(?:Error|Exception|Invalid|Denied|Forbidden|Unauthorized))\b ?[(!:]|\b(?:errs?|errors|allErrs|el|problems|issues|violations|messages)\b(?:\s?=\s?append\(|\.(?:push|append|add|extend)\b| <<)|^return (?:[\w.]{1,60}, )?(?:err|errors?|problem\w{0,20}|[\w.]{0,60}Err\w{0,60})$/;

const accepting =
  /^return (?:true|True|TRUE|1|next\(.{0,40}|Ok\(.{0,60}|(?:true, )?(?:true|nil, true)|\w{1,30}\.proceed\(.{0,40})$|^(?:true|next\(\))$/;

const leaving =
  /^(?:return|continue|break|next|exit|exit!|yield break|goto \w{1,40})\b|^(?:false|False|nil|None|null)$/;

function effectOf(bodies: readonly string[]): Exit["effect"] | null {
  const last = bodies.at(-1) ?? "";
  if (accepting.test(last)) return "accepts";
  if (bodies.some((body) => refusing.test(body))) return "refuses";
  return leaving.test(last) ? "leaves" : null;
}
