/**
 * How long "what will this undo?" takes, beside `git diff` of the same two states
 * (targets: under 2 s typical, under 10 s for 10,000 changed files), and how much
 * memory.
 *
 *     node -C source bench/undo.ts [repository target from]...
 *
 * Without arguments a repository is made in which 100 files and 10,000 files
 * change: source of seven languages, manifests, Terraform, SQL, lock files.
 * Writes bench/results/undo.md.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { noAdvisories } from "../packages/app/src/undo/advisories/advisory-index.ts";
import { openRepository } from "../packages/app/src/undo/git/repository.ts";
import { undo } from "../packages/app/src/undo/range/undo.ts";

type Asked = { readonly path: string; readonly target: string; readonly from: string };
type Figures = {
  readonly files: number;
  readonly findings: number;
  readonly seconds: number;
  readonly peakMegabytes: number;
};

const self = import.meta.filename;

async function main(args: readonly string[]): Promise<void> {
  const made = args.length === 0 ? makeRepository() : null;
  const asked: Asked[] =
    made === null
      ? Array.from({ length: Math.floor(args.length / 3) }, (_, i) => ({
          path: args[3 * i] ?? "",
          target: args[3 * i + 1] ?? "",
          from: args[3 * i + 2] ?? "",
        }))
      : [
          { path: made, target: "base", from: "few" },
          { path: made, target: "base", from: "many" },
        ];
  const rows: string[] = [];
  try {
    for (const one of asked) {
      const figures = await inChild(one);
      const diff = timeOfDiff(one);
      const row = [
        made === null ? nameOf(one.path) : "made by this bench",
        `${one.target.slice(0, 12)}..${one.from.slice(0, 12)}`,
        figures.files,
        figures.findings,
        `${figures.seconds.toFixed(2)} s`,
        `${diff.toFixed(2)} s`,
        (figures.seconds / diff).toFixed(2),
        `${figures.peakMegabytes.toFixed(0)} MB`,
      ];
      rows.push(`| ${row.join(" | ")} |`);
      console.log(rows.at(-1));
    }
  } finally {
    if (made !== null) rmSync(made, { recursive: true, force: true });
  }
  writeFileSync(join(dirname(self), "results", "undo.md"), page(rows));
}

function page(rows: readonly string[]): string {
  const [cpu] = cpus();
  return `# What will this undo?

\`node -C source bench/undo.ts [repository target from]...\`, ${new Date().toISOString().slice(0, 10)}, on
${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}, ${execFileSync("git", ["--version"], { encoding: "utf8" }).trim()}.

One run each in a process of its own, files cached: all rules over everything that changes, from opening the
repository to the report; then \`git diff --no-textconv --no-ext-diff\` of the same two states into nothing.

| repository | going back | files | findings | undo | git diff | ratio | peak memory |
|---|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function nameOf(path: string): string {
  const absolute = resolve(path);
  const name = basename(absolute);
  return ["repo", ".git"].includes(name) ? basename(dirname(absolute)) : name;
}

async function measureHere([path = "", target = "", from = ""]: readonly string[]): Promise<void> {
  const start = performance.now();
  const repo = await openRepository(path);
  try {
    const report = await undo(repo, {
      target,
      from,
      knowledge: {
        advisories: noAdvisories,
        asOf: "2026-11-23T00:00:00Z",
        repository: null,
        hashSecret: (value) => value.slice(0, 0).padStart(64, "0"),
      },
    });
    const figures: Figures = {
      files: report.fileCount,
      findings: report.findings.length,
      seconds: (performance.now() - start) / 1000,
      peakMegabytes: process.resourceUsage().maxRSS / 1024,
    };
    console.log(JSON.stringify(figures));
  } finally {
    await repo.close();
  }
}

async function inChild({ path, target, from }: Asked): Promise<Figures> {
  const child = spawn(process.execPath, ["-C", "source", self, "--one", path, target, from], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  for await (const chunk of child.stdout) output += String(chunk);
  return JSON.parse(output) as Figures;
}

function timeOfDiff({ path, target, from }: Asked): number {
  const start = performance.now();
  execFileSync(
    "git",
    ["-c", "safe.directory=*", "diff", "--no-textconv", "--no-ext-diff", from, target],
    { cwd: path, stdio: ["ignore", "ignore", "ignore"] },
  );
  return (performance.now() - start) / 1000;
}

/** Text in the shape of each kind of file; `n` makes it its own, `old` says which state it is. */
const kinds: readonly { readonly path: string; text(n: number, old: boolean): string }[] = [
  {
    path: "src/module.ts",
    text: (n, old) =>
      `import { check } from "./check.ts";\n${body(n, (i) => `export function handler${i}(request: Request) {\n  if (!request.user.can("read:${n}")) throw new Error("forbidden");\n  return find(${i}, request.id);\n}\n`)}export const changed = ${old ? 1 : 2};\n`,
  },
  {
    path: "app/views.py",
    text: (n, old) =>
      `from flask import abort\n${body(n, (i) => `@login_required\ndef view_${i}(request):\n    if not request.user.is_staff:\n        abort(403)\n    return render(${i})\n\n`)}CHANGED = ${old ? 1 : 2}\n`,
  },
  {
    path: "app/controllers/things_controller.rb",
    text: (n, old) =>
      `class ThingsController\n  before_action :authenticate\n${body(n, (i) => `  def action_${i}\n    redirect_to root_path unless current_user.admin?\n  end\n`)}  CHANGED = ${old ? 1 : 2}\nend\n`,
  },
  {
    path: "pkg/handler.go",
    text: (n, old) =>
      `package pkg\n\n${body(n, (i) => `func Handle${i}(w http.ResponseWriter, r *http.Request) {\n\tif !allowed(r) {\n\t\treturn\n\t}\n}\n`)}const changed = ${old ? 1 : 2}\n`,
  },
  {
    path: "deploy/app.yaml",
    text: (n, old) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-${n}\nspec:\n  replicas: ${old ? 1 : 2}\n  template:\n    spec:\n      containers:\n        - name: app\n          image: registry.example/app:1.${n}\n          securityContext:\n            runAsNonRoot: true\n`,
  },
  {
    path: "infra/main.tf",
    text: (n, old) =>
      `resource "aws_security_group" "g${n}" {\n  name = "g${n}"\n  ingress {\n    from_port   = 443\n    to_port     = 443\n    protocol    = "tcp"\n    cidr_blocks = ["10.0.0.0/${old ? 8 : 16}"]\n  }\n}\n`,
  },
  {
    path: "config/settings.json",
    text: (n, old) =>
      JSON.stringify({ name: `s${n}`, debug: false, replicas: old ? 1 : 2 }, null, 2),
  },
  {
    path: "docs/page.md",
    text: (n, old) =>
      body(n, (i) => `Paragraph ${i} of page ${n}.\n\n`) + (old ? "old\n" : "new\n"),
  },
];

function body(n: number, part: (i: number) => string): string {
  return Array.from({ length: 20 + (n % 60) }, (_, i) => part(i)).join("");
}

/** 10,000 files; branch `few` changes 100 of them, `many` all. */
function makeRepository(): string {
  const directory = mkdtempSync(join(tmpdir(), "countermand-bench-"));
  execFileSync("git", ["init", "-q", "--bare", directory]);
  const stream: string[] = ["feature done\n"];
  const commit = (branch: string, from: string, count: number, old: boolean) => {
    stream.push(
      `commit refs/heads/${branch}\ncommitter Bench <bench@example.org> 1700000000 +0000\ndata ${branch.length}\n${branch}\n${from === "" ? "" : `from refs/heads/${from}\n`}`,
    );
    for (let n = 0; n < count; n++) {
      const kind = kinds[n % kinds.length];
      if (kind === undefined) continue;
      const content = kind.text(n, old);
      stream.push(
        `M 100644 inline part-${n % 100}/${n}/${kind.path}\ndata ${Buffer.byteLength(content)}\n${content}\n`,
      );
    }
    stream.push("\n");
  };
  commit("base", "", 10_000, true);
  commit("few", "base", 100, false);
  commit("many", "base", 10_000, false);
  stream.push("done\n");
  execFileSync("git", ["fast-import", "--quiet"], {
    cwd: directory,
    input: stream.join(""),
    maxBuffer: 1 << 30,
  });
  return directory;
}

const given = process.argv.slice(2);
if (given[0] === "--one") await measureHere(given.slice(1));
else await main(given);
