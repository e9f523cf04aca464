/**
 * The sentence that an approver reads and signs: what they agree to, from the
 * record's own fields and in printable ASCII, so that what was shown and what
 * was signed can be compared afterwards.
 */
import type { DecisionKind, RecordState } from "../lifecycle/state.ts";
import { showCondition, type Condition } from "./condition.ts";
import { showIdentity } from "./words.ts";

export function decisionSentence(
  state: RecordState,
  decision: DecisionKind,
  conditions: readonly Condition[] = [],
  /** Of a delegation the person, of an escalation the role. */
  to?: string,
): string {
  const { proposal, assessment } = state;
  const what = `${verbs[decision]} ${state.id}${to === undefined ? "" : ` to ${to}`}${manner(proposal)}: take ${proposal.service} in ${proposal.environment} from ${showIdentity(proposal.current)} back to ${showIdentity(proposal.target)}, for ${proposal.reason}`;
  const until = proposal.expiresAt === undefined ? "" : `, until ${proposal.expiresAt}`;
  const only = conditions.map((item) => `, ${showCondition(item)}`).join("");
  return `${what}${until}${only}; ${consequences(assessment)}.`;
}

const verbs: Readonly<Record<DecisionKind, string>> = {
  approve: "Approve",
  reject: "Reject",
  "request-changes": "Ask for changes to",
  delegate: "Delegate the decision on",
  escalate: "Escalate the decision on",
};

function manner({ mode, incident, obligation }: RecordState["proposal"]): string {
  if (obligation !== undefined) return ` (mandatory for ${obligation.signal})`;
  if (mode === undefined) return "";
  return ` (${mode}${incident === undefined ? "" : ` in ${incident}`})`;
}

function consequences(assessment: RecordState["assessment"]): string {
  if (assessment === undefined) return "not assessed";
  if (assessment.report === undefined) return "what it undoes is unknown";
  const worse = assessment.implications.filter((item) => item.direction === "worse");
  const names = worse.slice(0, 5).map((item) => `${item.id} (${item.severity})`);
  const more = worse.length > names.length ? ` and ${worse.length - names.length} more` : "";
  return [
    `it undoes ${count(assessment.commits, "commit")} in ${count(assessment.files, "file")}`,
    worse.length === 0
      ? "no implication for the worse was found"
      : `brings back ${names.join(", ")}${more}`,
    ...(assessment.risk === undefined
      ? []
      : [`risk ${assessment.risk.score} of 100 (${assessment.risk.level})`]),
    ...(assessment.unknowns.length === 0
      ? []
      : [`unknown: ${count(assessment.unknowns.length, "thing")}`]),
  ].join("; ");
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
