import { describe, expect, it } from "vitest";
import type { Ecosystem, LockedPackage, PackageSet } from "../dependencies/package-set.ts";
import { type Model, Unread } from "../models/model.ts";
import type { ChangedFile, RuleInput } from "../rules/rule.ts";
import { changed, ruleInput } from "../testing/rule-input.ts";
import { type Advisory, type AdvisoryIndex, noAdvisories } from "./advisory-index.ts";
import { flawRule } from "./flaw-rule.ts";

/** One package a line: `name version`, then `dev` or `moving`; an ecosystem before a slash that has a space after it. */
const model: Model<PackageSet> = {
  id: "test.packages",
  version: 1,
  parse(text, path) {
    if (text === "unreadable") return new Unread("a test");
    const packages = text.split("\n").flatMap((line, i): LockedPackage[] => {
      const [name = "", version = "", ...more] = line.split(" ");
      const ecosystem = (more.find((word) => word.startsWith("in:"))?.slice(3) ??
        "npm") as Ecosystem;
      const pin = more.includes("moving") ? "moving" : "version";
      return name === ""
        ? []
        : [
            {
              ecosystem,
              name,
              version,
              line: i + 1,
              dev: more.includes("dev"),
              integrity: [],
              pin,
            },
          ];
    });
    return { format: "test", kind: path.endsWith(".lock") ? "lockfile" : "manifest", packages };
  },
};
const rule = flawRule(model, (path) => /\.(?:lock|mod)$/.test(path));

const bad: Advisory = {
  id: "GHSA-2222-2222-2222",
  aliases: ["CVE-2026-1111", "GHSA-2222-2222-2222"],
  summary: "breaks",
  severity: "high",
  score: 75,
  published: "2026-03-01T00:00:00Z",
};
const always: Advisory = {
  id: "GHSA-3333-3333-3333",
  aliases: ["GHSA-3333-3333-3333"],
  summary: "",
};

/** `bad` below 2.0 (by its first digit), `always` in `old`. */
const advisories: AdvisoryIndex = {
  ...noAdvisories,
  digest: "sha256:test",
  snapshot: (ecosystem) =>
    ecosystem === "npm"
      ? { date: "2026-11-20T00:00:00Z", records: 2 }
      : ecosystem === "PyPI"
        ? { date: "2024-10-10T00:00:00Z", records: 1 }
        : null,
  affecting: (_, name, version) => [
    ...(["x", "y"].includes(name) && /^[01]/.test(version)
      ? [{ advisory: bad, fixed: "2.0" }]
      : []),
    ...(name === "old" ? [{ advisory: always }] : []),
  ],
  undecided: (_, __, version) => (version === "main" ? [bad] : []),
};

const run = (files: ChangedFile[], more: Partial<RuleInput> = {}) =>
  rule.run(ruleInput({ files, advisories, ...more }));
const brief = (files: ChangedFile[], more: Partial<RuleInput> = {}) =>
  run(files, more).map((f) => [f.direction, f.severity, f.subject]);
const unknown = (files: ChangedFile[], more: Partial<RuleInput> = {}) =>
  rule.unknowns?.(ruleInput({ files, advisories, ...more }));

const back = [["worse", "high", "GHSA-2222-2222-2222 in pkg:npm/x"]];
const gone = [["better", "info", "GHSA-2222-2222-2222 in pkg:npm/x"]];

describe("dep.vuln-reintroduced", () => {
  it("tells what the version gone back to brings back, and in the other direction what goes", () => {
    const [found] = run([changed("a.lock", "z 1\nx 2.1", "z 1\nx 1.5")]);
    expect(found).toMatchObject({
      direction: "worse",
      severity: "high",
      confidence: 95,
      reach: "runtime",
      rootCause: "advisory:GHSA-2222-2222-2222",
      locations: [{ side: "after", path: "a.lock", startLine: 2, endLine: 2 }],
    });
    expect(found?.evidence.map(({ text }) => text)).toEqual([
      "pkg:npm/x: 2.1 -> 1.5, fixed in 2.0",
      "GHSA-2222-2222-2222, CVE-2026-1111: breaks (CVSS 7.5 (high), published 2026-03-01)",
    ]);
    expect(found?.clearBy[0]).toMatchObject({
      kind: "package-at-least",
      package: "pkg:npm/x",
      version: "2.0",
    });
    expect(brief([changed("a.lock", "x 1.5", "x 2.1")])).toEqual(gone);
    expect(brief([changed("a.mod", "x 2.1", "x 1.5")])).toEqual(back);
  });

  it("is silent where the advisory affects both sides, whichever version or package", () => {
    expect(brief([changed("a.lock", "x 1.9\nold 2", "x 1.1\nold 1")])).toEqual([]);
    expect(brief([changed("a.lock", "x 2.0\ny 1.0", "x 1.0\ny 1.0")])).toEqual([]);
    expect(brief([changed("a.lock", "x 1.0", " \nx 1.0\n\n")])).toEqual([]);
    expect(brief([changed("README", "x 2.0", "x 1.0")])).toEqual([]);
  });

  it("takes a package that was not there for new, and one that vanishes for neither", () => {
    expect(brief([changed("a.lock", "z 1", "x 1.0")])).toEqual(back);
    expect(brief([changed("a.lock", "x 1.0", "z 1")])).toEqual([]);
    expect(brief([changed("a.lock", null, "x 1.0")])).toEqual(back);
  });

  it("knows a file that moved, and keeps files apart that did not", () => {
    expect(brief([changed("a.lock", "x 1.0", null), changed("b.lock", null, "x 1.0")])).toEqual([]);
    expect(brief([changed("a.lock", "x 2.0", null), changed("b.lock", null, "x 1.0")])).toEqual(
      back,
    );
    expect(
      brief([changed("a.lock", "x 1.0", "x 1.0\nz 1"), changed("b.lock", "x 2.0", "x 1.0")]),
    ).toEqual(back);
  });

  it("tells one package once, with every place", () => {
    const [found, ...more] = run([
      changed("b.lock", "x 2.0", "x 1.0\nx 1.1"),
      changed("a.lock", "x 2.0", "x 1.0"),
    ]);
    expect(more).toEqual([]);
    expect(found?.locations.map(({ path, startLine }) => [path, startLine])).toEqual([
      ["a.lock", 1],
      ["b.lock", 1],
      ["b.lock", 2],
    ]);
  });

  it("knows what is for development only, and where a file is", () => {
    expect(run([changed("a.lock", "x 2.0 dev", "x 1.0 dev")])[0]?.reach).toBe("development");
    expect(run([changed("a.lock", "x 2.0", "x 1.0\nx 1.1 dev")])[0]?.reach).toBe("runtime");
    expect(run([changed("examples/a.lock", "x 2.0", "x 1.0")])[0]?.reach).toBe("example");
  });

  it("does not judge ranges, unreadable files, or by advisories of later", () => {
    expect(brief([changed("a.mod", "x 2.0", "x 1.0 moving")])).toEqual([]);
    expect(brief([changed("a.lock", "unreadable", "x 1.0")])).toEqual([]);
    expect(brief([changed("a.lock", "x 2.0", "unreadable")])).toEqual([]);
    expect(brief([changed("a.lock", "x 2.0", "x 1.0")], { asOf: "2026-02-01T00:00:00Z" })).toEqual(
      [],
    );
  });

  it("takes exploited for critical, and no score for high", () => {
    const exploited = {
      ...advisories,
      affecting: (_: Ecosystem, __: string, version: string) =>
        version === "1"
          ? [{ advisory: { ...bad, exploitedSince: "2026-04-01T00:00:00Z" } }, { advisory: always }]
          : [],
    };
    const found = run([changed("a.lock", "x 2", "x 1")], { advisories: exploited });
    expect(found.map(({ severity }) => severity)).toEqual(["critical", "high"]);
    expect(found[1]?.evidence[1]?.text).toMatch(/no score, taken for high/);
    expect(found[1]?.clearBy.map(({ kind }) => kind)).toEqual(["statement", "statement"]);
  });

  it("says what it cannot know: no data, old data, versions that cannot be compared", () => {
    expect(unknown([changed("a.lock", "x 2 in:Go", "x 1 in:Go\nz 3 in:Go")])).toEqual([
      "no advisory data for Go: whether its 2 changed package versions are vulnerable is unknown",
    ]);
    expect(unknown([changed("a.lock", "x 2 in:PyPI", "x 1 in:PyPI")])).toEqual([
      "the advisory data for PyPI are of 2024-10-10: later advisories on its 1 changed package versions are unknown",
    ]);
    expect(unknown([changed("a.lock", "x 2", "x main")])).toEqual([
      "1 changed package versions of npm cannot be compared with the versions of their advisories",
    ]);
    expect(unknown([changed("a.lock", "x 2", "x 1")])).toEqual([]);
    expect(unknown([changed("a.lock", "x 2 in:Go", "x 2 in:Go\n")])).toEqual([]);
    expect(
      unknown([changed("a.lock", "x 2", "x 1")], { asOf: "2027-01-01T00:00:00Z" }),
    ).toHaveLength(1);
    expect(unknown([changed("a.lock", "x 2", "x 1")], { advisories: noAdvisories })).toEqual([]);
    expect(brief([changed("a.lock", "x 2", "x 1")], { advisories: noAdvisories })).toEqual([]);
  });
});
