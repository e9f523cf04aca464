/**
 * Encryption that a script asks for by an argument (`--sse`, `-backend-config="kms_key_id=…"`).
 * Only arguments of the same program count: one that goes with its command is no loss.
 */
import { finding, type ChangedFile, type Finding, type RuleInput } from "../rules/rule.ts";
import { statement } from "../rules/clear.ts";
import { isDocumentation, isTest } from "../rules/file-classes.ts";
import type { Say } from "./cloud-rows-engine.ts";

export function isCommandPath(path: string): boolean {
  return (
    (/\.(?:sh|bash)$/.test(path) || /(?:^|\/)(?:Makefile|[^/]{1,100}\.mk)$/.test(path)) &&
    !isTest(path) &&
    !isDocumentation(path)
  );
}

/** Program words and the arguments of theirs that turn encryption on. */
const programs: readonly { readonly program: RegExp; readonly argument: RegExp }[] = [
  {
    program: /\b(?:terraform|tofu|terragrunt)\b[^|;&]{0,300}\binit\b/,
    argument: /-backend-config[= ]["']?(kms_key_id|encrypt)=/,
  },
  {
    program: /\baws\s+s3(?:api)?\s/,
    argument: /--(sse|sse-kms-key-id|server-side-encryption|ssekms-key-id)\b/,
  },
  { program: /\baws\s+rds\s+create-db/, argument: /--(storage-encrypted|kms-key-id)\b/ },
  {
    program: /\b(?:gsutil|gcloud)\s/,
    argument: /--(kms-key|default-encryption-key|encryption-key)\b/,
  },
];

export function encryptionArguments(say: Say, input: RuleInput): Finding[] {
  return input.files.flatMap((file) => {
    if (!isCommandPath(file.path) || file.before === undefined || file.after === undefined) {
      return [];
    }
    return programs.flatMap((one) => ofProgram(say, file, one));
  });
}

function ofProgram(
  say: Say,
  file: ChangedFile,
  { program, argument }: (typeof programs)[number],
): Finding[] {
  const [before, after] = [calls(file.before ?? "", program), calls(file.after ?? "", program)];
  if (before.length === 0 || after.length === 0) return [];
  const has = (some: readonly Call[]) =>
    new Map(
      some.flatMap((one) => {
        const name = argument.exec(one.text)?.[1];
        return name === undefined ? [] : [[name, one] as const];
      }),
    );
  const [had, have] = [has(before), has(after)];
  const told = (name: string, { line }: Call, worse: boolean): Finding =>
    finding(say.rule, {
      implication: say.rule.id,
      direction: worse ? "worse" : "better",
      subject: `${file.path}: ${name}`,
      locations: [
        { side: worse ? "before" : "after", path: file.path, startLine: line, endLine: line },
      ],
      evidence: [
        {
          kind: "value",
          text: `argument ${name}: ${worse ? "given to absent" : "absent to given"}`,
        },
      ],
      severity: worse ? "medium" : "info",
      confidence: 85,
      rootCause: `command:${file.path}`,
      clearBy: say.clear.map(statement),
    });
  return [
    ...[...had].filter(([name]) => !have.has(name)).map(([name, at]) => told(name, at, true)),
    ...[...have].filter(([name]) => !had.has(name)).map(([name, at]) => told(name, at, false)),
  ];
}

type Call = { readonly text: string; readonly line: number };

/** Lines that call the program, continued lines put together; comments left out. */
function calls(text: string, program: RegExp): Call[] {
  const found: Call[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    let whole = (lines[at] ?? "").slice(0, 2000);
    while (whole.endsWith("\\") && whole.length < 10_000 && at + 1 < lines.length) {
      whole = `${whole.slice(0, -1)} ${(lines[++at] ?? "").slice(0, 2000)}`;
    }
    if (!/^\s*#/.test(whole) && program.test(whole)) found.push({ text: whole, line });
  }
  return found;
}
