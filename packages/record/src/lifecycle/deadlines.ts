/**
 * What time alone will do to a record, and when. The main line has at most one
 * deadline; beside it run those of what is temporary, owed or mandatory.
 */
import { newestOccurrence, occurrence } from "./interval.ts";
import {
  hasRun,
  obligationUnmet,
  openedAt,
  type Drills,
  type RecordState,
  type Temporary,
} from "./state.ts";
import { later } from "./time.ts";

export const timers = [
  "expired",
  "lapsed",
  "stabilised",
  "override-ended",
  "execution-overdue",
  "temporary-expiring",
  "temporary-expired",
  "exception-expired",
  "retrospective-overdue",
  "obligation-overdue",
  "drill-due",
  "drill-overdue",
] as const;
export type TimerType = (typeof timers)[number];

export interface Deadline {
  readonly type: TimerType;
  readonly at: string;
  /** From when the time runs. */
  readonly since: string;
}

/** All deadlines that have not been said yet, the earliest first; at the same time in the order of `timers`. */
export function deadlinesOf(state: RecordState): readonly Deadline[] {
  const found = [
    mainLine(state),
    ...temporary(state.temporary),
    asked(state),
    owed(state),
    mandatory(state),
    ...drills(state),
  ];
  return found
    .filter((item) => item !== undefined)
    .toSorted((a, b) =>
      a.at === b.at ? timers.indexOf(a.type) - timers.indexOf(b.type) : a.at < b.at ? -1 : 1,
    );
}

/** The earliest of them: when somebody has to look at this record again. */
export function deadlineOf(state: RecordState): Deadline | undefined {
  return deadlinesOf(state)[0];
}

function mainLine(state: RecordState): Deadline | undefined {
  switch (state.status) {
    case "proposed":
    case "pending_approval": {
      // Nobody can let a mandatory rollback expire by doing nothing.
      if (state.proposal.obligation !== undefined) return undefined;
      const since = state.proposal.recordedAt;
      return { type: "expired", at: later(since, state.obligations.requestHours * 60), since };
    }
    case "authorised": {
      const window = state.authorisation;
      if (window === undefined) throw new TypeError("an authorised record has an authorisation");
      return { type: "lapsed", at: window.notAfter, since: window.notBefore };
    }
    case "stabilising": {
      const verified = state.verifications.at(-1);
      if (verified === undefined) throw new TypeError("a stabilising record was verified");
      const since = verified.recordedAt;
      return { type: "stabilised", at: later(since, state.proposal.stabiliseMinutes), since };
    }
    case "overridden": {
      const { override } = state;
      if (override === undefined) throw new TypeError("an overridden record has an override");
      return { type: "override-ended", at: override.until, since: override.recordedAt };
    }
    case "executing": {
      const run = state.executions.at(-1);
      if (run === undefined) throw new TypeError("an executing record was started");
      if (run.overdue !== undefined) return undefined;
      const since = run.recordedAt;
      return { type: "execution-overdue", at: later(since, executionMinutes(state)), since };
    }
    case "execution_failed": {
      // What is mandatory waits for another attempt; anything else for its review.
      const window = state.authorisation;
      if (window === undefined || !obligationUnmet(state)) return undefined;
      return { type: "lapsed", at: window.notAfter, since: window.notBefore };
    }
    case "planned":
    case "executed":
    case "partial":
    case "verifying":
    case "verification_failed":
    case "stabilised":
    case "in_review":
    case "closed":
    case "rejected":
    case "withdrawn":
    case "expired":
    case "lapsed":
      return undefined;
  }
}

/** How long a run may take before somebody has to ask what became of it. */
export function executionMinutes({ policy }: RecordState): number {
  return policy.executionMinutes ?? 120;
}

/** The warning comes a day before the end, and of what is short a quarter of its time before. */
function temporary(item: Temporary | undefined): readonly Deadline[] {
  if (item === undefined || item.ended !== undefined || item.expired !== undefined) return [];
  const { from: since, expiresAt } = item;
  const quarter = Math.max(0, Math.floor((Date.parse(expiresAt) - Date.parse(since)) / 240_000));
  const end: Deadline = { type: "temporary-expired", at: expiresAt, since };
  if (item.warned !== undefined) return [end];
  return [
    { type: "temporary-expiring", at: later(expiresAt, -Math.min(1440, quarter)), since },
    end,
  ];
}

/** A request to stay longer waits as long as any other. What is undone or permanent has none. */
function asked(state: RecordState): Deadline | undefined {
  const request = state.exceptions.find((item) => item.outcome === undefined);
  if (request === undefined) return undefined;
  const since = request.recordedAt;
  const at = later(since, state.obligations.requestHours * 60);
  return { type: "exception-expired", at, since };
}

function owed(state: RecordState): Deadline | undefined {
  const { retrospective } = state;
  if (
    retrospective === undefined ||
    retrospective.done !== undefined ||
    retrospective.overdue !== undefined
  ) {
    return undefined;
  }
  return { type: "retrospective-overdue", at: retrospective.dueAt, since: openedAt(state) };
}

/** It runs until the target ran, or it was said; a run that failed and a review do not end it. */
function mandatory(state: RecordState): Deadline | undefined {
  const { obligation } = state.proposal;
  if (obligation === undefined || state.obligationOverdue !== undefined || hasRun(state)) {
    return undefined;
  }
  // An override moves the question to its own end.
  const at =
    state.override === undefined || state.override.until < obligation.deadline
      ? obligation.deadline
      : state.override.until;
  return { type: "obligation-overdue", at, since: openedAt(state) };
}

/** The next that falls due, and the end of the time in which the one that fell due is held. */
function drills({ status, drills: item }: RecordState): readonly Deadline[] {
  if (item === undefined || status !== "planned") return [];
  const { schedule, due } = item;
  const found: Deadline[] = [];
  const at = nextDrill(item);
  if (at !== undefined) found.push({ type: "drill-due", at, since: schedule.recordedAt });
  if (due !== undefined && due.overdue === undefined) {
    const by = later(due.at, schedule.withinDays * 1440);
    found.push({ type: "drill-overdue", at: by, since: due.at });
  }
  return found;
}

/** When the next drill falls due; undefined where none does any more. */
export function nextDrill({ schedule, told, cancelled }: Drills): string | undefined {
  const { first, every, until } = schedule;
  const n = told === undefined ? 0 : newestOccurrence(first, every, told) + 1;
  const at = occurrence(first, every, n);
  return cancelled === undefined && at <= until ? at : undefined;
}

/** What is said of drills that fell due by `now`: the newest, and how many before it nobody said. */
export function fallenDue({ schedule, told }: Drills, now: string) {
  const { first, every, until } = schedule;
  const newest = newestOccurrence(first, every, now < until ? now : until);
  const before = told === undefined ? -1 : newestOccurrence(first, every, told);
  return { deadline: occurrence(first, every, newest), missed: newest - before - 1 };
}
