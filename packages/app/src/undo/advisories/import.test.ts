import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { importAdvisories, type ImportOptions } from "./import.ts";
import { openAdvisories, type OpenAdvisories } from "./open.ts";
import { compareDotted as compare } from "./testing/compare.ts";
import { makeZip } from "./testing/make-zip.ts";

const root = mkdtempSync(join(tmpdir(), "countermand-advisories-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
let file = "";
let runs = 0;
beforeEach(() => {
  folder = join(root, String(runs++));
  mkdirSync(folder);
  file = join(folder, "data", "advisories.sqlite");
});

type Osv = { readonly id: string } & Readonly<Record<string, unknown>>;

function osv(id: string, more: Readonly<Record<string, unknown>> = {}): Osv {
  return {
    id,
    modified: "2026-11-01T00:00:00Z",
    summary: `about ${id}`,
    affected: [
      {
        package: { ecosystem: "npm", name: "left-pad" },
        ranges: [{ type: "SEMVER", events: [{ introduced: "1.0.0" }, { fixed: "1.3.0" }] }],
      },
    ],
    ...more,
  };
}

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

function writeAll(name: string, records: readonly Osv[]): string {
  for (const record of records) write(`${name}/${record.id}.json`, JSON.stringify(record));
  return join(folder, name);
}

async function take(paths: readonly string[], options: ImportOptions = {}) {
  return importAdvisories(file, paths, options);
}

function look<T>(work: (index: OpenAdvisories) => T, path = file): T {
  using index = openAdvisories(path, { compare });
  return work(index);
}

const affecting = (version: string, name = "left-pad") =>
  look((index) => index.affecting("npm", name, version).map((one) => [one.advisory.id, one.fixed]));

describe("an import", () => {
  it("reads folders, archives and files alike", async () => {
    const records = ["GHSA-2222-2222-2222", "CVE-2026-1111", "X-1"].map((id) => osv(id));
    const digests = new Set<string>();
    const inFolder = writeAll("osv", records);
    const archive = write(
      "npm.zip",
      makeZip(records.map((r) => ({ name: `${r.id}.json`, content: JSON.stringify(r) }))),
    );
    for (const path of [inFolder, archive]) {
      const { digest, records: n } = await take([path], { fresh: true, date: "2026-11-20" });
      digests.add(digest);
      expect(n).toBe(3);
    }
    expect(digests.size).toBe(1);
    expect(affecting("1.2.0")).toEqual([
      ["CVE-2026-1111", "1.3.0"],
      ["GHSA-2222-2222-2222", "1.3.0"],
      ["X-1", "1.3.0"],
    ]);
    expect(affecting("1.3.0")).toEqual([]);
    const single = await take([join(inFolder, "X-1.json")], { fresh: true });
    expect(single.sources[0]).toMatchObject({ added: 1, covers: [] });
  });

  it("says nothing new the second time, and does not read what is as it was", async () => {
    const path = writeAll("osv", [osv("X-1"), osv("X-2")]);
    const first = await take([path]);
    const bytes = readFileSync(file);
    const second = await take([path]);
    expect(first).toMatchObject({ written: true, sources: [{ added: 2 }] });
    expect(second).toMatchObject({
      written: false,
      digest: first.digest,
      sources: [{ unchanged: 2 }],
    });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    for (const id of ["X-1", "X-2"]) utimesSync(join(path, `${id}.json`), 1, 1);
    const third = await take([path]);
    expect(third).toMatchObject({ digest: first.digest, sources: [{ known: 2, unchanged: 0 }] });
  });

  it("passes an older record by and takes a newer one", async () => {
    const of = (modified: string, fixed: string) =>
      osv("X-1", {
        modified,
        affected: [
          {
            package: { ecosystem: "npm", name: "left-pad" },
            ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed }] }],
          },
        ],
        aliases: [`CVE-2026-${fixed.slice(-1).repeat(4)}`],
        references: [{ type: "FIX", url: `https://github.com/a/b/pull/${fixed.slice(-1)}` }],
      });
    const middle = writeAll("b", [of("2026-02-01T00:00:00Z", "1.0.2")]);
    const old = writeAll("a", [of("2026-01-01T00:00:00Z", "1.0.1")]);
    const young = writeAll("c", [of("2026-03-01T00:00:00Z", "1.0.3")]);
    await take([middle]);
    expect((await take([old])).sources[0]).toMatchObject({ known: 1, updated: 0 });
    expect(affecting("1.0.1")).toHaveLength(1);
    expect((await take([young])).sources[0]).toMatchObject({ updated: 1 });
    expect(affecting("1.0.2")).toEqual([["CVE-2026-3333", "1.0.3"]]);
    look((index) => {
      expect(index.find("CVE-2026-2222")).toBeNull();
      expect(index.fixedByPullRequest("a/b", 2)).toEqual([]);
      expect(index.fixedByPullRequest("A/b", 3)).toHaveLength(1);
    });
  });

  it("gives one digest for any order of sources and any order of records in them", async () => {
    const pool = fc.array(
      fc.record({
        id: fc.constantFrom(
          "GHSA-2222-2222-2222",
          "CVE-2026-1111",
          "CVE-2026-2222",
          "GO-2026-1",
          "X-1",
        ),
        aliases: fc.subarray(["CVE-2026-1111", "CVE-2026-2222", "GHSA-3333-3333-3333", "X-1"]),
        modified: fc.constantFrom("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        summary: fc.constantFrom("a", "b"),
      }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(pool, fc.integer(), async (records, seed) => {
        const mine = mkdtempSync(join(root, "order-"));
        const paths = records.map((record, i) => {
          mkdirSync(join(mine, String(i)));
          writeFileSync(join(mine, String(i), "r.json"), JSON.stringify(osv(record.id, record)));
          return join(mine, String(i));
        });
        const turned = paths.toSorted(
          (a, b) =>
            ((a.length * 31 + a.charCodeAt(a.length - 1) * seed) % 7) -
            ((b.length * 31 + b.charCodeAt(b.length - 1) * seed) % 7),
        );
        const a = await importAdvisories(join(mine, "a.sqlite"), paths);
        const b = await importAdvisories(join(mine, "b.sqlite"), turned.toReversed());
        await importAdvisories(join(mine, "c.sqlite"), turned.slice(0, 2));
        const c = await importAdvisories(join(mine, "c.sqlite"), paths.toReversed());
        expect([b.digest, b.flaws, c.digest, c.flaws]).toEqual([
          a.digest,
          a.flaws,
          a.digest,
          a.flaws,
        ]);
        const told = (name: string) =>
          look(
            (index) =>
              ["CVE-2026-1111", "CVE-2026-2222", "GO-2026-1", "X-1"].map((id) => index.find(id)),
            join(mine, name),
          );
        expect(told("b.sqlite")).toEqual(told("a.sqlite"));
        expect(told("c.sqlite")).toEqual(told("a.sqlite"));
      }),
      { numRuns: 15 },
    );
  });

  it("refuses what it cannot read with one sentence each, and imports the rest", async () => {
    const path = writeAll("osv", [osv("X-1")]);
    write("osv/broken.json", "{");
    write("osv/shape.json", JSON.stringify({ id: "X-2", affected: "x" }));
    write("osv/bad.yaml", "id: X-3\naffected: [\n");
    write("osv/template.yaml", "{{ not yaml }}: [");
    write("osv/package.json", "{}");
    write("osv/notes.txt", "x");
    write("osv/.git/x.json", JSON.stringify(osv("X-9")));
    const report = await take([path]);
    expect(report.sources[0]).toMatchObject({ added: 1, refused: 3, other: 3 });
    expect(report.sources[0]?.problems).toEqual([
      `"${path}", "bad.yaml" is refused: not YAML at line 3.`,
      `"${path}", "broken.json" is refused: it is no JSON.`,
      `"${path}", "shape.json" is refused: affected is no list.`,
    ]);
    expect((await take([path])).sources[0]).toMatchObject({ refused: 3, unchanged: 3 });
  });

  it("refuses a record of 50 MB, loose and in an archive, and a hostile archive whole", async () => {
    const large = JSON.stringify(osv("X-2", { details: "x".repeat(50_000_000) }));
    const path = writeAll("osv", [osv("X-1")]);
    write("osv/large.json", large);
    const small = { name: "X-3.json", content: JSON.stringify(osv("X-3")) };
    write("osv/a.zip", makeZip([{ name: "large.json", content: large, stored: true }, small]));
    write("osv/bomb.zip", makeZip([{ name: "large.json", content: large }, small]));
    write("osv/path.zip", makeZip([small, { name: "../../x.json", content: "{}" }]));
    const report = await take([path]);
    expect(report.records).toBe(2);
    expect(report.sources.map(({ added, refused }) => [added, refused])).toEqual([
      [1, 1],
      [1, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(report.sources.flatMap(({ problems }) => problems).join()).toMatch(
      /more than 16777216.*more than 16777216.*more than is believable.*leaves its folder/s,
    );
  });

  it("leaves the old data where it is interrupted, refused or finds nothing", async () => {
    await take([writeAll("osv", [osv("X-1")])]);
    const before = readFileSync(file);
    const more = writeAll(
      "more",
      Array.from({ length: 200 }, (_, i) => osv(`Y-${i}`)),
    );
    const interrupted = AbortSignal.abort();
    await expect(take([more], { signal: interrupted })).rejects.toMatchObject({ code: "aborted" });
    await expect(take([more, join(folder, "none")])).rejects.toThrow(/There is nothing at/);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(dirname(file)).sort()).toEqual([
      "advisories.sqlite",
      "advisories.sqlite.lock",
    ]);
  });

  it("leaves the old data where it is killed, and the next import goes through", async () => {
    await take([writeAll("osv", [osv("X-1")])]);
    const before = readFileSync(file);
    const records = Array.from({ length: 20_000 }, (_, i) => osv(`Y-${i}`));
    const archive = write(
      "many.zip",
      makeZip(records.map((r) => ({ name: `${r.id}.json`, content: JSON.stringify(r) }))),
    );
    const program = `import { importAdvisories } from ${JSON.stringify(join(import.meta.dirname, "import.ts"))};
      await importAdvisories(${JSON.stringify(file)}, [${JSON.stringify(archive)}], { onProgress: ({ done }) => { if (done > 1000) process.stdout.write("x"); } });`;
    const child = spawn(process.execPath, ["-C", "source", "--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout.once("data", () => child.kill("SIGKILL"));
    const signal = await new Promise((done) => child.once("close", (_, name) => done(name)));
    expect(signal).toBe("SIGKILL");
    expect(readdirSync(dirname(file))).toContain("advisories.sqlite.new");
    expect(readFileSync(file).equals(before)).toBe(true);
    expect((await take([archive])).records).toBe(20_001);
  });

  it("lets one import at a time go on, and readers read the old data to the end", async () => {
    const path = writeAll("osv", [osv("X-1")]);
    await take([path]);
    using index = openAdvisories(file, { compare });
    const both = await Promise.allSettled([
      take([writeAll("more", [osv("X-2")])]),
      take([writeAll("even-more", [osv("X-3")])]),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(index.find("X-2")).toBeNull();
    expect(look((fresh) => fresh.find("X-2"))).not.toBeNull();
  });

  it("does not take another file for its own", async () => {
    mkdirSync(dirname(file));
    writeFileSync(file, "hello, this is a text of mine");
    await expect(take([writeAll("osv", [osv("X-1")])])).rejects.toMatchObject({ code: "invalid" });
    expect(readFileSync(file, "utf8")).toMatch(/^hello/);
    expect(() => openAdvisories(join(folder, "none"), { compare })).toThrow(/no advisory data at/);
  });
});

describe("what a source covers", () => {
  it("is what most of it is about, as of its newest record, its files, or what is said", async () => {
    const npm = Array.from({ length: 110 }, (_, i) => osv(`X-${i}`));
    const both = osv("Y-1", {
      modified: "2026-11-11T00:00:00Z",
      affected: ["npm", "PyPI"].map((ecosystem) => ({
        package: { ecosystem, name: "y" },
        versions: ["1"],
      })),
    });
    const path = writeAll("osv", [...npm, both]);
    await take([path]);
    look((index) => {
      expect(index.snapshot("npm")).toEqual({ date: "2026-11-11T00:00:00.000Z", records: 111 });
      expect(index.snapshot("PyPI")).toBeNull();
      expect(index.affecting("PyPI", "Y", "1")).toHaveLength(1);
    });
    const said = await take([path], { date: "2026-11-22", covers: ["PyPI"] });
    expect(said.sources[0]?.covers.map(({ ecosystem, datedBy }) => [ecosystem, datedBy])).toEqual([
      ["PyPI", "said"],
      ["npm", "said"],
    ]);
    expect(look((index) => index.snapshot("PyPI")?.date)).toBe("2026-11-22T00:00:00.000Z");
    const undated = writeAll("undated", [osv("Z-1", { modified: "0001-01-01T00:00:00Z" })]);
    utimesSync(join(undated, "Z-1.json"), 1_700_000_000, 1_700_000_000);
    expect((await take([undated])).sources[0]?.covers).toEqual([]);
    expect((await take([undated], { covers: ["npm", "Go"] })).sources[0]?.covers).toEqual([
      { ecosystem: "npm", date: "2023-11-14T22:13:20.000Z", datedBy: "file" },
    ]);
    expect(look((index) => index.snapshot("npm")?.date)).toBe("2026-11-22T00:00:00.000Z");
  });
});

describe("lists of attacks", () => {
  const kev = (dateReleased: string, cveID = "CVE-2026-1111") =>
    JSON.stringify({
      catalogVersion: "1",
      dateReleased,
      vulnerabilities: [{ cveID, dateAdded: "2026-03-04" }],
    });
  const epss = (date: string, score: string) =>
    `#model_version:v2025.03.14,score_date:${date}T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1111,${score},0.9\n`;

  it("are told with the advisories that they are about, the newest list only", async () => {
    const advisories = writeAll("osv", [
      osv("GHSA-2222-2222-2222", { aliases: ["CVE-2026-1111"] }),
    ]);
    const paths = [
      advisories,
      write("kev.json", kev("2026-11-20T00:00:00Z")),
      write("epss.csv.gz", gzipSync(epss("2026-11-20", "0.12345"))),
    ];
    const report = await take(paths);
    expect(report.sources.map(({ exploited, scored }) => [exploited, scored])).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
    const found = () => look((index) => index.find("CVE-2026-1111")?.advisory);
    expect(found()).toMatchObject({ exploitedSince: "2026-03-04T00:00:00.000Z", epss: 123 });
    const turned = join(folder, "turned.sqlite");
    const { digest } = await importAdvisories(turned, paths.toReversed());
    expect(digest).toBe(report.digest);
    await take([
      write("old.json", kev("2026-10-01T00:00:00Z", "CVE-2026-2222")),
      write("old.csv", epss("2026-10-01", "0.5")),
    ]);
    expect(found()).toMatchObject({ exploitedSince: "2026-03-04T00:00:00.000Z", epss: 123 });
    await take([
      write("new.json", kev("2026-11-21T00:00:00Z", "CVE-2026-2222")),
      write("new.csv", epss("2026-11-21", "9.5e-05")),
    ]);
    expect(found()).not.toHaveProperty("exploitedSince");
    expect(found()).toMatchObject({ epss: 0 });
  });

  it("are refused whole where a line is wrong", async () => {
    await take([write("epss.csv", epss("2026-11-20", "0.5"))]);
    const report = await take([
      write("bad.csv", `${epss("2026-11-21", "0.5")}CVE-2026-2222,lots,1\n`),
      write("columns.csv", "a,b\n1,2\n"),
      write("long.csv", `cve,epss\n${"x".repeat(2_000_000)}`),
      write("bad.csv.gz", "no gzip"),
      write(
        "kev.json",
        JSON.stringify({ catalogVersion: "1", dateReleased: "2026-11-21", vulnerabilities: [1] }),
      ),
    ]);
    expect(report.sources.map(({ refused }) => refused)).toEqual([1, 1, 1, 1, 1]);
    expect(look((index) => index.details.lists())).toEqual({
      kev: null,
      epss: "2026-11-20T00:00:00.000Z",
    });
  });
});
