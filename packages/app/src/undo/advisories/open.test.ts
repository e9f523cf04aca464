import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freshness, noAdvisories } from "./advisory-index.ts";
import { gravity, gravityText, isPublic } from "./gravity.ts";
import { importAdvisories } from "./import.ts";
import { openAdvisories, type OpenAdvisories } from "./open.ts";
import { fromPurl, purlOf } from "./purl.ts";
import { compareDotted as compare } from "./testing/compare.ts";

const root = mkdtempSync(join(tmpdir(), "countermand-advisories-"));
afterAll(() => rmSync(root, { recursive: true }));
let files = 0;

async function indexOf(
  records: readonly object[],
  staleAfterDays?: number,
): Promise<OpenAdvisories> {
  const folder = join(root, String(files++));
  mkdirSync(folder);
  for (const [i, record] of records.entries()) {
    writeFileSync(
      join(folder, `${i}.json`),
      JSON.stringify({ modified: "2026-11-01T00:00:00Z", ...record }),
    );
  }
  const file = join(root, `${files}.sqlite`);
  await importAdvisories(file, [folder], { covers: ["npm"] });
  return openAdvisories(file, {
    compare,
    ...(staleAfterDays === undefined ? {} : { staleAfterDays }),
  });
}

const affected = (events: object[], more: object = {}) => ({
  package: { ecosystem: "npm", name: "x" },
  ranges: [{ type: "SEMVER", events }],
  ...more,
});
const upTo = (fixed: string) => [affected([{ introduced: "0" }, { fixed }])];

describe("records about the same", () => {
  it("count once, by the best id, with the gravest score and the earliest date", async () => {
    using index = await indexOf([
      {
        id: "GO-2026-1",
        aliases: ["CVE-2026-1111"],
        affected: upTo("1.1"),
        published: "2026-05-01T00:00:00Z",
      },
      {
        id: "GHSA-2222-2222-2222",
        aliases: ["CVE-2026-1111"],
        affected: upTo("1.2"),
        summary: "told best",
        published: "2026-06-01T00:00:00Z",
        severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" }],
      },
      { id: "X-1", aliases: ["GO-2026-1"], affected: upTo("1.4") },
      { id: "CVE-2026-9999", affected: upTo("1.3") },
    ]);
    expect(index.affecting("npm", "x", "1.0")).toEqual([
      { advisory: { id: "CVE-2026-9999", aliases: ["CVE-2026-9999"], summary: "" }, fixed: "1.3" },
      {
        advisory: {
          id: "GHSA-2222-2222-2222",
          aliases: ["CVE-2026-1111", "GHSA-2222-2222-2222", "GO-2026-1", "X-1"],
          summary: "told best",
          severity: "high",
          score: 75,
          published: "2026-05-01T00:00:00.000Z",
        },
        // What one record calls fixed, another still calls affected.
        fixed: "1.4",
      },
    ]);
    expect(index.find("go-2026-1")?.advisory.id).toBe("GHSA-2222-2222-2222");
    expect(index.details.counts()).toEqual({ records: 4, flaws: 2 });
  });

  it("are not joined by a record of many", async () => {
    const cves = ["CVE-2026-1111", "CVE-2026-2222", "CVE-2026-3333", "CVE-2026-4444"];
    const each = cves.map((id) => ({ id, affected: upTo("1.1") }));
    using apart = await indexOf([...each, { id: "RELEASE-1", aliases: cves, affected: [] }]);
    expect(apart.details.counts().flaws).toBe(5);
    expect(apart.find("RELEASE-1")?.advisory.id).toBe("RELEASE-1");
    expect(apart.find("CVE-2026-1111")?.advisory.aliases).toEqual(["CVE-2026-1111"]);
    using joined = await indexOf([
      ...each,
      { id: "RELEASE-1", aliases: cves.slice(1), affected: [] },
    ]);
    expect(joined.details.counts().flaws).toBe(2);
  });

  it("are passed by where they are withdrawn or no vulnerability, and found all the same", async () => {
    using index = await indexOf([
      {
        id: "X-1",
        affected: upTo("2.0"),
        withdrawn: "2026-03-01T00:00:00Z",
        references: [{ type: "FIX", url: "https://github.com/a/b/pull/1" }],
      },
      { id: "X-2", aliases: ["X-3"], affected: upTo("2.0"), withdrawn: "2026-03-01T00:00:00Z" },
      { id: "X-3", affected: upTo("1.5") },
      {
        id: "X-4",
        affected: [
          affected([{ introduced: "0" }], { database_specific: { informational: "unmaintained" } }),
        ],
      },
    ]);
    expect(index.affecting("npm", "x", "1.0").map((one) => one.advisory.id)).toEqual(["X-2"]);
    expect(index.affecting("npm", "x", "1.7")).toEqual([]);
    expect(index.find("X-1")?.withdrawn).toBe("2026-03-01T00:00:00.000Z");
    expect(index.find("X-2")?.withdrawn).toBeUndefined();
    expect(index.find("X-4")?.advisory.id).toBe("X-4");
    expect(index.fixedByPullRequest("a/b", 1)).toEqual([]);
  });
});

describe("what cannot be told", () => {
  it("is undecided: versions without an order, releases that differ", async () => {
    const debian = (release: string, fixed: string) => ({
      package: { ecosystem: `Debian:${release}`, name: "openssl" },
      ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed }] }],
    });
    using index = await indexOf([
      { id: "X-1", affected: upTo("1.1") },
      { id: "X-2", affected: [affected([{ introduced: "0" }])] },
      { id: "X-3", affected: [debian("11", "1.0"), debian("12", "2.0")] },
    ]);
    expect(index.undecided?.("npm", "x", "master").map(({ id }) => id)).toEqual(["X-1"]);
    expect(index.affecting("npm", "x", "master").map((one) => one.advisory.id)).toEqual(["X-2"]);
    const told = (version: string) => [
      index.affecting("Debian", "openssl", version).length,
      index.undecided?.("Debian", "openssl", version).length,
    ];
    expect([told("0.9"), told("1.5"), told("2.0")]).toEqual([
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
  });

  it("is stale after so many days, and nothing where there are no data", async () => {
    using index = await indexOf([{ id: "X-1", affected: upTo("1.1") }]);
    expect(freshness(index, "npm", "2026-11-30T00:00:00Z")).toBe("fresh");
    expect(freshness(index, "npm", "2026-12-01T00:00:01Z")).toBe("stale");
    expect(freshness(index, "PyPI", "2026-11-30T00:00:00Z")).toBe("none");
    expect(freshness(noAdvisories, "npm", "2026-11-30T00:00:00Z")).toBe("none");
    using patient = await indexOf([{ id: "X-1", affected: upTo("1.1") }], 60);
    expect(freshness(patient, "npm", "2026-12-31T00:00:00Z")).toBe("fresh");
  });
});

describe("commits", () => {
  const commit = "d45961bcda453fcbdb6469c22d6e88a1f9970a53";

  it("are found by their full ids, and abbreviated to twelve digits on either side", async () => {
    using index = await indexOf([
      {
        id: "X-1",
        references: [{ type: "FIX", url: `https://github.com/a/b/commit/${commit}` }],
        affected: [],
      },
      {
        id: "X-2",
        references: [{ type: "WEB", url: `https://github.com/a/b/commit/${commit.slice(0, 12)}` }],
        affected: [],
      },
      {
        id: "X-3",
        affected: [{ ranges: [{ type: "GIT", events: [{ introduced: "0" }, { fixed: commit }] }] }],
      },
    ]);
    const ids = (id: string) => index.fixedByCommit(id).map((one) => one.id);
    expect(ids(commit)).toEqual(["X-1", "X-2", "X-3"]);
    expect(ids(commit.toUpperCase())).toEqual(["X-1", "X-2", "X-3"]);
    expect(ids(commit.slice(0, 12))).toEqual(["X-1", "X-2", "X-3"]);
    expect(ids(commit.slice(0, 11))).toEqual([]);
    expect(ids(`${commit.slice(0, 39)}0`)).toEqual(["X-2"]);
    expect(ids(`${commit.slice(0, 11)}0${commit.slice(12)}`)).toEqual([]);
    expect(ids("%".repeat(40))).toEqual([]);
  });
});

describe("words", () => {
  it("say how grave an advisory is and why", () => {
    const plain = { id: "X-1", aliases: ["X-1"], summary: "" };
    expect([gravity(plain), gravityText(plain)]).toEqual(["high", "no score, taken for high"]);
    const scored = {
      ...plain,
      severity: "medium" as const,
      score: 55,
      published: "2026-03-02T00:00:00Z",
    };
    expect([gravity(scored), gravityText(scored)]).toEqual([
      "medium",
      "CVSS 5.5 (medium), published 2026-03-02",
    ]);
    const exploited = { ...scored, epss: 7, exploitedSince: "2026-04-01T00:00:00Z" };
    expect([gravity(exploited), gravityText(exploited)]).toEqual([
      "critical",
      "CVSS 5.5 (medium), EPSS 0.7 %, known exploited since 2026-04-01, published 2026-03-02",
    ]);
    expect([
      isPublic(scored, "2026-03-01T00:00:00Z"),
      isPublic(scored, "2026-03-02T00:00:00Z"),
      isPublic(plain, "2020-01-01T00:00:00Z"),
    ]).toEqual([false, true, true]);
  });

  it("name packages by purl, both ways", () => {
    for (const [purl, ecosystem, name] of [
      ["pkg:npm/%40scope/x", "npm", "@scope/x"],
      ["pkg:golang/go.opentelemetry.io/otel/sdk", "Go", "go.opentelemetry.io/otel/sdk"],
      ["pkg:maven/org.a/b", "Maven", "org.a:b"],
      ["pkg:composer/a/b", "Packagist", "a/b"],
      ["pkg:pypi/x", "PyPI", "x"],
    ] as const) {
      expect(fromPurl(`${purl}@1.0`)).toEqual({ ecosystem, name, version: "1.0" });
      expect(purlOf(ecosystem, name)).toBe(purl);
    }
    expect(fromPurl("pkg:npm/x")?.version).toBeNull();
    expect([fromPurl("npm/x@1"), fromPurl("pkg:nothing/x@1")]).toEqual([null, null]);
  });
});
