/** The mechanism of what time does: the system says which deadline passed, and what comes of it. */
import { timestamp, type Infer } from "../bytes/shape.ts";
import type { RecordState, Status } from "../lifecycle/state.ts";
import {
  aboutRecord,
  existing,
  predicate,
  type RecordContext,
  type RecordStatement,
} from "./statement-type.ts";
import { recordId } from "./words.ts";

const shape = predicate({ record: recordId, deadline: timestamp });

/** `says` is followed by the deadline. */
export function timer(
  name: string,
  during: readonly Status[],
  says: string,
  effect: (state: RecordState, context: RecordContext) => RecordState,
): RecordStatement<Infer<typeof shape>> {
  return {
    name,
    stream: "record",
    saidBy: "system",
    during,
    shape,
    subjects: aboutRecord,
    apply: (_body, before, context) => effect(existing(before), context),
    says: (body) => `${says} ${body.deadline}`,
  };
}
