/** An artefact is laid before the approvers: its digest is the ledger's, its bytes are kept beside it. */
import { int, oneOf, sha256Hex, string, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import { ended, statuses } from "../lifecycle/state.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import { commitmentText, recordId } from "./words.ts";

export const evidenceKinds = [
  "junit",
  "sarif",
  "cyclonedx",
  "spdx",
  "openvex",
  "in-toto",
  "log",
  "screenshot",
  "file",
] as const;

const shape = predicate(
  {
    record: recordId,
    kind: oneOf(evidenceKinds),
    digest: sha256Hex,
    size: int(0, 1_099_511_627_776),
    mediaType: string({
      max: 100,
      pattern: /^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/,
      what: "a media type such as application/json",
    }),
  },
  { comment: commitmentText },
);
type Body = Infer<typeof shape>;

export const evidence: RecordStatement<Body> = {
  name: "evidence",
  stream: "record",
  saidBy: "anyone",
  during: statuses.filter((status) => !ended.includes(status)),
  shape,
  subjects: aboutRecord,
  check(body, before) {
    const state = existing(before);
    rule(
      "lifecycle",
      !state.evidence.some((item) => item.digest === body.digest),
      () => `the artefact sha256:${body.digest} is evidence of ${state.id} already`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    return {
      ...state,
      evidence: [
        ...state.evidence,
        {
          ...saying(said),
          digest: body.digest,
          kind: body.kind,
          size: body.size,
          mediaType: body.mediaType,
          target: digestOf(state.proposal.target),
        },
      ],
    };
  },
  says: (body) =>
    `adds evidence: ${body.kind}, ${body.size} bytes, sha256:${body.digest.slice(0, 12)}`,
};
