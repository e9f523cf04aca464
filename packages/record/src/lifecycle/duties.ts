/**
 * What a record is bound to beside its main line, in words: for a page and a
 * terminal alike. Names of actors and texts behind commitments are apart, since
 * each shows them in its own way.
 */
import { showCondition } from "../statements/condition.ts";
import { executionMinutes, nextDrill, type TimerType } from "./deadlines.ts";
import { digestOf } from "./record-hash.ts";
import { obligationUnmet, type RecordState } from "./state.ts";
import { later } from "./time.ts";

export interface Duty {
  readonly term: string;
  readonly says: string;
  readonly actor?: string;
  /** Commitments to texts that belong to it. */
  readonly texts?: readonly string[];
  readonly tone: "plain" | "waits" | "bad" | "good";
}

/** What each timer does when its time has come: "expires in 2 h". */
export const timerSays: Readonly<Record<TimerType, string>> = {
  expired: "expires",
  lapsed: "lapses",
  stabilised: "counts as stabilised",
  "override-ended": "is to be decided on again",
  "execution-overdue": "must have been reported on",
  "temporary-expiring": "warns of its end",
  "temporary-expired": "must have been undone or renewed",
  "exception-expired": "drops the request to stay",
  "retrospective-overdue": "must have been judged",
  "obligation-overdue": "must have run",
  "drill-due": "is to be tried in a drill",
  "drill-overdue": "must have been tried in a drill",
};

export function dutiesOf(state: RecordState): readonly Duty[] {
  return [
    ...manner(state),
    ...classified(state),
    ...running(state),
    ...mandatory(state),
    ...temporary(state),
    ...retrospective(state),
    ...drilled(state),
    ...weighed(state),
    ...cleared(state),
  ];
}

function manner({ proposal, authorisation }: RecordState): readonly Duty[] {
  const { mode, incident, stepUp, plan, checks } = proposal;
  const found: Duty[] = [];
  if (mode === "emergency") {
    found.push({ term: "Emergency", says: `in incident ${incident ?? ""}`, tone: "bad" });
    found.push(
      stepUp === true
        ? { term: "Step-up", says: "declared with a PIN or a biometric", tone: "good" }
        : {
            term: "Step-up",
            says: "none: declared with a key that cannot show its owner",
            tone: "bad",
          },
    );
  }
  if (mode === "exercise") {
    found.push({ term: "Exercise", says: "nothing in production is let through", tone: "plain" });
  }
  if (mode === "plan") {
    found.push({ term: "Plan", says: "for the day it is needed", tone: "plain" });
  }
  if (plan !== undefined) found.push({ term: "Planned in", says: plan, tone: "plain" });
  if (checks.length > 0) {
    found.push({ term: "Checks named", says: checks.join(", "), tone: "plain" });
  }
  if (authorisation !== undefined) {
    const { lane, sampled, conditions } = authorisation;
    if (lane !== "quorum") {
      found.push({
        term: "Lane",
        says: `${lane}${sampled ? ", sampled for review" : ""}`,
        tone: lane === "emergency" ? "bad" : "good",
      });
    }
    for (const item of conditions) {
      found.push({ term: "Condition", says: showCondition(item), tone: "waits" });
    }
  }
  return found;
}

function classified({ classification, obligations }: RecordState): readonly Duty[] {
  if (classification === undefined) return [];
  const asks = [
    ...obligations.roles.map((seat) => `${seat.count} with the role ${seat.role}`),
    ...obligations.evidence.map((kind) => `evidence ${kind}`),
    ...obligations.notify.map((group) => `tell ${group}`),
  ];
  return [
    {
      term: "Policy",
      says: `${classification.classes.join(", ") || "no class"}; approvals ${obligations.approvals}${asks.map((item) => `, ${item}`).join("")} (rules ${classification.rules.join(", ") || "none"})`,
      tone: "plain",
    },
  ];
}

/** A run whose end nobody has reported. */
function running(state: RecordState): readonly Duty[] {
  const run = state.executions.at(-1);
  if (state.status !== "executing" || run === undefined) return [];
  const by = later(run.recordedAt, executionMinutes(state));
  const who = run.gate ?? run.actor;
  return [
    {
      term: "Execution",
      says:
        run.overdue === undefined
          ? `begun at ${run.recordedAt}, to be reported by ${by}; by`
          : `not reported since ${run.recordedAt} (overdue by entry ${run.overdue}): who began it reports late, anybody who may execute says that its outcome is unknown, or somebody else says what runs; begun by`,
      actor: who,
      tone: run.overdue === undefined ? "waits" : "bad",
    },
  ];
}

function mandatory(state: RecordState): readonly Duty[] {
  const { override, obligationOverdue, authorisation } = state;
  const { obligation } = state.proposal;
  if (obligation === undefined) return [];
  const found: Duty[] = [
    {
      term: "Mandatory",
      says: `for ${obligation.signal}, by ${obligation.deadline}${obligationOverdue === undefined ? "" : `; overdue since entry ${obligationOverdue}`}; its owner is`,
      actor: obligation.owner,
      tone: obligationOverdue === undefined ? "waits" : "bad",
    },
  ];
  const { signal, current, target } = state.proposal;
  if (signal !== undefined) {
    const about = signal.ids.length === 0 ? "" : ` about ${signal.ids.join(", ")}`;
    found.push({
      term: "Signal",
      says: `${signal.id}, ${signal.type}, severity ${signal.severity},${about} from ${signal.source} at ${signal.occurredAt}; mandatory by ${signal.rules.length === 1 ? "rule" : "rules"} ${signal.rules.join(", ")}`,
      tone: "plain",
    });
  }
  if (target.type === "unnamed" || current.type === "unnamed") {
    found.push({
      term: "To be named",
      says: "what runs and what is to run: revise it with both, before it can be assessed",
      tone: "waits",
    });
  }
  if (state.status === "execution_failed" && obligationUnmet(state)) {
    found.push({
      term: "Another attempt",
      says: `run it again until ${authorisation?.notAfter ?? ""} if a person ran it, after that it waits for approvals; or revise it, or have it overridden`,
      tone: "waits",
    });
  }
  if (override !== undefined) {
    found.push({
      term: "Overridden",
      says: `until ${override.until}, with a control in its place, by`,
      actor: override.actor,
      texts: [override.control, override.rationale],
      tone: "bad",
    });
  }
  return found;
}

function temporary(state: RecordState): readonly Duty[] {
  const { temporary: item, exceptions, proposal } = state;
  const found: Duty[] = [];
  if (item !== undefined) {
    const how =
      item.ended !== undefined
        ? `${item.ended.how === "permanent" ? "made permanent" : "undone"} by entry ${item.ended.index}`
        : item.expired !== undefined
          ? `expired by entry ${item.expired}, and neither undone nor renewed`
          : `until ${item.expiresAt}`;
    found.push({
      term: "Temporary",
      says: `${how}${item.renewals === 0 ? "" : `, renewals: ${item.renewals}`}`,
      tone: item.ended !== undefined ? "good" : item.expired === undefined ? "waits" : "bad",
    });
  } else if (proposal.expiresAt !== undefined) {
    found.push({ term: "Temporary", says: `until ${proposal.expiresAt}`, tone: "waits" });
  }
  for (const request of exceptions) {
    const agreed = request.decisions.filter((each) => each.decision === "approve").length;
    const waits = `approvals ${agreed} of ${request.approvals} by ${later(request.recordedAt, state.obligations.requestHours * 60)}`;
    found.push({
      term: request.until === undefined ? "To be made permanent" : "To be renewed",
      says: `${request.until === undefined ? "" : `until ${request.until}; `}${request.outcome ?? waits}, request ${request.id} by`,
      actor: request.actor,
      texts: [request.rationale],
      tone: request.outcome === undefined ? "waits" : "plain",
    });
  }
  return found;
}

function retrospective({ retrospective: item }: RecordState): readonly Duty[] {
  if (item === undefined) return [];
  const late = item.overdue === undefined ? "" : ` (overdue by entry ${item.overdue})`;
  return [
    item.done === undefined
      ? {
          term: "Retrospective",
          says: `due by ${item.dueAt}${late}`,
          tone: late === "" ? "waits" : "bad",
        }
      : {
          term: "Retrospective",
          says: `${item.done.outcome}${late}, ${item.done.stepUp ? "with" : "without"} step-up, by`,
          actor: item.done.actor,
          tone: "good",
        },
  ];
}

function drilled(state: RecordState): readonly Duty[] {
  const { drills, status } = state;
  if (drills === undefined) return [];
  const { schedule, due, cancelled } = drills;
  const next = status === "planned" ? nextDrill(drills) : undefined;
  const found: Duty[] = [
    {
      term: "Drills",
      says: `${schedule.every} from ${schedule.first} until ${schedule.until}, to the ${schedule.target} target; ${next === undefined ? "no more" : `next at ${next}`}; owned by`,
      actor: schedule.owner,
      tone: "plain",
    },
  ];
  if (due !== undefined && status === "planned") {
    const by = later(due.at, schedule.withinDays * 1440);
    const more = due.missed === 0 ? "" : `, and ${due.missed} more not held`;
    found.push({
      term: "Drill due",
      says: `since ${due.at}${more}, to be held by ${by}${due.overdue === undefined ? "" : ` (overdue by entry ${due.overdue})`}, with countermand drill start ${state.id}, by`,
      actor: schedule.owner,
      tone: due.overdue === undefined ? "waits" : "bad",
    });
  }
  if (cancelled !== undefined) {
    found.push({
      term: "Drills cancelled",
      says: `by entry ${cancelled.index}, by`,
      actor: cancelled.actor,
      texts: [cancelled.rationale],
      tone: "plain",
    });
  }
  for (const item of drills.held) {
    found.push({
      term: "Drill held",
      says: `as ${item.drill}, ${item.outcome}, says`,
      actor: item.actor,
      tone: item.outcome === "succeeded" ? "good" : "bad",
    });
  }
  return found;
}

/** What the assessment took off its score, where it took anything. */
function weighed({ assessment }: RecordState): readonly Duty[] {
  const { open, cleared: off } = assessment?.findings ?? { open: [], cleared: [] };
  if (off.length === 0) return [];
  const left = open.map((item) => `${item.count} ${item.severity}`).join(", ") || "none";
  const taken = off.map(
    ({ count, severity, by, until }) =>
      `${count} ${severity} by ${by}${until === undefined ? "" : ` until ${until}`}`,
  );
  return [{ term: "Findings", says: `open: ${left}; cleared: ${taken.join(", ")}`, tone: "plain" }];
}

function cleared({ clearings, proposal }: RecordState): readonly Duty[] {
  const target = digestOf(proposal.target);
  return clearings.map((item) => {
    const where =
      item.scope === "service"
        ? `for the service ${proposal.service}`
        : item.target === target
          ? "for this record"
          : "for an earlier target of this record, and no longer";
    return {
      term: "Cleared",
      says: `${item.ground}, ${where}, until ${item.until}: ${item.findings.join(", ")}; by`,
      actor: item.actor,
      texts: [item.rationale],
      tone: "waits",
    };
  });
}
