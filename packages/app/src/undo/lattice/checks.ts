/**
 * The checks of workflow jobs: steps that test, lint, verify or scan, under a
 * name that survives moving, reordering and new versions, with the force that
 * they have. Coarse on purpose: two ways to call one program's test are one check.
 * Left out: what scripts do inside, path filters, `needs`, the rules of branches.
 */
import type { Reading } from "./row.ts";
import { scannerOfAction, scannerOfCommand } from "./scanners.ts";
import { type Job, stepsOf, usedBy } from "./workflows.ts";
import { textAt, type Yaml } from "./yaml.ts";

export type Check = {
  /** `uses …` or `runs …`, the same wherever it is. */
  readonly key: string;
  readonly scanner: string | null;
  readonly job: Job;
  /** One of the values of `check.force`. */
  readonly reading: Reading;
};

const checkWord =
  /(?:^|[^a-z])(?:tests?|lint(?:er|ing|s)?|check(?:s|er)?|verify|validate|audit|scan(?:ner)?|typecheck|type-check|tsc|vet|clippy|fmt|coverage|conformance|golangci(?:-lint)?|eslint|oxlint|ruff|mypy|flake8|pylint|pytest|vitest|jest|rspec|rubocop|shellcheck|hadolint|actionlint|sonar)(?:$|[^a-z])/i;
/** Commands that carry such a word without checking. */
const idle = /^(?:echo|printf|cd|mkdir|export|test|rm|cp|mv|cat|git|curl|wget|sudo|if|for|exit)$/;

export function checksOf(job: Job): Check[] {
  const found = stepsOf(job).flatMap((step) => checksOfStep(step, job));
  const called = usedBy(job.node);
  if (called !== undefined && isCheck(`${called} ${job.id}`)) {
    found.push(check(`uses ${called}`, null, [job.node], job));
  }
  return found;
}

function checksOfStep(step: Yaml, job: Job): Check[] {
  const action = usedBy(step);
  if (action !== undefined) {
    const scanner = scannerOfAction(action);
    return scanner !== null || isCheck(action)
      ? [check(`uses ${action}`, scanner, [job.node, step], job)]
      : [];
  }
  const script = textAt(step, "run") ?? "";
  return commandsOf(script).flatMap(({ words, ignored }) => {
    const scanner = scannerOfCommand(words);
    // Further on stand arguments, most often paths.
    const word = words.slice(0, 4).find((one) => isCheck(one));
    if (scanner === null && word === undefined) return [];
    const [program] = words;
    const key = word === undefined || word === program ? program : `${program} ${word}`;
    return [check(`runs ${key}`, scanner, [job.node, step], job, ignored)];
  });
}

function isCheck(text: string): boolean {
  return checkWord.test(text);
}

/** The simple commands of a script, without variables, and whether their failure is thrown away. */
function commandsOf(script: string): { words: string[]; ignored: boolean }[] {
  return script
    .slice(0, 20_000)
    .replaceAll("\\\n", " ")
    .split("\n")
    .flatMap((raw) => {
      const line = raw.trim();
      if (line.startsWith("#")) return [];
      const ignored = /\|\|\s*(?:true|:|exit 0)\s*;?$/.test(line);
      return line.split(/&&|\|\||;|\|/).flatMap((command) => {
        const words = command
          .trim()
          .split(/\s+/)
          .slice(0, 40)
          .filter((word) => !/^\w{1,60}=/.test(word));
        const [program = ""] = words;
        return program === "" || idle.test(program) ? [] : [{ words, ignored }];
      });
    });
}

function check(
  key: string,
  scanner: string | null,
  nodes: readonly Yaml[],
  job: Job,
  ignored = false,
): Check {
  const node = nodes.at(-1) ?? job.node;
  const off = nodes.some((one) =>
    /^(?:\$\{\{\s*)?false(?:\s*\}\})?$/.test(textAt(one, "if") ?? ""),
  );
  const soft = ignored || nodes.some((one) => textAt(one, "continue-on-error") === "true");
  return {
    key: key.slice(0, 120).toWellFormed(),
    scanner,
    job,
    reading: {
      values: [off ? "off" : soft ? "ignored" : "enforced"],
      path: job.workflow.path,
      startLine: node.line,
      endLine: Math.max(node.line, node.endLine),
    },
  };
}

/** For each name the check that has the most force. */
export function strongest(
  checks: readonly Check[],
  nameOf: (check: Check) => string | null,
): Map<string, Check> {
  const order = ["off", "ignored", "enforced"];
  const force = (one: Check) => order.indexOf(one.reading.values[0] ?? "");
  const best = new Map<string, Check>();
  for (const one of checks) {
    const name = nameOf(one);
    if (name === null) continue;
    const known = best.get(name);
    if (known === undefined || force(one) > force(known)) best.set(name, one);
  }
  return best;
}
