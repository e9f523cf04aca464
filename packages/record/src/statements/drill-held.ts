/** The drill that was due was held: an exercise that was opened since then, and ran. */
import { oneOf, type Infer } from "../bytes/shape.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { recordId } from "./words.ts";

const shape = predicate({
  record: recordId,
  /** The exercise. */
  drill: recordId,
  /** Whether it brought back what it was to bring back. */
  outcome: oneOf(["succeeded", "failed"]),
});
type Body = Infer<typeof shape>;

export const drillHeld: RecordStatement<Body> = {
  name: "drill-held",
  stream: "record",
  saidBy: "initiate",
  humansOnly: true,
  during: ["planned"],
  shape,
  subjects: aboutRecord,
  check(body, before, { facts }) {
    const state = existing(before);
    const due = state.drills?.due;
    if (due === undefined) throw new Refusal("lifecycle", `no drill of ${state.id} is due`);
    rule(
      "chain",
      facts !== undefined,
      () => "the entry does not say what is known of the exercise",
    );
    rule(
      "lifecycle",
      facts?.drill?.plan === state.id,
      () =>
        `${body.drill} is not an exercise that was proposed from ${state.id} and ran; hold one with \`countermand drill start ${state.id}\``,
    );
    rule(
      "lifecycle",
      (facts?.drill?.openedAt ?? "") >= due.at,
      () =>
        `${body.drill} was opened at ${facts?.drill?.openedAt}, before the drill fell due at ${due.at}; it was for an earlier one`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    if (state.drills === undefined) return state;
    const { due: _held, ...kept } = state.drills;
    const held = { ...saying(said), drill: body.drill, outcome: body.outcome };
    return { ...state, drills: { ...kept, held: [...kept.held, held] } };
  },
  says: (body) => `the drill that was due was held as ${body.drill} and ${body.outcome}`,
};
