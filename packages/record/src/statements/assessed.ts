/**
 * What the rollback undoes, as an analysis found it. The report itself is an
 * artefact named by digest; what the rules and the approver need is here in
 * clear. With no repository there is no report, and the unknowns say so.
 */
import { array, int, object, oneOf, sha256Hex, string, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { obligationsOf } from "../policy/obligations.ts";
import { recordHash } from "../lifecycle/record-hash.ts";
import { voidDecisions } from "../lifecycle/state.ts";
import {
  aboutRecord,
  existing,
  predicate,
  saying,
  type RecordStatement,
} from "./statement-type.ts";
import {
  actorId,
  assessedInputs,
  assessedRisk,
  findingSeverities,
  name,
  recordId,
  weighedFindings,
} from "./words.ts";

const shape = predicate(
  {
    record: recordId,
    /** The tool and version that made the report, for instance `countermand-undo@0.1.0`. */
    tool: name,
    commits: int(0, 100_000_000),
    files: int(0, 100_000_000),
    /** Authors of undone commits who are enrolled. */
    authors: array(actorId, { max: 200 }),
    /** Authors of undone commits who are not. */
    unknownAuthors: int(0, 1_000_000),
    implications: array(
      object({
        id: name,
        rule: name,
        direction: oneOf(["worse", "better", "changed"]),
        severity: oneOf(findingSeverities),
        count: int(1, 1_000_000),
      }),
      { max: 60 },
    ),
    /** What could not be known, a sentence each, without repository text. Empty: nothing. */
    unknowns: array(
      string({ min: 1, max: 300, pattern: /^[\x20-\x7e]+$/, what: "printable ASCII" }),
      { max: 60 },
    ),
  },
  {
    report: object({ digest: sha256Hex, size: int(0, 1_099_511_627_776) }),
    risk: assessedRisk,
    inputs: assessedInputs,
    /** Of the findings for the worse. */
    findings: weighedFindings,
    /** A proof that the target is the exact inverse of what is undone: docs/spec/inverse-proof.md. */
    inverse: object({ digest: sha256Hex, size: int(1, 67_108_864) }),
  },
);
type Body = Infer<typeof shape>;

export const assessed: RecordStatement<Body> = {
  name: "assessed",
  stream: "record",
  saidBy: "initiate",
  during: ["planned", "proposed", "pending_approval", "authorised"],
  shape,
  subjects: aboutRecord,
  check(_body, before) {
    const { id, proposal } = existing(before);
    rule(
      "target-pinned",
      proposal.target.type !== "unnamed" && proposal.current.type !== "unnamed",
      () =>
        `${id} does not say yet what runs and what is to run: a signal opened it; revise it with both, then assess it`,
    );
  },
  apply(body, before, { said, facts }) {
    const { authorisation: _void, classification: _was, ...state } = existing(before);
    return {
      ...state,
      status: state.status === "planned" ? "planned" : "pending_approval",
      obligations: obligationsOf(state.policy, state.proposal.mode === "emergency"),
      hash: recordHash(state.id, state.proposal.digest, said.payloadDigest),
      assessment: {
        ...saying(said),
        digest: said.payloadDigest,
        ...(body.report === undefined ? {} : { report: body.report }),
        commits: body.commits,
        files: body.files,
        authors: body.authors,
        unknownAuthors: body.unknownAuthors,
        implications: body.implications,
        unknowns: body.unknowns,
        ...(body.risk === undefined ? {} : { risk: body.risk }),
        ...(body.inputs === undefined ? {} : { inputs: body.inputs }),
        ...(body.findings === undefined ? {} : { findings: body.findings }),
        ...(body.inverse === undefined ? {} : { inverse: body.inverse }),
        ranBefore: facts?.ranBefore ?? false,
      },
      decisions: voidDecisions(state, said.index),
    };
  },
  says(body) {
    const worse = body.implications.filter((item) => item.direction === "worse").length;
    const unknown = body.unknowns.length === 0 ? "" : `, unknown: ${body.unknowns.length}`;
    const risk =
      body.risk === undefined ? "" : `, risk ${body.risk.score} of 100 (${body.risk.level})`;
    const cleared = (body.findings?.cleared ?? []).reduce((sum, item) => sum + item.count, 0);
    const off = cleared === 0 ? "" : `, findings cleared: ${cleared}`;
    return body.report === undefined
      ? `assesses: what this undoes is unknown (${body.unknowns.join("; ")})`
      : `assesses: undoes commits: ${body.commits}, files: ${body.files}, implications for the worse: ${worse}${off}${risk}${unknown}`;
  },
};
