/**
 * How long an audit takes, as a multiple of `git log -p --no-textconv` over the
 * same commits (target: at most 2), and how much memory.
 *
 *     node -C source bench/audit.ts [repository ...]
 *
 * Without an argument, or for the word `made`, a history of 20,000 commits is
 * made, one in fifty of them a revert and all of them alike in size: the worst
 * case, as every one could be another's inverse. Writes bench/results/audit.md. A repository with missing objects
 * (partial clone) has no figure for `git log -p`, which stops at the first.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { auditHistory } from "../packages/app/src/undo/audit/audit.ts";
import { openRepository } from "../packages/app/src/undo/git/repository.ts";
import { scanHistory } from "../packages/app/src/undo/history/scan.ts";

type Figures = {
  readonly commits: number;
  readonly reversals: number;
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly bytesPerCommit: number;
};

const self = import.meta.filename;
const [first, ...rest] = process.argv.slice(2);
if (first === "--one") await measureHere(rest[0] ?? "");
else await main(first === undefined ? [] : [first, ...rest]);

async function main(given: readonly string[]): Promise<void> {
  const made = given.length === 0 || given.includes("made") ? makeHistory(20_000) : null;
  const rows: string[] = [];
  try {
    for (const one of given.length === 0 ? ["made"] : given) {
      const path = one === "made" && made !== null ? made : one;
      const name = path === made ? "made by this bench" : nameOf(path);
      const figures = await inChild(path);
      const log = await timeOfLog(path);
      const ratio = log === null ? "(objects missing)" : (figures.seconds / log).toFixed(2);
      const row = [
        name,
        figures.commits,
        figures.reversals,
        `${figures.seconds.toFixed(1)} s`,
        log === null ? "stops early" : `${log.toFixed(1)} s`,
        ratio,
        `${figures.peakMegabytes.toFixed(0)} MB`,
        figures.bytesPerCommit.toFixed(0),
      ];
      rows.push(`| ${row.join(" | ")} |`);
      console.log(rows.at(-1));
    }
  } finally {
    if (made !== null) rmSync(made, { recursive: true, force: true });
  }
  writeFileSync(join(dirname(self), "results", "audit.md"), page(rows));
}

function page(rows: readonly string[]): string {
  const [cpu] = cpus();
  return `# Audit of a history

\`node -C source bench/audit.ts [repository ...]\`, ${new Date().toISOString().slice(0, 10)}, on
${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}, ${execFileSync("git", ["--version"], { encoding: "utf8" }).trim()}.

One run each, in this order, files cached: the audit of HEAD from opening to the last reversal, then
\`git log -p --no-textconv --no-ext-diff HEAD\` into nothing. Peak memory is that of the Node process
alone. Bytes per commit are the arrays and the look-up by id of the first pass.

| history | commits | reversals | audit | git log -p | ratio | peak memory | bytes per commit |
|---|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function nameOf(path: string): string {
  const absolute = resolve(path);
  const name = basename(absolute);
  // A bare copy is often called `repo`; the folder above says whose it is.
  return ["repo", ".git"].includes(name) ? basename(dirname(absolute)) : name;
}

async function measureHere(path: string): Promise<void> {
  const start = performance.now();
  const repo = await openRepository(path);
  try {
    let reversals = 0;
    let commits = 0;
    const onCoverage = (coverage: { readonly commits: number }) => {
      commits = coverage.commits;
    };
    for await (const _ of auditHistory(repo, { onCoverage })) reversals++;
    const seconds = (performance.now() - start) / 1000;
    const peakMegabytes = process.resourceUsage().maxRSS / 1024;
    const history = await scanHistory(repo, { tips: [repo.head ?? ""] });
    const bytesPerCommit = history.bytes / history.size;
    const figures: Figures = { commits, reversals, seconds, peakMegabytes, bytesPerCommit };
    console.log(JSON.stringify(figures));
  } finally {
    await repo.close();
  }
}

/** A process of its own for every repository, so that one's memory is not the next one's peak. */
async function inChild(path: string): Promise<Figures> {
  const child = spawn(process.execPath, ["-C", "source", self, "--one", path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  for await (const chunk of child.stdout) output += String(chunk);
  return JSON.parse(output) as Figures;
}

/** Seconds, or null when git did not come to the end. */
async function timeOfLog(path: string): Promise<number | null> {
  const start = performance.now();
  const args = ["-c", "safe.directory=*", "log", "-p", "--no-textconv", "--no-ext-diff", "HEAD"];
  const child = spawn("git", args, { cwd: path, stdio: ["ignore", "pipe", "ignore"] });
  child.stdout.resume();
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return code === 0 ? (performance.now() - start) / 1000 : null;
}

/** One line changed in one of 200 files of 400 lines a commit; every fiftieth takes the one before it back. */
function makeHistory(commits: number): string {
  const directory = mkdtempSync(join(tmpdir(), "countermand-bench-"));
  execFileSync("git", ["init", "-q", "--bare", directory]);
  const files = Array.from({ length: 200 }, (_, f) =>
    Array.from({ length: 400 }, (_, l) => `statement ${l} of the file with the number ${f}`),
  );
  const stream: string[] = ["feature done\n"];
  let last = { file: 0, line: 0, text: "" };
  for (let i = 0; i < commits; i++) {
    const revert = i % 50 === 49;
    const file = revert ? last.file : (i * 7919) % files.length;
    const line = revert ? last.line : (i * 104_729) % 400;
    const lines = files[file] ?? [];
    const before = lines[line] ?? "";
    lines[line] = revert ? last.text : `statement ${line} as commit ${i} wrote it, which is new`;
    last = { file, line, text: before };
    const subject = revert ? `Revert "Change ${i - 1}"` : `Change ${i}`;
    const content = `${lines.join("\n")}\n`;
    stream.push(
      `commit refs/heads/master\ncommitter Bench <bench@example.org> ${1_700_000_000 + i * 600} +0000\n`,
      `data ${Buffer.byteLength(subject)}\n${subject}\nM 100644 inline src/file-${file}.txt\n`,
      `data ${Buffer.byteLength(content)}\n${content}\n`,
    );
  }
  stream.push("done\n");
  execFileSync("git", ["fast-import", "--quiet", "--force"], {
    cwd: directory,
    input: stream.join(""),
    maxBuffer: 64 * 1024 * 1024,
  });
  execFileSync("git", ["symbolic-ref", "HEAD", "refs/heads/master"], { cwd: directory });
  return directory;
}
