import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { identifyOne, type IdentifiedResult } from "./identity.ts";
import { matchResults } from "./match.ts";
import { findingsOf } from "./findings.ts";
import { implicationOf } from "./implications.ts";

/** A result of rule `r` for each line of the text that holds `!`. */
function results(text: string, path = "a"): IdentifiedResult[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) =>
    line.includes("!")
      ? [
          identifyOne(
            {
              rule: "r",
              path,
              startLine: index + 1,
              endLine: index + 1,
              startColumn: 0,
              endColumn: 0,
              logical: "",
              prints: "",
              level: "warning",
            },
            lines,
          ),
        ]
      : [],
  );
}

function counts(
  before: string,
  after: string,
  paths = ["a", "a"],
  renames: [string, string][] = [],
) {
  const matched = matchResults(
    results(before, paths[0]),
    results(after, paths[1]),
    new Map(renames),
  );
  return [matched.added.length, matched.gone.length, matched.unchanged];
}

describe("matching", () => {
  test.each([
    ["same", "x\nbad!\ny", "x\nbad!\ny", [0, 0, 1]],
    ["lines above", "bad!\ny", "a\nb\nc\nbad!\ny", [0, 0, 1]],
    ["white space and line ends", "x\n\tbad !\ny", "x\r\n    bad!\r\ny", [0, 0, 1]],
    ["white space, elsewhere", "x\nbad !\ny", "v\n  bad!\nw", [0, 0, 1]],
    ["a second copy is new", "x\nbad!\ny", "x\nbad!\ny\nbad!\nz", [1, 0, 1]],
    ["gone", "x\nbad!\ny", "x\ny", [0, 1, 0]],
    ["new", "x\ny", "x\nbad!\ny", [1, 0, 0]],
    ["rewritten in place", "x\nbad!\ny", "x\nworse!\ny", [0, 0, 1]],
    ["another one elsewhere", "x\nbad!\ny\nz\nw", "x\ny\nz\nworse!\nw", [1, 1, 0]],
  ])("%s", (_name, before, after, expected) => {
    expect(counts(before, after)).toEqual(expected);
  });

  test("a whole resource, told by its first line or its logical place", () => {
    const one = (text: string, logical = "") =>
      identifyOne(
        {
          rule: "r",
          path: "a",
          startLine: 1,
          endLine: text.split("\n").length,
          startColumn: 0,
          endColumn: 0,
          logical,
          prints: "",
          level: "error",
        },
        text.split("\n"),
      );
    const added = (before: IdentifiedResult, after: IdentifiedResult) =>
      matchResults([before], [after], new Map()).added.length;
    const [open, closed] = ["resource x {\n a = 1\n}", "resource x {\n a = 2\n}"];
    expect(added(one(open), one(closed))).toBe(0);
    expect(added(one(open), one("resource y {\n a = 2\n}"))).toBe(1);
    expect(added(one("a = 1", "r.x"), one("b = 2", "r.x"))).toBe(0);
    expect(added(one("a = 1", "r.x"), one("b = 2", "r.y"))).toBe(1);
  });

  test("renamed, by git or by content", () => {
    expect(counts("x\nbad!\ny", "x\nbad!\ny", ["a", "b"], [["a", "b"]])).toEqual([0, 0, 1]);
    expect(counts("x\nbad!\ny", "x\nbad!\ny", ["a", "b"])).toEqual([0, 0, 1]);
    expect(counts("x\nbad!\ny", "z\nbad!\nw", ["a", "b"])).toEqual([1, 1, 0]);
  });

  const texts = fc
    .array(fc.constantFrom("a", "b", "c!", "d!", ""), { maxLength: 12 })
    .map((l) => l.join("\n"));
  test("nothing is lost, and turning round swaps new and gone", () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const [added = 0, gone = 0, unchanged = 0] = counts(before, after);
        expect(added + unchanged).toBe(results(after).length);
        expect(gone + unchanged).toBe(results(before).length);
        expect(counts(before, before)).toEqual([0, 0, results(before).length]);
      }),
    );
  });
});

describe("findings", () => {
  const [bad] = results("bad!");
  const found = (tool: string, id: string, security?: number, path = "a", cwe: number[] = []) => {
    const matched = { added: [{ ...bad, rule: id, path } as IdentifiedResult], gone: [] };
    const rule = { id, title: "T", cwe, ...(security === undefined ? {} : { security }) };
    return findingsOf({ id: tool, version: "1" }, matched, [rule]).findings[0];
  };

  test("severity: the tool's, never above the implication's", () => {
    expect(found("semgrep", "x", 98, "a", [79])?.severity).toBe("high");
    expect(found("semgrep", "x", 55, "a", [79])?.severity).toBe("medium");
    expect(found("semgrep", "x", 10, "a", [79])?.severity).toBe("low");
    expect(found("semgrep", "x", undefined, "a", [79])?.severity).toBe("low");
    expect(found("semgrep", "x", 98, "test/a.py", [79])?.severity).toBe("low");
    expect(found("semgrep", "x", 98)?.severity).toBe("info");
    expect(found("trivy", "CVE-2021-44228", 100)?.severity).toBe("critical");
  });

  test("an advisory has the root cause that other rules give it", () => {
    expect(found("trivy", "CVE-2021-44228", 100)?.rootCause).toBe("advisory:CVE-2021-44228");
    expect(found("osv-scanner", "ghsa-JFH8-c2jp-5v3q")?.rootCause).toBe(
      "advisory:GHSA-jfh8-c2jp-5v3q",
    );
  });

  test("too many are counted", () => {
    const added = Array.from(
      { length: 1200 },
      (_, i) => ({ ...bad, rule: `r${i}` }) as IdentifiedResult,
    );
    const { findings, dropped } = findingsOf({ id: "t", version: "1" }, { added, gone: [] }, []);
    expect([findings.length, dropped]).toEqual([1000, 200]);
  });

  test.each([
    ["gitleaks", "generic-api-key", [], "secret.reintroduced"],
    ["trivy", "AVD-DS-0002", [], "workload.hardening-removed"],
    ["trivy", "KSV017", [], "workload.hardening-removed"],
    ["trivy", "github-pat", [], "secret.reintroduced"],
    ["osv-scanner", "GO-2024-2687", [], "dep.vuln-reintroduced"],
    ["checkov", "CKV_AWS_24", [], "exposure.network-opened"],
    ["checkov", "CKV_K8S_8", [], "config.security-key-reverted"],
    ["checkov", "CKV_K8S_16", [], "workload.hardening-removed"],
    ["kubescape", "C-0057", [], "workload.hardening-removed"],
    ["bandit", "B501", [295], "crypto.tls-weakened"],
    ["bandit", "B608", [89], "input.validation-removed"],
    ["house", "x", [352], "session.weakened"],
    ["house", "x", [4], "config.security-key-reverted"],
  ])("%s %s", (tool, rule, cwe, implication) => {
    expect(implicationOf(tool, rule, cwe).implication).toBe(implication);
  });
});
