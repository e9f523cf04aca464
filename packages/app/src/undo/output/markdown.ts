/**
 * A report as Markdown for a pull request: what is worse first, how the score comes
 * about, what is unknown. Text of the repository stands in `<code>` with everything
 * but letters and digits as entities, so it can neither become markup nor mention
 * anybody, nor turn its line around.
 */
import { implicationOf } from "../implications/taxonomy.ts";
import { uncleared } from "../clearing/clear-findings.ts";
import { contextLine } from "../context/context.ts";
import type { UndoReport } from "../range/report.ts";
import type { Finding, Location } from "../rules/rule.ts";
import { count, number } from "../text.ts";

/** GitHub takes 65,536 characters for a comment. */
const longest = 60_000;
const longestText = 300;
const mostUnknowns = 60;

export function toMarkdown(report: UndoReport): string {
  const open = uncleared(report.findings, report.cleared ?? []);
  const parts = [
    heading(report),
    // Before what may be long: silence about it would be a clearance.
    unknowns(report),
    riskPart(report),
    table(
      "Worse",
      open.filter((one) => isWorse(one) && one.severity !== "info"),
    ),
    table(
      "Changed",
      open.filter(({ direction }) => direction === "changed"),
    ),
    clearedPart(report),
    details(
      "Worth knowing",
      open.filter((one) => isWorse(one) && one.severity === "info"),
    ),
    details(
      "Gets better",
      report.findings.filter(({ direction }) => direction === "better"),
    ),
    contracts(report),
    `Report <code>${report.target.slice(0, 12)}</code>, rules ${report.rules.length}, weights ${report.risk.weights}, as of ${name(report.inputs.asOf)}.\n`,
  ].filter((part) => part !== "");
  return fitted(parts);
}

/** As many whole parts as fit, and whole lines of the first that does not; what is missing is said. */
function fitted(parts: readonly string[]): string {
  const said = "\n*The report is longer than a comment may be: the rest is in the JSON report.*\n";
  let text = "";
  for (const part of parts) {
    // What is open is closed before the sentence, or it would be folded away with the rest.
    const end = part.startsWith("<details>") ? `\n</details>\n${said}` : said;
    if (text.length + part.length + end.length <= longest) {
      text += `${part}\n`;
      continue;
    }
    for (const line of part.split("\n")) {
      if (text.length + line.length + end.length + 1 > longest) return text + end;
      text += `${line}\n`;
    }
  }
  return text;
}

function isWorse({ direction }: Finding): boolean {
  return direction === "worse";
}

function heading({ risk, mode, from, target, undoneCount, fileCount }: UndoReport): string {
  const what =
    mode === "restore"
      ? `Going back from ${code(from.slice(0, 12))} to ${code(target.slice(0, 12))}`
      : `Reverting ${code(target.slice(0, 12))}`;
  return `### ${what}: ${risk.level} risk, ${risk.score} of 100\n\nUndoes ${count(undoneCount, "commit")} in ${count(fileCount, "file")}. ${risk.coverage} % of what was to be looked at was seen.\n`;
}

function riskPart({ risk, findings }: UndoReport): string {
  if (risk.steps.length === 0 && risk.floors.length === 0) return "";
  const byId = new Map(findings.map((one) => [one.fingerprint, one]));
  const lines = risk.steps.slice(0, 30).map((step) => {
    const finding = byId.get(step.fingerprint);
    const beneath =
      step.beneath.length === 0 ? "" : ` (and ${step.beneath.length} of the same cause)`;
    return `| ${step.total} | ${finding?.severity ?? ""}, ${finding?.confidence ?? 0} % sure, ${finding?.reach ?? ""} | ${name(step.implication)} | ${code(step.subject)}${beneath} |`;
  });
  const more =
    risk.steps.length > 30
      ? `\n${number(risk.steps.length - 30)} more steps are in the JSON report.\n`
      : "";
  const floors = risk.floors.map((floor) => `- ${plain(floor)}\n`).join("");
  return `<details><summary>How the score comes about</summary>\n\n| score | weight | implication | what |\n|---:|---|---|---|\n${lines.join("\n")}\n${more}${floors === "" ? "" : `\nThe level also: \n${floors}`}\n</details>\n`;
}

function table(title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const rows = findings.map(
    (one) =>
      `| ${one.severity} | **${name(one.implication)}**: ${implicationOf(one.implication)?.title ?? ""} | ${code(one.subject)}${tagsOf(one)} | ${places(one.locations)} | ${one.clearBy.map(({ text }) => plain(text)).join("; ")} |`,
  );
  return `#### ${title}\n\n| severity | implication | what | where | settled by |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

function details(title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const lines = findings.map(
    (one) => `- ${name(one.implication)}: ${code(one.subject)}${tagsOf(one)}`,
  );
  return `<details><summary>${title} (${findings.length})</summary>\n\n${lines.join("\n")}\n\n</details>\n`;
}

/** Never left out: a reader sees what does not count, and on whose word. */
function clearedPart({ findings, cleared = [] }: UndoReport): string {
  if (cleared.length === 0) return "";
  const known = new Map(findings.map((one) => [one.fingerprint, one]));
  const rows = cleared.map((one) => {
    const finding = known.get(one.fingerprint);
    const what =
      finding === undefined ? "" : `**${name(finding.implication)}** ${code(finding.subject)}`;
    return `| ${finding?.severity ?? ""} | ${what} | ${name(one.by)}: ${plain(cut(one.who))} | ${plain(cut(one.why))} | ${name(one.until ?? "")} |`;
  });
  return `#### Cleared\n\n| severity | what | by | why | until |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

function contracts({ blast }: UndoReport): string {
  if (blast.contracts.length === 0) return "";
  const lines = blast.contracts
    .slice(0, 50)
    .map((one) => `- ${name(one.gravity)}, ${name(one.breaks)}: ${code(one.text)}`);
  return `<details><summary>Contracts that break (${blast.contracts.length})</summary>\n\n${lines.join("\n")}\n\n</details>\n`;
}

function unknowns({ unknowns: all }: UndoReport): string {
  if (all.length === 0) return "";
  const more = all.length > mostUnknowns ? `\n- and ${number(all.length - mostUnknowns)} more` : "";
  const lines = all.slice(0, mostUnknowns).map((one) => `- ${plain(cut(one))}`);
  return `#### Unknown\n\n${lines.join("\n")}${more}\n`;
}

/** What is said of where it is. */
function tagsOf({ context }: Finding): string {
  const said = contextLine(context);
  return said === "" ? "" : ` (${plain(cut(said))})`;
}

function places(locations: readonly Location[]): string {
  const [first] = locations.filter(({ side }) => side === "after").concat(locations);
  if (first === undefined) return "";
  const more = locations.length > 1 ? ` +${locations.length - 1}` : "";
  return `${code(`${first.path}:${first.startLine}`)}${first.side === "before" ? " (before)" : ""}${more}`;
}

/** Text of the repository: nothing in it is markup. */
export function code(text: string): string {
  return `<code>${plain(cut(text))}</code>`;
}

function cut(text: string): string {
  return (text.length > longestText ? `${text.slice(0, longestText)}…` : text).toWellFormed();
}

/** A name of ours as it is; anything else as text. */
function name(text: string): string {
  return /^[\w.:-]{1,100}$/.test(text) ? text : plain(cut(text));
}

function plain(text: string): string {
  return Array.from(text)
    .map((char) => {
      const point = char.codePointAt(0) ?? 0;
      if (/[A-Za-z0-9 ,;/-]/.test(char)) return char;
      // What is invisible or turns the text around is shown as its number.
      if (/[\p{C}\p{Zl}\p{Zp}]/u.test(char))
        return `&#91;U+${point.toString(16).toUpperCase()}&#93;`;
      return `&#${point};`;
    })
    .join("");
}
