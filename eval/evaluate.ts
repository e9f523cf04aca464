/**
 * `npm run eval -- --repos DIR [--cases FILE] [--advisories FILE] [--random N] [--case PART] [--random-out FILE]`
 *
 * Runs the analysis over labelled reverts and over others that nobody chose, and
 * holds the numbers against the gates. Repositories that are not in DIR are left
 * out and counted. Exits 1 when a gate is missed, 2 on wrong use.
 */
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { noAdvisories } from "../packages/app/src/undo/advisories/advisory-index.ts";
import { openAdvisories } from "../packages/app/src/undo/advisories/open.ts";
import type { Finding } from "../packages/app/src/undo/rules/rule.ts";
import { type Case, readCases } from "./cases.ts";
import { withLabelledAdvisories } from "./labelled-advisories.ts";
import { type Examined, examine, repositoryFolder } from "./examine.ts";
import { levelOf } from "./level.ts";
import { gates, isLoud, type Level, measure, type Measures, type Outcome } from "./measures.ts";

const { values: options } = parseArgs({
  options: {
    repos: { type: "string" },
    cases: { type: "string", default: "../shared/reverts/cases.json" },
    advisories: { type: "string" },
    random: { type: "string", default: "1000" },
    case: { type: "string" },
    "random-out": { type: "string" },
  },
});

if (options.repos === undefined || !existsSync(options.cases)) {
  console.error(
    "npm run eval -- --repos DIR [--cases FILE]: DIR holds the repositories of the cases, FILE the labelled cases.",
  );
  process.exitCode = 2;
} else {
  await evaluate(options.repos, readCases(options.cases));
}

async function evaluate(repos: string, all: readonly Case[]): Promise<void> {
  const cases = all.filter(({ id }) => options.case === undefined || id.includes(options.case));
  const key = randomBytes(32);
  const advisories = withLabelledAdvisories(
    options.advisories === undefined ? noAdvisories : openAdvisories(options.advisories),
    all,
  );
  const names = [...new Set(cases.map(({ repo }) => repo))].sort();
  const here = names.filter((name) => repositoryFolder(repos, name) !== undefined);
  const share = Math.ceil(Number(options.random) / Math.max(1, here.length));
  const outcomes: Outcome[] = [];
  const random: { repo: string; examined: Examined; level: Level }[] = [];
  const times: number[] = [];
  for (const repo of here) {
    const labels = new Map(cases.filter((c) => c.repo === repo).map((c) => [c.revert, c]));
    const knowledge = {
      advisories,
      repository: repo.toLowerCase(),
      hashSecret: (value: string) => createHmac("sha256", key).update(value).digest("hex"),
    };
    const folder = repositoryFolder(repos, repo) ?? repos;
    const perRepository = options.case === undefined ? share : 0;
    for await (const one of examine(folder, [...labels.keys()], perRepository, knowledge)) {
      times.push(one.milliseconds);
      const level = levelOf(one);
      const label = labels.get(one.commit);
      if (one.chosen === "random") random.push({ repo, examined: one, level });
      else if (label !== undefined) {
        outcomes.push(outcomeOf(label, one.findings, level));
        tell(label, one, level);
      }
    }
  }
  const measures = measure(outcomes, cases.length - outcomes.length);
  const loud = random.filter(({ level }) => isLoud(level)).length;
  print(measures, random.length, loud, times);
  if (options["random-out"] !== undefined) {
    const lines = random.map(({ repo, examined, level }) =>
      JSON.stringify({ repo, commit: examined.commit, level, findings: examined.findings }),
    );
    writeFileSync(options["random-out"], `${lines.join("\n")}\n`);
  }
}

function outcomeOf(label: Case, findings: readonly Finding[], level: Level): Outcome {
  const ids = (some: readonly Finding[]) => new Set(some.map(({ implication }) => implication));
  const told = findings.filter(({ direction }) => direction !== "better");
  return {
    label,
    reported: ids(told),
    harm: ids(
      told.filter(({ direction, severity }) => direction === "worse" && severity !== "info"),
    ),
    better: ids(findings.filter(({ direction }) => direction === "better")),
    level,
  };
}

/** What is missing or too much in one case. */
function tell(label: Case, one: Examined, level: Level): void {
  const { reported, harm } = outcomeOf(label, one.findings, level);
  const missing = label.expected.filter((id) => !reported.has(id));
  const known = new Set([...label.expected, ...label.allowed]);
  const unlabelled = [...harm].filter((id) => !known.has(id));
  const wrong = label.notExpected.filter((id) => harm.has(id));
  const parts = [
    missing.length === 0 ? "" : `missing ${missing.join(", ")}`,
    unlabelled.length === 0 ? "" : `unlabelled ${unlabelled.join(", ")}`,
    wrong.length === 0 ? "" : `WRONG ${wrong.join(", ")}`,
  ].filter((part) => part !== "");
  console.log(
    `${label.id}  labelled ${label.severity}, found ${level}${parts.length === 0 ? "" : `  ${parts.join("; ")}`}`,
  );
  if (options.case === undefined) return;
  for (const found of one.findings) {
    console.log(
      `   ${found.direction} ${found.severity} ${found.confidence} % ${found.implication}  ${found.subject.slice(0, 120)}  [${found.locations
        .map((at) => `${at.side} ${at.path}:${at.startLine}`)
        .join(", ")
        .slice(0, 160)}]`,
    );
  }
  for (const unknown of one.unknowns) console.log(`   unknown: ${unknown}`);
}

function print(measures: Measures, random: number, loud: number, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  const weak = [...measures.perImplication]
    .filter(([, { found, of }]) => found / of < gates.recallPerImplication)
    .map(([id]) => id);
  const { quiet, of } = measures.benignQuiet;
  const passed = [
    gate("recall per case", measures.recallPerCase, ">=", gates.recallPerCase),
    gate("implications below recall 0.8", weak.length, "<=", 0, weak.join(", ")),
    gate(
      "not expected, reported",
      measures.notExpected.length,
      "<=",
      0,
      measures.notExpected.join(", "),
    ),
    gate(
      "benign at low or none",
      of === 0 ? 1 : quiet / of,
      ">=",
      gates.benignQuiet,
      `${quiet} of ${of}`,
    ),
    gate(
      "random reverts at medium or above",
      random === 0 ? 0 : loud / random,
      "<=",
      gates.randomLoud,
      `${loud} of ${random}`,
    ),
  ];
  console.log(`precision ${measures.precision.toFixed(3)}`);
  console.log(`improvements told ${measures.improvements.found} of ${measures.improvements.of}`);
  for (const [id, row] of [...measures.perImplication].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`  ${id.padEnd(40)} ${row.found} of ${row.of}`);
  }
  console.log(
    `cases ${measures.cases}, absent ${measures.absent}; a revert takes ${at(0.5)} ms median, ${at(0.99)} ms p99`,
  );
  if (passed.includes(false)) process.exitCode = 1;
}

function gate(what: string, value: number, sign: ">=" | "<=", limit: number, more = ""): boolean {
  const good = sign === ">=" ? value >= limit : value <= limit;
  const shown = Number.isInteger(value) ? String(value) : value.toFixed(3);
  console.log(
    `${good ? "pass" : "FAIL"}  ${what}: ${shown} (${sign} ${limit})${more === "" ? "" : `  ${more}`}`,
  );
  return good;
}
