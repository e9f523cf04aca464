/** A record as a person reads it in a terminal: what, why, what it undoes, who, when. */
import {
  approvalsInForce,
  assuranceOf,
  deadlineOf,
  type DecisionKind,
  dutiesOf,
  type Opening,
  type RecordState,
  type Registry,
  showCondition,
  showIdentity,
  timerSays,
} from "@countermand/record";
import { textOf } from "./commands/shared.ts";
import type { Context } from "./context.ts";
import { columns, instant, plain, plainBlock, span, style } from "./terminal.ts";
import { count } from "../undo/text.ts";

/** A gap between the two clocks above this is shown, in milliseconds. */
const lateAfter = 5 * 60_000;

/** The record's texts by the names that people use for them. */
export function recordTexts(state: RecordState): ReadonlyMap<string, string> {
  const texts = new Map([
    ["rationale", state.proposal.rationale],
    ["impact", state.proposal.impact],
    ["security", state.proposal.security],
  ]);
  state.decisions.forEach((item, i) => {
    if (item.comment !== undefined) texts.set(`decision-${i + 1}`, item.comment);
  });
  state.executions.forEach((item, i) => {
    if (item.command !== undefined) texts.set(`command-${i + 1}`, item.command);
  });
  state.exceptions.forEach((item, i) => texts.set(`exception-${i + 1}`, item.rationale));
  state.clearings.forEach((item, i) => texts.set(`clearing-${i + 1}`, item.rationale));
  if (state.drills?.cancelled !== undefined) {
    texts.set("drill-cancelled", state.drills.cancelled.rationale);
  }
  if (state.override !== undefined) {
    texts.set("override-rationale", state.override.rationale);
    texts.set("override-control", state.override.control);
  }
  return texts;
}

export function showRecord(
  context: Context,
  state: RecordState,
  openings: readonly Opening[],
  name: (actor: string) => string = (actor) => actor,
  registry?: Registry,
): string {
  const { proposal } = state;
  const bold = (text: string) => style(context, "bold", text);
  const text = (commitment: string) =>
    plainBlock(textOf(openings, commitment, state.deletedOpenings), "    ");
  const sections = [
    `${bold(state.id)}  ${bold(state.status)} since ${instant(state.since)}${due(context, state)}\n`,
    columns([
      [
        "  rollback",
        `${plain(proposal.kind)} of ${plain(proposal.service)} in ${plain(proposal.environment)}`,
      ],
      ["  from", plain(showIdentity(proposal.current))],
      ["  back to", plain(showIdentity(proposal.target))],
      [
        "  reason",
        `${plain(proposal.reason)} (${proposal.tickets.map((item) => plain(item)).join(", ")})`,
      ],
      ["  proposed by", name(proposal.actor)],
      ["  record hash", state.hash],
    ]),
    `  why\n${text(proposal.rationale)}\n  what users notice\n${text(proposal.impact)}\n  security\n${text(proposal.security)}\n`,
    dutyText(context, state, name),
    assessmentText(context, state),
    approvalText(context, state, name, registry),
    evidenceText(state, name),
    executionText(state, openings, name),
    `${bold("Timeline")}\n${timelineText(context, state, name)}`,
  ];
  return sections.filter((section) => section !== "").join("\n");
}

function due(context: Context, state: RecordState): string {
  const deadline = deadlineOf(state);
  if (deadline === undefined) return "";
  const left = Date.parse(deadline.at) - context.now().getTime();
  return style(
    context,
    "yellow",
    `  ${timerSays[deadline.type]} ${left > 0 ? `in ${span(left)}` : "now"}`,
  );
}

function dutyText(context: Context, state: RecordState, name: (actor: string) => string): string {
  const found = dutiesOf(state);
  if (found.length === 0) return "";
  const rows = found.map((item) => {
    const says = `${plain(item.says)}${item.actor === undefined ? "" : ` ${name(item.actor)}`}`;
    return [
      `  ${item.term.toLowerCase()}`,
      item.tone === "bad" ? style(context, "red", says) : says,
    ];
  });
  return `${style(context, "bold", "Bound to")}\n${columns(rows)}`;
}

const decided: Readonly<Record<DecisionKind, string>> = {
  approve: "approved",
  reject: "rejected",
  "request-changes": "changes asked for",
  delegate: "delegated",
  escalate: "escalated",
};

function assessmentText(context: Context, { assessment }: RecordState): string {
  const title = style(context, "bold", "What it undoes");
  if (assessment === undefined) return `${title}\n  not assessed yet\n`;
  const lines =
    assessment.report === undefined
      ? ["  unknown: no analysis of the difference was possible"]
      : [`  ${count(assessment.commits, "commit")} in ${count(assessment.files, "file")}`];
  if (assessment.risk !== undefined) {
    const { score, level, coverage } = assessment.risk;
    lines.push(
      `  risk ${score} of 100, ${level}; ${coverage} % of what was to be looked at was seen`,
    );
  }
  for (const item of assessment.implications) {
    const mark = item.direction === "worse" ? style(context, "red", "▲") : "·";
    lines.push(
      `  ${mark} ${item.id}  ${item.severity}, ${item.direction}, ${count(item.count, "place")}`,
    );
  }
  if (assessment.unknownAuthors > 0) {
    lines.push(
      `  ? ${count(assessment.unknownAuthors, "author")} of undone commits ${assessment.unknownAuthors === 1 ? "is" : "are"} not enrolled; whether an approver is among them is unknown`,
    );
  }
  for (const unknown of assessment.unknowns) lines.push(`  ? unknown: ${plain(unknown)}`);
  return `${title}\n${lines.join("\n")}\n`;
}

function approvalText(
  context: Context,
  state: RecordState,
  name: (actor: string) => string,
  registry: Registry | undefined,
): string {
  const inForce = new Set(approvalsInForce(state).map((item) => item.index));
  const lines = state.decisions.map((item) => {
    const standing =
      item.withdrawnBy !== undefined
        ? style(context, "yellow", `  taken back by entry ${item.withdrawnBy}`)
        : item.voidedBy === undefined
          ? inForce.has(item.index) || item.decision !== "approve"
            ? ""
            : "  (of another version)"
          : style(context, "yellow", `  void since entry ${item.voidedBy}: the record changed`);
    const to = item.to === undefined ? "" : ` to ${plain(item.to)}`;
    const assurance = registry === undefined ? undefined : assuranceOf(registry, item.key);
    const weak = assurance === "administrator" ? ", whose key it is an administrator said" : "";
    const only = item.conditions.map((each) => `, ${showCondition(each)}`).join("");
    return `  ${decided[item.decision]}${to} by ${name(item.actor)} at ${instant(item.recordedAt)}${only}${weak}${standing}`;
  });
  const title = style(
    context,
    "bold",
    `Approvals (${inForce.size} of ${state.obligations.approvals})`,
  );
  return `${title}\n${lines.length === 0 ? "  none yet" : lines.join("\n")}\n`;
}

function evidenceText(state: RecordState, name: (actor: string) => string): string {
  if (state.evidence.length === 0) return "";
  return `Evidence\n${columns(
    state.evidence.map((item) => [
      `  ${item.kind}`,
      `${item.size} bytes`,
      `sha256:${item.digest.slice(0, 16)}…`,
      `by ${name(item.actor)}`,
    ]),
  )}`;
}

function executionText(
  state: RecordState,
  openings: readonly Opening[],
  name: (actor: string) => string,
): string {
  if (state.executions.length === 0) return "";
  const lines = state.executions.map((item) => {
    const { finished } = item;
    const end =
      finished === undefined
        ? "running"
        : `${finished.outcome} after ${span(Date.parse(finished.finishedAt) - Date.parse(finished.startedAt))}`;
    const output =
      finished?.output === undefined
        ? ""
        : `, output sha256:${finished.output.digest.slice(0, 16)}… (${finished.output.size} bytes)`;
    const what =
      item.command === undefined
        ? `the gate let ${plain(item.gate ?? "")} deploy it`
        : `$ ${plain(textOf(openings, item.command, state.deletedOpenings), 500)}`;
    return `  ${what}\n    ${end} by ${name(item.actor)}${output}`;
  });
  return `Execution\n${lines.join("\n")}\n`;
}

function timelineText(
  context: Context,
  state: RecordState,
  name: (actor: string) => string,
): string {
  return columns(
    state.timeline.map((item) => {
      const late = Date.parse(item.recordedAt) - Date.parse(item.occurredAt);
      return [
        `  ${instant(item.recordedAt)}`,
        style(context, "dim", `#${item.index}`),
        `${name(item.actor)} ${plain(item.says, 400)}${late > lateAfter ? style(context, "yellow", ` (said to have happened ${span(late)} earlier)`) : ""}`,
      ];
    }),
  );
}
