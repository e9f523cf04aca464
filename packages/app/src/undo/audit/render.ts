/**
 * An audit for people and for programs. Facts only: what was undone, whether the
 * content bears the claim out, what came back, what could not be seen.
 */
import { count, duration, forTerminal, jsonLine, number } from "../text.ts";
import { bestMatch, riskLevels, type AuditSummary } from "./summary.ts";
import type { Coverage, Reversal } from "./reversal.ts";

/** One JSON object on one line, with its line feed: docs/spec/audit-output.md. */
export function renderReversalJson(reversal: Reversal): string {
  return `${jsonLine(reversal)}\n`;
}

const short = 10;

/** The summary as text, about `width` columns wide (default 100), ending with a line feed. */
export function renderAuditSummary(summary: AuditSummary, width = 100): string {
  const lines = [...headline(summary), "", ...figures(summary)];
  if (summary.worthALook.length > 0) {
    lines.push("", "Worth a look");
    for (const { reversal, why } of summary.worthALook) {
      lines.push(
        `  ${reversal.commit.slice(0, short)}  ${forTerminal(reversal.subject, width - 14)}`,
      );
      lines.push(`  ${" ".repeat(short)}  ${forTerminal(why, width - 14)}`);
    }
  }
  if (summary.latest.length > 0) {
    lines.push("", "Latest");
    for (const reversal of summary.latest) lines.push(row(reversal, width));
  }
  lines.push("", ...notSeenSection(summary.coverage, width));
  return `${lines.join("\n")}\n`;
}

function headline({ reversals, coverage }: AuditSummary): string[] {
  if (coverage === null) return [count(reversals, "reversal")];
  const span =
    coverage.from === null || coverage.to === null
      ? ""
      : `, ${coverage.from.slice(0, 10)} to ${coverage.to.slice(0, 10)}`;
  return [`${count(reversals, "reversal")} in ${count(coverage.commits, "commit")}${span}`];
}

function figures(summary: AuditSummary): string[] {
  const { byMatch, reversals } = summary;
  if (reversals === 0) return ["  nothing was taken back, as far as content and messages show"];
  const line = (n: number, text: string) => `  ${number(n).padStart(7)}  ${text}`;
  const share = (n: number) => ` (${Math.round((100 * n) / reversals)} %)`;
  const lines = [
    line(byMatch.exact, `exact: the inverse and nothing else${share(byMatch.exact)}`),
    line(byMatch.partial, "partial: some of it, or with something more"),
    line(byMatch.conflicting, "conflicting: claim one thing, do another"),
    line(byMatch["claimed-only"], "claimed only: the content shows nothing of it"),
    line(byMatch.none, "name nothing that could be found"),
    "",
    line(summary.unclaimed, "said nothing in their message and were found by content"),
    line(summary.reapplied, `were re-applied later${share(summary.reapplied)}`),
    line(reversals - summary.withReason, "give no reason"),
    line(reversals - summary.withTicket, "name no ticket"),
    line(reversals - summary.withReview, "name nobody who reviewed, approved, acked or tested"),
  ];
  if (summary.medianDelay !== null) {
    lines.push(
      `  ${duration(summary.medianDelay).padStart(7)}  median time from change to reversal`,
    );
  }
  const { byRisk } = summary;
  if (byRisk !== null) {
    lines.push("");
    for (const level of riskLevels) {
      if (byRisk[level] > 0) lines.push(line(byRisk[level], riskSays[level]));
    }
  }
  return lines;
}

const riskSays: Readonly<Record<(typeof riskLevels)[number], string>> = {
  critical: "of critical risk",
  high: "of high risk",
  medium: "of medium risk",
  low: "of low risk",
  unknown: "of unknown risk: too little was seen, or what is undone was not found",
  none: "of no risk that was found",
};

function row(reversal: Reversal, width: number): string {
  const match = bestMatch(reversal);
  const undone = reversal.undoes[0];
  const target = undone === undefined ? "" : undone.commit.slice(0, short);
  const more = reversal.undoes.length > 1 ? `+${reversal.undoes.length - 1}` : "";
  const start = [
    reversal.committedAt.slice(0, 10),
    reversal.commit.slice(0, short),
    match.padEnd(12),
    `${target}${more}`.padEnd(short + 4),
    reversal.reappliedBy === null ? " " : "R",
    ...(reversal.risk === null ? [] : [reversal.risk.level.padEnd(8)]),
  ].join("  ");
  return `  ${start}  ${forTerminal(reversal.subject, Math.max(20, width - start.length - 4))}`;
}

/** What the audit could not see, a sentence each. An empty answer is said, too. */
export function notSeen(coverage: Coverage | null): string[] {
  const lines: string[] = [];
  if (coverage !== null && coverage.shallowCommits > 0) {
    lines.push(
      `shallow clone: the history stops at ${count(coverage.shallowCommits, "commit")}; what came before, and what they changed, was not seen`,
    );
  }
  if (coverage?.partial === true) {
    lines.push("partial clone: files that are not here were compared by id");
  }
  if (coverage !== null && coverage.unsized > 0) {
    lines.push(
      `${count(coverage.unsized, "commit")} changed more than 200 paths or files that are not here: unclaimed reversals of moved code among them would be missed`,
    );
  }
  return lines;
}

function notSeenSection(coverage: Coverage | null, width: number): string[] {
  const lines = notSeen(coverage);
  if (lines.length === 0) lines.push("nothing that was asked for was out of sight");
  return ["Not seen", ...lines.map((line) => `  ${forTerminal(line, Math.max(width, 40) * 2)}`)];
}
