/**
 * data.schema-contract-broken: code that is gone back to cannot read, or does not keep
 * up, what the newer code wrote: a deleted migration that renamed, dropped or
 * constrained, a version of a schema or format that goes down, a reader of a cipher or
 * format that is gone. Contracts between services are in the blast radius.
 */
import {
  contractual,
  type Effect,
  migrationAt,
  migrationModel,
} from "../../models/migrations/migrations.ts";
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import { type ChangedFile, finding, type Finding, type Rule, type RuleInput } from "../rule.ts";

/** `SCHEMA_COMPAT_VERSION = 80`, `formatVersion: 3`, `const protocolVersion = 2`. */
const versionLine =
  /\b((?:[A-Za-z]\w{0,40}[_.]?)?(?:schema|format|protocol|serializ\w{0,6}|storage|compat|encoding|wire|migration)\w{0,20}[_.]?version)\b\s*(?::\s*\w{1,20}\s*)?[:=]{1,2}\s*\(?\s*["']?(\d{1,12})\b/i;
const readersPath = /(?:encrypt|decrypt|cipher|kms|serializ|codec|marshal|envelope|ciphertext)/i;

export const dataSchemaContractBroken: Rule = {
  id: "data.schema-contract-broken",
  version: 1,
  implications: ["data.schema-contract-broken"],
  reads: (path) => migrationAt(path) !== null || isCode(path),
  run(input): readonly Finding[] {
    const { files } = input;
    return [
      ...files.flatMap((file) => fromMigration(file, input)),
      ...files.flatMap(versions),
      ...files.flatMap((file) => lostReader(file, files)),
    ];
  },
};

function isCode(path: string): boolean {
  return (
    /\.(?:py|rb|go|java|kt|cs|ts|js|rs|php|scala|ex|c|cc|cpp|h)$/.test(path) &&
    !isTest(path) &&
    !isDocumentation(path) &&
    !/(?:^|\/)(?:vendor|node_modules|third[_-]party|generated)\//.test(path)
  );
}

function fromMigration(file: ChangedFile, { models, files }: RuleInput): Finding[] {
  if (file.status !== "removed" || migrationAt(file.path) === null) return [];
  const migration = models.of(migrationModel, file, "before");
  const effects = new Set(migration?.up.map(({ effect }) => effect));
  // A table that is new constrains nobody who did not know it.
  const isNew =
    effects.has("adds") &&
    !["drops-table", "drops-column", "renames", "changes-type"].some((one) =>
      effects.has(one as Effect),
    );
  const broken = isNew ? [] : (migration?.up.filter(({ effect }) => contractual.has(effect)) ?? []);
  const moved = files.some(
    (other) => other.status === "added" && migrationAt(other.path)?.id === migration?.id,
  );
  if (migration === null || broken.length === 0 || moved) return [];
  return [
    make({
      subject: migration.id,
      text: broken.map(({ effect }) => effect).join(", "),
      locations: broken.map(({ line }) => ({
        side: "before",
        path: file.path,
        startLine: line,
        endLine: line,
      })),
      severity: "medium",
      confidence: 75,
      rootCause: `migration:${migration.id}`,
    }),
  ];
}

function versions(file: ChangedFile): Finding[] {
  if (file.before === undefined || file.after === undefined || !isCode(file.path)) return [];
  const [before, after] = [versionsIn(file.before), versionsIn(file.after)];
  return [...before].flatMap(([name, from]) => {
    const to = after.get(name);
    if (to === undefined || to.value === from.value) return [];
    const worse = to.value < from.value;
    return [
      make({
        subject: `${file.path}: ${name}`,
        text: `${name} goes from ${from.value} to ${to.value}`,
        locations: [
          { side: "before", path: file.path, startLine: from.line, endLine: from.line },
          { side: "after", path: file.path, startLine: to.line, endLine: to.line },
        ],
        severity: worse ? "high" : "info",
        direction: worse ? "worse" : "better",
        confidence: 80,
        rootCause: `format:${file.path}#${name}`,
      }),
    ];
  });
}

function versionsIn(text: string): Map<string, { value: number; line: number }> {
  const found = new Map<string, { value: number; line: number }>();
  if (text.length > 1_000_000 || !/version/i.test(text)) return found;
  for (const [i, line] of text.split("\n").entries()) {
    if (line.length > 400 || !/version/i.test(line)) continue;
    const at = versionLine.exec(line);
    const name = at?.[1];
    if (name !== undefined && !found.has(name))
      found.set(name, { value: Number(at?.[2]), line: i + 1 });
  }
  return found;
}

/** A file that reads or writes a cipher or format is gone while those beside it stay. */
function lostReader(file: ChangedFile, files: readonly ChangedFile[]): Finding[] {
  const { path, status, before } = file;
  if (status !== "removed" || before === undefined || !isCode(path)) return [];
  const name = path.slice(path.lastIndexOf("/") + 1);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  if (
    !readersPath.test(path) ||
    !/(?:encrypt|decrypt|serialize|deserialize|unmarshal|encode|decode)/i.test(before)
  )
    return [];
  const neighbour = files.some(
    (other) => other.status === "modified" && other.path.startsWith(folder) && isCode(other.path),
  );
  const moved = files.some((other) => other.status === "added" && other.path.endsWith(`/${name}`));
  if (!neighbour || moved) return [];
  return [
    make({
      subject: path,
      text: "what reads and writes this form is gone; what was written in it meanwhile stays",
      locations: [{ side: "before", path, startLine: 1, endLine: 1 }],
      severity: "medium",
      confidence: 60,
      rootCause: `format:${path}`,
    }),
  ];
}

function make(facts: {
  readonly subject: string;
  readonly text: string;
  readonly locations: Finding["locations"];
  readonly severity: Finding["severity"];
  readonly direction?: Finding["direction"];
  readonly confidence: number;
  readonly rootCause: string;
}): Finding {
  const { text, direction = "worse", ...rest } = facts;
  return finding(dataSchemaContractBroken, {
    implication: "data.schema-contract-broken",
    direction,
    ...rest,
    evidence: [{ kind: "value", text }],
    clearBy: [statement("the code gone back to was shown to read what the newer code wrote")],
  });
}
