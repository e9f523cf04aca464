/**
 * Conditions as people write them in eight languages, compared by what they say:
 * read into and, or, not over atoms, then tried on every assignment of the atoms.
 * Atoms that exclude or imply each other (`x == ""` and `x == y`; `n > 10` and
 * `n > 100`) are known; every other atom stands for itself. More than `atoms`
 * different atoms, or text that is no such condition, compare as unknown.
 */

export const conditionLimits = { length: 600, atoms: 10, depth: 30 } as const;

type Formula =
  | { readonly kind: "atom"; readonly atom: string }
  | { readonly kind: "not"; readonly of: Formula }
  | { readonly kind: "and" | "or"; readonly left: Formula; readonly right: Formula }
  | { readonly kind: "constant"; readonly value: boolean };

/** What `after` is to `before`: `narrower` holds in fewer situations, `wider` in more. */
export type Comparison = "same" | "narrower" | "wider" | "unknown";

export function compareConditions(before: string, after: string): Comparison {
  if (before.length > conditionLimits.length || after.length > conditionLimits.length) {
    return "unknown";
  }
  const [from, to] = [parse(before), parse(after)];
  if (from === null || to === null) return "unknown";
  const atoms = [...new Set([...atomsOf(from), ...atomsOf(to)])];
  if (atoms.length > conditionLimits.atoms) return "unknown";
  const rules = relations(atoms);
  let [onlyBefore, onlyAfter, both] = [false, false, false];
  for (let row = 0; row < 1 << atoms.length; row += 1) {
    if (rules.some((possible) => !possible(row))) continue;
    const held = (atom: string) => ((row >> atoms.indexOf(atom)) & 1) === 1;
    const [was, is] = [evaluate(from, held), evaluate(to, held)];
    if (was && is) both = true;
    else if (was) onlyBefore = true;
    else if (is) onlyAfter = true;
  }
  if (!onlyBefore && !onlyAfter) return "same";
  if (onlyBefore && onlyAfter) return "unknown";
  const constant = from.kind === "constant" || to.kind === "constant";
  if (!both && !constant) return "unknown";
  return onlyBefore ? "narrower" : "wider";
}

/** The condition's opposite, as text that this module reads. */
export function negate(condition: string): string {
  return `!(${condition})`;
}

function evaluate(formula: Formula, held: (atom: string) => boolean): boolean {
  switch (formula.kind) {
    case "atom":
      return held(formula.atom);
    case "constant":
      return formula.value;
    case "not":
      return !evaluate(formula.of, held);
    case "and":
      return evaluate(formula.left, held) && evaluate(formula.right, held);
    case "or":
      return evaluate(formula.left, held) || evaluate(formula.right, held);
  }
}

function atomsOf(formula: Formula): string[] {
  if (formula.kind === "atom") return [formula.atom];
  if (formula.kind === "constant") return [];
  return formula.kind === "not"
    ? atomsOf(formula.of)
    : [...atomsOf(formula.left), ...atomsOf(formula.right)];
}

/** Which rows of the table cannot be: two values at once, a small bound without the large one. */
function relations(atoms: readonly string[]): ((row: number) => boolean)[] {
  const parts = atoms.map((atom) => atom.split("\u0000"));
  return parts.flatMap((a, i) =>
    parts.flatMap((b, j) => {
      if (i === j || a[0] !== b[0] || a[1] !== b[1] || a[2] === undefined || b[2] === undefined) {
        return [];
      }
      const has = (row: number, index: number) => ((row >> index) & 1) === 1;
      if (a[0] === "=" && i < j && excludes(a[2], b[2])) {
        return [(row: number) => !(has(row, i) && has(row, j))];
      }
      if (a[0] === "<" && Number(a[2]) < Number(b[2])) {
        return [(row: number) => !has(row, i) || has(row, j)];
      }
      return [];
    }),
  );
}

/** Two values that nothing has at once. What is compared with is taken to be there. */
function excludes(a: string, b: string): boolean {
  const empty = /^(?:""|''|nil|null|None|undefined)$/;
  const literal = /^(?:["'].{0,200}["']|\d[\d_.]{0,30}|true|false|True|False|nil|null|None)$/;
  return empty.test(a) !== empty.test(b) || (literal.test(a) && literal.test(b));
}

function parse(text: string): Formula | null {
  const tokens = tokensOf(text);
  const reader = { tokens, at: 0, depth: 0 };
  const formula = ternary(reader);
  return formula === null || reader.at < tokens.length ? null : formula;
}

type Reader = { readonly tokens: readonly string[]; at: number; depth: number };

/** Operators and brackets one by one; what is between them as it stands. */
function tokensOf(text: string): string[] {
  return (
    text
      .replaceAll(/\band\b/g, "&&")
      .replaceAll(/\bor\b/g, "||")
      .replaceAll(/\bnot in\b/g, "\u0001")
      .replaceAll(/\bis not\b/g, "!=")
      .replaceAll(/\bis\b/g, "==")
      .replaceAll(/\bnot\b/g, "!")
      .match(
        /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|&&|\|\||[!=]==?|<=|>=|[()[\]{}?:,<>!]|[^\s"'&|!=<>()[\]{}?:,]+|[&|=]/g,
      ) ?? []
  );
}

function ternary(reader: Reader): Formula | null {
  reader.depth += 1;
  if (reader.depth > conditionLimits.depth) return null;
  const test = binary(reader, "||");
  reader.depth -= 1;
  if (test === null || reader.tokens[reader.at] !== "?") return test;
  // A question mark that nothing follows is part of a name, as Ruby writes predicates.
  const next = reader.tokens[reader.at + 1];
  if (next === undefined || next === "&&" || next === "||" || next === ")") {
    reader.at += 1;
    return more(reader, test);
  }
  reader.at += 1;
  const yes = ternary(reader);
  if (reader.tokens[reader.at] !== ":") return null;
  reader.at += 1;
  const no = ternary(reader);
  if (yes === null || no === null) return null;
  return {
    kind: "or",
    left: { kind: "and", left: test, right: yes },
    right: { kind: "and", left: { kind: "not", of: test }, right: no },
  };
}

/** Goes on after a predicate's question mark. */
function more(reader: Reader, left: Formula): Formula | null {
  const operator = reader.tokens[reader.at];
  if (operator !== "&&" && operator !== "||") return left;
  reader.at += 1;
  const right = ternary(reader);
  return right === null ? null : { kind: operator === "&&" ? "and" : "or", left, right };
}

function binary(reader: Reader, operator: "||" | "&&"): Formula | null {
  const below = () => (operator === "||" ? binary(reader, "&&") : unary(reader));
  let left = below();
  while (left !== null && reader.tokens[reader.at] === operator) {
    reader.at += 1;
    const right = below();
    if (right === null) return null;
    left = { kind: operator === "||" ? "or" : "and", left, right };
  }
  return left;
}

function unary(reader: Reader): Formula | null {
  if (reader.tokens[reader.at] === "!") {
    reader.at += 1;
    reader.depth += 1;
    const of = reader.depth > conditionLimits.depth ? null : unary(reader);
    reader.depth -= 1;
    return of === null ? null : { kind: "not", of };
  }
  if (reader.tokens[reader.at] === "(" && groups(reader)) {
    reader.at += 1;
    const inside = ternary(reader);
    if (inside === null || reader.tokens[reader.at] !== ")") return null;
    reader.at += 1;
    return inside;
  }
  return comparison(reader);
}

/** Whether the bracket here closes before an operator of conditions or the end, so that it groups. */
function groups(reader: Reader): boolean {
  let depth = 0;
  for (let at = reader.at; at < reader.tokens.length; at += 1) {
    const token = reader.tokens[at];
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    if (depth === 0) {
      const next = reader.tokens[at + 1];
      return next === undefined || ["&&", "||", ")", "?", ":", ","].includes(next);
    }
  }
  return false;
}

const comparators = new Set(["==", "===", "!=", "!==", "<", ">", "<=", ">=", "\u0001"]);

function comparison(reader: Reader): Formula | null {
  const left = operand(reader);
  if (left === null) return null;
  const operator = reader.tokens[reader.at];
  if (operator === undefined || !comparators.has(operator)) {
    if (/^(?:true|True)$/.test(left)) return { kind: "constant", value: true };
    if (/^(?:false|False)$/.test(left)) return { kind: "constant", value: false };
    return { kind: "atom", atom: left };
  }
  reader.at += 1;
  const right = operand(reader);
  if (right === null) return null;
  const atom = (sign: string, a: string, b: string): Formula => ({
    kind: "atom",
    atom: [sign, a, b].join("\u0000"),
  });
  const not = (of: Formula): Formula => ({ kind: "not", of });
  switch (operator) {
    case "==":
    case "===":
      return atom("=", left, right);
    case "!=":
    case "!==":
      return not(atom("=", left, right));
    case "\u0001":
      return not({ kind: "atom", atom: `${left} in ${right}` });
    default:
      return bound(operator, left, right, atom, not);
  }
}

/** `n > 5` as not `n < 6` would need whole numbers; a bound that includes is half a step up. */
function bound(
  operator: string,
  left: string,
  right: string,
  atom: (sign: string, a: string, b: string) => Formula,
  not: (of: Formula) => Formula,
): Formula {
  if (!/^-?\d[\d_]{0,15}$/.test(right)) return { kind: "atom", atom: `${left}${operator}${right}` };
  const value = Number(right.replaceAll("_", ""));
  if (operator === "<") return atom("<", left, String(value));
  if (operator === "<=") return atom("<", left, String(value + 0.5));
  if (operator === ">=") return not(atom("<", left, String(value)));
  return not(atom("<", left, String(value + 0.5)));
}

/** Names, calls and literals up to the next operator, with what their brackets hold. */
function operand(reader: Reader): string | null {
  const parts: string[] = [];
  let depth = 0;
  for (; reader.at < reader.tokens.length; reader.at += 1) {
    const token = reader.tokens[reader.at] ?? "";
    if (depth === 0 && /^(?:&&|\|\||\?|:|,|\))$/.test(token)) break;
    if (depth === 0 && comparators.has(token)) break;
    if (/^[([{]$/.test(token)) depth += 1;
    else if (/^[)\]}]$/.test(token)) depth -= 1;
    parts.push(token);
  }
  return parts.length === 0 || depth !== 0 ? null : parts.join("");
}
