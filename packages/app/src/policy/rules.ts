/**
 * From text to rules: parsed, annotated, and checked against the schema in
 * strict mode. All problems are told at once, each with file and line; where
 * there is one, there are no rules.
 */
import { parseAnnotations, type Annotated, type Purpose } from "./annotations.ts";
import type { PolicyFiles } from "./bundle.ts";
import { parseRule, typeCheck, type PolicyJson } from "./cedar.ts";
import { PolicyError, type Problem } from "./error.ts";
import { factsIn } from "./expression.ts";
import { limits, schemaName } from "./limits.ts";
import { placeOf, scan, type Piece } from "./scan.ts";

export interface Rule extends Annotated, Piece {
  /** Of its first token, from 1. */
  readonly line: number;
  readonly effect: "permit" | "forbid";
  readonly purpose: Purpose;
  /** Actions that it is about; undefined: every one that somebody can ask for. */
  readonly actions: readonly string[] | undefined;
  readonly json: PolicyJson;
}

/** Rules in the order of files and lines. Throws a `PolicyError` with every problem found. */
export function readRules(files: PolicyFiles): readonly Rule[] {
  const problems: Problem[] = [];
  const pieces: Piece[] = [];
  for (const [file, text] of files) {
    if (file === schemaName) continue;
    const scanned = scan(file, text);
    problems.push(...scanned.problems);
    pieces.push(...scanned.pieces);
  }
  // Nothing reaches Cedar that the scan does not let pass.
  giveUp(problems);
  if (pieces.length > limits.rules) {
    throw new PolicyError([
      { file: "the policy", says: `${pieces.length} rules; at most ${limits.rules}` },
    ]);
  }
  const rules: Rule[] = [];
  for (const piece of pieces) {
    const rule = readRule(piece, files.get(piece.file) ?? "");
    if ("problem" in rule) problems.push(rule.problem);
    else rules.push(rule);
  }
  problems.push(...sameIds(rules));
  giveUp(problems);
  problems.push(...checkTypes(files, rules));
  giveUp(problems);
  if (rules.length === 0) {
    throw new PolicyError([
      { file: "the policy", says: "no rules; without one nothing is allowed" },
    ]);
  }
  return rules;
}

function readRule(piece: Piece, source: string): Rule | { readonly problem: Problem } {
  const { file, text } = piece;
  const { line } = placeOf(source, piece.first);
  const at = (says: string, offset?: number): { readonly problem: Problem } => ({
    problem: { file, ...placeWithin(piece, source, offset), says },
  });
  const parsed = parseRule(text);
  if ("problem" in parsed) return at(parsed.problem.says, parsed.problem.offset);
  const { json } = parsed;
  const { effect } = json;
  const purpose = purposeOf(json);
  if (purpose === undefined) {
    return at(
      'a rule for Action::"classify", Action::"signal" or Action::"deploy-unchecked" is about that action alone; write action == Action::"…"',
    );
  }
  if ((purpose === "classify" || purpose === "signal") && effect === "forbid") {
    return at(
      purpose === "classify"
        ? 'a rule for Action::"classify" is a permit: it says what must be shown, not what may be'
        : 'a rule for Action::"signal" is a permit: it says what becomes mandatory, and takes nothing back',
    );
  }
  if (purpose === "gate") {
    const facts = json.conditions.flatMap(({ body }) => [...factsIn(body)]);
    const wrong = facts.find((fact) => !known.has(fact));
    if (wrong !== undefined || json.principal.op !== "All" || json.resource.op !== "All") {
      return at(
        `while the gate cannot be asked only resource.service and resource.environment are known${wrong === undefined ? "" : `, not ${wrong}`}`,
      );
    }
  }
  try {
    const annotated = parseAnnotations(json.annotations ?? {}, purpose, effect);
    return { ...annotated, ...piece, line, effect, purpose, actions: actionsOf(json), json };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return at(error.message);
  }
}

const known: ReadonlySet<string> = new Set(["resource.service", "resource.environment"]);

function actionsOf({ action }: PolicyJson): readonly string[] | undefined {
  if (action.op === "All") return undefined;
  const uids = "entities" in action ? action.entities : "entity" in action ? [action.entity] : [];
  return uids.map((uid) => ("__entity" in uid ? uid["__entity"].id : uid.id));
}

/** Undefined where one rule is about several purposes at once. */
function purposeOf(json: PolicyJson): Purpose | undefined {
  const actions = actionsOf(json);
  if (actions === undefined) return "permission";
  const purposes = new Set(
    actions.map((action): Purpose => {
      if (action === "classify" || action === "signal") return action;
      return action === "deploy-unchecked" ? "gate" : "permission";
    }),
  );
  const [purpose] = purposes;
  return purposes.size === 1 ? purpose : undefined;
}

function sameIds(rules: readonly Rule[]): readonly Problem[] {
  const seen = new Map<string, Rule>();
  return rules.flatMap((rule) => {
    const first = seen.get(rule.id);
    seen.set(rule.id, first ?? rule);
    if (first === undefined) return [];
    const { file, line, id } = rule;
    return [
      { file, line, says: `a second rule ${id}; the first is at ${first.file}:${first.line}` },
    ];
  });
}

function checkTypes(files: PolicyFiles, rules: readonly Rule[]): readonly Problem[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const texts = Object.fromEntries(rules.map((rule) => [rule.id, rule.text]));
  const problems = typeCheck(files.get(schemaName) ?? "", texts).map(
    ({ rule: id, says, offset }) => {
      const rule = id === undefined ? undefined : byId.get(id);
      if (rule === undefined) return { at: -1, problem: { file: "the policy", says } };
      const place = placeWithin(rule, files.get(rule.file) ?? "", offset);
      return { at: rules.indexOf(rule), problem: { file: rule.file, ...place, says } };
    },
  );
  return problems.sort((a, b) => a.at - b.at).map(({ problem }) => problem);
}

/** Where in the file a position of a rule's text is; the first token where Cedar points before it. */
function placeWithin(piece: Piece, source: string, offset = 0) {
  return placeOf(source, Math.max(piece.first, piece.from + offset));
}

function giveUp(problems: readonly Problem[]): void {
  const [first, ...others] = problems;
  if (first !== undefined) throw new PolicyError([first, ...others]);
}
