/**
 * The facts that rules can tell apart, as finitely many values. Rules compare
 * facts with constants only, so two facts that no constant separates are one:
 * for a number the neighbours of each constant, for a text each constant and one
 * that is none of them, for a set each constant in it or not. Searching these
 * values is searching all, except where a rule does more than compare with
 * constants; that is told, and then a search shows only what it finds.
 */
import { policyActions } from "@countermand/record";
import { children, factOf, operator } from "./expression.ts";
import { parseRule, type Expr } from "./cedar.ts";
import {
  entityName,
  evaluate,
  NotModelled,
  truth,
  type Facts,
  type SetValue,
  type Value,
} from "./evaluate.ts";
import type { Rule } from "./rules.ts";

/** Stands for every text that no rule names. */
export const other = "(any other)";

type Kind =
  | { readonly type: "flag" }
  | { readonly type: "text" }
  | { readonly type: "set" }
  | { readonly type: "time" }
  | { readonly type: "number"; readonly min: number; readonly max: number }
  | { readonly type: "word"; readonly entity: string; readonly words: readonly string[] };

const flag: Kind = { type: "flag" };
const text: Kind = { type: "text" };
const set: Kind = { type: "set" };
const count: Kind = { type: "number", min: 0, max: 1_000_000_000 };
const known: Kind = { type: "number", min: -1, max: 1_000_000_000 };
const number = (min: number, max: number): Kind => ({ type: "number", min, max });
const word = (entity: string, ...words: readonly string[]): Kind => ({
  type: "word",
  entity,
  words,
});

/** Every fact of the newest schema. A test holds it against the schema. */
export const factKinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["principal.id", text],
  ["principal.kind", word("ActorKind", "human", "workload", "controller", "agent", "system")],
  ["principal.permissions", set],
  ["principal.roles", set],
  ["principal.assurance", word("Assurance", "administrator", "identity-provider", "none")],
  ["principal.key", word("KeyType", "ssh", "security-key", "passkey", "system")],
  ["principal.userVerified", flag],
  ["principal.keyAgeMinutes", count],
  ["resource.service", text],
  ["resource.environment", text],
  ["resource.kind", text],
  ["resource.status", text],
  ["resource.reason", text],
  ["resource.emergency", flag],
  ["resource.exercise", flag],
  ["resource.temporary", flag],
  ["resource.obliged", flag],
  ["resource.signalSource", text],
  ["resource.signalType", text],
  [
    "resource.signalSeverity",
    word("Level", "none", "low", "medium", "high", "critical", "unknown"),
  ],
  ["resource.signalIds", set],
  ["resource.assessed", flag],
  ["resource.risk", number(-1, 100)],
  ["resource.level", word("Level", "none", "low", "medium", "high", "critical", "unknown")],
  ["resource.coverage", number(0, 100)],
  ["resource.implications", set],
  ["resource.openCritical", known],
  ["resource.openHigh", known],
  ["resource.openMedium", known],
  ["resource.openLow", known],
  ["resource.humanClearedCritical", known],
  ["resource.humanClearedHigh", known],
  ["resource.humanClearedMedium", known],
  ["resource.humanClearedLow", known],
  ["resource.machineClearedCritical", known],
  ["resource.machineClearedHigh", known],
  ["resource.machineClearedMedium", known],
  ["resource.machineClearedLow", known],
  ["resource.clearedBy", set],
  ["resource.clearingsExpired", known],
  ["resource.clearingGrounds", set],
  ["resource.unknowns", count],
  ["resource.unknownAuthors", count],
  ["resource.commits", count],
  ["resource.files", count],
  ["resource.evidence", set],
  ["resource.inverse", flag],
  ["resource.ranBefore", flag],
  ["resource.approvals", count],
  ["resource.renewals", number(0, 20)],
  ["context.now", { type: "time" }],
  ["context.weekday", word("Weekday", "mon", "tue", "wed", "thu", "fri", "sat", "sun")],
  ["context.minute", number(0, 1439)],
  ["context.overdueOfActor", count],
  ["context.overdueOfService", count],
]);

/**
 * What the facts of one request always hold of each other. In Cedar, because
 * they are said of Cedar's facts.
 */
const together = condition(`
  (resource.assessed || (
    resource.risk == -1 && resource.level == Level::"unknown" && resource.coverage == 0 &&
    resource.implications.isEmpty() && resource.unknowns == 0 && resource.unknownAuthors == 0 &&
    resource.commits == 0 && resource.files == 0 && !resource.inverse && !resource.ranBefore &&
    resource.openCritical == -1 && resource.openHigh == -1 && resource.openMedium == -1 && resource.openLow == -1 &&
    resource.humanClearedCritical == -1 && resource.humanClearedHigh == -1 && resource.humanClearedMedium == -1 && resource.humanClearedLow == -1 &&
    resource.machineClearedCritical == -1 && resource.machineClearedHigh == -1 && resource.machineClearedMedium == -1 && resource.machineClearedLow == -1 &&
    resource.clearedBy.isEmpty() && resource.clearingsExpired == -1
  )) &&
  !(resource.emergency && resource.exercise) &&
  !(resource.obliged && (resource.emergency || resource.exercise)) &&
  (resource.obliged || (
    resource.signalSource == "" && resource.signalType == "" &&
    resource.signalSeverity == Level::"unknown" && resource.signalIds.isEmpty()
  )) &&
  (action != Action::"signal" || (
    resource.obliged && !resource.assessed && !resource.temporary &&
    resource.status == "proposed" && resource.evidence.isEmpty() && resource.approvals == 0
  )) &&
  (if action == Action::"classify" || action == Action::"signal" || action == Action::"deploy-unchecked"
   then principal.kind == ActorKind::"system" && principal.permissions.isEmpty() &&
     principal.roles.isEmpty() && principal.key == KeyType::"system"
   else principal.kind != ActorKind::"system" && principal.key != KeyType::"system" &&
     principal.assurance != Assurance::"none") &&
  (principal.key != KeyType::"ssh" || !principal.userVerified)
`);

function condition(source: string): Expr {
  const parsed = parseRule(`permit (principal, action, resource) when { ${source} };`);
  const body = "json" in parsed ? parsed.json.conditions[0]?.body : undefined;
  if (body === undefined) throw new TypeError("the condition is Cedar");
  return body;
}

/** Values for every fact that `rules` can tell apart. */
export interface Regions {
  readonly domains: ReadonlyMap<string, readonly Value[]>;
  /** Constants that each set is asked for. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** By rule id, why the values do not stand for all. */
  readonly inexact: ReadonlyMap<string, string>;
}

export function regionsOf(rules: readonly Rule[]): Regions {
  const constants = new Map<string, Set<Value>>();
  const inexact = new Map<string, string>();
  const note = (fact: string, value: Value) => {
    const known = constants.get(fact) ?? new Set();
    constants.set(fact, known.add(value));
  };
  for (const rule of rules) {
    for (const { body } of rule.json.conditions) {
      const why = collect(body, note);
      if (why !== undefined) inexact.set(rule.id, why);
    }
    const { principal } = rule.json;
    if ("entity" in principal) note("principal.id", entityName(principal.entity).slice(7));
  }
  collect(together, note);
  const domains = new Map<string, readonly Value[]>();
  const members = new Map<string, readonly string[]>();
  for (const [fact, kind] of factKinds) {
    const found = [...(constants.get(fact) ?? [])];
    if (kind.type === "set") {
      members.set(fact, [...found.filter((item) => typeof item === "string"), other]);
    } else {
      domains.set(fact, valuesOf(kind, found));
    }
  }
  domains.set(
    "action",
    [...policyActions, "deploy-unchecked"].map((action) => `Action::${action}`),
  );
  return { domains, members, inexact };
}

function valuesOf(kind: Exclude<Kind, { type: "set" }>, found: readonly Value[]): readonly Value[] {
  switch (kind.type) {
    case "flag":
      return [false, true];
    case "word":
      return kind.words.map((item) => `${kind.entity}::${item}`);
    case "text":
      return [other, ...found];
    case "number":
    case "time": {
      const { min, max } = kind.type === "time" ? { min: 0, max: 253_402_300_799_999 } : kind;
      // Those at and above each constant tell all regions apart; the one below is the nearest way out.
      const near = found.flatMap((value) =>
        typeof value === "number" ? [value - 1, value, value + 1] : [],
      );
      const all = [...new Set([min, max, ...near])].filter((value) => value >= min && value <= max);
      return all.sort((a, b) => a - b);
    }
  }
}

/** Notes each constant that a fact is compared with; says what is more than that. */
function collect(expr: Expr, note: (fact: string, value: Value) => void): string | undefined {
  const [name] = operator(expr);
  const parts = children(expr);
  const facts = parts.map(factOf);
  const known = facts.filter((fact) => fact !== undefined);
  switch (name) {
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "in":
    case "contains":
    case "containsAny":
    case "containsAll": {
      const [fact] = known;
      if (fact === undefined) break;
      if (known.length === 2) return `it compares ${fact} with ${known[1]}`;
      const constant = parts[facts[0] === undefined ? 0 : 1];
      const values = constant === undefined ? undefined : constantsIn(constant);
      if (values === undefined) return `it compares ${fact} with something computed`;
      for (const value of values) noteConstant(fact, value, note);
      return undefined;
    }
    case "like": {
      const [fact] = known;
      if (fact === undefined) return "it matches a text against a pattern";
      // One text that fits: what each star stands for left out.
      const { pattern } = operator(expr)[1] as {
        pattern: readonly (string | { Literal: string })[];
      };
      note(fact, pattern.map((part) => (typeof part === "string" ? "" : part.Literal)).join(""));
      return `it matches ${fact} against a pattern`;
    }
    default:
  }
  const whys = parts.map((part) => (factOf(part) === undefined ? collect(part, note) : undefined));
  if (["+", "-", "*", "neg"].includes(name)) return "it computes with numbers";
  return whys.find((why) => why !== undefined);
}

function noteConstant(fact: string, value: Value, note: (fact: string, value: Value) => void) {
  if (fact !== "principal" || typeof value !== "string") note(fact, value);
  else note("principal.id", value.slice("Actor::".length));
}

function constantsIn(expr: Expr): readonly Value[] | undefined {
  try {
    const [name] = operator(expr);
    const parts = name === "Set" ? children(expr) : [expr];
    const values = parts.map((part) => evaluate(part, () => undefined));
    return values.every((value) => value !== undefined) ? values : undefined;
  } catch {
    return undefined;
  }
}

/** An example of facts, or that there is none; `undefined`: it could not be found out. */
export type Found = ReadonlyMap<string, Value> | "none" | undefined;

/** How long a search may go on; then the question is left unanswered, and that is said. */
export class Patience {
  /** For one question, and for all. */
  #one = 0;
  #all = 500_000;

  begin(): void {
    this.#one = Math.min(100_000, this.#all);
  }

  step(): void {
    this.#one -= 1;
    this.#all -= 1;
    if (this.#one < 0) throw new NotModelled("too many combinations");
  }
}

/**
 * Facts for which `goal` holds, among all that can come together. Undecided
 * facts are tried one after another where the goal hangs on them, so what no
 * rule asks for costs nothing.
 */
export function find(
  regions: Regions,
  fixed: Readonly<Record<string, Value>>,
  goal: (facts: Facts) => boolean | undefined,
  patience: Patience = new Patience(),
): Found {
  const chosen = new Map<string, Value>(Object.entries(fixed));
  patience.begin();
  let undecided: string | undefined;
  const look = (key: string) => {
    const value = chosen.get(key);
    if (value === undefined) undecided ??= key;
    return value;
  };
  const facts = factsOver(regions, look);
  const possible = (ask: (facts: Facts) => boolean | undefined) => {
    undecided = undefined;
    return ask(facts);
  };
  const search = (): boolean => {
    patience.step();
    const can = possible((known) => truth(evaluate(together, known)));
    if (can === false) return false;
    const between = undecided;
    const holds = possible(goal);
    if (holds === false) return false;
    if (holds === true && can === true) return true;
    const key = (holds === true ? between : undecided) ?? between;
    if (key === undefined) throw new TypeError("an undecided goal hangs on an undecided fact");
    for (const value of regions.domains.get(key) ?? [true, false]) {
      chosen.set(key, value);
      if (search()) return true;
    }
    chosen.delete(key);
    return false;
  };
  try {
    return search() ? chosen : "none";
  } catch (error) {
    if (error instanceof NotModelled) return undefined;
    throw error;
  }
}

/** Facts as the evaluator asks for them, over what `look` knows of the keys of `Regions`. */
function factsOver(regions: Regions, look: (key: string) => Value | undefined): Facts {
  return (fact) => {
    if (fact === "resource") return "Rollback::this";
    if (fact === "principal") {
      const id = look("principal.id");
      return typeof id === "string" ? `Actor::${id}` : undefined;
    }
    const named = regions.members.get(fact);
    return named === undefined ? look(fact) : setWithin(fact, named, look);
  };
}

const within = "∋";

function setWithin(
  fact: string,
  named: readonly string[],
  look: (key: string) => Value | undefined,
): SetValue {
  const has = (item: string) => {
    const value = look(`${fact}${within}${named.includes(item) ? item : other}`);
    return value === undefined ? undefined : value === true;
  };
  return {
    has,
    isEmpty: () => {
      const known = named.map(has);
      if (known.includes(true)) return false;
      return known.includes(undefined) ? undefined : true;
    },
  };
}
