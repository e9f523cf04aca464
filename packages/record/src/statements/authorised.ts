/** The quorum is reached, or a lane needs none: from here the rollback may be run, to this target, in this window. */
import { array, literal, oneOf, sha256Hex, string, timestamp, type Infer } from "../bytes/shape.ts";
import { later } from "../lifecycle/time.ts";
import { condition, showCondition } from "./condition.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { recordId } from "./words.ts";

const shape = predicate(
  {
    record: recordId,
    /** Leaf hashes of the approvals that count. */
    approvals: array(sha256Hex, { max: 100 }),
    policy: sha256Hex,
    /** The rules that decided. */
    rules: array(string({ min: 1, max: 110 }), { min: 1, max: 50 }),
    target: sha256Hex,
    notBefore: timestamp,
    notAfter: timestamp,
  },
  {
    /** Absent: a quorum. */
    lane: oneOf(["clean-revert", "emergency"]),
    /** Pre-authorised, and chosen for review all the same. */
    sampled: literal(true),
    /** Absent: none. */
    conditions: array(condition, { min: 1, max: 100 }),
  },
);
type Body = Infer<typeof shape>;

export const authorised: RecordStatement<Body> = {
  name: "authorised",
  stream: "record",
  saidBy: "system",
  during: ["proposed", "pending_approval"],
  shape,
  subjects: aboutRecord,
  apply(body, before, { said }) {
    const state = existing(before);
    const owes = body.lane === "emergency" && state.retrospective === undefined;
    const hours = state.obligations.retrospectiveHours;
    return {
      ...state,
      ...(owes ? { retrospective: { dueAt: later(said.recordedAt, hours * 60) } } : {}),
      status: "authorised",
      authorisation: {
        index: said.index,
        lane: body.lane ?? "quorum",
        sampled: body.sampled ?? false,
        conditions: body.conditions ?? [],
        hash: state.hash,
        notBefore: body.notBefore,
        notAfter: body.notAfter,
        approvals: body.approvals,
      },
    };
  },
  says: (body) =>
    `authorised until ${body.notAfter} (${body.rules.join(", ")}; approvals: ${body.approvals.length})${(body.conditions ?? []).map((item) => `, ${showCondition(item)}`).join("")}${body.sampled === true ? ", sampled for review" : ""}`,
};
