/** A record as the API tells it: in a list, and whole. */
import { z } from "zod";
import {
  clearers,
  clearingScopes,
  decisionKinds,
  drillTargets,
  findingSeverities,
  lanes,
  modes,
  riskLevels,
  type Condition,
  type Obligations,
  type RecordState,
} from "@countermand/record";
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

const stated = z
  .union([identity, z.object({ type: z.literal("unnamed") })])
  .describe("unnamed: a signal opened it, and nobody has said yet");

const proposal = z.object({
  ...saying,
  digest: sha256Hex,
  kind,
  service: z.string(),
  environment: z.string(),
  current: stated,
  target: stated,
  reason: z.string(),
  tickets: z.array(z.string()),
  stabiliseMinutes: z.int(),
  expiresAt: instant.exactOptional(),
  mode: z.enum(modes).exactOptional().describe("Absent: an ordinary rollback"),
  stepUp: z
    .boolean()
    .exactOptional()
    .describe("Of an emergency: whether it was declared with a PIN or a biometric"),
  incident: z.string().exactOptional(),
  obligation: z
    .object({ signal: z.string(), owner: actor, deadline: instant })
    .exactOptional()
    .describe("It is mandatory: why, who answers for it, until when"),
  signal: z
    .object({
      source: z.string(),
      id: z.string(),
      type: z.string(),
      severity: z.enum(riskLevels),
      ids: z.array(z.string()),
      occurredAt: instant,
      digest: sha256Hex,
      rules: z.array(z.string()),
    })
    .exactOptional()
    .describe("The signal that opened it, and the rules that made it mandatory"),
  plan: recordId.exactOptional(),
  checks: z.array(z.string()),
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
  findings: z
    .object({
      open: z.array(z.object({ severity: z.enum(findingSeverities), count: z.int() })),
      cleared: z.array(
        z.object({
          by: z.enum(clearers),
          severity: z.enum(findingSeverities),
          count: z.int(),
          until: instant.exactOptional(),
        }),
      ),
    })
    .exactOptional()
    .describe("Findings for the worse: left open, and taken off the score"),
  inverse: artefact.exactOptional().describe("Proof that it is the exact inverse"),
  ranBefore: z.boolean(),
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
      clearings: sha256Hex.exactOptional(),
    })
    .exactOptional()
    .describe("What the analysis was told beside the two states, by digest"),
});

const condition: z.ZodType<Condition> = z.discriminatedUnion("type", [
  z.object({ type: z.literal("check"), name: z.string() }),
  z.object({ type: z.literal("until"), at: instant }),
  z.object({ type: z.literal("environment"), environment: z.string() }),
]);

const decision = z.object({
  ...saying,
  id: z.string(),
  key: fingerprint,
  leafHash: sha256Hex,
  decision: z.enum(decisionKinds),
  to: z.string().exactOptional(),
  conditions: z.array(condition),
  hash: sha256Hex.describe("The record hash that was decided on"),
  evidenceSeen: sha256Hex,
  comment: commitment.exactOptional(),
  voidedBy: index.exactOptional(),
  withdrawnBy: index.exactOptional(),
});

const obligations: z.ZodType<Obligations> = z
  .object({
    approvals: z.int().describe("Distinct persons, the seats included"),
    roles: z.array(z.object({ role: z.string(), count: z.int() })),
    evidence: z.array(z.string()).describe("Kinds that must be attached before an approval"),
    requestHours: z.int(),
    windowMinutes: z.int(),
    temporaryDays: z.int(),
    retrospectiveHours: z.int(),
    renewals: z.int(),
    notify: z.array(z.string()),
    lane: z.enum(lanes),
    samplePercent: z.int(),
  })
  .describe("What this version must show");

const exception = z.object({
  ...saying,
  id: z.string(),
  kind: z.enum(["renew", "make-permanent"]),
  until: instant.exactOptional(),
  rationale: commitment,
  approvals: z.int().describe("Distinct persons who must agree"),
  decisions: z.array(
    z.object({
      ...saying,
      leafHash: sha256Hex,
      key: fingerprint,
      decision: z.enum(["approve", "reject"]),
    }),
  ),
  outcome: z.enum(["granted", "rejected", "expired", "void"]).exactOptional(),
});

const clearing = z.object({
  ...saying,
  leafHash: sha256Hex,
  findings: z.array(z.string()).describe("Fingerprints"),
  ground: z.string(),
  scope: z.enum(clearingScopes),
  until: instant,
  target: sha256Hex.describe("SHA-256 of the target that it was said about"),
  rationale: commitment,
});

const temporary = z.object({
  from: instant,
  expiresAt: instant,
  renewals: z.int(),
  warned: index.exactOptional(),
  expired: index.exactOptional(),
  ended: z.object({ index, how: z.enum(["permanent", "undone"]) }).exactOptional(),
});

const retrospective = z.object({
  dueAt: instant,
  overdue: index.exactOptional(),
  done: z
    .object({
      ...saying,
      outcome: z.string(),
      stepUp: z.boolean().describe("Whether it was judged with a PIN or a biometric"),
    })
    .exactOptional(),
});

const drills = z
  .object({
    schedule: z.object({
      ...saying,
      owner: actor,
      first: instant,
      every: z.string().describe("ISO 8601: P14D, P2W, P3M, P1Y"),
      until: instant,
      withinDays: z.int(),
      target: z.enum(drillTargets),
    }),
    told: instant.exactOptional().describe("When one fell due last"),
    due: z
      .object({ at: instant, index, missed: z.int(), overdue: index.exactOptional() })
      .exactOptional()
      .describe("The one to be held"),
    held: z.array(
      z.object({ ...saying, drill: recordId, outcome: z.enum(["succeeded", "failed"]) }),
    ),
    cancelled: z.object({ ...saying, rationale: commitment }).exactOptional(),
  })
  .describe("Of a plan: the drills of what it describes");

const execution = z.object({
  ...saying,
  id: z.string(),
  command: commitment.exactOptional(),
  gate: z.string().exactOptional().describe("Whom the gate let through"),
  overdue: index.exactOptional().describe("Entry that said that nobody reported on it in time"),
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
    obligations,
    classification: z
      .object({
        ...saying,
        hash: sha256Hex,
        classes: z.array(z.string()),
        rules: z.array(z.string()),
      })
      .exactOptional()
      .describe("What the policy's rules made of it"),
    proposal,
    assessment: assessment.exactOptional(),
    evidence: z.array(
      z.object({
        ...saying,
        digest: sha256Hex,
        size,
        kind: z.string(),
        mediaType: z.string(),
        target: sha256Hex.describe("SHA-256 of the target that it is about"),
      }),
    ),
    decisions: z.array(decision),
    authorisation: z
      .object({
        index,
        lane: z.enum(["quorum", "clean-revert", "emergency"]),
        sampled: z.boolean(),
        conditions: z.array(condition),
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
    checks: z.array(
      z.object({
        ...saying,
        hash: sha256Hex.describe("The record hash that it was reported on"),
        name: z.string(),
        outcome: passed,
      }),
    ),
    workloadKeys: z
      .array(
        z.object({
          ...saying,
          fingerprint,
          publicKey: z.string(),
          issuer: z.string(),
          expiresAt: instant,
          keys: artefact,
        }),
      )
      .describe("Keys of jobs, for this record and as long as their tokens held"),
    temporary: temporary.exactOptional(),
    exceptions: z.array(exception),
    clearings: z.array(clearing).describe("Findings taken off the score for a time"),
    retrospective: retrospective.exactOptional(),
    obligationOverdue: index.exactOptional(),
    drills: drills.exactOptional(),
    override: z
      .object({ ...saying, until: instant, control: commitment, rationale: commitment })
      .exactOptional(),
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
