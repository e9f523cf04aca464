import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { compareConditions, negate } from "./condition.ts";

const samples: readonly (readonly [before: string, after: string, is: string])[] = [
  ["a && b", "b && a", "same"],
  ["a || b", "a", "narrower"],
  ["a", "a && b", "narrower"],
  ["a", "a || b", "wider"],
  ["!a", "not a", "same"],
  ["a and not b", "a && !b", "same"],
  ["!(a || b)", "!a && !b", "same"],
  ["x != y", 'x == ""', "narrower"],
  ["x != nil", "x == nil", "unknown"],
  ["n > 10", "n > 100", "narrower"],
  ["n >= 10", "n > 9", "wider"],
  ["n <= 10", "n < 10", "narrower"],
  ["a == 'x' || a == 'y'", "a == 'x'", "narrower"],
  ["a", "false", "narrower"],
  ["a", "true", "wider"],
  ["a", "b", "unknown"],
  ["p ? q : true", "(p && r) ? q : true", "wider"],
  ["x not in list", "!(x in list)", "unknown"],
  ["user.admin? && ok", "user.admin?", "wider"],
  ["can(user, 'a && b')", "can(user, 'a && b') && z", "narrower"],
  ["(a", "a", "unknown"],
];

describe("conditions", () => {
  test.each(samples)("%s, then %s: %s", (before, after, is) => {
    expect(compareConditions(before, after)).toBe(is);
  });

  const condition = fc.letrec<{ all: string }>((tie) => ({
    all: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom("a", "b", "c.d", "e(f)", "n > 3", "x == ''"),
      fc.tuple(tie("all"), tie("all")).map(([l, r]) => `(${l}) && (${r})`),
      fc.tuple(tie("all"), tie("all")).map(([l, r]) => `(${l}) || (${r})`),
      tie("all").map((one) => negate(one)),
    ),
  })).all;

  it("are the same as themselves and their double opposite, and turn round with the sides", () => {
    const turned = { same: "same", narrower: "wider", wider: "narrower", unknown: "unknown" };
    fc.assert(
      fc.property(condition, condition, (a, b) => {
        fc.pre(a.length < 250 && b.length < 250);
        expect(compareConditions(a, a)).toBe("same");
        expect(compareConditions(a, negate(negate(a)))).toBe("same");
        expect(compareConditions(b, a)).toBe(turned[compareConditions(a, b)]);
        expect(["same", "narrower"]).toContain(
          compareConditions(`(${a}) || (${b})`, a).replace("unknown", "narrower"),
        );
      }),
    );
  });

  it("that are hostile compare as unknown", () => {
    for (const bad of [
      "(".repeat(1_000_000),
      "!".repeat(500),
      "a?".repeat(250),
      "a&&".repeat(150),
      "'",
    ]) {
      expect(compareConditions(bad, "a")).toBe("unknown");
    }
  });
});
