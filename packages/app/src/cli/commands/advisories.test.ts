import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cli = join(import.meta.dirname, "../../main/cli.ts");
const folder = mkdtempSync(join(tmpdir(), "countermand-advisories-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["-C", "source", cli, "advisories", ...args],
    {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", HOME: folder, NO_COLOR: "1" },
      encoding: "utf8",
      timeout: 60_000,
    },
  );
  return { code: status, out: stdout, err: stderr };
}

const today = new Date().toISOString().slice(0, 10);
const record = {
  id: "GHSA-2222-2222-2222",
  modified: "2026-01-02T00:00:00Z",
  aliases: ["CVE-2026-1111"],
  summary: "breaks \u001b[31mterminals",
  severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" }],
  affected: [
    {
      package: { ecosystem: "npm", name: "@a/b" },
      ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "2.0.0" }] }],
    },
  ],
  references: [{ type: "FIX", url: "https://github.com/a/b/pull/7" }],
};

describe("countermand advisories", () => {
  it("says that without data nothing is known", () => {
    const { code, out } = run();
    expect([code, out]).toEqual([0, expect.stringContaining("unknown")]);
    expect(run("find", "pkg:npm/x@1.0.0")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no advisory data at/),
    });
  });

  describe("with data", () => {
    beforeAll(() => {
      writeFileSync(join(folder, "good.json"), JSON.stringify(record));
      const { code, out } = run("import", ".", "--date", today, "--covers", "npm");
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(
          /1 added\n {2}all of npm as of .* \(as you say\)\n1 record about 1 flaw, sha256:/,
        ),
      ]);
    });

    it("says what is there, how old it is, and what is missing", () => {
      const { code, out } = run();
      expect(code).toBe(0);
      expect(out).toMatch(/npm {8}1 {8}\d{4}-\d\d-\d\d {2}0 d {2}as you said/);
      expect(out).toMatch(/No data, so unknown: PyPI, crates\.io, Go,/);
      expect(out).toMatch(/Not there: CISA's list of exploited vulnerabilities, EPSS scores/);
      expect(JSON.parse(run("--json").out)).toMatchObject({
        records: 1,
        flaws: 1,
        kev: null,
        ecosystems: [{ ecosystem: "npm", days: 0 }],
      });
    });

    it("shows an advisory by any id, its text harmless", () => {
      const { code, out } = run("show", "cve-2026-1111");
      expect(code).toBe(0);
      expect(out).toContain("\\u001b[31mterminals");
      expect(out).toContain("CVSS 7.5 (high)");
      expect(out).toContain("npm @a/b: introduced 0, fixed 2.0.0");
      expect(out).toContain("pull request a/b#7");
      expect(run("show", "CVE-1999-0001")).toMatchObject({
        code: 1,
        err: expect.stringMatching(/has the id CVE-1999-0001/),
      });
    });

    it("answers for a package: affected, not affected, unknown", () => {
      const bad = run("find", "pkg:npm/%40a/b@1.5.0");
      expect([bad.code, bad.out]).toEqual([1, expect.stringContaining("fixed in 2.0.0")]);
      expect(run("find", "@a/b@1.5.0").code).toBe(1);
      const good = run("find", "@a/b@2.0.0", "--ecosystem", "npm");
      expect([good.code, good.out]).toEqual([0, expect.stringContaining("no advisory affects it")]);
      expect(run("find", "pkg:pypi/x@1.0")).toMatchObject({
        code: 3,
        out: expect.stringMatching(/unknown: no data/),
      });
      expect(run("find", "@a/b@latest", "--ecosystem", "npm")).toMatchObject({
        code: 3,
        out: expect.stringMatching(/cannot be told/),
      });
      expect(JSON.parse(run("find", "pkg:npm/%40a/b@1.5.0", "--json").out)).toMatchObject([
        { affecting: [{ advisory: { id: "GHSA-2222-2222-2222" }, fixed: "2.0.0" }], data: "fresh" },
      ]);
    });

    it("takes its options before and after the subcommand", () => {
      const file = join(folder, "other.sqlite");
      expect(run("import", "good.json", "--file", file).code).toBe(0);
      expect(run("--file", file, "show", "CVE-2026-1111", "--json").out).toMatch(/^\{"advisory"/);
      expect(run("show", "CVE-2026-1111", "--file", join(folder, "none")).code).toBe(2);
    });

    it("refuses wrong usage with what would be right", () => {
      for (const [args, says] of [
        [["find", "x"], /NAME@VERSION/],
        [["find", "x@1", "--ecosystem", "cpan"], /one of npm/],
        [["find", "pkg:npm/x"], /no package URL with a version/],
        [["import", "nowhere"], /There is nothing at/],
        [["import", ".", "--date", "yesterday"], /--date is a day/],
        [["import", ".", "--covers", "cpan"], /--covers takes one of/],
        [["--max-age", "soon"], /number of days/],
      ] as const) {
        expect(run(...args), args.join(" ")).toMatchObject({
          code: 2,
          err: expect.stringMatching(says),
        });
      }
    });

    it("ends with 1 where something was refused, and says what", () => {
      writeFileSync(join(folder, "bad.json"), '{"id": "X-1", "affected": 7}');
      const { code, err, out } = run("import", "bad.json");
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/"bad.json" is refused: affected is no list\./),
      ]);
      expect(out).toMatch(/1 refused/);
    });
  });
});
