/**
 * A job of a pipeline makes itself a key for this record and as long as its
 * token holds: signed with that key, with the token as witness. Nothing that is
 * worth stealing lies in the pipeline.
 */
import { timestamp, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { ended, statuses } from "../lifecycle/state.ts";
import { holderOf, personById } from "../registry/registry.ts";
import { keySet } from "./key-enrolled.ts";
import { publicKey } from "./public-key.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, issuer, recordId } from "./words.ts";

const shape = predicate({
  record: recordId,
  newKey: publicKey,
  issuer,
  /** The identity token. */
  token: commitmentText,
  keys: keySet,
  /** The token's own end. */
  expiresAt: timestamp,
});
type Body = Infer<typeof shape>;

/** Tokens of pipelines hold minutes; more than this is not a job's. */
const maxHours = 24;

export const workloadKey: RecordStatement<Body> = {
  name: "workload-key",
  stream: "record",
  saidBy: "anyone",
  selfSigned: true,
  during: statuses.filter((status) => !ended.includes(status)),
  shape,
  subjects: aboutRecord,
  check(body, before, { said, registry }) {
    const state = existing(before);
    const { actor } = said.head;
    const person = personById(registry, actor);
    rule(
      "key-bound",
      person?.workloads.some((item) => item.issuer === body.issuer) === true,
      () => `${actor} is bound to no tokens of ${body.issuer}; an administrator binds it first`,
    );
    rule(
      "key-bound",
      holderOf(registry, body.newKey.fingerprint) === undefined &&
        registry.system.fingerprint !== body.newKey.fingerprint &&
        !state.workloadKeys.some((key) => key.fingerprint === body.newKey.fingerprint),
      () => `the key ${body.newKey.fingerprint} is or was in use here; a job makes its own`,
    );
    const lasts = Date.parse(body.expiresAt) - Date.parse(said.recordedAt);
    rule(
      "clock",
      lasts > 0 && lasts <= maxHours * 3_600_000,
      () =>
        `a job's key holds until its token ends, within ${maxHours} h; this says ${body.expiresAt}`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      workloadKeys: [
        ...state.workloadKeys,
        {
          ...saying(said),
          fingerprint: body.newKey.fingerprint,
          publicKey: body.newKey.line,
          issuer: body.issuer,
          expiresAt: body.expiresAt,
          keys: body.keys,
        },
      ],
    };
  },
  says: (body) =>
    `brings the key ${body.newKey.fingerprint} for this record, with a token of ${body.issuer} that holds until ${body.expiresAt}`,
};
