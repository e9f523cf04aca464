import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { advisoryIds } from "./advisory-ids.ts";
import { securityWord } from "./file-classes.ts";
import { Unread } from "../models/model.ts";
import { packagesModel } from "../dependencies/packages-model.ts";
import { ruleInput } from "../testing/rule-input.ts";
import { cheapRules, rules, runRules } from "./registry.ts";
import type { ChangedFile, RuleInput } from "./rule.ts";

function findings(input: Partial<RuleInput>) {
  return runRules(rules, ruleInput(input));
}

/** As `findings`, of one implication. */
function only(implication: string, input: Partial<RuleInput>) {
  return findings(input).filter((found) => found.implication === implication);
}

function message(text: string, commit = "c".repeat(40)) {
  return { commit, subject: text.split("\n")[0] ?? "", message: text };
}

describe("the registry", () => {
  it("leaves no rule file out and gives each rule the name of its file", () => {
    const files = readdirSync(new URL("all", import.meta.url))
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => name.slice(0, -3));
    expect(rules.map(({ id }) => id.replaceAll(".", "-")).sort()).toEqual(files.sort());
    expect(cheapRules.map(({ id }) => id)).toEqual([
      "fix.advisory-reverted",
      "revert.inexact",
      "revert.origin-unresolved",
      "revert.reapplied",
      "test.removed",
    ]);
  });

  it("has a page for every implication that a rule can report", () => {
    const pages = readdirSync(new URL("../../../../../docs/implications", import.meta.url));
    const implications = new Set(rules.flatMap((rule) => rule.implications));
    expect(pages.filter((name) => name !== "README.md").sort()).toEqual(
      [...implications].map((id) => `${id}.md`).sort(),
    );
  });

  it("puts what is worse first, the gravest first, and is the same for any order of input", () => {
    const files: ChangedFile[] = [
      { path: "a/login.test.ts", status: "removed" },
      { path: "a/other.test.ts", status: "removed" },
    ];
    const undone = [message("Fix CVE-2021-1111"), message('Revert "Fix CVE-2021-2222"')];
    const found = findings({ files, undone });
    expect(found.map((f) => [f.direction, f.severity, f.subject])).toEqual([
      ["worse", "high", "CVE-2021-1111"],
      ["worse", "low", "a/login.test.ts"],
      ["worse", "info", "a/other.test.ts"],
      ["changed", "info", "c".repeat(40)],
      ["better", "info", "CVE-2021-2222"],
    ]);
    expect(findings({ files: files.toReversed(), undone: undone.toReversed() })).toEqual(found);
    expect(new Set(found.map(({ fingerprint }) => fingerprint)).size).toBe(5);
  });
});

describe("fix.advisory-reverted", () => {
  it("reads the ids of every issuer, in URLs too, once each", () => {
    expect(
      advisoryIds(
        "cve-2021-44228 https://nvd.nist.gov/vuln/detail/CVE-2021-44228 GHSA-8rvj-mm4h-c258 ghsa-8RVJ-mm4h-c258 PYSEC-2021-1 RUSTSEC-2022-0025 GO-2026-4394",
      ),
    ).toEqual([
      "CVE-2021-44228",
      "GHSA-8rvj-mm4h-c258",
      "GO-2026-4394",
      "PYSEC-2021-1",
      "RUSTSEC-2022-0025",
    ]);
    expect(
      advisoryIds("XCVE-2021-44228 CVE-2021-1 CVE-1066-12345 GHSA-aaaa-bbbb-cccc CARGO-2021-1"),
    ).toEqual([]);
  });

  it("tells a fix from a revert of a fix", () => {
    const of = (text: string) =>
      only("fix.advisory-reverted", { undone: [message(text)] }).map((f) => [
        f.direction,
        f.severity,
      ]);
    expect(of("Bump x\n\nFixes CVE-2021-44228")).toEqual([["worse", "high"]]);
    expect(of('Revert "Fix CVE-2021-44228"')).toEqual([["better", "info"]]);
    expect(of('Reapply "Fix CVE-2021-44228"')).toEqual([["worse", "high"]]);
    expect(of("Nothing to see")).toEqual([]);
  });

  it("says that it is worse when the fix and a revert of it are both undone", () => {
    const undone = [
      message('Revert "Fix CVE-2021-44228"'),
      message("Fix CVE-2021-44228", "d".repeat(40)),
    ];
    for (const order of [undone, undone.toReversed()]) {
      const found = only("fix.advisory-reverted", { undone: order });
      expect(found.map(({ direction }) => direction)).toEqual(["worse"]);
    }
  });

  it("is silent in an advisory database and quiet in documentation", () => {
    const undone = [message("Fix RUSTSEC-2022-0025")];
    const at = (path: string) => findings({ undone, files: [{ path, status: "modified" }] });
    expect(at("crates/openssl-src/RUSTSEC-2022-0025.md")).toEqual([]);
    expect(at("docs/security.md")[0]?.severity).toBe("info");
    expect(at("src/x.ts")[0]?.severity).toBe("high");
  });
});

const lock1 = (packages: Record<string, unknown>) =>
  JSON.stringify({ lockfileVersion: 1, dependencies: packages });
const lock3 = (packages: Record<string, unknown>) =>
  JSON.stringify({ lockfileVersion: 3, packages }, null, 2);

describe("dep.downgraded", () => {
  const moved = (before: string, after: string, path = "package-lock.json") =>
    findings({ files: [{ path, status: "modified", before, after }] });

  it("compares the versions of both sides, in every form of the file", () => {
    for (const lock of [
      (v: string) => lock1({ "left-pad": { version: v } }),
      (v: string) => lock3({ "": { version: "9.9.9" }, "node_modules/left-pad": { version: v } }),
      (v: string) =>
        JSON.stringify({
          lockfileVersion: 2,
          packages: { "node_modules/left-pad": { version: v } },
          dependencies: { "left-pad": { version: v } },
        }),
    ]) {
      expect(
        moved(lock("1.10.0"), lock("1.9.0")).map((f) => [f.direction, f.severity, f.subject]),
      ).toEqual([["worse", "low", "pkg:npm/left-pad 1.10.0 to 1.9.0"]]);
      expect(moved(lock("1.9.0"), lock("1.10.0"))[0]?.direction).toBe("better");
      expect(moved(lock("1.9.0"), lock("1.9.0+build"))).toEqual([]);
      expect(moved(lock("1.9.0"), lock("git+ssh://x#1"))).toEqual([]);
    }
  });

  it("compares packages by name: moving about in the tree is no change of version", () => {
    const at = (places: Record<string, string>) =>
      lock3(
        Object.fromEntries(Object.entries(places).map(([place, version]) => [place, { version }])),
      );
    const top = "node_modules/a";
    const nested = "node_modules/b/node_modules/a";
    expect(
      moved(at({ [top]: "1.0.0", [nested]: "2.0.0" }), at({ [top]: "2.0.0", [nested]: "1.0.0" })),
    ).toEqual([]);
    const [found] = moved(at({ [nested]: "2.0.0" }), at({ [top]: "1.0.0" }));
    expect(found).toMatchObject({ direction: "worse", subject: "pkg:npm/a 2.0.0 to 1.0.0" });
    expect(moved(at({ [top]: "1.0.0", [nested]: "2.0.0" }), at({ [top]: "1.0.0" }))).toEqual([]);
    const two = moved(
      at({ [top]: "4.0.0", [nested]: "3.0.0" }),
      at({ [top]: "2.0.0", [nested]: "1.0.0" }),
    );
    expect(two.map((f) => f.subject)).toEqual([
      "pkg:npm/a 3.0.0 to 1.0.0",
      "pkg:npm/a 4.0.0 to 2.0.0",
    ]);
  });

  it("reads a file with a byte order mark", () => {
    const lock = (v: string) => `\uFEFF${lock3({ "node_modules/a": { version: v } })}`;
    expect(moved(lock("2.0.0"), lock("1.0.0"))).toHaveLength(1);
  });

  it("weighs what protects more, unless it is for development only", () => {
    const lock = (v: string, more = {}) =>
      lock3({ "node_modules/@scope/jwt-thing": { version: v, ...more } });
    const [found] = moved(lock("2.0.0"), lock("1.0.0"));
    expect(found).toMatchObject({
      severity: "medium",
      subject: "pkg:npm/%40scope/jwt-thing 2.0.0 to 1.0.0",
    });
    expect(found?.locations).toEqual([
      { side: "before", path: "package-lock.json", startLine: 4, endLine: 4 },
      { side: "after", path: "package-lock.json", startLine: 4, endLine: 4 },
    ]);
    expect(moved(lock("2.0.0", { dev: true }), lock("1.0.0", { dev: true }))[0]?.severity).toBe(
      "low",
    );
  });

  it("tells one package once, nested ones included", () => {
    const lock = (v: string) =>
      lock1({ a: { version: v }, b: { version: "1.0.0", dependencies: { a: { version: v } } } });
    expect(moved(lock("2.0.0"), lock("1.0.0"))).toHaveLength(1);
  });

  it("takes a damaged or hostile file for unknown", () => {
    const good = lock1({ a: { version: "1.0.0" } });
    for (const bad of [
      "{",
      "[]",
      "null",
      '{"lockfileVersion":9}',
      "[".repeat(100_000),
      '{"dependencies":{"a":null},"lockfileVersion":1}',
      '{"lockfileVersion":1,"dependencies":{"__proto__":{"version":"0.1.0"}}}',
    ]) {
      expect(moved(good, bad), bad.slice(0, 40)).toEqual([]);
      expect(moved(bad, good), bad.slice(0, 40)).toEqual([]);
    }
    const read = (text: string) => packagesModel.parse(text, "package-lock.json");
    expect(read("[".repeat(100_000))).toEqual(new Unread("JSON deeper than 64 levels"));
    expect(read('{"lockfileVersion":3,"a":"\\"[[[["}')).toMatchObject({ packages: [] });
  });
});

describe("test.removed", () => {
  it("names test files that go, and cases that go from files that stay", () => {
    const files: ChangedFile[] = [
      {
        path: "src/a.test.ts",
        status: "modified",
        before: 'it("adds")\nit("checks the signature")\n',
        after: 'it("adds")\n',
      },
      { path: "spec/user_spec.rb", status: "removed" },
      { path: "src/latest.ts", status: "removed" },
      {
        path: "pkg/x_test.go",
        status: "modified",
        before: "func TestOne(t *testing.T) {\n",
        after: "func TestOne(t *testing.T) {\n",
      },
    ];
    expect(findings({ files }).map((f) => [f.implication, f.subject, f.severity])).toEqual([
      ["test.security-dropped", "src/a.test.ts", "low"],
      ["test.removed", "spec/user_spec.rb", "info"],
    ]);
  });

  it("finds security words as words", () => {
    expect(securityWord("src/userLoginTest.ts")).toBe("login");
    expect(securityWord("spec/csrf_spec.rb")).toBe("csrf");
    expect(securityWord("src/author.test.ts")).toBeNull();
  });
});
