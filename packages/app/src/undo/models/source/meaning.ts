/** What a loss can mean, and which actions a guard of a class covers. */
import type { Severity } from "../../rules/rule.ts";

export type Meaning = {
  readonly implication:
    | "authz.guard-removed"
    | "session.weakened"
    | "authn.weakened"
    | "audit.logging-removed"
    | "input.validation-removed";
  readonly what: string;
  readonly severity: Severity;
  readonly confidence: number;
};

/** `only:` with fewer, or `except:` with more, than before. */
export function isNarrower(before: string, after: string): boolean {
  const [from, to] = [scopeOf(before), scopeOf(after)];
  if (
    to.only !== null &&
    (from.only === null || [...from.only].some((one) => to.only?.has(one) === false))
  ) {
    return true;
  }
  return [...to.except].some((one) => !from.except.has(one));
}

export function scopeOf(text: string): { only: Set<string> | null; except: Set<string> } {
  const list = (key: string): Set<string> | null => {
    const found = new RegExp(
      `\\b${key}(?::|\\s?=>|\\s?=)\\s?(\\[[^\\]]{0,400}\\]|%[iw]\\[[^\\]]{0,400}\\]|[:'"]?\\w{1,80})`,
    ).exec(text)?.[1];
    return found === undefined ? null : new Set(found.replace(/^%[iw]/, "").match(/\w+/g) ?? []);
  };
  return { only: list("only"), except: list("except") ?? new Set() };
}
