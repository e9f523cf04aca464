/**
 * How long an audit with implications and risk takes: a first run, one that is
 * interrupted half way and taken up again, and a second run; how much memory; and
 * whether all of them print the same bytes.
 *
 *     node -C source bench/audit-implications.ts ADVISORIES repository ...
 *
 * ADVISORIES is a file of `countermand advisories import`, or `none`. Writes
 * bench/results/audit-implications.md. Linux (peak memory from /proc).
 */
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

const root = join(dirname(import.meta.filename), "..");
const cli = join(root, "packages/app/src/main/cli.ts");

type Run = {
  readonly code: number | null;
  readonly seconds: number;
  readonly megabytes: number;
  readonly reversals: number;
  readonly digest: string;
  readonly says: string;
};

const [advisories, ...repositories] = process.argv.slice(2);
if (advisories === undefined || repositories.length === 0) {
  throw new TypeError("give a file of advisories (or none) and repositories");
}
const rows: string[] = [];
for (const repository of repositories) rows.push(...(await measure(resolve(repository))));
writeFileSync(join(root, "bench/results/audit-implications.md"), page());

async function measure(repository: string): Promise<string[]> {
  const name = nameOf(repository);
  const homes = [1, 2].map(() => mkdtempSync(join(tmpdir(), "countermand-bench-home-")));
  const [one, two] = homes as [string, string];
  try {
    const first = await audit(repository, one);
    const second = await audit(repository, one);
    const cut = await audit(repository, two, { interruptAfter: first.seconds / 2 });
    const rest = await audit(repository, two);
    const small = await audit(repository, two, {
      args: ["--no-resume"],
      node: ["--max-old-space-size=128", "--max-semi-space-size=8"],
    });
    if (cut.code !== 3) throw new Error(`it was not interrupted: ${cut.says}`);
    const same = [second, rest, small].every(({ digest }) => digest === first.digest);
    const commits = execFileSync("git", ["-c", "safe.directory=*", "rev-list", "--count", "HEAD"], {
      cwd: repository,
      encoding: "utf8",
    }).trim();
    const row = (what: string, run: Run, of: string | number = run.reversals) =>
      `| ${[name, commits, what, of, `${run.seconds.toFixed(1)} s`, `${run.megabytes} MB`].join(" | ")} |`;
    const found = [
      row("first", first),
      row("second", second),
      row("interrupted", cut),
      row("taken up", rest),
      row("all kept findings, heap of 128 MB", small),
    ];
    console.log([...found, same ? "the same bytes" : "DIFFERENT BYTES", cut.says].join("\n"));
    if (!same) throw new Error("the runs printed different bytes");
    return found;
  } finally {
    for (const home of homes) rmSync(home, { recursive: true, force: true });
  }
}

type Options = {
  readonly args?: readonly string[];
  readonly node?: readonly string[];
  readonly interruptAfter?: number;
};

async function audit(
  repository: string,
  home: string,
  { args = [], node = [], interruptAfter }: Options = {},
): Promise<Run> {
  const start = performance.now();
  const child = spawn(
    process.execPath,
    [...node, "-C", "source", cli, "audit", repository, "--json", ...args],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: home,
        ...(advisories === "none" ? {} : { COUNTERMAND_ADVISORIES: resolve(advisories ?? "") }),
      },
    },
  );
  let says = "";
  let peak = 0;
  child.stderr.on("data", (chunk) => {
    says += String(chunk);
  });
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid));
  }, 100);
  const interrupt =
    interruptAfter === undefined
      ? undefined
      : setTimeout(() => child.kill("SIGINT"), 1000 * interruptAfter);
  const hash = createHash("sha256");
  let reversals = 0;
  const ended = new Promise<number | null>((done) => child.once("close", done));
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    hash.update(chunk);
    for (const byte of chunk) if (byte === 0x0a) reversals++;
  }
  const code = await ended;
  clearInterval(watch);
  clearTimeout(interrupt);
  if (code !== 0 && interruptAfter === undefined) throw new Error(says);
  return {
    code,
    seconds: (performance.now() - start) / 1000,
    megabytes: Math.round(peak / 1024),
    reversals,
    digest: hash.digest("hex"),
    says: says.trimEnd(),
  };
}

/** Peak resident memory in kB; 0 when the process is gone. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function nameOf(path: string): string {
  const name = basename(path);
  // A bare copy is often called `repo`; the folder above says whose it is.
  return ["repo", ".git"].includes(name) ? basename(dirname(path)) : name;
}

function page(): string {
  const [cpu] = cpus();
  return `# Audit of a history with implications and risk

\`nice node -C source bench/audit-implications.ts ADVISORIES repository ...\`, ${new Date().toISOString().slice(0, 10)}, on
${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}, ${execFileSync("git", ["--version"], { encoding: "utf8" }).trim()},
${advisories === "none" ? "without advisory data" : "with advisory data"}. Load average at the end, this bench among it: ${loadavg()
    .map((one) => one.toFixed(1))
    .join(", ")}.

The whole command, \`countermand audit REPO --json\`, files cached. First: nothing is kept yet. Second: the same again.
Interrupted: nothing kept, SIGINT after half of the first run's time; taken up: the same command again, which reads the
history once more and judges only what is left. The last one starts over with \`--no-resume\` (every reversal compared
again, its findings kept) on a heap of 128 MB: what the first run has above it is left for the collector. All but the
interrupted one printed the same bytes. Peak memory is that of the Node process alone.

| history | commits | run | reversals printed | time | peak memory |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
}
