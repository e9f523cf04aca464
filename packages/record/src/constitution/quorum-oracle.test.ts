/**
 * Every combination of a small world against an oracle that was written from
 * docs/spec/statements.md ("What authorises", "The grant") and shares no code
 * with the rules: who approved, with which roles, keys, delegations, lanes.
 */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../lifecycle/record-hash.ts";
import { follows } from "../lifecycle/follows.ts";
import type { Decision, RecordState } from "../lifecycle/state.ts";
import type { RoleSeat } from "../policy/obligations.ts";
import type { Registry } from "../registry/registry.ts";
import type { Condition } from "../statements/condition.ts";
import { bo, cleo, dan, ines, ledger, open, record } from "../testing/cast.ts";
import { mustGrant } from "./grant.ts";
import { quorumOf, unfilled } from "./quorum.ts";
import { Refusal } from "./refusal.ts";

let base: RecordState;
let registry: Registry;
beforeAll(async () => {
  await open();
  await record.propose(ines);
  await record.assess(ines);
  base = record.state;
  registry = ledger.registry;
});

const now = "2026-11-23T03:00:00.000Z";
const said = "2026-11-23T02:30:00.000Z";

/** Whether each of `seats` can have a person of its own, by trying everything. */
function canFill(seats: readonly string[], persons: readonly ReadonlySet<string>[]): boolean {
  const [seat, ...others] = seats;
  if (seat === undefined) return true;
  return persons.some(
    (roles, i) =>
      roles.has(seat) && canFill(others, [...persons.slice(0, i), ...persons.slice(i + 1)]),
  );
}

function mostFilled(seats: readonly string[], persons: readonly ReadonlySet<string>[]): number {
  const [seat, ...others] = seats;
  if (seat === undefined) return 0;
  const without = mostFilled(others, persons);
  const withIt = persons.map((roles, i) =>
    roles.has(seat) ? 1 + mostFilled(others, [...persons.slice(0, i), ...persons.slice(i + 1)]) : 0,
  );
  return Math.max(without, ...withIt);
}

const subsets = (of: readonly string[]): readonly ReadonlySet<string>[] =>
  Array.from(
    { length: 2 ** of.length },
    (_, bits) => new Set(of.filter((_item, i) => (bits >> i) % 2 === 1)),
  );
function lists<T>(of: readonly T[], upTo: number): readonly (readonly T[])[] {
  if (upTo === 0) return [[]];
  const shorter = lists(of, upTo - 1);
  const longest = shorter.filter((list) => list.length === upTo - 1);
  return [...shorter, ...longest.flatMap((list) => of.map((item) => [...list, item]))];
}

describe("seats", () => {
  test("are filled as well as they can be: up to three seats, three persons, three roles", () => {
    const roles = ["a", "b", "c"];
    let cases = 0;
    for (const seats of lists(roles, 3)) {
      for (const persons of lists(subsets(roles), 3)) {
        const empty = unfilled(seats, persons);
        if (seats.length - empty.length !== mostFilled(seats, persons)) {
          expect({ seats, persons, empty }).toBe("filled as well as possible");
        }
        cases += 1;
      }
    }
    expect(cases).toBe(40 * 585);
  });

  test("and beyond: up to six seats and six persons", () => {
    const role = fc.constantFrom("a", "b", "c", "d");
    const person = fc.uniqueArray(role).map((roles) => new Set(roles));
    fc.assert(
      fc.property(
        fc.array(role, { maxLength: 6 }),
        fc.array(person, { maxLength: 6 }),
        (seats, persons) =>
          seats.length - unfilled(seats, persons).length === mostFilled(seats, persons),
      ),
      { numRuns: 500 },
    );
  });
});

const people = [bo, cleo, dan].map((who) => who.id);
const speeches = [
  "nothing",
  "approves",
  "approves with a doubtful key",
  "approved, and it is not in force",
  "asks for changes",
  "delegates to the next",
  "delegates to the next with a doubtful key",
  "delegates to the one before",
  "escalates to sec",
] as const;
type Speech = (typeof speeches)[number];
interface Voice {
  readonly speech: Speech;
  readonly roles: ReadonlySet<string>;
}
interface Asked {
  readonly approvals: number;
  readonly roles: readonly RoleSeat[];
  readonly emergency: boolean;
}

const sre = { role: "sre", count: 1 };
const sec = { role: "sec", count: 1 };
const asked: readonly Asked[] = [
  { approvals: 1, roles: [], emergency: false },
  { approvals: 2, roles: [], emergency: false },
  { approvals: 0, roles: [], emergency: false },
  { approvals: 0, roles: [], emergency: true },
  { approvals: 1, roles: [sre], emergency: false },
  { approvals: 1, roles: [sec, sre], emergency: false },
  { approvals: 1, roles: [{ role: "sre", count: 2 }], emergency: false },
  { approvals: 3, roles: [sec], emergency: false },
];
/** What the settings ask for, which counts in an emergency. */
const settings = 2;

const nextTo = (i: number, by: number) => (i + by + people.length) % people.length;

/** From the specification, "The quorum". */
function oracle(voices: readonly Voice[], { approvals, roles, emergency }: Asked): boolean {
  if (voices.some((voice) => voice.speech === "asks for changes")) return false;
  const approvers = voices.flatMap((voice, i) => (voice.speech === "approves" ? [i] : []));
  const holds = approvers.map((i) => {
    const lent = voices.flatMap((voice, j) =>
      (voice.speech === "delegates to the next" && nextTo(j, 1) === i) ||
      (voice.speech === "delegates to the one before" && nextTo(j, -1) === i)
        ? [...voice.roles]
        : [],
    );
    return new Set([...(voices[i]?.roles ?? []), ...lent]);
  });
  const seats = roles.flatMap((seat) => Array.from({ length: seat.count }, () => seat.role));
  const escalated = voices.some((voice) => voice.speech === "escalates to sec");
  if (escalated && !seats.includes("sec")) seats.push("sec");
  const least = Math.max(1, approvals, seats.length, emergency ? settings : 0);
  return approvers.length >= least && canFill(seats, holds);
}

const notInForce: readonly Partial<Decision>[] = [
  { voidedBy: 9 },
  { withdrawnBy: 9 },
  { hash: "0".repeat(64) },
];

function decisionsOf(voices: readonly Voice[]): readonly Decision[] {
  return voices.flatMap(({ speech }, i): readonly Decision[] => {
    if (speech === "nothing") return [];
    const actor = people[i] ?? "";
    const key = speech.endsWith("doubtful key") ? `doubtful-${actor}` : `good-${actor}`;
    const common = {
      index: 10 + i,
      id: actor,
      actor,
      key,
      leafHash: String(i).repeat(64),
      occurredAt: said,
      recordedAt: said,
      conditions: [],
      hash: base.hash,
      evidenceSeen: "",
    };
    const to = (by: number) => people[nextTo(i, by)] ?? "";
    if (speech === "asks for changes") return [{ ...common, decision: "request-changes" }];
    if (speech === "escalates to sec") return [{ ...common, decision: "escalate", to: "sec" }];
    if (speech.startsWith("delegates to the next")) {
      return [{ ...common, decision: "delegate", to: to(1) }];
    }
    if (speech.startsWith("delegates")) return [{ ...common, decision: "delegate", to: to(-1) }];
    const approval = { ...common, decision: "approve" as const };
    return [speech.endsWith("in force") ? { ...approval, ...notInForce[i] } : approval];
  });
}

function registryOf(voices: readonly Voice[]): Registry {
  const persons = { ...registry.persons };
  for (const [i, id] of people.entries()) {
    const person = persons[id];
    if (person === undefined) throw new Error(`no ${id}`);
    const key = person.keys[0] as (typeof person.keys)[number];
    persons[id] = {
      ...person,
      keys: [
        { ...key, fingerprint: `good-${id}` },
        { ...key, fingerprint: `doubtful-${id}`, doubtfulSince: said },
      ],
      roles: [...(voices[i]?.roles ?? [])].map((role) => ({ id: role, role })),
    };
  }
  return { ...registry, persons };
}

function stateOf(voices: readonly Voice[], { approvals, roles, emergency }: Asked): RecordState {
  return {
    ...base,
    policy: { ...base.policy, approvals: settings },
    proposal: { ...base.proposal, ...(emergency ? { mode: "emergency" as const } : {}) },
    obligations: { ...base.obligations, approvals, roles },
    decisions: decisionsOf(voices),
  };
}

test("the quorum, in every combination of three voices, their roles and what is asked", () => {
  const voices = speeches.flatMap((speech) =>
    subsets(["sre", "sec"]).map((roles): Voice => ({ speech, roles })),
  );
  let met = 0;
  let cases = 0;
  for (const a of voices) {
    for (const b of voices) {
      for (const c of voices) {
        const three = [a, b, c];
        const people = registryOf(three);
        for (const asks of asked) {
          const quorum = quorumOf(stateOf(three, asks), people, now);
          const expected = oracle(three, asks);
          if (quorum.met !== expected || quorum.met !== (quorum.missing.length === 0)) {
            expect({ three, asks, met: quorum.met }).toEqual({ three, asks, met: expected });
          }
          met += Number(expected);
          cases += 1;
        }
      }
    }
  }
  expect(cases).toBe(36 ** 3 * asked.length);
  // Both answers are common, or the comparison would say little.
  expect(met / cases).toBeGreaterThan(0.005);
  expect(met).toBeLessThan(cases / 2);
});

const bool = [false, true] as const;
/** Every combination of the values given, one of each. */
function every<T extends Readonly<Record<string, readonly unknown[]>>>(
  axes: T,
): readonly { readonly [K in keyof T]: T[K][number] }[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(axes)) {
    all = all.flatMap((item) => values.map((value) => ({ ...item, [name]: value })));
  }
  return all as { readonly [K in keyof T]: T[K][number] }[];
}

test("the lane by which a version is authorised, in every combination of what decides it", () => {
  const found = new Map<string, number>();
  const implication = { id: "x", rule: "r", severity: "low", count: 1 };
  for (const it of every({
    status: ["proposed", "pending_approval", "authorised"],
    mode: [undefined, "emergency", "exercise"],
    window: ["open", "at its end"],
    lane: ["quorum", "clean-revert"],
    approvals: [0, 1],
    inverse: bool,
    ranBefore: bool,
    implied: [undefined, "worse", "better"],
    unknown: bool,
    role: bool,
    evidence: ["not asked for", "missing", "for another target", "attached"],
    said: ["nothing", "approve", "request-changes"],
  } as const)) {
    const { assessment: _none, ...without } = base;
    const assessment = base.assessment as NonNullable<RecordState["assessment"]>;
    const target = digestOf(base.proposal.target);
    const evidence =
      it.evidence === "attached" || it.evidence === "for another target"
        ? [{ kind: "junit", target: it.evidence === "attached" ? target : "0".repeat(64) }]
        : [];
    const state: RecordState = {
      ...without,
      status: it.status,
      policy: { ...base.policy, approvals: 1 },
      proposal: { ...base.proposal, ...(it.mode === undefined ? {} : { mode: it.mode }) },
      assessment: {
        ...assessment,
        ...(it.inverse ? { inverse: { digest: "9".repeat(64), size: 1 } } : {}),
        ranBefore: it.ranBefore,
        unknowns: it.unknown ? ["x"] : [],
        implications: it.implied === undefined ? [] : [{ ...implication, direction: it.implied }],
      },
      evidence: evidence as never,
      obligations: {
        ...base.obligations,
        lane: it.lane,
        approvals: it.approvals,
        roles: it.role ? [sre] : [],
        evidence: it.evidence === "not asked for" ? [] : ["junit"],
        windowMinutes: 60,
      },
      authorisation: {
        lane: "quorum",
        sampled: false,
        conditions: [],
        index: 1,
        hash: base.hash,
        notBefore: now,
        notAfter: "2026-12-01T00:00:00.000Z",
        approvals: [],
      },
      decisions:
        it.said === "nothing"
          ? []
          : decisionsOf([
              {
                speech: it.said === "approve" ? "approves" : "asks for changes",
                roles: new Set(),
              },
            ]),
    };
    // The record was opened at 02:00 and its window is an hour.
    const time = it.window === "open" ? "2026-11-23T02:59:59.999Z" : "2026-11-23T03:00:00.000Z";
    const owed = follows(state, registryOf([]), time, "unchecked");
    const clean =
      it.lane === "clean-revert" &&
      it.mode === undefined &&
      it.inverse &&
      it.ranBefore &&
      it.implied !== "worse" &&
      !it.unknown &&
      !it.role &&
      (it.evidence === "not asked for" || it.evidence === "attached") &&
      it.said === "nothing";
    const lane =
      it.status === "authorised"
        ? undefined
        : it.mode === "emergency" && it.window === "open"
          ? "emergency"
          : it.status === "proposed"
            ? undefined
            : clean
              ? "clean-revert"
              : it.said === "approve" && !it.role
                ? "quorum"
                : undefined;
    const got = owed === undefined ? undefined : (owed.body?.["lane"] ?? "quorum");
    if (got !== lane || (owed !== undefined && owed.type !== "authorised")) {
      expect({ ...it, owed }).toBe(lane);
    }
    found.set(String(lane), (found.get(String(lane)) ?? 0) + 1);
  }
  expect([...found.keys()].sort()).toEqual(["clean-revert", "emergency", "quorum", "undefined"]);
});

test("the grant, in every combination of what can stand against its use", () => {
  const target = digestOf(base.proposal.target);
  const checks = {
    none: [],
    passed: ["passed"],
    failed: ["failed"],
    "passed and then failed": ["passed", "failed"],
    "failed and then passed": ["failed", "passed"],
    "passed for another version": ["other"],
  } as const;
  const persons = registryOf([]);
  let allowed = 0;
  for (const it of every({
    grant: ["none", "of this version", "of another version"],
    time: ["before", "at its beginning", "just inside", "at its end"],
    target: bool,
    lane: ["quorum", "clean-revert", "emergency"],
    doubtful: ["nobody", "the approver", "the proposer", "the assessor"],
    gate: ["not used", "used before it", "used"],
    condition: [undefined, "check", "until", "until passed", "environment"],
    check: Object.keys(checks) as readonly (keyof typeof checks)[],
    environment: ["prod", "staging"],
  } as const)) {
    const condition: Condition | undefined =
      it.condition === undefined
        ? undefined
        : it.condition === "check"
          ? { type: "check", name: "canary" }
          : it.condition === "environment"
            ? { type: "environment", environment: "prod" }
            : {
                type: "until",
                at: it.condition === "until" ? "2027-01-01T00:00:00.000Z" : base.since,
              };
    const keyOf = (who: string, id: string) =>
      it.doubtful === who ? `doubtful-${id}` : `good-${id}`;
    const timeline = base.timeline.map((item) => ({
      ...item,
      recordedAt: said,
      key: item.type === "proposed" ? keyOf("the proposer", "cleo") : keyOf("the assessor", "dan"),
    }));
    const { authorisation: _none, ...without } = base;
    const state: RecordState = {
      ...without,
      timeline,
      ...(it.grant === "none"
        ? {}
        : {
            authorisation: {
              lane: it.lane,
              sampled: false,
              conditions: condition === undefined ? [] : [condition],
              index: 20,
              hash: it.grant === "of this version" ? base.hash : "0".repeat(64),
              notBefore: "2026-11-23T03:00:00.000Z",
              notAfter: "2026-11-23T04:00:00.000Z",
              approvals: [],
            },
          }),
      decisions: decisionsOf([
        {
          speech: it.doubtful === "the approver" ? "approves with a doubtful key" : "approves",
          roles: new Set(),
        },
      ]),
      executions:
        it.gate === "not used"
          ? []
          : [
              {
                index: it.gate === "used" ? 21 : 19,
                id: "x",
                actor: "countermand",
                gate: "ci",
                occurredAt: now,
                recordedAt: now,
              },
            ],
      checks: checks[it.check].map((outcome, i) => ({
        index: 22 + i,
        actor: "dan",
        occurredAt: now,
        recordedAt: now,
        name: "canary",
        hash: outcome === "other" ? "0".repeat(64) : base.hash,
        outcome: outcome === "other" ? "passed" : outcome,
      })),
    };
    const times = {
      before: "2026-11-23T02:59:59.999Z",
      "at its beginning": "2026-11-23T03:00:00.000Z",
      "just inside": "2026-11-23T03:59:59.999Z",
      "at its end": "2026-11-23T04:00:00.000Z",
    };
    const violated = new Set<string>();
    if (it.grant !== "of this version") violated.add("lifecycle");
    if (it.time === "before" || it.time === "at its end") violated.add("lifecycle");
    if (it.gate === "used") violated.add("lifecycle");
    if (!it.target) violated.add("target-pinned");
    if (it.condition === "until passed") violated.add("condition");
    if (it.condition === "environment" && it.environment !== "prod") violated.add("condition");
    if (it.condition === "check" && !/^(?:passed|failed and then passed)$/.test(it.check)) {
      violated.add("condition");
    }
    const against = it.lane === "quorum" ? ["the approver"] : ["the proposer", "the assessor"];
    if (against.includes(it.doubtful)) violated.add("quorum");
    let outcome = "allowed";
    try {
      mustGrant(state, persons, {
        now: times[it.time],
        target: it.target ? target : "0".repeat(64),
        environment: it.environment,
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      outcome = error.rule;
    }
    if (violated.size === 0 ? outcome !== "allowed" : !violated.has(outcome)) {
      expect({ ...it, outcome }).toEqual({ ...it, outcome: [...violated] });
    }
    allowed += Number(violated.size === 0);
  }
  expect(allowed).toBeGreaterThan(100);
});
