/**
 * A condition that an approver sets: the grant carries it, and whoever uses the
 * grant must meet it.
 */
import { literal, object, timestamp, union, type Infer } from "../bytes/shape.ts";
import { name } from "./words.ts";

export const condition = union("type", {
  /** The newest report of this check must be that it passed. */
  check: object({ type: literal("check"), name }),
  /** Not after this. */
  until: object({ type: literal("until"), at: timestamp }),
  /** Only there. */
  environment: object({ type: literal("environment"), environment: name }),
});
export type Condition = Infer<typeof condition>;

export function showCondition(value: Condition): string {
  switch (value.type) {
    case "check":
      return `if check ${value.name} passed`;
    case "until":
      return `until ${value.at}`;
    case "environment":
      return `only in ${value.environment}`;
  }
}

/** Why the condition is not met, one clause; undefined: it is. */
export function unmet(
  value: Condition,
  facts: {
    readonly now: string;
    readonly environment: string;
    readonly checks: readonly { readonly name: string; readonly outcome: string }[];
  },
): string | undefined {
  switch (value.type) {
    case "check": {
      const newest = facts.checks.findLast((item) => item.name === value.name);
      if (newest === undefined) return `the check ${value.name} has not been reported`;
      return newest.outcome === "passed" ? undefined : `the check ${value.name} failed`;
    }
    case "until":
      return facts.now < value.at ? undefined : `it was approved until ${value.at} only`;
    case "environment":
      return facts.environment === value.environment
        ? undefined
        : `it was approved for ${value.environment} only`;
  }
}
