/** A record as the API tells it: in a list, and whole. */
import { z } from "zod";
import { type RecordState, riskLevels } from "@countermand/record";
import type { Page, RecordSummary, RecordView } from "../../rollbacks/countermand.ts";
import {
  actor,
  artefact,
  commitment,
  fingerprint,
  identity,
  index,
  instant,
  kind,
  opening,
  policy,
  recordId,
  sha256Hex,
  size,
  status,
} from "./words.ts";

export const recordSummary: z.ZodType<RecordSummary> = z.object({
  id: recordId,
  status,
  kind,
  service: z.string(),
  environment: z.string(),
  reason: z.string(),
  target: z.string().describe("Short form of the identity to return to"),
  proposer: actor,
  proposedAt: instant,
  changedAt: instant,
  dueAt: instant.exactOptional().describe("When time alone will change it"),
});

export const next = z
  .string()
  .exactOptional()
  .describe("Cursor of the next page; give it as `after`");

export const recordPage: z.ZodType<Page<RecordSummary>> = z
  .object({ items: z.array(recordSummary), next })
  .describe("Records, newest first");

const saying = { index, actor, occurredAt: instant, recordedAt: instant };

const proposal = z.object({
  ...saying,
  digest: sha256Hex,
  kind,
  service: z.string(),
  environment: z.string(),
  current: identity,
  target: identity,
  reason: z.string(),
  tickets: z.array(z.string()),
  stabiliseMinutes: z.int(),
  expiresAt: instant.exactOptional(),
  rationale: commitment,
  impact: commitment,
  security: commitment,
});

const assessment = z.object({
  ...saying,
  digest: sha256Hex,
  report: artefact.exactOptional(),
  commits: z.int(),
  files: z.int(),
  authors: z.array(actor),
  unknownAuthors: z.int(),
  implications: z.array(
    z.object({
      id: z.string(),
      rule: z.string(),
      direction: z.string(),
      severity: z.string(),
      count: z.int(),
    }),
  ),
  unknowns: z.array(z.string()),
  risk: z
    .object({
      score: z.int().describe("0 to 100"),
      level: z.enum(riskLevels),
      coverage: z.int().describe("Per cent of what was to be looked at"),
      weights: z.int(),
    })
    .exactOptional(),
  inputs: z
    .object({
      rules: sha256Hex,
      asOf: instant,
      advisories: sha256Hex.exactOptional(),
      context: sha256Hex.exactOptional(),
    })
    .exactOptional()
    .describe("What the analysis was told beside the two states, by digest"),
});

const decision = z.object({
  ...saying,
  leafHash: sha256Hex,
  decision: z.enum(["approve", "reject"]),
  hash: sha256Hex.describe("The record hash that was decided on"),
  evidenceSeen: sha256Hex,
  comment: commitment.exactOptional(),
  voidedBy: index.exactOptional(),
});

const execution = z.object({
  ...saying,
  id: z.string(),
  command: commitment,
  finished: z
    .object({
      index,
      outcome: z.string(),
      startedAt: instant,
      finishedAt: instant,
      output: artefact.exactOptional(),
    })
    .exactOptional(),
});

const passed = z.enum(["passed", "failed"]);

export const recordState: z.ZodType<RecordState> = z
  .object({
    id: recordId,
    uid: z.string(),
    status,
    since: instant,
    hash: sha256Hex.describe("What an approval is bound to"),
    revision: z.int(),
    policy,
    proposal,
    assessment: assessment.exactOptional(),
    evidence: z.array(
      z.object({ ...saying, digest: sha256Hex, size, kind: z.string(), mediaType: z.string() }),
    ),
    decisions: z.array(decision),
    authorisation: z
      .object({
        index,
        hash: sha256Hex,
        notBefore: instant,
        notAfter: instant,
        approvals: z.array(sha256Hex),
      })
      .exactOptional(),
    executions: z.array(execution),
    observations: z.array(
      z.object({
        ...saying,
        running: identity,
        source: z.string(),
        agrees: z.boolean(),
        independent: z.boolean(),
      }),
    ),
    verifications: z.array(
      z.object({
        ...saying,
        outcome: passed,
        checks: z.array(z.object({ name: z.string(), outcome: passed })),
      }),
    ),
    review: z
      .object({ ...saying, outcome: z.string(), actions: z.array(z.string()) })
      .exactOptional(),
    closure: z.object({ ...saying, alignment: z.string() }).exactOptional(),
    proposers: z.array(actor),
    participants: z.array(actor),
    deletedOpenings: z.array(commitment),
    timeline: z.array(
      z.object({
        ...saying,
        type: z.string(),
        statement: z.string(),
        key: fingerprint,
        leafHash: sha256Hex,
        says: z.string().describe("One sentence without personal data"),
      }),
    ),
    head: sha256Hex,
  })
  .describe("The state of a record: what its entries add up to");

export const recordView: z.ZodType<RecordView> = z
  .object({ state: recordState, openings: z.array(opening) })
  .describe("A record, and the texts that are kept");
