/** For tests: a ledger's content with every optional field present, so that nothing can be lost unseen. */
import {
  defaultPolicy,
  encodeBase64,
  encodeHex,
  makeOpening,
  obligationsOf,
  permissions,
  showIdentity,
  type Opening,
  type Policy,
  type RecordState,
} from "@countermand/record";
import type {
  Accepted,
  AuditedReversal,
  AuditSummary,
  GateAnswer,
  Signal,
  SignalAnswer,
  GateEvent,
  Instance,
  OpeningRequest,
  RecordSummary,
  RecordView,
  Submission,
} from "../../rollbacks/countermand.ts";

/** Every field, to the bottom, there. Unions stay as they are. */
export type Whole<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Whole<Item>[]
    : { readonly [K in keyof T]-?: Whole<Exclude<T[K], undefined>> };

const hex = (seed: number) => encodeHex(new Uint8Array(32).fill(seed));
const commit = (seed: number) => hex(seed).slice(0, 40);
const uuid = (seed: number) => `00000000-0000-4000-8000-${String(seed).padStart(12, "0")}`;
let salts = 0;
const open = (value: string): Opening => makeOpening(value, new Uint8Array(32).fill(++salts));
const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 2, minute)).toISOString();
const said = (index: number, actor: string, early = 0) => ({
  index,
  actor,
  occurredAt: at(index - early),
  recordedAt: at(index),
});
const fingerprint = (seed: number) =>
  `SHA256:${encodeBase64(new Uint8Array(32).fill(seed)).slice(0, 43)}`;

export const logKey =
  "audit.example.com/rollbacks+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
export const origin = "audit.example.com/rollbacks";

/** Texts of a record that a person typed. */
export interface Texts {
  readonly rationale: string;
  readonly impact: string;
  readonly security: string;
  readonly comment: string;
  readonly command: string;
  readonly name: string;
  /** Where the record's own grammar allows no such thing; a broken server could still send it. */
  readonly wild: string;
  readonly subject: string;
}

export const plainTexts: Texts = {
  rationale:
    "Checkout answers 500 to one request in nine since 02:04 UTC. The retry queue fills faster than it drains, and the change that added the second lock is the only one in that window.",
  impact: "Customers cannot pay by card. Bank transfer works.",
  security:
    "Going back brings the old session cookie without the Secure flag back for at most two hours.",
  comment: "Agreed: error rate matches the deploy to the minute.",
  command: "kubectl -n shop rollout undo deployment/checkout --to-revision=41",
  name: "Ines Moreau",
  wild: "",
  subject: 'Revert "checkout: take the lock twice"',
};

/** The record, its openings, its ledger, its list row, out of what people typed. */
export function sample(texts: Texts = plainTexts) {
  salts = 0;
  const { wild } = texts;
  const nameOpening = open(texts.name);
  const emailOpening = open("ines@example.com");
  const rationale = open(texts.rationale);
  const impact = open(texts.impact);
  const security = open(texts.security);
  const comment = open(texts.comment);
  const command = open(texts.command);
  const deleted = open("gone");

  const key = (seed: number) => ({
    fingerprint: fingerprint(seed),
    publicKey: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${String(seed).padStart(43, "A")}`,
    addedAt: 0,
    enrolledOn: at(0),
    assurance: "administrator" as const,
    expiresAt: at(9000),
    doubtfulSince: at(7000),
    revokedAt: 900,
  });
  const person = (id: string, seed: number, name: Opening) => ({
    id,
    kind: "human" as const,
    permissions: [...permissions],
    keys: [key(seed)],
    name: name.commitment,
    emails: [emailOpening.commitment],
    accounts: [{ id: uuid(5), issuer: "https://id.example.com/", subject: name.commitment }],
    workloads: [
      {
        issuer: "https://ci.example.com",
        claims: [{ name: "repository_id", value: "42" }],
      },
    ],
    roles: [
      {
        id: uuid(6),
        role: "sre",
        services: ["checkout"],
        environments: ["production"],
        until: at(800),
      },
    ],
  });
  const policy: Whole<Policy> = {
    ...defaultPolicy,
    approvals: 2,
    emergencyMinutes: 60,
    executionMinutes: 90,
    retrospectiveHours: 24,
    renewals: 2,
    owner: "p-ines",
    reviewBy: at(900),
    groups: [{ issuer: "https://login.example.com", group: "7d1e-0f", role: "reader" }],
    enrolment: [{ issuer: "https://login.example.com", client: "countermand-cli" }],
  };
  const instance: Whole<Omit<Instance, "openings">> & Pick<Instance, "openings"> = {
    origin,
    logKey,
    registry: {
      instance: origin,
      logKey,
      system: { actor: "countermand", fingerprint: fingerprint(9), publicKey: key(9).publicKey },
      policy,
      policyDigest: hex(8),
      rules: { digest: hex(60), size: 900 },
      logKeys: [
        { vkey: logKey, from: 0, until: 50, announcedAt: 0 },
        {
          vkey: "audit.example.com/rollbacks+00000000+Aw==",
          from: 46,
          until: 80,
          announcedAt: 45,
        },
      ],
      closed: {
        index: 90,
        reason: "the disk was lost",
        successor: {
          origin: "audit.example.com/two",
          logKey: "audit.example.com/two+00000000+Aw==",
        },
      },
      predecessor: {
        origin: "audit.example.com/zero",
        logKey: "audit.example.com/zero+00000000+Aw==",
        size: 12,
        root: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
      },
      policyReviewDue: 44,
      alarms: [
        {
          index: 45,
          found: "reading the log through found entry 17: its bytes do not match its leaf hash",
          foundAt: "2026-11-23T08:00:00.000Z",
          clearedBy: "ada",
          clearedAt: "2026-11-23T09:00:00.000Z",
        },
      ],
      policyProposal: {
        id: uuid(7),
        by: "p-ines",
        settings: policy,
        rules: { digest: hex(61), size: 901 },
      },
      persons: { "p-ines": person("p-ines", 1, nameOpening), "p-bo": person("p-bo", 2, deleted) },
      head: hex(7),
      length: 3,
    },
    openings: [nameOpening, emailOpening],
  };

  const decided = {
    id: uuid(20),
    key: fingerprint(1),
    to: `sre${wild}`,
    conditions: [
      { type: "check" as const, name: `smoke${wild}` },
      { type: "until" as const, at: at(900) },
      { type: "environment" as const, environment: `production${wild}` },
    ],
    withdrawnBy: 29,
  };
  const state: Whole<RecordState> = {
    id: "RB-2026-7",
    uid: "8c1f6a52-31de-4a1c-9df1-1f6a2b3c4d5e",
    status: "pending_approval",
    since: at(12),
    hash: hex(40),
    revision: 2,
    policy,
    obligations: {
      ...obligationsOf(policy, false),
      roles: [{ role: `sre${wild}`, count: 1 }],
      evidence: ["junit"],
      notify: ["security"],
    },
    classification: {
      ...said(12, "countermand"),
      hash: hex(40),
      classes: [`risky${wild}`],
      rules: ["approvals.cedar/risky"],
    },
    proposal: {
      ...said(10, "p-ines"),
      digest: hex(10),
      kind: "redeploy-previous",
      service: `checkout${wild}`,
      environment: `production${wild}`,
      current: { type: "image", digest: hex(11), name: `shop/checkout${wild}` },
      target: { type: "commit", commit: commit(12) },
      reason: `availability${wild}`,
      tickets: ["INC-4471", `https://tickets.example.com/INC-4471${wild}`, "javascript:alert"],
      stabiliseMinutes: 30,
      expiresAt: at(180),
      mode: "emergency",
      stepUp: true,
      incident: `INC-4471${wild}`,
      obligation: { signal: `CVE-2026-4471${wild}`, owner: "p-bo", deadline: at(500) },
      signal: {
        source: `scanner${wild}`,
        id: `CVE-2026-4471${wild}`,
        type: `vulnerability${wild}`,
        severity: "critical",
        ids: [`CVE-2026-4471${wild}`],
        occurredAt: at(9),
        digest: hex(9),
        rules: [`critical-signal${wild}`],
      },
      plan: "PL-2026-3",
      checks: [`smoke${wild}`],
      rationale: rationale.commitment,
      impact: impact.commitment,
      security: security.commitment,
    },
    assessment: {
      ...said(12, "p-ines"),
      digest: hex(13),
      report: { digest: hex(14), size: 48_213 },
      commits: 14,
      files: 37,
      authors: ["p-bo"],
      unknownAuthors: 2,
      implications: [
        {
          id: `fix.advisory-reverted${wild}`,
          rule: "fix-advisory-reverted@1",
          direction: "worse",
          severity: "high",
          count: 1,
        },
        {
          id: "dep.downgraded",
          rule: "dep-downgraded@1",
          direction: "worse",
          severity: "medium",
          count: 3,
        },
        {
          id: "test.removed",
          rule: "test-removed@1",
          direction: "changed",
          severity: "low",
          count: 2,
        },
      ],
      unknowns: [`no advisory data was given${wild}`],
      inverse: { digest: hex(26), size: 812 },
      ranBefore: true,
      risk: { score: 57, level: "high", coverage: 96, weights: 1 },
      inputs: {
        rules: hex(23),
        asOf: "2026-11-22T03:10:00.000Z",
        advisories: hex(24),
        context: hex(25),
        clearings: hex(54),
      },
      findings: {
        open: [{ severity: "medium", count: 2 }],
        cleared: [{ by: "statement", severity: "high", count: 1, until: at(900) }],
      },
    },
    evidence: [
      {
        ...said(13, "p-bo"),
        digest: hex(15),
        size: 9_214,
        kind: `junit${wild}`,
        mediaType: `application/xml${wild}`,
        target: hex(17),
      },
      {
        ...said(14, "p-bo"),
        digest: hex(16),
        size: 1_482_113,
        kind: "screenshot",
        mediaType: "image/png",
        target: hex(17),
      },
    ],
    decisions: [
      {
        ...said(15, "p-bo"),
        ...decided,
        leafHash: hex(17),
        decision: "approve",
        hash: hex(39),
        evidenceSeen: hex(18),
        comment: comment.commitment,
        voidedBy: 16,
      },
      {
        ...said(17, "p-cleo"),
        ...decided,
        leafHash: hex(19),
        decision: "approve",
        hash: hex(40),
        evidenceSeen: hex(18),
        comment: deleted.commitment,
        voidedBy: 30,
      },
    ],
    authorisation: {
      index: 18,
      lane: "quorum",
      sampled: false,
      conditions: decided.conditions,
      hash: hex(40),
      notBefore: at(18),
      notAfter: at(258),
      approvals: [hex(17), hex(19)],
    },
    executions: [
      {
        ...said(19, "p-ines"),
        id: "0d9f7a4e-93c4-4b7d-8a51-6b1c0a9d2e3f",
        command: command.commitment,
        gate: `argocd${wild}`,
        overdue: 20,
        finished: {
          index: 20,
          outcome: "exit 0",
          startedAt: at(19),
          finishedAt: at(20),
          output: { digest: hex(20), size: 1_204 },
        },
      },
    ],
    observations: [
      {
        ...said(21, "p-ines"),
        running: { type: "commit", commit: commit(12) },
        source: `kubectl${wild}`,
        agrees: true,
        independent: false,
      },
      {
        ...said(22, "p-bo"),
        running: { type: "version", name: "flag", version: "7" },
        source: "argocd",
        agrees: false,
        independent: true,
      },
    ],
    verifications: [
      {
        ...said(23, "p-bo"),
        outcome: "passed",
        checks: [
          { name: `smoke${wild}`, outcome: "passed" },
          { name: "error-rate", outcome: "failed" },
        ],
      },
    ],
    checks: [{ ...said(23, "p-bo"), hash: hex(18), name: `smoke${wild}`, outcome: "passed" }],
    workloadKeys: [
      {
        ...said(19, "p-ines"),
        fingerprint: fingerprint(6),
        publicKey: key(6).publicKey,
        issuer: `https://ci.example.com${wild}`,
        expiresAt: at(60),
        keys: { digest: hex(28), size: 900 },
      },
    ],
    temporary: {
      from: at(19),
      expiresAt: at(180),
      renewals: 1,
      warned: 31,
      expired: 32,
      ended: { index: 33, how: "undone" },
    },
    exceptions: [
      {
        ...said(24, "p-ines"),
        id: uuid(21),
        kind: "renew",
        until: at(400),
        rationale: rationale.commitment,
        approvals: 3,
        decisions: [
          { ...said(25, "p-bo"), leafHash: hex(27), key: fingerprint(2), decision: "approve" },
        ],
        outcome: "granted",
      },
    ],
    clearings: [
      {
        ...said(29, "p-cleo"),
        leafHash: hex(51),
        findings: [hex(52).slice(0, 32)],
        ground: `accepted-risk${wild}`,
        scope: "service",
        until: at(9000),
        target: hex(53),
        rationale: rationale.commitment,
      },
    ],
    retrospective: {
      dueAt: at(4000),
      overdue: 34,
      done: { ...said(35, "p-cleo"), outcome: `justified${wild}`, stepUp: false },
    },
    obligationOverdue: 36,
    override: {
      ...said(16, "p-cleo"),
      until: at(700),
      control: impact.commitment,
      rationale: rationale.commitment,
    },
    drills: {
      schedule: {
        ...said(5, "p-ines"),
        owner: "p-bo",
        first: at(40),
        every: "P3M",
        until: at(90_000),
        withinDays: 14,
        target: "chosen",
      },
      told: at(40),
      due: { at: at(40), index: 38, missed: 1, overdue: 39 },
      held: [{ ...said(37, "p-bo"), drill: "DR-2026-9", outcome: "failed" }],
      cancelled: { ...said(40, "p-cleo"), rationale: rationale.commitment },
    },
    review: { ...said(26, "p-cleo"), outcome: "partly-effective", actions: [`OPS-12${wild}`] },
    closure: { ...said(27, "p-cleo"), alignment: "aligned" },
    proposers: ["p-ines"],
    participants: ["p-ines", "p-bo"],
    deletedOpenings: [deleted.commitment],
    timeline: [
      timelineItem(10, "p-ines", "proposed", `proposes going back${wild}`),
      timelineItem(12, "p-ines", "assessed", "assesses 14 commits in 37 files"),
      timelineItem(15, "p-bo", "decision", "approves"),
      timelineItem(16, "p-ines", "evidence", "adds a screenshot", 240),
      timelineItem(18, "countermand", "authorised", "authorises until 06:18 UTC"),
    ],
    head: hex(50),
  };
  const view: RecordView = { state, openings: [rationale, impact, security, comment, command] };

  const row: Whole<RecordSummary> = {
    id: state.id,
    status: state.status,
    kind: state.proposal.kind,
    service: state.proposal.service,
    environment: state.proposal.environment,
    reason: state.proposal.reason,
    target: showIdentity(state.proposal.target),
    proposer: "p-ines",
    proposedAt: state.proposal.recordedAt,
    changedAt: state.since,
    dueAt: at(900),
  };

  const audit: Whole<AuditSummary> = {
    repository: `shop/checkout${wild}`,
    head: commit(60),
    finishedAt: at(0),
    commits: 14_210,
    reversals: 2,
    unknowns: [`history before 2019-04-01 is cut off${wild}`],
  };
  const reversals: readonly Whole<AuditedReversal>[] = [
    {
      repository: audit.repository,
      delay: 5400,
      commit: commit(61),
      committedAt: "2026-11-19T14:02:51Z",
      subject: texts.subject,
      author: `Bo Lindqvist <bo@example.com>${wild}`,
      undoes: [
        { commit: commit(62), match: "exact", share: 1 },
        { commit: commit(63), match: "partial", share: 0.724 },
      ],
      reappliedBy: commit(64),
      reason: `deadlock under load${wild}`,
      tickets: [`OPS-12${wild}`],
      reviews: [{ trailer: "Reviewed-by", who: `Ines Moreau <ines@example.com>${wild}` }],
      implications: [
        {
          id: "fix.advisory-reverted",
          rule: "fix.advisory-reverted@1",
          direction: "worse",
          subject: `GHSA-8rvj-mm4h-c258${wild}`,
          severity: "high",
          confidence: 90,
        },
        {
          id: "test.removed",
          rule: "test.removed@2",
          direction: "better",
          subject: "test/lock.test.ts",
          severity: "low",
          confidence: 80,
        },
      ],
      risk: { score: 54, level: "high", coverage: 98, weights: 1 },
      unknowns: [`src/big.sql is longer than 8 MB${wild}`],
    },
    {
      repository: audit.repository,
      delay: null,
      commit: commit(65),
      committedAt: "2026-10-02T09:41:07Z",
      subject: "Go back to the old parser",
      author: "Cleo Okafor <cleo@example.com>",
      undoes: [],
      reappliedBy: null,
      reason: null,
      tickets: [],
      reviews: [],
      implications: [],
      risk: null,
      unknowns: [],
    },
  ];
  const gate: Whole<GateAnswer> = {
    allowed: false,
    rule: "dangling",
    reason: `RB-2026-7 took it back${wild}`,
    record: "RB-2026-7",
    late: true,
    bypassed: true,
    unreachable: "fail-closed",
  };
  const gateEvent: Whole<GateEvent> = {
    id: uuid(30),
    at: at(40),
    recordedAt: at(50),
    service: `checkout${wild}`,
    environment: `production${wild}`,
    target: `shop/checkout${wild}`,
    caller: `argocd${wild}`,
    allowed: false,
    rule: "dangling",
    reason: `RB-2026-7 took it back${wild}`,
    record: "RB-2026-7",
    late: true,
    bypassed: true,
  };
  const signalAnswer: Whole<SignalAnswer> = {
    outcome: "mandatory",
    record: "RB-2026-7",
    owner: "p-bo",
    deadline: at(500),
    rules: [`critical-signal${wild}`],
    repeated: false,
  };
  const signal: Whole<Signal> = {
    event: {
      source: `scanner${wild}`,
      id: `CVE-2026-4471${wild}`,
      type: `vulnerability${wild}`,
      time: at(9),
      data: {
        service: "checkout",
        environment: "production",
        severity: "critical",
        ids: ["CVE-2026-4471"],
        current: { type: "image", digest: hex(11), name: `shop/checkout${wild}` },
        target: { type: "commit", commit: commit(12) },
        kind: "revert",
        summary: `It runs what it is sent.${wild}`,
        url: "https://tickets.example.com/4471",
      },
    },
    recordedAt: at(10),
    outcome: "mandatory",
    record: "RB-2026-7",
  };
  return {
    instance,
    state,
    view,
    row,
    audit,
    reversals,
    gate,
    gateEvent,
    signal,
    signalAnswer,
  };
}

function timelineItem(index: number, actor: string, type: string, says: string, early = 0) {
  return {
    ...said(index, actor, early),
    type,
    statement: `8c1f6a52-31de-4a1c-9df1-${String(index).padStart(12, "0")}`,
    key: fingerprint(1),
    leafHash: hex(70 + index),
    says,
  };
}

export const accepted: Whole<Accepted> = {
  stream: "RB-2026-7",
  status: "proposed",
  receipts: [
    {
      index: 10,
      leafHash: hex(80),
      type: "proposed",
      proof: "c2sp.org/tlog-proof@v1\nindex 10\n\n",
    },
  ],
  repeated: false,
  hints: [
    {
      level: "hint",
      name: "no-time",
      says: "Say since when.",
      example: "All logins fail since 02:40 UTC.",
    },
  ],
};

export const submission: Submission = {
  envelope: {
    payload: encodeBase64(new TextEncoder().encode("{}")),
    payloadType: "application/vnd.in-toto+json",
    signatures: [{ keyid: fingerprint(1), sig: "AAAA" }],
  },
  openings: [open("a text")],
};

export const openingRequest: OpeningRequest = {
  origin,
  policy: defaultPolicy,
  administrator: {
    id: "p-ines",
    kind: "human",
    permissions: [...permissions],
    key: { fingerprint: fingerprint(1), line: "ssh-ed25519 AAAA" },
    emails: [],
    name: open("Ines").commitment,
  },
  openings: [],
};
