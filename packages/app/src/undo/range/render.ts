/** A report for people, the important first, and for programs. */
import { createHash } from "node:crypto";
import { canonicalBytes } from "@countermand/record";
import { count, forTerminal, jsonLine, number } from "../text.ts";
import { clearedText, uncleared } from "../clearing/clear-findings.ts";
import { contextLine } from "../context/context.ts";
import type { CommitRef, UndoReport } from "./report.ts";

/** The report as one line of JSON with its line feed, safe for a terminal. */
export function renderUndoJson(report: UndoReport): string {
  return `${jsonLine(report)}\n`;
}

/** The report's canonical bytes (RFC 8785): what a proposal refers to by digest. */
export function undoReportBytes(report: UndoReport): Uint8Array<ArrayBuffer> {
  return canonicalBytes(report);
}

/** SHA-256 of the canonical bytes, 64 hexadecimal digits. */
export function undoReportDigest(report: UndoReport): string {
  return createHash("sha256").update(undoReportBytes(report)).digest("hex");
}

const short = 10;
const mostCommits = 15;
const mostFiles = 10;

/** The report as text, about `width` columns wide, ending with a line feed. */
export function renderUndo(report: UndoReport, width = 100): string {
  const lines = [title(report)];
  const section = (name: string, content: readonly string[]) => {
    if (content.length > 0) lines.push("", name, ...content.map((line) => `  ${line}`));
  };
  const { cleared = [] } = report;
  const open = uncleared(report.findings, cleared);
  const harm = open.filter(({ direction }) => direction !== "better");
  const worse = harm.filter(({ severity }) => severity !== "info");
  const better = report.findings.filter(({ direction }) => direction === "better");
  section(riskTitle(report.risk), riskLines(report, width));
  section(
    "Look at this first",
    worse.slice(0, 12).map((f) => findingLine(f, width)),
  );
  if (worse.length > 12) lines.push(`  and ${number(worse.length - 12)} more`);
  section(
    "Worth knowing",
    tallied(harm.filter(({ severity }) => severity === "info")).map(
      ([implication, n]) => `${forTerminal(implication, width)}  ${count(n, "place")}`,
    ),
  );
  if (harm.length > 0) {
    lines.push(
      "",
      "countermand explain FINDING says more of one (by the end of its line, or by name).",
    );
  }
  section(`Cleared: ${count(cleared.length, "finding")}`, clearedLines(report, width));
  section(
    "Gets better",
    better.slice(0, 5).map((f) => findingLine(f, width)),
  );
  section(
    "Comes back (was reverted in between)",
    report.comesBack.map(
      (c) => `${c.commit.slice(0, short)}  reverted by ${c.revertedBy.slice(0, short)}`,
    ),
  );
  section(
    `Undone: ${count(report.undoneCount, "commit")}`,
    commitLines(report.undone, width, report.undoneCount),
  );
  section(
    "Not undone, although in between",
    report.spared.slice(0, mostCommits).map((s) => {
      const by = s.by === undefined ? "" : ` ${s.by.slice(0, short)}`;
      return `${s.commit.slice(0, short)}  ${reasons[s.because]}${by}  ${forTerminal(s.subject, width - 50)}`;
    }),
  );
  section(
    `Comes with the target: ${count(report.gained.length, "commit")}`,
    commitLines(report.gained, width),
  );
  section(`Files: ${report.fileCount}`, fileLines(report, width));
  section(
    "Parts",
    report.components
      .slice(0, 8)
      .map((c) => `${forTerminal(c.name, 60)}  ${count(c.files, "file")}`),
  );
  section("Who and what it touches", blastLines(report.blast, width));
  section(
    "Authors",
    report.authors
      .slice(0, 8)
      .map((a) => `${forTerminal(a.author, 70)}  ${count(a.commits, "commit")}`),
  );
  section(
    "Released in",
    report.tags.length === 0 ? [] : [forTerminal(report.tags.slice(0, 12).join(", "), width * 2)],
  );
  section(
    "Unknown",
    report.unknowns.map((u) => forTerminal(u, width * 2)),
  );
  if (report.unknowns.length === 0)
    section("Unknown", ["nothing that was asked for was out of sight"]);
  return `${lines.join("\n")}\n`;
}

/** Owners, services with those that need them, and contracts that break; unknowns of these last. */
function blastLines(blast: UndoReport["blast"], width: number): string[] {
  const named = (items: readonly { readonly name: string }[]) =>
    items
      .slice(0, 8)
      .map(({ name }) => forTerminal(name, 40))
      .join(", ") + (items.length > 8 ? ` and ${number(items.length - 8)} more` : "");
  const owners = blast.owners.map(({ owner }) => ({ name: owner }));
  const unowned =
    blast.unowned === undefined || blast.unowned === 0
      ? []
      : [`${count(blast.unowned, "file")} without an owner`];
  const breaks = blast.contracts.slice(0, 6).map((one) => {
    const what = `${one.gravity}, ${one.breaks}: ${one.text}`;
    return `contract  ${forTerminal(what, width * 2)}`;
  });
  return [
    ...(owners.length === 0 ? [] : [`owners  ${named(owners)}`]),
    ...unowned,
    ...(blast.services.length === 0 ? [] : [`services  ${named(blast.services)}`]),
    ...(blast.dependents.length === 0 ? [] : [`depend on these  ${named(blast.dependents)}`]),
    ...breaks,
    ...(blast.contracts.length > 6
      ? [`and ${number(blast.contracts.length - 6)} more broken contracts`]
      : []),
    ...blast.unknowns.map((unknown) => `unknown: ${forTerminal(unknown, width * 2)}`),
  ];
}

const reasons = {
  "already-reverted": "already reverted by",
  "reverts-in-range": "takes back",
  "also-in-target": "target has it as",
  "no-content": "changes nothing",
} as const;

function title(report: UndoReport): string {
  const [target, from] = [shortName(report.target), shortName(report.from)];
  if (report.states !== undefined && report.undoneCount === 0) {
    return `Going back from ${from} to ${target} changes ${report.fileCount === 0 ? "nothing" : count(report.fileCount, "file")}`;
  }
  if (report.mode === "restore") {
    if (report.undoneCount === 0 && report.fileCount === 0) {
      return `Going back from ${from} to ${target} undoes nothing: the content is the same`;
    }
    return `Going back from ${from} to ${target} undoes ${count(report.undoneCount, "commit")} in ${count(report.fileCount, "file")}`;
  }
  const what =
    report.rangeStart === undefined ? target : `${report.rangeStart.slice(0, short)}..${target}`;
  return report.undoneCount === 0
    ? `Reverting ${what} undoes nothing: it has been undone already or changed nothing`
    : `Reverting ${what} undoes ${count(report.undoneCount, "commit")} in ${count(report.fileCount, "file")}`;
}

/** Of a commit id or a digest, as much as a person compares. */
function shortName(id: string): string {
  return id.startsWith("sha256:") ? id.slice(0, 7 + short) : id.slice(0, short);
}

function tallied(findings: UndoReport["findings"]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { implication } of findings) {
    counts.set(implication, (counts.get(implication) ?? 0) + 1);
  }
  return [...counts];
}

function findingLine(finding: UndoReport["findings"][number], width: number): string {
  const said = contextLine(finding.context);
  const what = `${finding.severity.padEnd(8)}  ${finding.implication}  ${finding.subject}${said === "" ? "" : `  [${said}]`}`;
  return `${forTerminal(what, width - 10)}  ${forTerminal(finding.fingerprint.slice(0, 8))}`;
}

const mostCleared = 12;

/** What somebody or something cleared: it is still there, and does not score. */
function clearedLines({ findings, cleared = [] }: UndoReport, width: number): string[] {
  const known = new Map(findings.map((one) => [one.fingerprint, one]));
  const lines = cleared.slice(0, mostCleared).flatMap((one) => {
    const finding = known.get(one.fingerprint);
    return [
      ...(finding === undefined ? [] : [findingLine(finding, width)]),
      `  ${forTerminal(clearedText(one), width * 2)}`,
    ];
  });
  const rest = cleared.length - mostCleared;
  return rest > 0 ? [...lines, `and ${number(rest)} more`] : lines;
}

function riskTitle({ score, level, coverage }: UndoReport["risk"]): string {
  return `Risk: ${level}, ${score} of 100; ${coverage} % of what was to be looked at was seen`;
}

/** How the score comes about, the heaviest first, and why the level is not that of the score. */
function riskLines({ risk }: UndoReport, width: number): string[] {
  const steps = risk.steps.slice(0, 6).map(({ counts, total, implication, subject }) => {
    const what = `${implication}  ${subject}`;
    return `${String(total).padStart(3)}  +${String(counts).padStart(3)}‰  ${forTerminal(what, width - 16)}`;
  });
  const rest = risk.steps.length - steps.length;
  return [
    ...steps,
    ...(rest > 0 ? [`${String(risk.score).padStart(3)}  with ${count(rest, "cause")} more`] : []),
    ...risk.floors.map((floor) => forTerminal(floor, width * 2)),
    ...(steps.length + risk.floors.length === 0 ? ["nothing for the worse was found"] : []),
  ];
}

function commitLines(
  commits: readonly CommitRef[],
  width: number,
  total = commits.length,
): string[] {
  const lines = commits
    .slice(0, mostCommits)
    .map(
      (c) =>
        `${c.committedAt.slice(0, 10)}  ${c.commit.slice(0, short)}  ${forTerminal(c.subject, width - 28)}`,
    );
  if (total > lines.length) lines.push(`and ${number(total - lines.length)} more`);
  return lines;
}

const marks = { added: "+", removed: "-", modified: "~" } as const;

function fileLines(report: UndoReport, width: number): string[] {
  const lines = report.files.slice(0, mostFiles).map((file) => {
    const kind = file.kind === "text-or-binary" ? "" : ` (${file.kind})`;
    const mode = file.mode === undefined ? "" : ` (mode ${file.mode.from} to ${file.mode.to})`;
    return `${marks[file.status]} ${forTerminal(file.path, width - 30)}${kind}${mode}`;
  });
  if (report.fileCount > mostFiles) lines.push(`and ${report.fileCount - mostFiles} more`);
  return lines;
}
