import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparePrecedence, parseVersion, type Version } from "./semver.ts";

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === null) throw new TypeError(`not a version: ${text}`);
  return parsed;
}

describe("precedence", () => {
  it("orders the examples of semver.org §11 as they stand there", () => {
    const examples = [
      ["1.0.0", "2.0.0", "2.1.0", "2.1.1"],
      [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
      ],
    ];
    for (const ascending of examples) {
      for (const [i, a] of ascending.entries()) {
        for (const [j, b] of ascending.entries()) {
          expect(Math.sign(comparePrecedence(version(a), version(b))), `${a} ${b}`).toBe(
            Math.sign(i - j),
          );
        }
      }
    }
  });

  it("does not see build metadata, and compares large numbers as numbers", () => {
    expect(comparePrecedence(version("1.0.0+a"), version("1.0.0+b"))).toBe(0);
    expect(
      comparePrecedence(version("1.0.9007199254740993"), version("1.0.9007199254740992")),
    ).toBe(1);
  });

  it("is a total order", () => {
    const any = fc
      .tuple(
        fc.nat(2),
        fc.nat(2),
        fc.nat(2),
        fc.array(fc.constantFrom("a", "b", "1", "2", "10", "-"), { maxLength: 3 }),
      )
      .map(([a, b, c, pre]) =>
        version(`${a}.${b}.${c}${pre.length > 0 ? `-${pre.join(".")}` : ""}`),
      );
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        const sign = (x: Version, y: Version) => Math.sign(comparePrecedence(x, y));
        expect(sign(a, b) + sign(b, a)).toBe(0);
        if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it.each([
    "1.0",
    "1",
    "v1.0.0",
    "01.0.0",
    "1.0.0-01",
    "1.0.0-",
    "1.0.0-a..b",
    "1.0.0+",
    "1.0.0+a..b",
    "",
    "1.0.0 ",
    "^1.0.0",
    `1.0.${"9".repeat(300)}`,
  ])("refuses %j", (text) => {
    expect(parseVersion(text)).toBeNull();
  });
});
