/** One finding for a person: what, where, why so grave, what would settle it, what the rule misses. */
import { implicationOf, pageOf } from "../implications/taxonomy.ts";
import { clearedText } from "../clearing/clear-findings.ts";
import { contextLine } from "../context/context.ts";
import type { UndoReport } from "../range/report.ts";
import { directionWeight, reachWeight, severityWeight } from "../risk/weights.ts";
import type { Finding } from "../rules/rule.ts";
import { forTerminal } from "../text.ts";

const leastPrefix = 6;

/** The findings whose fingerprint begins so, or whose implication or subject is exactly that. */
export function findFindings(report: UndoReport, asked: string): readonly Finding[] {
  const byPrefix =
    asked.length >= leastPrefix && /^[0-9a-f]+$/.test(asked)
      ? report.findings.filter(({ fingerprint }) => fingerprint.startsWith(asked))
      : [];
  if (byPrefix.length > 0) return byPrefix;
  return report.findings.filter(
    ({ implication, subject }) => implication === asked || subject === asked,
  );
}

export function explainFinding(finding: Finding, report: UndoReport, width = 100): string {
  const known = implicationOf(finding.implication);
  const step = report.risk.steps.find(
    ({ fingerprint, beneath }) =>
      fingerprint === finding.fingerprint || beneath.includes(finding.fingerprint),
  );
  const lines = [
    `${forTerminal(finding.implication, width)}: ${known?.title ?? "what a scanner reports"}`,
    "",
    `  what        ${forTerminal(finding.subject, width * 2)}`,
    `  direction   ${finding.direction}`,
    ...section(
      "evidence",
      finding.evidence.map(({ text, commit }) =>
        forTerminal(`${text}${commit === undefined ? "" : ` (${commit.slice(0, 10)})`}`, width * 2),
      ),
    ),
    ...section(
      "where",
      finding.locations.map(({ side, path, startLine, endLine }) =>
        forTerminal(
          `${side === "before" ? "state left     " : "state gone to  "} ${path}:${startLine}${endLine > startLine ? `-${endLine}` : ""}`,
          width * 2,
        ),
      ),
    ),
    ...section(
      "context",
      finding.context === undefined ? [] : [forTerminal(contextLine(finding.context), width * 2)],
    ),
    "",
    `  why so grave  ${weightText(finding)}`,
    ...section("", step === undefined ? [] : [scoreText(finding, step, report)]),
    ...section(
      "cleared",
      (report.cleared ?? [])
        .filter(({ fingerprint }) => fingerprint === finding.fingerprint)
        .map((one) => forTerminal(clearedText(one), width * 2)),
    ),
    ...section(
      "settled by",
      finding.clearBy.map(
        ({ text, kind }) =>
          `${forTerminal(text, width * 2)}${kind === "statement" ? " (said and signed by a person)" : " (can be checked)"}`,
      ),
    ),
    "",
    `  rule        ${forTerminal(finding.rule, width)}@${finding.version}`,
    ...(known === undefined
      ? []
      : [
          `  names       ${[
            ...known.cwe.map((n) => `CWE-${n}`),
            ...known.attack.map((t) => `ATT&CK ${t}`),
            ...known.controls,
          ].join(", ")}`,
          `  what it sees, and what it misses: ${pageOf(finding.implication)}`,
        ]),
    `  fingerprint ${forTerminal(finding.fingerprint, width)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function section(name: string, items: readonly string[]): string[] {
  return items.map((item, i) => `  ${(i === 0 ? name : "").padEnd(11)} ${item}`);
}

function weightText({ severity, confidence, reach, direction }: Finding): string {
  if (direction === "better") return "it gets better: listed, never counted as harm";
  const parts = [
    `${severity} (${severityWeight[severity]} of 1000)`,
    `${confidence} % sure`,
    `${reach} (${reachWeight[reach]} %)`,
    ...(direction === "changed"
      ? [`changed, not surely worse (${directionWeight.changed} %)`]
      : []),
  ];
  return parts.join(" × ");
}

function scoreText(
  { fingerprint }: Finding,
  step: UndoReport["risk"]["steps"][number],
  { risk }: UndoReport,
): string {
  if (step.fingerprint !== fingerprint) {
    return `counts nothing of its own: ${forTerminal(step.subject, 200)} has the same cause and stands for it`;
  }
  const halved = step.counts < step.weight ? `, ${step.counts} beside others of its kind` : "";
  return `weighs ${step.weight} of 1000${halved}; with it and all that weighs more the score is ${step.total}, of ${risk.score} in the end`;
}
