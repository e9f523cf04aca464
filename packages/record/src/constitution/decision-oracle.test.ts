/**
 * Separation of duties, exhaustively: every combination of who decides what,
 * when, with which key, and to whom, against an oracle that was written from
 * docs/spec/statements.md. It names every rule that stands against a decision;
 * the code refuses by one of them, or by none where there is none.
 */
import { beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { advance } from "../lifecycle/advance.ts";
import { digestOf, evidenceHash } from "../lifecycle/record-hash.ts";
import type { Decision, RecordState } from "../lifecycle/state.ts";
import type { Registry } from "../registry/registry.ts";
import { aboutRecord } from "../statements/statement-type.ts";
import { statementTypes } from "../statements/types.ts";
import type { ActorKind, Permission } from "../statements/words.ts";
import { actor, instance } from "../testing/actors.ts";
import { ledger, open, record } from "../testing/cast.ts";
import { Refusal } from "./refusal.ts";

/** Who may speak, and what they are to the record. */
const persons = {
  proposer: { kind: "human", permissions: ["initiate", "approve", "override"] },
  "first-proposer": { kind: "human", permissions: ["initiate", "approve", "override"] },
  author: { kind: "human", permissions: ["approve", "override"] },
  owner: { kind: "human", permissions: ["approve", "override"] },
  approver: { kind: "human", permissions: ["approve", "override"] },
  other: { kind: "human", permissions: ["approve"] },
  third: { kind: "human", permissions: ["approve"] },
  onlooker: { kind: "human", permissions: ["observe"] },
  agent: { kind: "agent", permissions: ["initiate"] },
} as const satisfies Record<
  string,
  { readonly kind: ActorKind; readonly permissions: readonly Permission[] }
>;
type Name = keyof typeof persons;
const names = Object.keys(persons) as Name[];

let base: RecordState;
let registry: Registry;
beforeAll(async () => {
  await open({ approvals: 3 });
  const people = new Map(names.map((name) => [name, actor(name)]));
  for (const [name, who] of people) await ledger.enrol(who, persons[name]);
  const by = (name: Name) => people.get(name) ?? actor(name);
  await record.propose(by("first-proposer"));
  await record.revise(by("proposer"));
  await record.assess(by("proposer"), { authors: ["author"] });
  base = record.state;
  registry = ledger.registry;
});

interface Case {
  readonly type: "decision" | "implication-cleared" | "overridden" | "retrospective";
  readonly by: Name;
  readonly body: JsonObject;
  readonly state: RecordState;
  readonly verified: boolean | undefined;
  readonly about: "this version" | "another";
}

function outcome({ type, by, body, state, verified, about }: Case): string {
  const kind = statementTypes.get(type);
  const key = registry.persons[by]?.keys[0]?.fingerprint ?? "";
  const recordedAt = base.since;
  const statement = {
    type: kind as NonNullable<typeof kind>,
    head: {
      id: "00000000-0000-4000-8000-00000000000f",
      actor: by,
      key,
      instance,
      occurredAt: recordedAt,
    },
    subjects: aboutRecord({}, about === "another" ? { ...state, hash: "0".repeat(64) } : state),
    body: { record: state.id, ...body },
    payloadDigest: "0".repeat(64),
    ...(verified === undefined ? {} : { userPresent: true, userVerified: verified }),
  };
  const entry = {
    recordedAt,
    stream: state.id,
    prev: state.head,
    registry: registry.head,
    envelope: { payload: "", payloadType: "", signatures: [] },
  };
  try {
    advance(
      state,
      registry,
      entry,
      statement,
      { index: 99, leafHash: "f".repeat(64) },
      "unchecked",
    );
    return "accepted";
  } catch (error) {
    if (error instanceof Refusal) return error.rule;
    throw error;
  }
}

function compare(it: object, got: string, violated: ReadonlySet<string>): void {
  if (violated.size === 0 ? got === "accepted" : violated.has(got)) return;
  expect({ ...it, got }).toEqual({ ...it, got: violated.size === 0 ? "accepted" : [...violated] });
}

/** Every combination of the values given, one of each. */
function* every<T extends Readonly<Record<string, readonly unknown[]>>>(
  axes: T,
): Generator<{ readonly [K in keyof T]: T[K][number] }> {
  const entries = Object.entries(axes);
  const total = entries.reduce((product, [, values]) => product * values.length, 1);
  for (let n = 0; n < total; n += 1) {
    let rest = n;
    const item: Record<string, unknown> = {};
    for (const [name, values] of entries) {
      item[name] = values[rest % values.length];
      rest = Math.floor(rest / values.length);
    }
    yield item as { readonly [K in keyof T]: T[K][number] };
  }
}

const bool = [false, true] as const;

/** What stands against somebody's voice in this record, whatever they say. */
function standing(by: Name): ReadonlySet<string> {
  const violated = new Set<string>();
  const person = persons[by];
  if (!(person.permissions as readonly string[]).includes("approve")) {
    violated.add("signer-permitted");
  }
  if (person.kind !== "human") violated.add("humans-decide");
  if (by === "proposer" || by === "first-proposer") violated.add("approver-not-proposer");
  if (by === "author") violated.add("approver-not-author");
  return violated;
}

function said(by: Name, decision: Decision["decision"], to?: string): Decision {
  return {
    index: 50,
    id: `${by} ${decision}`,
    actor: by,
    key: "k",
    leafHash: "a".repeat(64),
    occurredAt: base.since,
    recordedAt: base.since,
    decision,
    hash: base.hash,
    evidenceSeen: "",
    conditions: [],
    ...(to === undefined ? {} : { to }),
  };
}

test("a decision, in every combination", () => {
  let cases = 0;
  let accepted = 0;
  for (const it of every({
    by: names,
    decision: ["approve", "reject", "request-changes", "delegate", "escalate"],
    status: ["proposed", "pending_approval", "authorised", "executing"],
    mine: ["nothing", "in force", "taken back"],
    evidenceSeen: bool,
    evidence: ["not asked for", "missing", "attached"],
    verified: [undefined, true, false],
    conditions: [0, 1],
    to: [undefined, "other", "author", "onlooker"],
    mandatory: bool,
  } as const)) {
    // The axes that say little of each other are not all multiplied.
    if (it.verified === false && (it.conditions === 1 || it.mandatory)) continue;
    if (it.status === "executing" && (it.evidence !== "not asked for" || it.conditions === 1)) {
      continue;
    }
    const evidence = {
      index: 3,
      actor: "other",
      occurredAt: base.since,
      recordedAt: base.since,
      digest: "d".repeat(64),
      size: 1,
      kind: "junit",
      mediaType: "text/plain",
      target: it.evidence === "attached" ? digestOf(base.proposal.target) : "0".repeat(64),
    };
    const mine = said(it.by, "approve");
    const state: RecordState = {
      ...base,
      status: it.status,
      proposal: {
        ...base.proposal,
        ...(it.mandatory
          ? {
              obligation: { signal: "CVE-1", owner: "owner", deadline: "2026-12-01T00:00:00.000Z" },
            }
          : {}),
      },
      ...(it.status === "authorised"
        ? {
            authorisation: {
              lane: "quorum",
              sampled: false,
              conditions: [],
              index: 1,
              hash: base.hash,
              notBefore: base.since,
              notAfter: "2026-12-01T00:00:00.000Z",
              approvals: [],
            },
          }
        : {}),
      executions:
        it.status === "executing" ? [{ ...said(it.by, "approve"), command: "c", id: "x" }] : [],
      evidence: [evidence],
      obligations: {
        ...base.obligations,
        evidence: it.evidence === "not asked for" ? [] : ["junit"],
      },
      decisions:
        it.mine === "nothing" ? [] : [it.mine === "in force" ? mine : { ...mine, withdrawnBy: 51 }],
    };
    const body = {
      decision: it.decision,
      summary: "x",
      evidenceSeen: it.evidenceSeen ? evidenceHash(state.evidence) : "0".repeat(64),
      ...(it.to === undefined ? {} : { to: it.to }),
      ...(it.conditions === 0
        ? {}
        : { conditions: [{ type: "environment", environment: "prod" }] }),
    };
    const violated = new Set(standing(it.by));
    const reject = it.decision === "reject";
    if (it.status !== "pending_approval" && !(it.status === "authorised" && reject)) {
      violated.add("lifecycle");
    }
    if (it.verified === false) violated.add("key-type");
    if (reject && it.mandatory) violated.add("mandatory");
    if (!reject && it.mine === "in force") violated.add("one-person-one-voice");
    if ((it.decision === "delegate" || it.decision === "escalate") !== (it.to !== undefined)) {
      violated.add("lifecycle");
    }
    if (it.conditions === 1 && it.decision !== "approve") violated.add("lifecycle");
    if (it.decision === "delegate") {
      if (it.to === undefined || it.to === "onlooker" || it.to === it.by) violated.add("quorum");
      if (it.to === "author") violated.add("approver-not-author");
    }
    if (it.decision === "approve" && it.evidence === "missing") violated.add("policy");
    if (!it.evidenceSeen) violated.add("evidence-seen");
    const got = outcome({
      type: "decision",
      by: it.by,
      body,
      state,
      verified: it.verified,
      about: "this version",
    });
    compare(it, got, violated);
    cases += 1;
    accepted += Number(got === "accepted");
  }
  expect(cases).toBeGreaterThan(40_000);
  expect(accepted).toBeGreaterThan(500);
});

test("to whom may be delegated, with what others delegated before", () => {
  for (const it of every({
    by: ["approver", "other", "third"],
    to: names,
    before: [
      [],
      [["approver", "other"]],
      [["other", "third"]],
      [["third", "approver"]],
      [
        ["third", "other"],
        ["owner", "other"],
      ],
    ],
    about: ["this version", "another"],
  } as const)) {
    const state: RecordState = {
      ...base,
      decisions: it.before.map(([from, to]) => said(from, "delegate", to)),
    };
    const violated = new Set<string>();
    if (it.about === "another") violated.add("record-bound");
    if (it.before.some(([from]) => from === it.by)) violated.add("one-person-one-voice");
    const able = standing(it.to);
    if (able.has("signer-permitted") || able.has("humans-decide") || it.to === it.by) {
      violated.add("quorum");
    }
    for (const rule of able) if (rule.startsWith("approver-")) violated.add(rule);
    if (it.before.some(([from, to]) => from === it.to || to === it.by)) violated.add("quorum");
    const body = {
      decision: "delegate",
      to: it.to,
      summary: "x",
      evidenceSeen: evidenceHash([]),
    };
    compare(
      it,
      outcome({ type: "decision", by: it.by, body, state, verified: undefined, about: it.about }),
      violated,
    );
  }
});

test("clearing a finding, overriding an obligation, judging an emergency", () => {
  const text = `hmac-sha256:${"0".repeat(64)}`;
  const bodies = {
    "implication-cleared": {
      findings: ["0".repeat(32)],
      ground: "accepted-risk",
      scope: "record",
      until: "2026-12-01T00:00:00.000Z",
      rationale: text,
    },
    overridden: { until: "2026-12-01T00:00:00.000Z", control: text, rationale: text },
    retrospective: { outcome: "justified", actions: [], findings: text },
  } as const;
  for (const it of every({
    type: ["implication-cleared", "overridden", "retrospective"],
    by: names,
    status: ["pending_approval", "executed", "closed"],
    verified: [undefined, true, false],
    mandatory: bool,
    owed: ["nothing", "a retrospective", "one that was given"],
    participates: bool,
    about: ["this version", "another"],
  } as const)) {
    const given = {
      index: 9,
      actor: "third",
      occurredAt: base.since,
      recordedAt: base.since,
      outcome: "justified",
      stepUp: true,
    };
    const state: RecordState = {
      ...base,
      status: it.status,
      proposal: {
        ...base.proposal,
        ...(it.mandatory
          ? {
              obligation: { signal: "CVE-1", owner: "owner", deadline: "2026-12-01T00:00:00.000Z" },
            }
          : {}),
      },
      participants: it.participates ? [...base.participants, it.by] : base.participants,
      ...(it.owed === "nothing"
        ? {}
        : {
            retrospective: {
              dueAt: "2026-12-01T00:00:00.000Z",
              ...(it.owed === "one that was given" ? { done: given } : {}),
            },
          }),
    };
    const violated = new Set<string>();
    if (it.about === "another") violated.add("record-bound");
    const able = standing(it.by);
    if (it.type === "overridden") {
      if (!(persons[it.by].permissions as readonly string[]).includes("override")) {
        violated.add("signer-permitted");
      }
      if (persons[it.by].kind !== "human") violated.add("humans-decide");
      if (able.has("approver-not-proposer") || (it.mandatory && it.by === "owner")) {
        violated.add("approver-not-proposer");
      }
      if (!it.mandatory) violated.add("mandatory");
    } else {
      for (const rule of able) violated.add(rule);
    }
    if (it.verified === false) violated.add("key-type");
    if (it.type === "retrospective") {
      if (it.status === "pending_approval" || it.owed !== "a retrospective") {
        violated.add("lifecycle");
      }
      if (state.participants.includes(it.by)) violated.add("reviewer-took-no-part");
    } else if (it.status !== "pending_approval") violated.add("lifecycle");
    const got = outcome({ ...it, body: bodies[it.type], state });
    compare(it, got, violated);
  }
});
