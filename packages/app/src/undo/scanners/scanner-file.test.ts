import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { builtIn } from "./built-in.ts";
import { fill } from "./descriptor.ts";
import { loadScannerFile, parseScannerFile } from "./scanner-file.ts";

const folder = mkdtempSync(join(tmpdir(), "countermand-scanner-file-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const own = `
scanners:
  - use: semgrep
    config: /etc/countermand/semgrep
    timeoutSeconds: 60
  - id: house
    command: /usr/local/bin/house
    version: [--version]
    args: [--rules, "{config}", --sarif, "{out}", "{tree}"]
    exitCodes: [0, 1]
    leftOut: [.house.toml]
    config: /etc/countermand/house.toml
`;

describe("the operator's file", () => {
  test("built-in and other scanners", () => {
    const setups = parseScannerFile(own);
    if (typeof setups === "string") throw new Error(setups);
    expect(setups.map(({ descriptor, timeoutMs }) => [descriptor.id, timeoutMs])).toEqual([
      ["semgrep", 60_000],
      ["house", 300_000],
    ]);
    expect(setups[1]?.descriptor).toMatchObject({ needs: ["config"], result: "result.sarif" });
  });

  test.each([
    ["scanners: [{use: nobody}]"],
    ["scanners: [{use: semgrep, config: rules}]"],
    ["scanners: [{use: semgrep}, {use: semgrep}]"],
    [own.replace("/usr/local/bin/house", "house")],
    [own.replace("{tree}", "{home}")],
    [own.replace(".house.toml", "../x")],
    [own.replace("id: house", "id: House")],
    [own.replace("exitCodes", "exitcodes")],
    [own.replace("[0, 1]", "[256]")],
    ["scanners: &a [*a]"],
    ["a: ["],
    ["x".repeat(300_000)],
  ])("refused in one sentence: %#", (text) => {
    expect(parseScannerFile(text)).toMatch(/^the scanner file [^\n]+$/);
  });

  test("a file of the repository, or that everybody may write, decides nothing", async () => {
    const repository = join(folder, "repository");
    mkdirSync(repository);
    const inside = join(repository, "scanners.yaml");
    writeFileSync(inside, own);
    const link = join(folder, "link.yaml");
    symlinkSync(inside, link);
    const outside = join(folder, "scanners.yaml");
    writeFileSync(outside, own);
    expect(await loadScannerFile(inside, [repository])).toMatch(/lies in the repository/);
    expect(await loadScannerFile(link, [repository])).toMatch(/lies in the repository/);
    expect(await loadScannerFile(join(folder, "none"), [repository])).toMatch(/cannot be read/);
    expect(await loadScannerFile(outside, [repository])).toHaveLength(2);
    chmodSync(outside, 0o666);
    expect(await loadScannerFile(outside, [repository])).toMatch(/everybody may write/);
  });
});

describe("built-in scanners", () => {
  test.each(builtIn.map((descriptor) => [descriptor.id, descriptor] as const))(
    "%s",
    (_id, descriptor) => {
      const all = {
        "{tree}": "/t",
        "{out}": "/o",
        "{outDir}": "/d",
        "{config}": "/c",
        "{data}": "/x",
        "{empty}": "/e",
      };
      const args = fill(descriptor.args, all) ?? [];
      expect(args.some((arg) => arg.includes("/t"))).toBe(true);
      expect(args.some((arg) => arg.includes("/o") || arg.includes("/d"))).toBe(true);
      expect(args.join(" ")).not.toContain("{");
      for (const need of descriptor.needs) {
        const { [`{${need}}` as const]: _without, ...rest } = all;
        expect(fill(descriptor.args, rest)).toBeNull();
      }
    },
  );

  test("a path is put in as it is", () => {
    expect(fill(["{tree}"], { "{tree}": "/a $& {out}" })).toEqual(["/a $& {out}"]);
    expect(fill(["x{tree}"], { "{tree}": "/a $& b" })).toEqual(["x/a $& b"]);
  });
});
