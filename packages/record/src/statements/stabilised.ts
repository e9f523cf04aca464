/** It held: the time after its verification passed without a contrary observation. */
import { timestamp, type Infer } from "../bytes/shape.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { recordId } from "./words.ts";

const shape = predicate({ record: recordId, since: timestamp });

export const stabilised: RecordStatement<Infer<typeof shape>> = {
  name: "stabilised",
  stream: "record",
  saidBy: "system",
  during: ["stabilising"],
  shape,
  subjects: aboutRecord,
  apply: (_body, before) => ({ ...existing(before), status: "stabilised" }),
  says: (body) => `stabilised: it has held since ${body.since}`,
};
