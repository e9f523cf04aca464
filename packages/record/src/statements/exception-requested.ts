/** A temporary rollback is to stay longer, or for good: somebody asks, others decide. */
import { oneOf, timestamp, type Infer } from "../bytes/shape.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import { personsNeeded } from "../constitution/quorum.ts";
import { statuses, type Status } from "../lifecycle/state.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

const shape = predicate(
  { record: recordId, kind: oneOf(["renew", "make-permanent"]), rationale: commitmentText },
  {
    /** Of a renewal: its new end. */
    until: timestamp,
  },
);
type Body = Infer<typeof shape>;

const notBegun: readonly Status[] = [
  "planned",
  "proposed",
  "pending_approval",
  "authorised",
  "rejected",
  "withdrawn",
  "expired",
  "lapsed",
  "overridden",
];
/** Once it ran, closed or not: what is temporary stands beside the main line. */
export const begunStates: readonly Status[] = statuses.filter((item) => !notBegun.includes(item));

const day = 86_400_000;

export const exceptionRequested: RecordStatement<Body> = {
  name: "exception-requested",
  stream: "record",
  saidBy: "initiate",
  during: begunStates,
  shape,
  subjects: aboutRecord,
  check(body, before, { said }) {
    const state = existing(before);
    const { temporary, obligations } = state;
    if (temporary === undefined || temporary.ended !== undefined) {
      throw new Refusal(
        "lifecycle",
        temporary === undefined
          ? `${state.id} is not temporary; there is nothing to renew`
          : `${state.id} is not temporary any more; it was ${temporary.ended?.how === "permanent" ? "made permanent" : "undone"}`,
      );
    }
    rule(
      "lifecycle",
      state.exceptions.every((item) => item.outcome !== undefined),
      () => `a request on ${state.id} waits for its decision already`,
    );
    rule("lifecycle", (body.kind === "renew") === (body.until !== undefined), () =>
      body.kind === "renew"
        ? "a renewal has an end; give `until`"
        : "what is permanent has no end; leave `until` out",
    );
    if (body.until === undefined) return;
    rule(
      "policy",
      temporary.renewals < obligations.renewals,
      () =>
        `${state.id} was renewed ${temporary.renewals} times, which is all that the policy allows; undo it or make it permanent`,
    );
    const lasts = Date.parse(body.until) - Date.parse(said.recordedAt);
    rule(
      "policy",
      body.until > temporary.expiresAt && lasts > 0 && lasts <= obligations.temporaryDays * day,
      () =>
        `a renewal ends after ${temporary.expiresAt} and within ${obligations.temporaryDays} days from now; this one says ${body.until}`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      exceptions: [
        ...state.exceptions,
        {
          ...saying(said),
          id: said.head.id,
          kind: body.kind,
          ...(body.until === undefined ? {} : { until: body.until }),
          rationale: body.rationale,
          // Each renewal is harder than the one before; what lasts is the hardest.
          approvals: personsNeeded(state) + (state.temporary?.renewals ?? 0) + 1,
          decisions: [],
        },
      ],
    };
  },
  says: (body) =>
    body.until === undefined ? "asks to make it permanent" : `asks to renew it until ${body.until}`,
};
