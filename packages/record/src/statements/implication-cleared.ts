/**
 * Somebody who may approve takes findings of the analysis off the score for a
 * time: which (by fingerprint), on what ground, for this record or for the
 * service, until when, and why. Nothing is deleted by it: the assessment stays
 * as it was and shows what is cleared apart; a later one weighs it. So it changes
 * no record hash and voids no decision, and who decided before did not know of it.
 *
 * The entries hold no fingerprints of an assessment's findings, so that one is
 * named which nobody found cannot be refused here; it then clears nothing.
 */
import { array, oneOf, string, timestamp, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import { noPartIn } from "./decision.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

/** Why a finding is no harm, or is borne. */
export const clearingGrounds = [
  "not-affected",
  "fixed-elsewhere",
  "compensating-control",
  "accepted-risk",
  "false-positive",
] as const;

/** For this record and its target, or for every rollback of its service. */
export const clearingScopes = ["record", "service"] as const;

/** A clearing of longer than this is a rule or a fix that nobody wrote. */
export const longestClearingDays = 366;
const day = 86_400_000;

const shape = predicate({
  record: recordId,
  findings: array(
    string({
      pattern: /^[0-9a-f]{32}$/,
      what: "a finding's fingerprint of 32 lower-case hex digits",
    }),
    { min: 1, max: 100 },
  ),
  ground: oneOf(clearingGrounds),
  scope: oneOf(clearingScopes),
  until: timestamp,
  rationale: commitmentText,
});
type Body = Infer<typeof shape>;

export const implicationCleared: RecordStatement<Body> = {
  name: "implication-cleared",
  stream: "record",
  saidBy: "approve",
  humansOnly: true,
  during: ["proposed", "pending_approval", "authorised"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said }) {
    const state = existing(before);
    noPartIn(state, said.head.actor);
    rule(
      "key-type",
      said.userVerified !== false,
      () =>
        `the security key ${said.head.key} signed without a PIN or a biometric; clearing a finding needs one`,
    );
    rule(
      "lifecycle",
      new Set(body.findings).size === body.findings.length,
      () => "a finding is named once in a clearing",
    );
    const lasts = Date.parse(body.until) - Date.parse(said.recordedAt);
    rule(
      "policy",
      lasts > 0 && lasts <= longestClearingDays * day,
      () =>
        `a clearing ends within ${longestClearingDays} days from now; this one says ${body.until}`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      clearings: [
        ...state.clearings,
        {
          ...saying(said),
          leafHash: said.leafHash,
          findings: body.findings,
          ground: body.ground,
          scope: body.scope,
          until: body.until,
          target: digestOf(state.proposal.target),
          rationale: body.rationale,
        },
      ],
    };
  },
  says: (body) =>
    `clears findings: ${body.findings.length} (${body.findings
      .slice(0, 3)
      .map((item) => item.slice(0, 8))
      .join(
        ", ",
      )}${body.findings.length > 3 ? ", …" : ""}), ${body.ground}, for this ${body.scope}, until ${body.until}`,
};
