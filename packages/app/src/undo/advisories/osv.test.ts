import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { looksLikeOsv, readOsv } from "./osv.ts";
import { packageName } from "./record.ts";
import { commitOf, pullOf } from "./references.ts";
import { highestScore, scoreOf, severityOfScore } from "./severity.ts";

const commit = "d45961bcda453fcbdb6469c22d6e88a1f9970a53";

function record(osv: unknown) {
  const read = readOsv(osv);
  if (typeof read === "string") throw new Error(read);
  return read;
}

describe("readOsv", () => {
  it("reads what a GHSA record says", () => {
    const read = record({
      schema_version: "1.7.0",
      id: "GHSA-8rvj-mm4h-c258",
      modified: "2026-01-02T03:04:05.123456Z",
      published: "2026-01-01T00:00:00Z",
      aliases: ["CVE-2026-1", "cve-2026-1"],
      summary: "Two\nlines",
      severity: [
        { type: "CVSS_V2", score: "AV:N/AC:L/Au:N/C:C/I:C/A:C" },
        { type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" },
      ],
      affected: [
        {
          package: { ecosystem: "PyPI", name: "Foo_Bar" },
          ranges: [
            { type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "1.2" }] },
            { type: "GIT", repo: "x", events: [{ introduced: "0" }, { fixed: commit }] },
          ],
          versions: ["1.1", "1.0", "1.1"],
        },
      ],
      references: [
        { type: "FIX", url: "https://github.com/a/b/pull/12" },
        { type: "INTRODUCED", url: `https://github.com/a/b/commit/${"e".repeat(40)}` },
      ],
      database_specific: { severity: "CRITICAL" },
    });
    expect(read).toEqual({
      key: "GHSA-8rvj-mm4h-c258",
      ids: ["CVE-2026-1", "GHSA-8rvj-mm4h-c258"],
      modified: "2026-01-02T03:04:05.123Z",
      published: "2026-01-01T00:00:00.000Z",
      withdrawn: "",
      summary: "Two lines",
      score: 75,
      severity: "high",
      informational: false,
      packages: [
        {
          ecosystem: "PyPI",
          release: "",
          name: "foo-bar",
          versions: ["1.0", "1.1"],
          ranges: [
            [
              ["introduced", "0"],
              ["fixed", "1.2"],
            ],
          ],
        },
      ],
      commits: [commit],
      pulls: ["a/b#12"],
    });
  });

  it("takes placeholders for no date, and a database's word where there is no score", () => {
    const read = record({
      id: "GO-2026-1",
      modified: "0001-01-01T00:00:00Z",
      published: "0001-01-01T00:00:00Z",
      affected: [
        { package: { ecosystem: "Go", name: "a/B" }, ecosystem_specific: { severity: "moderate" } },
      ],
    });
    expect(read).toMatchObject({ modified: "", published: "", score: null, severity: "medium" });
    expect(record({ id: "X-1", affected: [] }).severity).toBeNull();
    expect(record({ id: "MAL-2026-1", affected: [] }).severity).toBe("critical");
  });

  it("keeps apart what is no vulnerability", () => {
    const rust = (kind: string | null) =>
      record({
        id: "RUSTSEC-2026-1",
        affected: [
          {
            package: { ecosystem: "crates.io", name: "a_b" },
            database_specific: { informational: kind },
          },
        ],
      });
    expect(rust("unmaintained").informational).toBe(true);
    expect(rust("unsound")).toMatchObject({ informational: false, severity: "low" });
    expect(rust(null)).toMatchObject({ informational: false, severity: null });
  });

  it("splits releases and registries off the ecosystem, and does not hold a commit that introduced the flaw for the fix", () => {
    const read = record({
      id: "X-1",
      withdrawn: "2026-02-01T00:00:00Z",
      affected: [
        { package: { ecosystem: "Debian:12", name: "openssl" } },
        { package: { ecosystem: "Packagist:https://packages.drupal.org/8", name: "Drupal/X" } },
        { ranges: [{ type: "GIT", events: [{ introduced: commit }] }] },
      ],
      references: [{ type: "WEB", url: `https://github.com/a/b/commit/${commit}` }],
    });
    expect(read.packages.map(({ ecosystem, release, name }) => [ecosystem, release, name])).toEqual(
      [
        ["Debian", "12", "openssl"],
        ["Packagist", "https://packages.drupal.org/8", "drupal/x"],
      ],
    );
    expect(read.commits).toEqual([]);
    expect(read.withdrawn).toBe("2026-02-01T00:00:00.000Z");
  });

  it("refuses a record of the wrong shape with what is wrong, whatever it is", () => {
    const bad: [unknown, RegExp][] = [
      [{ id: 1 }, /id is no text/],
      [{ id: "a b" }, /printable/],
      [{ id: "X", affected: {} }, /affected is no list/],
      [{ id: "X", affected: [{ package: { ecosystem: "npm" } }] }, /package name is no text/],
      [
        { id: "X", affected: [{ package: { ecosystem: "npm", name: "x" }, versions: [{}] }] },
        /version/,
      ],
      [{ id: "X", affected: [{ ranges: [{ type: "GIT", events: "x" }] }] }, /events/],
      [{ id: "X", aliases: [7] }, /aliases/],
      [null, /no object/],
    ];
    for (const [value, says] of bad) expect(readOsv(value)).toMatch(says);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        looksLikeOsv(value);
        readOsv(value);
        readOsv({ id: "X", affected: [value], references: value, severity: [value] });
      }),
    );
  });
});

describe("references", () => {
  it("finds commits and pull requests of the usual forges", () => {
    for (const url of [
      `https://github.com/a/b/commit/${commit}`,
      `https://github.com/a/b/commit/${commit}.patch`,
      `https://github.com/a/b/pull/7/commits/${commit}`,
      `https://gitlab.com/a/b/c/-/commit/${commit}`,
      `https://bitbucket.org/a/b/commits/${commit}`,
      `https://go.googlesource.com/go/+/${commit}`,
      `https://git.kernel.org/pub/scm/linux.git/commit/?id=${commit}`,
      `https://git.example.org/?p=x.git;a=commit;h=${commit.toUpperCase()}`,
    ]) {
      expect(commitOf(url), url).toBe(commit);
    }
    expect(commitOf("https://github.com/a/b/commit/d45961bcda45")).toBe("d45961bcda45");
    expect(commitOf("https://github.com/a/b/commit/d45961b")).toBeNull();
    expect(commitOf(`https://github.com/a/b/tree/${commit}`)).toBeNull();
    expect(pullOf("https://github.com/A/b.c/pull/12/files#diff")).toBe("a/b.c#12");
    expect(pullOf("https://gitlab.example.org/a/b/c/-/merge_requests/3")).toBe("a/b/c#3");
    expect(pullOf("https://github.com/a/b/issues/12")).toBeNull();
  });

  it("reads long hostile URLs in no time", () => {
    const long = `https://gitlab.com/${"a/-/".repeat(250_000)}`;
    expect([commitOf(long), pullOf(long)]).toEqual([null, null]);
  });
});

describe("severity", () => {
  it("scores every version of CVSS as its calculators do", () => {
    // The specifications' own examples: CVE-2013-1937 (v3.1: 6.1), CVE-2021-44228 (10.0), v2 CVE-2002-0392 (7.8).
    expect(scoreOf("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N")).toBe(61);
    expect(scoreOf("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")).toBe(100);
    expect(scoreOf("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")).toBe(98);
    expect(scoreOf("AV:N/AC:L/Au:N/C:N/I:N/A:C")).toBe(78);
    expect(scoreOf("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N")).toBe(93);
    for (const bad of [
      "CVSS:3.1/AV:N",
      "9.8",
      "",
      "CVSS:9/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
      "x".repeat(1e6),
    ]) {
      expect(scoreOf(bad), bad.slice(0, 40)).toBeNull();
    }
  });

  it("prefers a newer version to v2, and otherwise the highest", () => {
    const v2 = "AV:N/AC:L/Au:N/C:C/I:C/A:C";
    const v3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";
    expect([highestScore([v2, v3]), highestScore([v2]), highestScore(["?"])]).toEqual([
      75,
      100,
      null,
    ]);
    expect([0, 1, 40, 70, 89, 90].map(severityOfScore)).toEqual([
      "info",
      "low",
      "medium",
      "high",
      "high",
      "critical",
    ]);
  });
});

describe("packageName", () => {
  it("is one spelling, by the ecosystem's rule", () => {
    expect(packageName("PyPI", "Foo._-Bar")).toBe("foo-bar");
    expect(packageName("crates.io", "Foo_bar")).toBe("foo-bar");
    expect(packageName("NuGet", "Newtonsoft.Json")).toBe("newtonsoft.json");
    expect(packageName("npm", "JSONStream")).toBe("JSONStream");
    expect(packageName("Go", "github.com/A/b")).toBe("github.com/A/b");
    expect(packageName("SwiftURL", "https://GitHub.com/a/b.git")).toBe("github.com/a/b");
  });
});
