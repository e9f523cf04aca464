import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ecosystem } from "../package-set.ts";
import { compareVersions } from "./compare.ts";

const published = readFileSync(new URL("testing/published-orders.txt", import.meta.url), "utf8")
  .split("\n# ")
  .slice(1)
  .map((part) => {
    const [name = "", ...lines] = part.trim().split("\n");
    return { ecosystem: name as Ecosystem, lines };
  });

describe.each(published)("$ecosystem", ({ ecosystem, lines }) => {
  it("orders versions as published", () => {
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      const [a = "", sign = "", b = ""] = line.split(" ");
      const expected = { "<": -1, "=": 0, ">": 1 }[sign];
      expect(compareVersions(ecosystem, a, b), line).toBe(expected);
      expect(compareVersions(ecosystem, b, a), line).toBe(expected === 0 ? 0 : -(expected ?? 0));
    }
  });

  it("is an order: of itself equal, the other way round reversed, and transitive", () => {
    const some = [...new Set(lines.flatMap((line) => line.split(/ [<=>] /)))];
    const order = some.map((a) => some.map((b) => compareVersions(ecosystem, a, b)));
    const broken: string[] = [];
    for (const [a, row] of order.entries()) {
      if (row[a] !== 0) broken.push(`${some[a]} is not itself`);
      for (const [b, ab] of row.entries()) {
        const ba = order[b]?.[a];
        if (ab === null ? ba !== null : ab !== -(ba ?? 2))
          broken.push(`${some[a]} and ${some[b]} either way round`);
        if (ab === null || ab > 0) continue;
        for (const [c, bc] of (order[b] ?? []).entries()) {
          const ac = row[c] ?? null;
          if (bc !== null && bc <= 0 && ac !== null && ac > 0)
            broken.push(`${some[a]} <= ${some[b]} <= ${some[c]}`);
        }
      }
    }
    expect(broken.slice(0, 20)).toStrictEqual([]);
  });

  it("answers for any text, and nothing for what is no version", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect([-1, 0, 1, null]).toContain(compareVersions(ecosystem, a, b));
      }),
    );
    expect(compareVersions(ecosystem, "1".repeat(10_000), "1.0")).toBeNull();
  });
});

it.each([
  ["docker", ["1", "1.2", "1.2-a3", "1.2-a3.1", "1.2-a4", "1.3-a1", "1.2-b3", "v1.2", "latest"]],
  ["generic", ["1.22rc1", "1.22rc2", "1.22b1", "1.22", "1.22.0", "1.22.1rc1", "1.22.1", "x"]],
] as const)(
  "%s: of itself equal, the other way round reversed, and transitive",
  (ecosystem, some) => {
    const order = (a: string, b: string) => compareVersions(ecosystem, a, b);
    for (const a of some) {
      for (const b of some) {
        const [ab, ba] = [order(a, b), order(b, a)];
        expect(ab, `${a} ${b}`).toBe(ba === null ? null : ba === 0 ? 0 : -ba);
        for (const c of some) {
          const [bc, ac] = [order(b, c), order(a, c)];
          if (ab === null || bc === null || ac === null || ab > 0 || bc > 0) continue;
          expect(ac, `${a} ${b} ${c}`).toBeLessThanOrEqual(0);
        }
      }
    }
  },
);

describe("what only looks like a version", () => {
  it.each([
    ["docker", "3.11-slim", "3.12-slim", -1],
    ["docker", "3.12-slim", "3.12-alpine", null],
    ["docker", "1.2.3", "latest", null],
    ["docker", "1.25.3-alpine3.17", "1.25.3-alpine3.18", -1],
    ["docker", "1.25.3-alpine3.18", "1.25.4-alpine3.17", -1],
    ["docker", "3.12-20240101", "3.12-20240301", -1],
    ["docker", "1.2-a3.4", "1.2-b3.4", null],
    ["docker", "1.2-a3", "1.2-a3.1", -1],
    ["generic", "1.22rc1", "1.22.0", -1],
    ["generic", "1.22rc2", "1.22rc10", -1],
    ["generic", "1.21.9", "1.22rc1", -1],
    ["generic", "3.13.0b2", "3.13.0rc1", -1],
    ["generic", "system", "3.13.0", null],
    ["GitHub Actions", "v3", "v4.1.0", -1],
    ["GitHub Actions", "main", "v4", null],
    ["Go", "v0.0.0-20200101000000-abcdefabcdef", "v0.0.0-20210101000000-abcdefabcdef", -1],
    ["npm", "1.0.0+a", "1.0.0+b", 0],
    ["Maven", "latest", "1.0", null],
    ["helm", "1.2", "1.10.0", -1],
  ] as const)("%s: %s and %s", (ecosystem, a, b, order) => {
    expect(compareVersions(ecosystem, a, b)).toBe(order);
  });
});
