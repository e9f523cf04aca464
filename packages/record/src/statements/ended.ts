/** The mechanism of what ends by its deadline alone: `expired` and `lapsed`. */
import { timestamp, type Infer } from "../bytes/shape.ts";
import type { Status } from "../lifecycle/state.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { recordId } from "./words.ts";

const shape = predicate({ record: recordId, deadline: timestamp });

export function ended(
  name: "expired" | "lapsed",
  during: readonly Status[],
  says: string,
): RecordStatement<Infer<typeof shape>> {
  return {
    name,
    stream: "record",
    saidBy: "system",
    during,
    shape,
    subjects: aboutRecord,
    apply: (_body, before) => ({ ...existing(before), status: name }),
    says: (body) => `${says} ${body.deadline}`,
  };
}
