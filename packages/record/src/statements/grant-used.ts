/**
 * The gate let a deployment through on this record's grant, which is used up by
 * it. Nobody will report the run's end: what is observed running tells.
 */
import { sha256Hex, type Infer } from "../bytes/shape.ts";
import { mustGrant } from "../constitution/grant.ts";
import { rule } from "../constitution/refusal.ts";
import { begun } from "./execution-started.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { name, recordId } from "./words.ts";

const shape = predicate({
  record: recordId,
  target: sha256Hex,
  environment: name,
  /** Who asked, as the gate knows them: an actor's id or a token's. */
  caller: name,
});
type Body = Infer<typeof shape>;

export const grantUsed: RecordStatement<Body> = {
  name: "grant-used",
  stream: "record",
  saidBy: "system",
  onRequest: true,
  during: ["authorised"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said, registry }) {
    const state = existing(before);
    mustGrant(state, registry, {
      now: said.recordedAt,
      target: body.target,
      environment: body.environment,
    });
    rule(
      "target-pinned",
      body.environment === state.proposal.environment && state.proposal.mode !== "exercise",
      () =>
        state.proposal.mode === "exercise"
          ? `${state.id} is an exercise and lets nothing through`
          : `${state.id} is for ${state.proposal.environment}, not for ${body.environment}`,
    );
  },
  apply: (body, before, { said }) =>
    begun(existing(before), { ...saying(said), id: said.head.id, gate: body.caller }),
  says: (body) => `the gate let ${body.caller} deploy it in ${body.environment}`,
};
