/** The vocabulary that statements share: one shape for each word, used everywhere it is said. */
import { commitmentText } from "../bytes/commitment.ts";
import {
  array,
  commitId,
  int,
  literal,
  object,
  oneOf,
  sha256Hex,
  string,
  timestamp,
  union,
  type Infer,
} from "../bytes/shape.ts";

export { commitmentText };

/**
 * A person's, workload's or controller's id in the ledger. Opaque by default, so
 * that the ledger holds no name; also safe in an allowed_signers file, where a
 * principal is a pattern.
 */
export const actorId = string({
  max: 64,
  pattern: /^[a-z0-9][a-z0-9._-]{0,63}$/,
  what: "an id of lower-case letters, digits, '.', '_' and '-'",
});

export const fingerprint = string({
  pattern: /^SHA256:[A-Za-z0-9+/]{43}$/,
  what: "an SSH key fingerprint written as SHA256: and 43 base64 characters",
});

/** A log's origin in the sense of C2SP tlog-checkpoint: a schema-less URL without spaces or '+'. */
export const origin = string({
  max: 255,
  pattern: /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,254}$/,
  what: "a schema-less URL such as audit.example.com/rollbacks",
});

export const recordId = string({
  max: 20,
  pattern: /^(?:RB|DR|PL)-[0-9]{4}-[1-9][0-9]{0,8}$/,
  what: "a record number such as RB-2026-7",
});

/**
 * What a record is beside an ordinary rollback: an emergency acts first and
 * answers for it afterwards, an exercise never touches production, a plan is
 * written before the change that it would take back.
 */
export const modes = ["emergency", "exercise", "plan"] as const;
export type Mode = (typeof modes)[number];

/** How a record's number begins: `RB` a rollback, `DR` a drill, `PL` a plan. One count for all three. */
export function prefixOf(mode: Mode | undefined): "RB" | "DR" | "PL" {
  return mode === "exercise" ? "DR" : mode === "plan" ? "PL" : "RB";
}

/** A service, environment or check: an identifier of the team's own, never free text. */
export const name = string({
  max: 100,
  pattern: /^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,99}$/,
  what: "a name of letters, digits and . _ / : @ -, without spaces",
});

/** A ticket or incident: an id or a URL, never free text. */
export const ticket = string({
  max: 200,
  pattern: /^[A-Za-z0-9#][A-Za-z0-9._/:#?=&%~-]{0,199}$/,
  what: "a ticket or incident id or URL without spaces",
});

export const permissions = [
  "initiate",
  "approve",
  "execute",
  "observe",
  "verify",
  "review",
  "override",
  "administer",
] as const;
export const permission = oneOf(permissions);
export type Permission = Infer<typeof permission>;

export const actorKinds = ["human", "workload", "controller", "agent"] as const;
export const actorKind = oneOf(actorKinds);
export type ActorKind = Infer<typeof actorKind>;

export const rollbackKinds = [
  "revert",
  "redeploy-previous",
  "config-revert",
  "flag-off",
  "state-restore",
] as const;
export const rollbackKind = oneOf(rollbackKinds);

/**
 * An immutable identity of a state: never a tag or a branch, which can move.
 * `version` is for what has a number of its own and no digest (a flag's version,
 * an infrastructure state's serial).
 */
export const identity = union("type", {
  commit: object({ type: literal("commit"), commit: commitId }),
  image: object({ type: literal("image"), digest: sha256Hex }, { name }),
  artifact: object({ type: literal("artifact"), digest: sha256Hex }, { name }),
  version: object({ type: literal("version"), name, version: name }),
});
export type Identity = Infer<typeof identity>;

export const identityTypes = ["commit", "image", "artifact", "version"] as const;

/** A state that whoever opened a record could not name. No statement can name it, so nothing matches it. */
export type Unnamed = { readonly type: "unnamed" };
export const unnamed: Unnamed = { type: "unnamed" };

/** One line for a person: what this identity is, short. */
export function showIdentity(value: Identity | Unnamed): string {
  switch (value.type) {
    case "unnamed":
      return "a state not named yet";
    case "commit":
      return value.commit.slice(0, 12);
    case "image":
    case "artifact":
      return `${value.name === undefined ? "" : `${value.name}@`}sha256:${value.digest.slice(0, 12)}`;
    case "version":
      return `${value.name}@${value.version}`;
  }
}

/** `unknown`: too little was seen for any other word. */
export const riskLevels = ["none", "low", "medium", "high", "critical", "unknown"] as const;

/** What a tool found, as it was reported to the server: a hint, in the words of whoever sent it. */
export const securitySignal = object({
  /** Who sent it, as the server knows them. */
  source: name,
  /** The sender's own; with `source` it is one signal, however often it is sent. */
  id: ticket,
  type: name,
  severity: oneOf(riskLevels),
  /** What it is about: CVE numbers and the like. */
  ids: array(name, { max: 50 }),
  occurredAt: timestamp,
  /** SHA-256 of the event as it was received. */
  digest: sha256Hex,
});
export type SecuritySignal = Infer<typeof securitySignal>;

/** How grave what is undone is, all together, and how much was seen of what was to be looked at. */
export const assessedRisk = object({
  score: int(0, 100),
  level: oneOf(riskLevels),
  /** Per cent. */
  coverage: int(0, 100),
  /** The version of the weights. */
  weights: int(1, 1_000_000),
});
export type AssessedRisk = Infer<typeof assessedRisk>;

export const findingSeverities = ["info", "low", "medium", "high", "critical"] as const;

/** Who or what shows that a finding is no harm: a person's signed word, or something a machine checks. */
export const clearers = ["statement", "evidence", "vex", "context"] as const;

/**
 * How many findings for the worse an assessment left open and took off its
 * score: what the policy's rules see of clearings. Absent where no report says.
 */
export const weighedFindings = object({
  open: array(object({ severity: oneOf(findingSeverities), count: int(1, 1_000_000) }), { max: 5 }),
  cleared: array(
    object(
      {
        by: oneOf(clearers),
        severity: oneOf(findingSeverities),
        count: int(1, 1_000_000),
      },
      {
        /** From then on they count as open; absent: it lasts as long as the inputs are these. */
        until: timestamp,
      },
    ),
    { max: 60 },
  ),
});
export type WeighedFindings = Infer<typeof weighedFindings>;

/** What an analysis was told beside the two states, so that anyone can repeat it. */
export const assessedInputs = object(
  {
    /** SHA-256 of the canonical list of rules and versions. */
    rules: sha256Hex,
    asOf: timestamp,
  },
  {
    /** SHA-256 of the advisory data; absent: there was none. */
    advisories: sha256Hex,
    /** SHA-256 of the context that severities were weighed in; absent: there was none. */
    context: sha256Hex,
    /** SHA-256 of the clearings and VEX documents that were taken into account; absent: there were none. */
    clearings: sha256Hex,
  },
);
export type AssessedInputs = Infer<typeof assessedInputs>;

/** An issuer as OpenID Connect names one: compared byte by byte, so kept as it is. */
export const issuer = string({
  max: 200,
  pattern: /^https?:\/\/[\x21-\x7e]{1,190}$/,
  what: "an issuer's URL",
});

/** Whoever is in a group at an identity provider: what the server calls that. Ids, never names. */
const groupRole = object({
  issuer,
  group: string({ min: 1, max: 200, pattern: /^[^\p{Cc}\p{Cf}]+$/u, what: "a group's id" }),
  role: string({ max: 40, pattern: /^[a-z][a-z0-9-]{0,39}$/, what: "the name of a role" }),
});
export type GroupRole = Infer<typeof groupRole>;

/**
 * A client of an identity provider at which people enrol keys: one of its own, whose
 * answers reach nobody but the person's own machine. A server that people log in at
 * chooses what their logins commit to, so its client vouches for no key.
 */
const enrolmentClient = object({
  issuer,
  client: string({ min: 1, max: 200, pattern: /^[\x21-\x7e]+$/, what: "a client's id" }),
});
export type EnrolmentClient = Infer<typeof enrolmentClient>;

/** The policy in force: what a proposal may say, how many must agree, how long things may take. */
export const policy = object(
  {
    id: name,
    version: int(1, 1_000_000),
    /** Distinct persons who must approve. */
    approvals: int(1, 10),
    reasons: array(name, { min: 1, max: 50 }),
    /** A request without its quorum expires after this long. */
    requestHours: int(1, 8760),
    /** An authorisation may be used this long. */
    windowMinutes: int(1, 10_080),
    /** A temporary rollback may last at most this long. */
    temporaryDays: int(1, 366),
  },
  {
    /** An emergency's window; 60 where it is absent. */
    emergencyMinutes: int(1, 1440),
    /** A run that nobody reported on for this long is asked after; 120 where it is absent. */
    executionMinutes: int(1, 10_080),
    /** Until an emergency's retrospective is overdue; 72 where it is absent. */
    retrospectiveHours: int(1, 8760),
    /** How often a temporary rollback may be renewed; 2 where it is absent. */
    renewals: int(0, 20),
    /** Who answers for the policy, and when it is to be looked at again. */
    owner: actorId,
    reviewBy: timestamp,
    /**
     * Groups of identity providers. Where there are any, an account that is linked to
     * nobody reads only with a role from here. No role of these is a fact of a decision.
     */
    groups: array(groupRole, { max: 500 }),
    /** Where people enrol keys by their own login; absent: nowhere. */
    enrolment: array(enrolmentClient, { max: 20 }),
  },
);
export type Policy = Infer<typeof policy>;

/** A policy that a team can live with on its first day. */
export const defaultPolicy: Policy = {
  id: "countermand-default",
  version: 1,
  approvals: 1,
  reasons: [
    "availability",
    "performance",
    "correctness",
    "data-integrity",
    "security",
    "dependency",
    "configuration",
    "compliance",
  ],
  requestHours: 72,
  windowMinutes: 240,
  temporaryDays: 30,
};
