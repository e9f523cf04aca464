/**
 * A drill fell due. Times that passed while nobody was there to say it are told
 * once, with the newest: nobody holds five drills on one morning.
 */
import { int, timestamp, type Infer } from "../bytes/shape.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { recordId } from "./words.ts";

const shape = predicate({
  record: recordId,
  deadline: timestamp,
  /** How many times before this one passed unsaid. */
  missed: int(0, 1_000_000),
});
type Body = Infer<typeof shape>;

export const drillDue: RecordStatement<Body> = {
  name: "drill-due",
  stream: "record",
  saidBy: "system",
  during: ["planned"],
  shape,
  subjects: aboutRecord,
  apply(body, before, { said }) {
    const state = existing(before);
    const { drills } = state;
    if (drills === undefined) return state;
    const { due } = drills;
    return {
      ...state,
      drills: {
        ...drills,
        told: body.deadline,
        due:
          due === undefined
            ? { at: body.deadline, index: said.index, missed: body.missed }
            : // The one before was not held: it is this one that is missed too.
              { ...due, missed: due.missed + body.missed + 1 },
      },
    };
  },
  says: (body) =>
    `a drill is due since ${body.deadline}${body.missed === 0 ? "" : `; ${body.missed} before it passed while nobody looked`}`,
};
