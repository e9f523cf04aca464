/**
 * gate.scanner-disabled: a known scanner is gone from the workflows of the change,
 * switched off or no longer fails; an update bot's configuration is deleted or
 * covers less; an ignore list of a scanner grows. One root cause a tool.
 */
import { statement } from "../clear.ts";
import { type Check, checksOf, strongest } from "../../lattice/checks.ts";
import { compare, type Reading, type Row, tell } from "../../lattice/row.ts";
import { updateBotOf } from "../../lattice/scanners.ts";
import { scannerRow } from "../../lattice/workflow-rows.ts";
import { isWorkflowPath, jobsOf } from "../../lattice/workflows.ts";
import { settingsOf } from "../../models/settings/settings.ts";
import { yamlModel } from "../../models/manifests/yaml-model.ts";
import { textAt, valuesAt, type Yaml } from "../../lattice/yaml.ts";
import { compareText } from "../order.ts";
import {
  type ChangedFile,
  finding,
  type Finding,
  type Rule,
  type RuleInput,
  type Side,
} from "../rule.ts";

export const gateScannerDisabled: Rule = {
  id: "gate.scanner-disabled",
  version: 2,
  implications: ["gate.scanner-disabled"],
  reads: (path) =>
    isWorkflowPath(path) ||
    updateBotOf(path) !== null ||
    isScannerConfig(path) ||
    isIgnoreList(path) ||
    isSnykPolicy(path),
  context: isWorkflowPath,
  run(input): Finding[] {
    return [
      ...ofWorkflows(input),
      ...ofBots(input.files),
      ...input.files.flatMap((file) => ofUpdates(input, file)),
      ...input.files.flatMap(ofIgnoreList),
      ...input.files.flatMap((file) => ofConfig(input, file)),
      ...input.files.flatMap((file) => ofSnykPolicy(input, file)),
    ].sort((a, b) => compareText(a.subject, b.subject));
  },
};

function ofWorkflows(input: RuleInput): Finding[] {
  const [before, after] = [
    jobsOf(input, "before", { everywhere: true }),
    jobsOf(input, "after", { everywhere: true }),
  ];
  const byTool = (checks: readonly Check[]) => strongest(checks, ({ scanner }) => scanner);
  const had = byTool(before.jobs.flatMap(checksOf));
  const has = byTool(after.jobs.flatMap(checksOf));
  return [...new Set([...had.keys(), ...has.keys()])].flatMap((tool) => {
    const [from, to] = [had.get(tool)?.reading ?? null, has.get(tool)?.reading ?? null];
    if ((from === null && before.unread) || (to === null && after.unread)) return [];
    return moved(scannerRow, tool, tool, from, to);
  });
}

/** Bots as a whole: one that takes the place of another is no loss. */
function ofBots(files: readonly ChangedFile[]): Finding[] {
  const bots = files.filter((file) => updateBotOf(file.path) !== null);
  const gone = bots.filter(({ status }) => status === "removed");
  const come = bots.filter(({ status }) => status === "added");
  const row: Row = { ...scannerRow, severity: "low" };
  const at = ({ path }: ChangedFile): Reading => ({
    values: ["enforced"],
    path,
    startLine: 1,
    endLine: 1,
  });
  if (gone.length > 0 && come.length > 0) return [];
  return [...gone, ...come].flatMap((file) => {
    const bot = updateBotOf(file.path) ?? file.path;
    return file.status === "removed"
      ? moved(row, bot, bot, at(file), null)
      : moved(row, bot, bot, null, at(file));
  });
}

/** What Dependabot keeps up to date: ecosystem and directory of each entry. */
const updatesRow: Row = {
  ...scannerRow,
  id: "dependabot.updates",
  path: ["updates"],
  scale: { kind: "set", more: "stronger" },
  severity: "low",
  source:
    "https://docs.github.com/en/code-security/reference/supply-chain-security/dependabot-options-reference",
};

function ofUpdates(input: RuleInput, file: ChangedFile): Finding[] {
  if (updateBotOf(file.path) !== "Dependabot") return [];
  const [from, to] = [updatesOf(input, file, "before"), updatesOf(input, file, "after")];
  return from === null || to === null
    ? []
    : moved(updatesRow, "Dependabot updates", "Dependabot", from, to);
}

function updatesOf(input: RuleInput, file: ChangedFile, side: Side): Reading | null {
  const { path } = file;
  const documents = input.models.of(yamlModel, file, side);
  if (documents === null) return null;
  const updates = valuesAt(documents[0], ["updates", "*"]);
  const values = updates.flatMap((one) => {
    const directories = [
      ...valuesAt(one, ["directory"]),
      ...valuesAt(one, ["directories", "*"]),
    ].flatMap((directory) => textAt(directory) ?? []);
    return directories.map((name) => `${textAt(one, "package-ecosystem") ?? "?"} in ${name}`);
  });
  return { values, path, startLine: 1, endLine: 1 };
}

/** Snyk's policy: advisories that are patched, and those that are passed over. */
const snykRows: readonly Row[] = (["patch", "ignore"] as const).map((key) => ({
  ...scannerRow,
  id: `snyk.${key}`,
  path: [key],
  scale: { kind: "set", more: key === "patch" ? "stronger" : "weaker" },
  severity: key === "patch" ? "medium" : "low",
  source: "https://docs.snyk.io/manage-risk/policies/the-.snyk-file",
}));

function isSnykPolicy(path: string): boolean {
  return /(?:^|\/)\.snyk$/.test(path);
}

function ofSnykPolicy(input: RuleInput, file: ChangedFile): Finding[] {
  if (!isSnykPolicy(file.path)) return [];
  const before = file.status === "added" ? [] : input.models.of(yamlModel, file, "before");
  const after = file.status === "removed" ? [] : input.models.of(yamlModel, file, "after");
  if (before === null || after === null) return [];
  return snykRows.flatMap((row) => {
    const read = ([policy]: readonly Yaml[]): Reading | null => {
      const [at] = valuesAt(policy, row.path);
      if (at?.kind !== "map") return null;
      const values = [...at.entries.keys()];
      return { values, path: file.path, startLine: at.line, endLine: at.endLine };
    };
    return moved(row, `${file.path}: ${row.path.join(".")}`, "Snyk", read(before), read(after));
  });
}

const ignoreRow: Row = {
  ...scannerRow,
  id: "scanner.ignored",
  path: ["ignored"],
  scale: { kind: "set", more: "weaker" },
  severity: "low",
  source: "https://trivy.dev/latest/docs/configuration/filtering/",
};

function isIgnoreList(path: string): boolean {
  return /(?:^|\/)\.(?:trivyignore|gitleaksignore|semgrepignore)$/.test(path);
}

function ofIgnoreList(file: ChangedFile): Finding[] {
  if (!isIgnoreList(file.path)) return [];
  const known = (status: ChangedFile["status"], text: string | undefined) =>
    file.status === status ? "" : text;
  const [before, after] = [known("added", file.before), known("removed", file.after)];
  if (before === undefined || after === undefined) return [];
  const read = (text: string): Reading => {
    const lines = text.split("\n").map((line) => line.trim());
    const values = lines.filter((line) => line !== "" && !line.startsWith("#"));
    return { values, path: file.path, startLine: 1, endLine: Math.max(1, lines.length) };
  };
  return moved(ignoreRow, file.path, file.path, read(before), read(after));
}

/** Settings files of scanners, by the names that the tools look for. */
function isScannerConfig(path: string): boolean {
  return /(?:^|\/)(?:\.?checkov\.ya?ml|trivy\.ya?ml|sonar-project\.properties|\.?gitleaks\.toml|codeql[\w-]{0,20}\.ya?ml|renovate\.json5?|\.renovaterc(?:\.json)?|dependabot\.ya?ml|\.grype\.ya?ml|\.hadolint\.ya?ml)$/.test(
    path,
  );
}

const skipKey =
  /^(?:skipchecks?|skipdirs?|skipfiles|skippolic(?:y|ies)|pathsignore|sonarexclusions|ignoredeps|ignorepaths|ignored|ignoreunfixed|softfailon|dependencyname|exclusions)$/;

/** What a scanner's own settings leave out. */
function ofConfig(input: RuleInput, file: ChangedFile): Finding[] {
  if (!isScannerConfig(file.path) || file.status !== "modified") return [];
  const read = (side: Side): Reading | null => {
    const settings = settingsOf(input.models, file, side);
    if (settings === null) return null;
    const some = settings.filter(({ key }) => skipKey.test(key.at(-1) ?? ""));
    const values = some.flatMap((one) => one.values);
    const [first] = some;
    const line = first?.line ?? 1;
    return { values, path: file.path, startLine: line, endLine: first?.endLine ?? line };
  };
  const [from, to] = [read("before"), read("after")];
  return from === null || to === null
    ? []
    : moved(ignoreRow, `${file.path}: left out`, file.path, from, to);
}

function moved(
  row: Row,
  subject: string,
  tool: string,
  from: Reading | null,
  to: Reading | null,
): Finding[] {
  const step = compare(row, from?.values ?? null, to?.values ?? null);
  if (step === null || (step.direction === "changed" && row.scale.kind === "ordered")) return [];
  return [
    finding(gateScannerDisabled, {
      implication: row.implication,
      direction: step.direction,
      subject,
      ...tell(subject, step, from, to),
      severity: step.direction === "worse" ? row.severity : "info",
      confidence: to === null ? 75 : 90,
      rootCause: `scanner:${tool}`,
      clearBy: [
        statement("another scanner or bot covers the same"),
        statement(
          "the scanner still runs elsewhere (another workflow, the organisation's settings)",
        ),
      ],
    }),
  ];
}
