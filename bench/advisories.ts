/**
 * How long it takes to import 200,000 advisories, as a multiple of reading and
 * parsing the same records and nothing else, with how much memory, and how long
 * one look-up takes (targets: under a minute; microseconds).
 *
 *     node -C source bench/advisories.ts
 *
 * The records are made: OSV, each with a CVE alias, a score, two references, a
 * range and up to 40 listed versions, in one zip archive as OSV.dev ships them.
 * Writes bench/results/advisories.md.
 */
import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { compareDotted } from "../packages/app/src/undo/advisories/testing/compare.ts";
import { importAdvisories } from "../packages/app/src/undo/advisories/import.ts";
import { openAdvisories } from "../packages/app/src/undo/advisories/open.ts";
import { makeZip } from "../packages/app/src/undo/advisories/testing/make-zip.ts";
import { ZipFile } from "../packages/app/src/undo/advisories/zip.ts";

const records = 200_000;
const packages = 50_000;
const vectors = ["N", "L", "H"].flatMap((impact) =>
  ["N", "L", "H"].map((other) => `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:${impact}/I:${other}/A:L`),
);

const self = import.meta.filename;
const [step, archive = "", file = ""] = process.argv.slice(2);

switch (step) {
  case undefined:
    await main();
    break;
  case "make":
    // In a process of its own: a child's peak begins with the size of its parent.
    writeFileSync(archive, makeZip(made(), { zip64: true, comment: file }));
    tell({});
    break;
  case "parse":
    parseOnly();
    break;
  case "import":
    await importAdvisories(file, [archive]);
    tell({});
    break;
  default:
    lookUp();
}

type Figures = {
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly micros?: readonly number[];
};

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
  try {
    const path = join(folder, "npm.zip");
    await inChild("make", path, "");
    const data = join(folder, "advisories.sqlite");
    const parse = await inChild("parse", path, data);
    const first = await inChild("import", path, data);
    const size = statSync(data).size;
    const again = await inChild("import", path, data);
    // The same entries under another time: all are looked at, none is read.
    await inChild("make", path, "later");
    const later = await inChild("import", path, data);
    const look = await inChild("look", path, data);
    const rows = [
      row("read and JSON.parse", parse, parse),
      row("import", first, parse),
      row("import again, archive unchanged", again, parse),
      row("import again, archive new, records unchanged", later, parse),
    ];
    writeFileSync(
      join(dirname(self), "results", "advisories.md"),
      page(rows, statSync(path).size, size, look.micros ?? []),
    );
    console.log(rows.join("\n"), look.micros);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function row(what: string, figures: Figures, base: Figures): string {
  const { seconds, peakMegabytes } = figures;
  const ratio = (seconds / base.seconds).toFixed(2);
  return `| ${what} | ${seconds.toFixed(1)} s | ${ratio} | ${peakMegabytes.toFixed(0)} MB |`;
}

function page(
  rows: readonly string[],
  packed: number,
  size: number,
  micros: readonly number[],
): string {
  const [cpu] = cpus();
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const [miss, hit, kept, commit, id] = micros.map((value) => `${value.toFixed(1)} µs`);
  return `# Import of advisories

\`node -C source bench/advisories.ts\`, ${new Date().toISOString().slice(0, 10)}, on
${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}.

${records.toLocaleString("en")} made OSV records in one zip archive (${megabytes(packed)}), one process a line, one run each.
Peak memory is that of the process. The advisory file has ${megabytes(size)} afterwards.

| | time | ratio | peak memory |
|---|---|---|---|
${rows.join("\n")}

| look-up | time |
|---|---|
| a package that no advisory is about | ${miss ?? ""} |
| a package with about four, asked for the first time | ${hit ?? ""} |
| the same version again | ${kept ?? ""} |
| a commit id | ${commit ?? ""} |
| an advisory id | ${id ?? ""} |
`;
}

function parseOnly(): void {
  const zip = ZipFile.open(archive);
  let found = 0;
  for (const entry of zip.entries) {
    if (typeof (JSON.parse(zip.read(entry).toString("utf8")) as { id: unknown }).id === "string")
      found++;
  }
  zip.close();
  if (found !== records) throw new Error(`parsed ${found} records`);
  tell({});
}

function lookUp(): void {
  using index = openAdvisories(file, { compare: compareDotted });
  if (index.affecting("npm", "package-7", "1.0.0").length === 0) throw new Error("nothing found");
  const each = (times: number, work: (i: number) => unknown) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) work(i);
    return ((performance.now() - start) / times) * 1000;
  };
  const micros = [
    each(20_000, (i) => index.affecting("npm", `absent-${i}`, "1.0.0")),
    each(10_000, (i) => index.affecting("npm", `package-${i * 3 + 1}`, "1.0.0")),
    each(100_000, () => index.affecting("npm", "package-7", "1.0.0")),
    each(20_000, (i) => index.fixedByCommit(commitOf(i * 7))),
    each(20_000, (i) => index.find(`CVE-2026-${100_000 + i * 7}`)),
  ];
  tell({ micros });
}

function tell(more: Partial<Figures>): void {
  const seconds = performance.now() / 1000;
  console.log(
    JSON.stringify({ seconds, peakMegabytes: process.resourceUsage().maxRSS / 1024, ...more }),
  );
}

async function inChild(...args: string[]): Promise<Figures> {
  const child = spawn(process.execPath, ["-C", "source", self, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  for await (const chunk of child.stdout) output += String(chunk);
  return JSON.parse(output) as Figures;
}

function* made(): Generator<{ name: string; content: string }> {
  for (let i = 0; i < records; i++) {
    const id = `GHSA-${letters(i)}-${letters(i * 7919)}-${letters(i * 104_729 + 1)}`;
    const name = `package-${(i * 7919) % packages}`;
    const record = {
      schema_version: "1.7.0",
      id,
      modified: new Date(1_700_000_000_000 + i * 60_000).toISOString(),
      published: new Date(1_690_000_000_000 + i * 60_000).toISOString(),
      aliases: [`CVE-2026-${100_000 + i}`],
      summary: `${name} does not check what it is given in part ${i}`,
      details: `What happens where ${name} is given something else than it expects. `.repeat(12),
      severity: [{ type: "CVSS_V3", score: vectors[i % vectors.length] }],
      affected: [
        {
          package: { ecosystem: "npm", name, purl: `pkg:npm/${name}` },
          ranges: [
            {
              type: "SEMVER",
              events: [{ introduced: "0" }, { fixed: `${1 + (i % 9)}.${i % 20}.0` }],
            },
          ],
          versions: Array.from({ length: i % 40 }, (_, n) => `0.${n}.${i % 10}`),
        },
      ],
      references: [
        { type: "ADVISORY", url: `https://github.com/owner/${name}/security/advisories/${id}` },
        { type: "FIX", url: `https://github.com/owner/${name}/commit/${commitOf(i)}` },
        { type: "FIX", url: `https://github.com/owner/${name}/pull/${i}` },
      ],
    };
    yield { name: `${id}.json`, content: JSON.stringify(record) };
  }
}

function commitOf(i: number): string {
  return hash("sha1", String(i));
}

function letters(i: number): string {
  const alphabet = "23456789cfghjmpqrvwx";
  return Array.from({ length: 4 }, (_, n) => alphabet[Math.floor(i / 20 ** n) % 20]).join("");
}
