/**
 * An evaluator of our own for Cedar's conditions, for looking at policies and
 * never for deciding: it says which part of a condition fails, and it works with
 * facts that are not decided yet. Cedar decides; a test holds the two against
 * each other. Not modelled: sets compared as a whole, records, tags, IP
 * addresses, decimals, durations, numbers beyond 2^53.
 */
import { children, factOf, operator } from "./expression.ts";
import type { Expr } from "./cedar.ts";
import type { Rule } from "./rules.ts";

/** Entities are `Type::id`, points in time are milliseconds since 1970. */
export type Value = boolean | number | string | SetValue;

export interface SetValue {
  /** Undefined: not decided. */
  has(item: string): boolean | undefined;
  isEmpty(): boolean | undefined;
}

/** The value of a fact, or undefined while it is not decided. */
export type Facts = (fact: string) => Value | undefined;

/** Something in a condition that this evaluator does not model. */
export class NotModelled extends Error {
  override readonly name = "NotModelled";
}

/** Whether a rule matches; its actions aside. */
export function matches(rule: Rule, facts: Facts): boolean | undefined {
  const { principal, resource, conditions } = rule.json;
  return and([
    () => inScope("principal", principal, facts),
    () => inScope("resource", resource, facts),
    ...conditions.map(({ kind, body }) => () => {
      const holds = truth(evaluate(body, facts));
      return kind === "when" ? holds : not(holds);
    }),
  ]);
}

type Scope = Rule["json"]["principal"] | Rule["json"]["resource"];

function inScope(variable: string, scope: Scope, facts: Facts): boolean | undefined {
  switch (scope.op) {
    case "All":
      return true;
    case "is":
      if ("in" in scope) throw new NotModelled(`${variable} is … in`);
      return scope.entity_type === (variable === "principal" ? "Actor" : "Rollback");
    case "==":
    case "in":
      // Nothing has a parent, so `in` is `==`.
      if (!("entity" in scope)) throw new NotModelled("a slot");
      return equal(facts(variable), entityName(scope.entity));
  }
}

/** The value of an expression, undefined where it hangs on what is not decided. */
export function evaluate(expr: Expr, facts: Facts): Value | undefined {
  const fact = factOf(expr);
  if (fact !== undefined) return facts(fact);
  const [name, given] = operator(expr);
  const [first, second] = children(expr);
  const left = () => evaluate(first ?? missing(name), facts);
  const right = () => evaluate(second ?? missing(name), facts);
  switch (name) {
    case "Value":
      return literal(given);
    case "&&":
      return and([() => truth(left()), () => truth(right())]);
    case "||":
      return not(and([() => not(truth(left())), () => not(truth(right()))]));
    case "!":
      return not(truth(left()));
    case "==":
      return equal(left(), right());
    case "!=":
      return not(equal(left(), right()));
    case "<":
      return compare(left(), right(), (a, b) => a < b);
    case "<=":
      return compare(left(), right(), (a, b) => a <= b);
    case ">":
      return compare(left(), right(), (a, b) => a > b);
    case ">=":
      return compare(left(), right(), (a, b) => a >= b);
    case "+":
      return arithmetic(left(), right(), (a, b) => a + b);
    case "-":
      return arithmetic(left(), right(), (a, b) => a - b);
    case "*":
      return arithmetic(left(), right(), (a, b) => a * b);
    case "neg":
      return arithmetic(0, left(), (a, b) => a - b);
    case "if-then-else": {
      const condition = truth(left());
      if (condition === undefined) return undefined;
      return evaluate((condition ? second : children(expr)[2]) ?? missing(name), facts);
    }
    case "Set":
      return setOf(children(expr).map((item) => evaluate(item, facts)));
    case "contains":
      return member(asSet(left()), right());
    case "containsAll":
      return all(items(second), (item) => member(asSet(left()), evaluate(item, facts)));
    case "containsAny":
      return not(all(items(second), (item) => not(member(asSet(left()), evaluate(item, facts)))));
    case "isEmpty":
      return asSet(left())?.isEmpty();
    case "like":
      return like(left(), (given as { pattern: readonly Part[] }).pattern);
    case "in":
      return inEntity(left(), right());
    case "has":
      // Every attribute of the schema is required.
      return true;
    case "datetime":
      return Date.parse(text(literal(operator(first ?? missing(name))[1])));
    default:
      throw new NotModelled(name);
  }
}

/** `Action::"approve"` and the like as the evaluator writes it. */
export function entityName(
  uid: { type: string; id: string } | { __entity: { type: string; id: string } },
): string {
  const { type, id } = "__entity" in uid ? uid["__entity"] : uid;
  return `${type}::${id}`;
}

/** A set of which everything is known. */
export function knownSet(values: readonly string[]): SetValue {
  return { has: (item) => values.includes(item), isEmpty: () => values.length === 0 };
}

function literal(value: unknown): Value {
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "object" && value !== null && "__entity" in value) {
    return entityName(value as { __entity: { type: string; id: string } });
  }
  throw new NotModelled("a literal");
}

/** False as soon as one is; undefined while one is undecided. Later ones still count then. */
export function and(parts: readonly (() => boolean | undefined)[]): boolean | undefined {
  let undecided = false;
  for (const part of parts) {
    const value = part();
    if (value === false) return false;
    if (value === undefined) undecided = true;
  }
  return undecided ? undefined : true;
}

function all<T>(of: readonly T[], holds: (item: T) => boolean | undefined): boolean | undefined {
  return and(of.map((item) => () => holds(item)));
}

export function not(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

export function truth(value: Value | undefined): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw new NotModelled("a condition that is not true or false");
}

function equal(a: Value | undefined, b: Value | undefined): boolean | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === "object" || typeof b === "object") throw new NotModelled("sets compared whole");
  return a === b;
}

function compare(
  a: Value | undefined,
  b: Value | undefined,
  holds: (a: number, b: number) => boolean,
): boolean | undefined {
  return a === undefined || b === undefined ? undefined : holds(number(a), number(b));
}

function arithmetic(
  a: Value | undefined,
  b: Value | undefined,
  of: (a: number, b: number) => number,
): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  const value = of(number(a), number(b));
  if (!Number.isSafeInteger(value)) throw new NotModelled("a number beyond 2^53");
  return value;
}

function number(value: Value): number {
  if (typeof value === "number") return value;
  throw new NotModelled("a comparison of what is no number");
}

function text(value: Value): string {
  if (typeof value === "string") return value;
  throw new NotModelled("text that is none");
}

function setOf(values: readonly (Value | undefined)[]): SetValue {
  return {
    has: (item) => not(all(values, (value) => not(equal(value, item)))),
    isEmpty: () => values.length === 0,
  };
}

function asSet(value: Value | undefined): SetValue | undefined {
  if (value === undefined || typeof value === "object") return value;
  throw new NotModelled("a set that is none");
}

function member(set: SetValue | undefined, item: Value | undefined): boolean | undefined {
  return set === undefined || item === undefined ? undefined : set.has(text(item));
}

function items(expr: Expr | undefined): readonly Expr[] {
  if (expr === undefined || operator(expr)[0] !== "Set") throw new NotModelled("a set of facts");
  return children(expr);
}

/** Nothing has a parent: `a in b` is `a == b`, `a in [b, c]` is one of them. */
function inEntity(a: Value | undefined, b: Value | undefined): boolean | undefined {
  return typeof b === "object" ? member(b, a) : equal(a, b);
}

type Part = "Wildcard" | { readonly Literal: string };

/** Each star takes as little as lets the rest match; one step back at a time, so never slow. */
function like(value: Value | undefined, parts: readonly Part[]): boolean | undefined {
  if (value === undefined) return undefined;
  const found = Array.from(text(value));
  const pattern = parts.flatMap((part) =>
    part === "Wildcard" ? [part] : Array.from(part.Literal),
  );
  let at = 0;
  let p = 0;
  let star = -1;
  let retry = 0;
  while (at < found.length) {
    if (pattern[p] === "Wildcard") {
      star = p;
      retry = at;
      p += 1;
    } else if (p < pattern.length && pattern[p] === found[at]) {
      p += 1;
      at += 1;
    } else if (star >= 0) {
      retry += 1;
      at = retry;
      p = star + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(p).every((part) => part === "Wildcard");
}

function missing(name: string): never {
  throw new NotModelled(name);
}
