/** Cedar's expressions as its JSON form has them: walked, and taken apart. */
import type { Expr } from "./cedar.ts";

/** The one operator of an expression and what it is given. */
export function operator(expr: Expr): readonly [name: string, given: unknown] {
  const [entry] = Object.entries(expr);
  if (entry === undefined) throw new TypeError("an expression has an operator");
  return entry;
}

/** The expressions within, from left to right. */
export function children(expr: Expr): readonly Expr[] {
  const [name, given] = operator(expr);
  switch (name) {
    case "Value":
    case "Var":
    case "Slot":
      return [];
    case "Record":
      return Object.values(given as Record<string, Expr>);
    case "if-then-else": {
      const {
        if: condition,
        then,
        else: otherwise,
      } = given as Record<"if" | "then" | "else", Expr>;
      return [condition, then, otherwise];
    }
    default: {
      if (Array.isArray(given)) return given as Expr[];
      const { left, right, arg } = given as { left?: Expr; right?: Expr; arg?: Expr };
      return [left, right, arg].filter((item) => item !== undefined);
    }
  }
}

/** `resource.level` for an attribute of principal, resource or context; the bare name for a whole one. */
export function factOf(expr: Expr): string | undefined {
  const [name, given] = operator(expr);
  if (name === "Var") return given as string;
  if (name !== ".") return undefined;
  const { left, attr } = given as { left: Expr; attr: string };
  const [of, variable] = operator(left);
  return of === "Var" ? `${variable as string}.${attr}` : undefined;
}

/** Every fact that an expression looks at. */
export function factsIn(expr: Expr): ReadonlySet<string> {
  const fact = factOf(expr);
  if (fact !== undefined) return new Set([fact]);
  return new Set(children(expr).flatMap((child) => [...factsIn(child)]));
}

/** What must hold, one by one: `a && b && c` is three. */
export function conjuncts(expr: Expr): readonly Expr[] {
  const [name, given] = operator(expr);
  if (name !== "&&") return [expr];
  const { left, right } = given as { left: Expr; right: Expr };
  return [...conjuncts(left), ...conjuncts(right)];
}
