/**
 * Breaks the rules one at a time in a copy of the sources and runs their tests:
 * whatever survives is a rule that no test holds. Takes a quarter of an hour, so
 * a person runs it; see docs/design/rules-under-test.md.
 *
 *   npm run mutate:rules              every rule removed, one by one
 *   npm run mutate:rules -- operators every comparison and every `and`, too
 *   npm run mutate:rules -- PATTERN   only in files whose path has PATTERN, a regular expression
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { explained } from "./explained.ts";
import { operators, removals, type Mutant } from "./mutants.ts";

const root = path.join(import.meta.dirname, "../..");
const folders = ["constitution", "lifecycle", "registry", "policy", "statements"];
const tests = ["constitution", "lifecycle", "registry", "statements", "policy"];
/** What is said of a record and no rule. */
const words: ReadonlySet<string> = new Set(["duties.ts", "decision-sentence.ts"]);
const asked = process.argv.slice(2);
const withOperators = asked.includes("operators");
const pattern = new RegExp(asked.find((word) => word !== "operators") ?? "");

const copy = mkdtempSync(path.join(tmpdir(), "countermand-mutants-"));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
for (const name of ["record", "tlog"]) {
  cpSync(path.join(root, "packages", name), path.join(copy, "packages", name), { recursive: true });
}
cpSync(path.join(root, "docs/spec"), path.join(copy, "docs/spec"), { recursive: true });
cpSync(path.join(root, "tsconfig.base.json"), path.join(copy, "tsconfig.base.json"));
symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
const include = tests.map((name) => `packages/record/src/${name}/**/*.test.ts`);
writeFileSync(
  path.join(copy, "vitest.config.ts"),
  `export default {
  ssr: { resolve: { conditions: ["source"] } },
  resolve: { conditions: ["source"] },
  test: { include: ${JSON.stringify(include)}, pool: "forks", execArgv: ["-C", "source"], bail: 1, isolate: false, testTimeout: 60000 },
};
`,
);

const source = path.join(copy, "packages/record/src");
const mutants = folders
  .flatMap((folder) =>
    readdirSync(path.join(source, folder))
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !words.has(file))
      .map((file) => `${folder}/${file}`),
  )
  .filter((file) => pattern.test(file))
  .flatMap((file): readonly Mutant[] => {
    const text = readFileSync(path.join(source, file), "utf8");
    return [...removals(file, text), ...(withOperators ? operators(file, text) : [])];
  });

/** Whether all tests pass: first those that are quick, then the oracles and walks. */
function passes(): boolean {
  return [
    ["--exclude", "**/*oracle*", "--exclude", "**/walks*"],
    ["oracle", "walks"],
  ].every((which) => {
    const result = spawnSync(path.join(root, "node_modules/.bin/vitest"), ["run", ...which], {
      cwd: copy,
      stdio: "ignore",
      timeout: 120_000,
    });
    return result.status === 0;
  });
}

if (!passes()) throw new Error("the tests fail without any change; run them first");
process.stdout.write(`${mutants.length} mutants\n`);
const survivors: Mutant[] = [];
for (const [i, mutant] of mutants.entries()) {
  const file = path.join(source, mutant.file);
  const before = readFileSync(file, "utf8");
  writeFileSync(file, mutant.text);
  const survived = passes();
  writeFileSync(file, before);
  if (!survived) continue;
  const why = explained(mutant);
  process.stdout.write(
    `${i + 1}: survived: ${mutant.file}:${mutant.line}: ${mutant.what}: ${mutant.was}${why === undefined ? "" : ` (${why})`}\n`,
  );
  if (why === undefined) survivors.push(mutant);
}
if (!passes()) throw new Error("the tests fail without any change by now; nothing above holds");
process.stdout.write(
  `${mutants.length} mutants, survivors without an explanation: ${survivors.length}\n`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;
