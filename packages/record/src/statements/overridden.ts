/**
 * A mandatory rollback is set aside for a time by somebody who may, with a
 * control in its place. Alone, with a key that saw its owner, and never for good.
 */
import { timestamp, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { afresh } from "../lifecycle/state.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

const shape = predicate({
  record: recordId,
  until: timestamp,
  /** What protects meanwhile. */
  control: commitmentText,
  rationale: commitmentText,
});
type Body = Infer<typeof shape>;

const day = 86_400_000;

export const overridden: RecordStatement<Body> = {
  name: "overridden",
  stream: "record",
  saidBy: "override",
  humansOnly: true,
  during: ["proposed", "pending_approval", "authorised", "execution_failed"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said }) {
    const state = existing(before);
    const { actor } = said.head;
    const { obligation } = state.proposal;
    rule(
      "mandatory",
      obligation !== undefined,
      () => `${state.id} is not mandatory; reject or withdraw it instead`,
    );
    rule(
      "approver-not-proposer",
      !state.proposers.includes(actor) && obligation.owner !== actor,
      () => `${actor} owns or proposed ${state.id} and cannot override it; somebody else must`,
    );
    rule(
      "key-type",
      said.userVerified !== false,
      () =>
        `the security key ${said.head.key} signed without a PIN or a biometric; an override needs one`,
    );
    const lasts = Date.parse(body.until) - Date.parse(said.recordedAt);
    rule(
      "policy",
      lasts > 0 && lasts <= state.obligations.temporaryDays * day,
      () =>
        `an override ends within ${state.obligations.temporaryDays} days from now; this one says ${body.until}`,
    );
  },
  apply(body, before, { said }) {
    return {
      ...afresh(existing(before), said.index),
      status: "overridden",
      override: {
        ...saying(said),
        until: body.until,
        control: body.control,
        rationale: body.rationale,
      },
    };
  },
  says: (body) => `overrides the obligation until ${body.until}, with a control in its place`,
};
