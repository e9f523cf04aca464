/**
 * What a plan describes is to be tried again and again: from when, how often,
 * until when, and who answers for it. Said about the plan; each time it falls
 * due is an entry there, and the exercise itself is a record of its own.
 */
import { int, oneOf, timestamp, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { interval } from "../lifecycle/interval.ts";
import { drillsGoOn } from "../lifecycle/state.ts";
import { personById } from "../registry/registry.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { actorId, recordId } from "./words.ts";

/** `planned`: to the plan's own target. `chosen`: to one that the owner names each time. */
export const drillTargets = ["planned", "chosen"] as const;

const shape = predicate({
  record: recordId,
  owner: actorId,
  /** When the first is due. */
  first: timestamp,
  every: interval,
  /** No drill falls due after this. */
  until: timestamp,
  /** A drill that was not held so many days after it fell due is overdue. */
  withinDays: int(1, 366),
  target: oneOf(drillTargets),
});
type Body = Infer<typeof shape>;

/** What is scheduled for longer has no owner by then. */
export const longestScheduleDays = 1830;

export const drillScheduled: RecordStatement<Body> = {
  name: "drill-scheduled",
  stream: "record",
  saidBy: "initiate",
  humansOnly: true,
  during: ["planned"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said, registry }) {
    const state = existing(before);
    rule(
      "lifecycle",
      !drillsGoOn(state, said.recordedAt),
      () => `drills of ${state.id} are scheduled already; cancel that schedule first`,
    );
    rule(
      "humans-decide",
      personById(registry, body.owner)?.kind === "human",
      () => `the owner ${body.owner} is not a natural person who is enrolled here`,
    );
    const lasts = Date.parse(body.until) - Date.parse(said.recordedAt);
    rule(
      "policy",
      body.first > said.recordedAt &&
        body.until >= body.first &&
        lasts <= longestScheduleDays * 86_400_000,
      () =>
        `the first drill lies ahead, and the schedule ends after it and within ${longestScheduleDays} days; this one says ${body.first} and ${body.until}`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    const { owner, first, every, until, withinDays, target } = body;
    const { drills } = state;
    return {
      ...state,
      drills: {
        schedule: { ...saying(said), owner, first, every, until, withinDays, target },
        // What fell due under an earlier schedule is still to be held.
        ...(drills?.due === undefined ? {} : { due: drills.due }),
        held: drills?.held ?? [],
      },
    };
  },
  says: (body) =>
    `schedules drills from ${body.first}, ${body.every}, until ${body.until}, to the ${body.target} target, each within ${body.withinDays} days, for ${body.owner}`,
};
