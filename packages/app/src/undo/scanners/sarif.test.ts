import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readSarif, type SarifLog, sarifLimits } from "./sarif.ts";

const tree = "/tmp/tree";
const folder = "/tmp/work";

function log(results: unknown, more: object = {}, rules: unknown[] = []): string {
  return JSON.stringify({
    version: "2.1.0",
    runs: [{ tool: { driver: { name: "t", version: "1", rules } }, results, ...more }],
  });
}

function read(text: string): SarifLog {
  const value = readSarif(text, tree, folder);
  if (typeof value === "string") throw new Error(value);
  return value;
}

const at = (artifactLocation: unknown, region: unknown = { startLine: 3 }) => ({
  ruleId: "r",
  locations: [{ physicalLocation: { artifactLocation, region } }],
});

describe("places", () => {
  test.each([
    [{ uri: "src/a.ts" }, "src/a.ts"],
    [{ uri: "./src/../b.ts" }, "b.ts"],
    [{ uri: "a%20b%23.ts" }, "a b#.ts"],
    [{ uri: "file:///tmp/tree/src/a.ts" }, "src/a.ts"],
    [{ uri: "file://localhost/tmp/tree/a" }, "a"],
    [{ uri: "/tmp/tree/a" }, "a"],
    [{ uri: "/tmp/work/a" }, "a"],
    [{ uri: "../tree/a" }, "a"],
    [{ uri: "tree/a" }, "a"],
    [{ uri: "tree" }, "tree"],
    [{ uri: "x", uriBaseId: "SRC" }, "src/x"],
    [{ index: 0 }, "listed"],
  ])("%j", (artifact, path) => {
    const bases = { ROOT: { uri: "file:///tmp/tree/" }, SRC: { uri: "src/", uriBaseId: "ROOT" } };
    const artifacts = [{ location: { uri: "listed" } }];
    const [result] = read(log([at(artifact)], { originalUriBaseIds: bases, artifacts })).results;
    expect(result?.path).toBe(path);
  });

  test.each([
    "../a",
    "/etc/passwd",
    "file:///tmp/tree/../x",
    "file:///tmp/treehouse/x",
    "https://example.org/a",
    "//host/share",
    "a%00b",
    "a%",
    "a\\b",
    ".",
    "",
    "a/".repeat(600),
  ])("outside: %s", (uri) => {
    const value = read(log([at({ uri })]));
    expect([value.results.length, value.outside]).toEqual([0, 1]);
  });

  test("a base that is its own base ends", () => {
    const bases = { A: { uri: "a/", uriBaseId: "A" } };
    expect(
      read(log([at({ uri: "x", uriBaseId: "A" })], { originalUriBaseIds: bases })).results,
    ).toHaveLength(1);
  });

  test("lines that are no lines", () => {
    for (const startLine of [0, -1, 1.5, 1e300]) {
      expect(read(log([at({ uri: "a" }, { startLine })])).results[0]?.startLine).toBe(0);
    }
    expect(read(log([at({ uri: "a" }, { startLine: 5, endLine: 2 })])).results[0]).toMatchObject({
      startLine: 5,
      endLine: 5,
    });
  });
});

describe("results and rules", () => {
  test("what is no failure is left out, suppressions are not obeyed", () => {
    const results = [
      { ruleId: "r", kind: "pass" },
      { ruleId: "r", kind: "fail", suppressions: [{ kind: "inSource" }] },
    ];
    expect(read(log(results)).results).toHaveLength(1);
  });

  test("severity, CWE, level by rule, rule by index, fingerprints", () => {
    const rules = [
      {
        id: "r0",
        properties: {
          "security-severity": "7.55",
          tags: ["external/cwe/cwe-089", "CWE-79: XSS", 5],
        },
        defaultConfiguration: { level: "error" },
        helpUri: "javascript:alert(1)",
      },
    ];
    const found = {
      ruleIndex: 0,
      partialFingerprints: { "primaryLocationLineHash/v1": "x", "b/v1": "2", a: "1", empty: "" },
    };
    const value = read(log([found], {}, rules));
    expect(value.rules).toEqual([{ id: "r0", title: "", security: 76, cwe: [79, 89] }]);
    expect(value.results[0]).toMatchObject({
      rule: "r0",
      level: "error",
      prints: "a=1 b/v1=2",
      path: "",
    });
  });

  test("half a character is none", () => {
    const value = read(log([at({ uri: "a" })]).replace('"r"', '"\\ud800"'));
    expect(JSON.stringify(value).isWellFormed()).toBe(true);
    expect(value.results[0]?.rule).toBe("\ufffd");
    const rules = [{ id: "x", shortDescription: { text: `${"a".repeat(299)}\u{1f600}` } }];
    expect(read(log([], {}, rules)).rules[0]?.title.isWellFormed()).toBe(true);
  });

  test("a failed run is no result", () => {
    expect(
      readSarif(log([], { invocations: [{ executionSuccessful: false }] }), tree, folder),
    ).toMatch(/succeed/);
  });
});

describe("hostile logs", () => {
  test.each([
    ["", /not JSON/],
    ["[]", /not SARIF/],
    ['{"version":"2.0.0","runs":[]}', /not SARIF/],
    ['{"version":"2.1.0","runs":[]}', /no run/],
    [log([{ message: {} }]), /names no rule/],
    [log([{ ruleId: "x".repeat(2000) }]), /endless/],
    [log(null).replace("null", "[".repeat(100_000)), /deeper/],
    [log(Array.from({ length: sarifLimits.results + 1 }, () => ({ ruleId: "r" }))), /more than/],
    [`{"version":"2.1.0","runs":[${"{},".repeat(3)}{}]}`, /not SARIF/],
  ])("%#", (text, reason) => {
    expect(readSarif(text, tree, folder)).toMatch(reason);
  });

  test("any text gives an answer", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(readSarif(text, tree, folder)).toBeDefined();
        expect(readSarif(log(JSON.parse(text)), tree, folder)).toBeDefined();
      }),
    );
  });

  test("a place is never outside of the tree", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("..", ".", "/", "%2e", "%2F", "a", "file:", "%5c")),
        (parts) => {
          for (const { path } of read(log([at({ uri: parts.join("") })])).results) {
            expect(path.split("/")).not.toContain("..");
            expect(path.startsWith("/")).toBe(false);
          }
        },
      ),
    );
  });
});
