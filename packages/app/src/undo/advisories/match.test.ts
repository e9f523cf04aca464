import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixedVersions, isAffected } from "./match.ts";
import { readPhp, readRuby } from "./own-formats.ts";
import type { AffectedPackage, AdvisoryRecord, RangeEvent } from "./record.ts";
import { compareDotted as compare } from "./testing/compare.ts";

const item = (facts: Partial<AffectedPackage>): AffectedPackage => ({
  ecosystem: "npm",
  release: "",
  name: "x",
  versions: [],
  ranges: [],
  ...facts,
});
const ranged = (...ranges: RangeEvent[][]) => item({ ranges });
const of = (one: AffectedPackage, version: string) => isAffected(one, version, compare);

describe("isAffected", () => {
  it.each<[string, RangeEvent[][], string[], string[]]>([
    ["from the beginning", [[["introduced", "0"]]], ["0.0.1", "99.0"], []],
    [
      "up to a fix",
      [
        [
          ["introduced", "0"],
          ["fixed", "1.2"],
        ],
      ],
      ["0.1", "1.1.9"],
      ["1.2", "1.2.1"],
    ],
    [
      "between",
      [
        [
          ["introduced", "1.0"],
          ["fixed", "1.2"],
        ],
      ],
      ["1.0", "1.1"],
      ["0.9", "1.2", "2.0"],
    ],
    [
      "last_affected is inclusive",
      [
        [
          ["introduced", "1.0"],
          ["last_affected", "1.2"],
        ],
      ],
      ["1.0", "1.2"],
      ["0.9", "1.2.1"],
    ],
    [
      "events in any order",
      [
        [
          ["fixed", "2.5"],
          ["introduced", "2.0"],
          ["fixed", "1.5"],
          ["introduced", "1.0"],
        ],
      ],
      ["1.0", "1.4", "2.0", "2.4"],
      ["0.9", "1.5", "1.9", "2.5"],
    ],
    [
      "any of the ranges",
      [
        [
          ["introduced", "1.0"],
          ["fixed", "1.5"],
        ],
        [
          ["introduced", "2.0"],
          ["fixed", "2.5"],
        ],
      ],
      ["1.2", "2.2"],
      ["1.7", "2.7"],
    ],
    [
      "fixed and introduced again at one version",
      [
        [
          ["introduced", "1.0"],
          ["fixed", "1.5"],
          ["introduced", "1.5"],
        ],
      ],
      ["1.0", "1.5", "9.0"],
      ["0.9"],
    ],
    [
      "a limit",
      [
        [
          ["introduced", "0"],
          ["limit", "2.0"],
        ],
      ],
      ["1.9"],
      ["2.0", "3.0"],
    ],
    ["no event at all", [[]], [], ["1.0"]],
  ])("%s", (_, ranges, affected, not) => {
    for (const version of affected)
      expect(of(ranged(...ranges), version), version).toBe("affected");
    for (const version of not) expect(of(ranged(...ranges), version), version).toBe("not");
  });

  it("takes a listed version for affected, whatever the ranges say, however it is spelt", () => {
    const listed = item({ versions: ["1.0.0", "3.0"], ranges: [[["introduced", "5"]]] });
    expect(of(listed, "3.0")).toBe("affected");
    expect(of(listed, "v3.0")).toBe("affected");
    expect(of(listed, "4.0")).toBe("not");
    expect(of(item({ versions: ["1.0"] }), "1.0.0")).toBe("affected");
    expect(of(item({ versions: ["1.0"] }), "1.0.1")).toBe("not");
  });

  it("does not know what it cannot compare, unless something else decides", () => {
    const one = ranged([
      ["introduced", "1.0"],
      ["fixed", "2.0"],
    ]);
    expect(of(one, "latest")).toBe("unknown");
    expect(of(ranged([["introduced", "x"]]), "1.0")).toBe("unknown");
    expect(of(item({ versions: ["latest"], ranges: one.ranges }), "latest")).toBe("affected");
    expect(of(ranged([["introduced", "x"]], [["introduced", "0"]]), "1.0")).toBe("affected");
    expect(of(ranged([["introduced", "0"]]), "latest")).toBe("affected");
  });

  it("agrees with going through the events in order", () => {
    const version = fc.integer({ min: 0, max: 9 });
    const kind = fc.constantFrom<("introduced" | "fixed")[]>("introduced", "fixed");
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(kind, version), { selector: ([, at]) => at, maxLength: 6 }),
        version,
        (events, asked) => {
          let inside = false;
          for (const [what, at] of events.toSorted((a, b) => a[1] - b[1])) {
            if (at <= asked) inside = what === "introduced";
          }
          const range = events.map(([what, at]): RangeEvent => [what, `1.${at}`]);
          expect(of(ranged(range), `1.${asked}`)).toBe(inside ? "affected" : "not");
        },
      ),
    );
  });
});

const ruby = (facts: Record<string, unknown>) =>
  packageOf(readRuby({ gem: "x", cve: "2024-1", title: "t", ...facts }, "CVE-2024-1"));
const php = (branches: Record<string, unknown>) =>
  packageOf(readPhp({ reference: "composer://a/b", branches, cve: "CVE-2024-1" }, "CVE-2024-1"));

function packageOf(record: AdvisoryRecord | string): AffectedPackage {
  if (typeof record === "string") throw new Error(record);
  const [one] = record.packages;
  if (one === undefined) throw new Error("no package");
  return one;
}

describe("what ruby-advisory-db calls safe", () => {
  it("is what is patched or unaffected, and everything else is affected", () => {
    const rdoc = ruby({
      patched_versions: ["~> 6.3.4, >= 6.3.4.1", "~> 6.4.1, >= 6.4.1.1", ">= 6.5.1.1"],
      unaffected_versions: ["< 6.3.3"],
    });
    for (const version of ["6.3.3", "6.3.4", "6.4.0", "6.4.1", "6.5.1"]) {
      expect(of(rdoc, version), version).toBe("affected");
    }
    for (const version of ["6.3.2", "6.3.4.1", "6.3.9", "6.4.1.1", "6.5.1.1", "7.0"]) {
      expect(of(rdoc, version), version).toBe("not");
    }
    expect(fixedVersions(rdoc)).toContain("6.4.1.1");
  });

  it("is nothing where nothing was patched", () => {
    expect(of(ruby({}), "1.0")).toBe("affected");
    expect(of(ruby({ unaffected_versions: ["< 1.0"] }), "0.9")).toBe("not");
  });

  it("reads ~> of prereleases, and ends it below the next series' prereleases", () => {
    const one = ruby({ patched_versions: ["~> 4.1.0.beta2"] });
    expect(one.outside).toEqual([
      [
        [">=", "4.1.0.beta2"],
        ["<", "4.2.A"],
      ],
    ]);
    expect(of(ruby({ patched_versions: ["~> 7.0.4"] }), "7.1.pre")).toBe("affected");
    expect(ruby({ patched_versions: ["~> 3"] }).outside?.[0]?.[1]).toEqual(["<", "4.A"]);
    expect(ruby({ patched_versions: ["1.2.3"] }).outside?.[0]).toEqual([["=", "1.2.3"]]);
    expect(ruby({ patched_versions: ["!= 1.2.3"] }).outside?.[0]).toEqual([["!=", "1.2.3"]]);
  });

  it("refuses what is no requirement", () => {
    for (const bad of ["=> 1.0", "1.0 beta", ["1"], { a: "b" }]) {
      expect(readRuby({ gem: "x", cve: "2024-1", patched_versions: [bad] }, "f")).toMatch(
        /patched/,
      );
    }
  });
});

describe("what FriendsOfPHP calls affected", () => {
  it("is what meets all bounds of a branch", () => {
    const one = php({
      "1.x": { time: "2026-05-26 08:00:00", versions: [">=1.0", "<1.4"] },
      "2.x": { time: null, versions: [">=2.0", "<=2.2"] },
      "0.x": { versions: ["<0.5"] },
    });
    for (const version of ["0.1", "1.0", "1.3", "2.2"]) {
      expect(of(one, version), version).toBe("affected");
    }
    for (const version of ["0.5", "1.4", "2.3"]) expect(of(one, version), version).toBe("not");
    expect(of(one, "dev-main")).toBe("unknown");
  });

  it("refuses a branch without versions and a reference to elsewhere", () => {
    expect(readPhp({ reference: "composer://a/b", branches: { x: {} } }, "f")).toMatch(
      /no versions/,
    );
    expect(readPhp({ reference: "npm://a", branches: {} }, "f")).toMatch(/composer/);
  });
});
