/**
 * How fast a policy judges: `permits` and `classify` a second with the default
 * policy and with one as large as policies may be, and what loading and checking
 * one costs.
 *
 *     node -C source bench/policy.ts
 *
 * Writes bench/results/policy.md.
 */
import { writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { obligationsOf } from "@countermand/record";
import { formatBundle } from "../packages/app/src/policy/bundle.ts";
import { usual } from "../packages/app/src/policy/cases.ts";
import { cedarVersion } from "../packages/app/src/policy/cedar.ts";
import { checkPolicy } from "../packages/app/src/policy/check.ts";
import { readDefault, type PolicyFolder } from "../packages/app/src/policy/folder.ts";
import { loadJudge } from "../packages/app/src/policy/judge.ts";
import { limits } from "../packages/app/src/policy/limits.ts";

const calls = 5000;

interface Figures {
  readonly name: string;
  readonly rules: number;
  readonly load: number;
  readonly check: number;
  readonly permits: readonly number[];
  readonly classify: readonly number[];
}

async function main(): Promise<void> {
  const folder = await readDefault();
  const all = [
    measure("the default policy", folder),
    measure("the largest allowed", grown(folder)),
  ];
  const rows = all.map(({ name, rules, load, check, permits, classify }) =>
    [
      name,
      rules,
      `${load.toFixed(0)} ms`,
      `${check.toFixed(0)} ms`,
      `${perSecond(permits)}/s`,
      `${at(permits, 0.5)} / ${at(permits, 0.99)} µs`,
      `${perSecond(classify)}/s`,
      `${at(classify, 0.5)} / ${at(classify, 0.99)} µs`,
    ].join(" | "),
  );
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  const text = `# Judging by a policy

\`node -C source bench/policy.ts\`, ${new Date().toISOString().slice(0, 10)}, on
${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, ${gigabytes} GB, Linux ${release()}, Node ${process.versions.node}, Cedar ${cedarVersion}.

One thread, one request after another, ${calls} after a thousand to warm up. Load: from the artefact's bytes to a
judge, types checked. Check: \`policy check\`. Times are p50 / p99 of one call.

| policy | rules | load | check | permits | | classify | |
|---|---|---|---|---|---|---|---|
${rows.map((row) => `| ${row} |`).join("\n")}
`;
  writeFileSync(join(import.meta.dirname, "results/policy.md"), text);
  console.log(text);
}

/** As many rules as are allowed: the default ones, and forbids that look at several facts. */
function grown({ settings, files }: PolicyFolder): PolicyFolder {
  const count = limits.rules - loadJudge(formatBundle(files)).rules.length;
  const more = Array.from(
    { length: count },
    (_, i) =>
      `@id("more-${i}") @says("not this service on that day") forbid (principal, action == Action::"approve", resource) when { resource.service == "service-${i}" && context.weekday == Weekday::"fri" && principal.roles.contains("role-${i}") };\n`,
  );
  const grownFiles = new Map([...files, ["more.cedar", more.join("")]]);
  return { settings, files: grownFiles, bundle: formatBundle(grownFiles) };
}

function measure(name: string, { settings, bundle }: PolicyFolder): Figures {
  const began = performance.now();
  const policy = loadJudge(bundle);
  const loaded = performance.now();
  checkPolicy(policy.rules, settings, { implications: ["data.migration-irreversible"] });
  const checked = performance.now();
  const principal = { ...usual.principal, permissions: ["approve", "execute", "initiate"] };
  const request = { ...usual, principal };
  const least = obligationsOf(settings, false);
  return {
    name,
    rules: policy.rules.length,
    load: loaded - began,
    check: checked - loaded,
    permits: times(() => policy.permits({ ...request, action: "approve" })),
    classify: times(() => policy.classify({ ...request, action: "classify" }, least)),
  };
}

/** Microseconds of each call, sorted. */
function times(call: () => unknown): readonly number[] {
  for (let i = 0; i < 1000; i++) call();
  const found = Array.from({ length: calls }, () => {
    const began = performance.now();
    call();
    return (performance.now() - began) * 1000;
  });
  return found.sort((a, b) => a - b);
}

function perSecond(found: readonly number[]): number {
  return Math.round((found.length * 1_000_000) / found.reduce((sum, each) => sum + each, 0));
}

function at(found: readonly number[], share: number): string {
  return (found[Math.floor(found.length * share)] ?? 0).toFixed(0);
}

await main();
