/** How each status looks and what has to happen next; a new status does not compile without. */
import type { Status } from "@countermand/record";
import { html, type Html } from "./html.ts";

/** Colour and sign of a badge. The words say it; these only help. */
type Tone = "waits" | "runs" | "good" | "bad" | "over";

interface StatusText {
  readonly tone: Tone;
  readonly next: string;
  /** The command that says it, without the record's number. */
  readonly command?: string;
}

const signs: Readonly<Record<Tone, string>> = {
  waits: "○",
  runs: "▸",
  good: "✓",
  bad: "✗",
  over: "■",
};

const texts: Readonly<Record<Status, StatusText>> = {
  planned: { tone: "waits", next: "Nothing; it is there for the day it is needed." },
  proposed: {
    tone: "waits",
    next: "Its proposer assesses what it undoes; what a signal opened is first revised where it names no state.",
  },
  pending_approval: {
    tone: "waits",
    next: "Somebody who may approve decides.",
    command: "approve",
  },
  authorised: {
    tone: "runs",
    next: "Somebody who may execute runs it, inside the window.",
    command: "run",
  },
  executing: {
    tone: "runs",
    next: "The run ends, and its executor reports. Whoever else may execute can say that it was lost.",
  },
  execution_failed: {
    tone: "bad",
    next: "The run failed. It is run again, or somebody who took no part reviews it; what is mandatory is revised or overridden instead.",
    command: "run",
  },
  executed: {
    tone: "runs",
    next: "Somebody else than the executor says what runs now.",
    command: "observe",
  },
  partial: {
    tone: "bad",
    next: "What runs is not what was to run. Somebody observes again, or who took no part reviews it.",
    command: "observe",
  },
  verifying: {
    tone: "runs",
    next: "Somebody says whether the rollback helped.",
    command: "verify-outcome",
  },
  verification_failed: {
    tone: "bad",
    next: "The rollback did not help. Somebody who took no part reviews it.",
    command: "review",
  },
  stabilising: { tone: "runs", next: "Time passes; the record stabilises by itself." },
  stabilised: { tone: "good", next: "Somebody who took no part reviews it.", command: "review" },
  in_review: {
    tone: "waits",
    next: "Somebody closes it, once main and runtime agree or the gap is accepted.",
    command: "close",
  },
  closed: { tone: "good", next: "Nothing; the record is complete." },
  overridden: {
    tone: "bad",
    next: "It is mandatory and set aside for a time; at its end somebody decides again.",
  },
  rejected: { tone: "over", next: "Nothing; it was decided against." },
  withdrawn: { tone: "over", next: "Nothing; the proposer took it back." },
  expired: { tone: "over", next: "Nothing; the approvals did not come in time." },
  lapsed: { tone: "over", next: "Nothing; the window passed without a run." },
};

/** `pending_approval` as people read it. */
export function statusName(status: string): string {
  return status.replaceAll("_", " ");
}

export function badge(status: Status): Html {
  const { tone } = texts[status];
  return html`<span class="badge ${tone}"
    ><span aria-hidden="true">${signs[tone]}</span> ${statusName(status)}</span
  >`;
}

/** What has to happen next, and with which command. */
export function nextStep(id: string, status: Status): Html {
  const { next, command } = texts[status];
  return html`${next} ${command !== undefined && html`<code>countermand ${command} ${id}</code>`}`;
}
