import { beforeEach, describe, expect, test } from "vitest";
import { Refusal, type RuleId } from "../constitution/refusal.ts";
import {
  actor,
  assessmentBody,
  decisionBody,
  envelopeOf,
  envelopeOver,
  proposal,
  TestLedger,
} from "../testing/actors.ts";
import { decisionSentence } from "../statements/decision-sentence.ts";
import { formatEntry, parseEntry } from "../entry/entry.ts";
import { aboutRecord } from "../statements/statement-type.ts";
import { statementTypes } from "../statements/types.ts";
import { digestOf } from "./record-hash.ts";
import { dutiesOf } from "./duties.ts";
import { beginEntry, emptyWorld, replayEntry } from "./replay.ts";
import { approvalsInForce, clearingsInForce, ended, statuses } from "./state.ts";

const id = "RB-2026-1";
const ines = actor("ines");
const bo = actor("bo");
const cleo = actor("cleo");
const dan = actor("dan");
let ledger: TestLedger;

beforeEach(async () => {
  ledger = await TestLedger.open();
  for (const who of [ines, bo, cleo, dan]) await ledger.enrol(who);
});

async function refusedBy(rule: RuleId, attempt: Promise<unknown>): Promise<void> {
  const before = ledger.entries.length;
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Refusal);
  expect((error as Refusal).rule).toBe(rule);
  expect(ledger.entries.length).toBe(before);
}

const minute = 60_000;
const target = () => digestOf(ledger.record().proposal.target);

async function propose(changes = {}) {
  await ledger.says(ines, "proposed", proposal(ledger, changes));
}
async function assess(changes = {}) {
  await ledger.says(ines, "assessed", assessmentBody(changes));
}
async function approve(by = bo) {
  await ledger.says(by, "decision", decisionBody(ledger.record()));
}
async function start(by = ines) {
  await ledger.says(by, "execution-started", {
    record: id,
    target: target(),
    command: ledger.commit("helm rollback"),
  });
}
async function finish(
  by = ines,
  outcome: { type: string; code?: number } = { type: "exited", code: 0 },
) {
  const execution = ledger.record().executions.at(-1)?.id ?? "";
  await ledger.says(by, "execution-finished", {
    record: id,
    execution,
    outcome,
    startedAt: ledger.time(),
    finishedAt: ledger.time(),
  });
}
async function observe(by = bo, commit = "a".repeat(40)) {
  await ledger.says(by, "observation", {
    record: id,
    running: { type: "commit", commit },
    source: "kubectl",
  });
}
async function verify(outcome = "passed") {
  await ledger.says(bo, "verification", {
    record: id,
    outcome,
    checks: [{ name: "smoke", outcome }],
  });
}
async function review(by = cleo) {
  await ledger.says(by, "reviewed", {
    record: id,
    outcome: "effective",
    actions: ["OPS-7"],
    findings: ledger.commit("all well"),
  });
}
async function close(by = cleo) {
  await ledger.says(by, "closed", { record: id, alignment: "aligned" });
}

describe("the main line", () => {
  test("from proposal to close, each entry in its state", async () => {
    const seen: string[] = [];
    const note = () => seen.push(ledger.record().status);
    await propose();
    note();
    await assess();
    note();
    await approve();
    note();
    await start();
    note();
    await finish();
    note();
    await observe();
    note();
    await verify();
    note();
    ledger.now += 30 * minute;
    await ledger.settle();
    note();
    await review();
    note();
    await close();
    note();
    expect(seen).toEqual([
      "proposed",
      "pending_approval",
      "authorised",
      "executing",
      "executed",
      "verifying",
      "stabilising",
      "stabilised",
      "in_review",
      "closed",
    ]);
    expect(ledger.record().timeline.map((item) => item.type)).toEqual([
      "proposed",
      "assessed",
      "decision",
      "authorised",
      "execution-started",
      "execution-finished",
      "observation",
      "verification",
      "stabilised",
      "reviewed",
      "closed",
    ]);
  });

  test("the state is plain JSON: what a store keeps reads back the same", async () => {
    await propose();
    await assess();
    await approve();
    expect(JSON.parse(JSON.stringify(ledger.record()))).toEqual(ledger.record());
  });
});

describe("separation of duties", () => {
  test("the proposer of any revision cannot decide", async () => {
    await propose();
    await assess();
    await refusedBy("approver-not-proposer", approve(ines));
    const { hash, uid } = ledger.record();
    await ledger.says(dan, "proposed", proposal(ledger, { uid, revises: { record: id, hash } }));
    await assess();
    await refusedBy("approver-not-proposer", approve(ines));
    await refusedBy("approver-not-proposer", approve(dan));
    await approve(bo);
    expect(ledger.record().status).toBe("authorised");
  });

  test("an author of an undone commit cannot decide, with any key of theirs", async () => {
    await propose();
    await assess({ authors: ["bo"] });
    await refusedBy("approver-not-author", approve(bo));
    const second = actor("bo");
    await ledger.registrySays(ledger.administrator, "key-added", {
      person: "bo",
      newKey: { fingerprint: second.fingerprint, line: second.line },
    });
    await refusedBy("approver-not-author", approve(second));
  });

  test("one person has one voice, whatever key speaks", async () => {
    ledger = await TestLedger.open({ approvals: 2 });
    for (const who of [ines, bo, cleo]) await ledger.enrol(who);
    const second = actor("bo");
    await ledger.registrySays(ledger.administrator, "key-added", {
      person: "bo",
      newKey: { fingerprint: second.fingerprint, line: second.line },
    });
    await propose();
    await assess();
    await approve(bo);
    expect(ledger.record().status).toBe("pending_approval");
    await refusedBy("one-person-one-voice", approve(second));
    await approve(cleo);
    expect(ledger.record().status).toBe("authorised");
  });

  test("a key belongs to one person for ever", async () => {
    const body = { person: "cleo", newKey: { fingerprint: bo.fingerprint, line: bo.line } };
    await refusedBy("registry", ledger.registrySays(ledger.administrator, "key-added", body));
  });

  test("who took part does not review", async () => {
    await propose();
    await assess();
    await approve();
    await start();
    await finish(ines, { type: "exited", code: 1 });
    expect(ledger.record().status).toBe("execution_failed");
    await refusedBy("reviewer-took-no-part", review(bo));
    await refusedBy("reviewer-took-no-part", review(ines));
    await review(cleo);
  });

  test("the executor's own observation is kept and moves nothing; another's does", async () => {
    await propose();
    await assess();
    await approve();
    await start();
    await finish();
    await observe(ines);
    expect(ledger.record().status).toBe("executed");
    expect(ledger.record().observations[0]).toMatchObject({ agrees: true, independent: false });
    await observe(bo, "b".repeat(40));
    expect(ledger.record().status).toBe("partial");
    await observe(bo);
    expect(ledger.record().status).toBe("verifying");
  });

  test.each(["workload", "controller", "agent"])("a %s decides nothing", async (kind) => {
    const robot = actor("robot");
    await refusedBy("humans-decide", ledger.enrol(robot, { kind }));
    await ledger.enrol(robot, { kind, permissions: ["initiate"] });
    await propose();
    await assess();
    await refusedBy("signer-permitted", approve(robot));
  });
});

describe("what was approved is what is run", () => {
  beforeEach(async () => {
    await propose();
    await assess();
  });

  test("a revision voids approvals and authorisation, visibly", async () => {
    await approve();
    const { hash, uid } = ledger.record();
    await ledger.says(ines, "proposed", proposal(ledger, { uid, revises: { record: id, hash } }));
    const state = ledger.record();
    expect(state.status).toBe("proposed");
    expect(state.authorisation).toBeUndefined();
    expect(approvalsInForce(state)).toEqual([]);
    expect(state.decisions[0]?.voidedBy).toBe(ledger.entries.length - 1);
    expect(state.revision).toBe(2);
  });

  test("what an approver signs says how grave it is", async () => {
    const risk = { score: 57, level: "high", coverage: 96, weights: 1 };
    await assess({ risk, inputs: { rules: "ab".repeat(32), asOf: "2026-09-01T00:00:00.000Z" } });
    expect(ledger.record().assessment).toMatchObject({ risk, inputs: { rules: "ab".repeat(32) } });
    expect(decisionSentence(ledger.record(), "approve")).toContain("; risk 57 of 100 (high)");
    for (const wrong of [{ score: 101 }, { level: "grave" }, { coverage: -1 }, { weights: 0 }]) {
      await expect(assess({ risk: { ...risk, ...wrong } })).rejects.toThrow(/risk/);
    }
  });

  test("a new assessment voids approvals", async () => {
    await approve();
    await assess({ commits: 3 });
    expect(ledger.record().status).toBe("pending_approval");
    expect(approvalsInForce(ledger.record())).toEqual([]);
  });

  test("a decision about an older version is refused", async () => {
    const old = ledger.record();
    await assess({ commits: 3 });
    await refusedBy(
      "record-bound",
      ledger.say(bo, "decision", aboutRecord({}, old), decisionBody(ledger.record())),
    );
  });

  test("evidence after the approver looked: the decision is refused, one after it stands", async () => {
    const stale = decisionBody(ledger.record());
    const artefact = {
      record: id,
      kind: "log",
      digest: "d".repeat(64),
      size: 1,
      mediaType: "text/plain",
    };
    await ledger.says(dan, "evidence", artefact);
    await refusedBy("evidence-seen", ledger.says(bo, "decision", stale));
    await approve();
    await ledger.says(dan, "evidence", { ...artefact, digest: "e".repeat(64) });
    expect(ledger.record().status).toBe("authorised");
    await refusedBy("lifecycle", ledger.says(dan, "evidence", artefact));
  });

  test("another target is not run", async () => {
    await approve();
    const body = { record: id, target: "0".repeat(64), command: ledger.commit("x") };
    await refusedBy("target-pinned", ledger.says(ines, "execution-started", body));
  });

  test("only the executor reports; another may only say that the outcome is unknown", async () => {
    await approve();
    await start(ines);
    await refusedBy("same-executor", finish(bo));
    await finish(bo, { type: "unknown" });
    expect(ledger.record().status).toBe("execution_failed");
    await start(ines);
    await finish(ines);
    expect(ledger.record().status).toBe("executed");
  });
});

describe("time", () => {
  test("a request without its quorum expires; what comes after is refused", async () => {
    await propose();
    await assess();
    ledger.now += 72 * 60 * minute;
    await ledger.settle();
    expect(ledger.record().status).toBe("expired");
    await refusedBy("lifecycle", approve());
  });

  test("one millisecond before the deadline is in time", async () => {
    await propose();
    await assess();
    ledger.now = Date.parse(ledger.record().proposal.recordedAt) + 72 * 60 * minute - 1;
    await approve();
    expect(ledger.record().status).toBe("authorised");
  });

  test("an authorisation lapses at the end of its window", async () => {
    await propose();
    await assess();
    await approve();
    ledger.now += 240 * minute;
    await ledger.settle();
    expect(ledger.record().status).toBe("lapsed");
  });

  test("nothing can be said over what is overdue", async () => {
    await propose();
    await assess();
    ledger.now += 72 * 60 * minute;
    const state = ledger.record();
    const late = envelopeOf(
      bo,
      "decision",
      aboutRecord({}, state),
      decisionBody(state),
      ledger.time(),
    );
    await refusedBy("nothing-overdue", ledger.append(id, late));
  });

  test("the system says nothing that does not follow", async () => {
    await propose();
    await assess();
    const state = ledger.record();
    const body = { record: id, deadline: ledger.time() };
    await refusedBy(
      "system-only",
      ledger.append(
        id,
        envelopeOf(ledger.system, "expired", aboutRecord({}, state), body, ledger.time()),
      ),
    );
    await refusedBy(
      "system-only",
      ledger.append(id, envelopeOf(bo, "expired", aboutRecord({}, state), body, ledger.time())),
    );
    await refusedBy(
      "system-only",
      ledger.append(
        id,
        envelopeOf(
          ledger.system,
          "decision",
          aboutRecord({}, state),
          decisionBody(state),
          ledger.time(),
        ),
      ),
    );
  });

  test("nobody speaks from the future", async () => {
    await propose();
    await assess();
    const state = ledger.record();
    const soon = new Date(ledger.now + minute + 1).toISOString();
    await refusedBy(
      "clock",
      ledger.append(
        id,
        envelopeOf(bo, "decision", aboutRecord({}, state), decisionBody(state), soon),
      ),
    );
  });
});

describe("who may speak", () => {
  beforeEach(async () => {
    await propose();
    await assess();
  });

  test("a statement for another ledger is refused", async () => {
    const state = ledger.record();
    const other = envelopeOf(
      bo,
      "decision",
      aboutRecord({}, state),
      decisionBody(state),
      ledger.time(),
      { instance: "example.com/staging" },
    );
    await refusedBy("instance-bound", ledger.append(id, other));
  });

  test("somebody who is not enrolled is refused", async () => {
    await refusedBy("signer-enrolled", approve(actor("mallory")));
  });

  test("an enrolled person's key cannot speak for another", async () => {
    await refusedBy("key-bound", approve({ ...bo, id: "cleo" }));
  });

  test("a revoked key is refused from the revocation on, and what it said stays", async () => {
    await approve();
    await ledger.registrySays(ledger.administrator, "key-revoked", {
      person: "bo",
      fingerprint: bo.fingerprint,
      reason: "lost",
    });
    expect(ledger.record().status).toBe("authorised");
    await refusedBy(
      "signer-enrolled",
      ledger.says(bo, "decision", decisionBody(ledger.record(), "reject")),
    );
  });

  test("the last administrator cannot lock everybody out", async () => {
    const body = { person: "ada", fingerprint: ledger.administrator.fingerprint, reason: "left" };
    await refusedBy("registry", ledger.registrySays(ledger.administrator, "key-revoked", body));
  });

  test("a signature under another kind's namespace is refused", async () => {
    const state = ledger.record();
    const wrong = envelopeOf(
      bo,
      "decision",
      aboutRecord({}, state),
      decisionBody(state),
      ledger.time(),
      { namespace: "observation.v1@countermand" },
    );
    await expect(ledger.append(id, wrong)).rejects.toMatchObject({ code: "signature" });
  });

  test("a payload that names another key than the one that signed is refused", async () => {
    const state = ledger.record();
    const wrong = envelopeOf(
      bo,
      "decision",
      aboutRecord({}, state),
      decisionBody(state),
      ledger.time(),
      { key: cleo.fingerprint },
    );
    await expect(ledger.append(id, wrong)).rejects.toThrow();
  });
});

describe("bytes that mean two things", () => {
  beforeEach(async () => {
    await propose();
    await assess();
  });

  async function submitted(change: (payload: string) => string): Promise<unknown> {
    const state = ledger.record();
    const good = envelopeOf(
      bo,
      "decision",
      aboutRecord({}, state),
      decisionBody(state),
      ledger.time(),
    );
    const payload = change(atob(good.payload));
    const bytes = new TextEncoder().encode(payload);
    const envelope = envelopeOver(bytes, bo, "decision.v1@countermand");
    return ledger.append(id, envelope).then(
      () => "accepted",
      (error: unknown) => (error as { code?: unknown }).code,
    );
  }

  test("unchanged, they are accepted", async () => {
    expect(await submitted((payload) => payload)).toBe("accepted");
  });

  test.each([
    [
      "a key twice",
      (it: string) =>
        it.replace('"decision":"approve"', '"decision":"reject","decision":"approve"'),
    ],
    [
      "a number beyond 2^53",
      (it: string) => it.replace('"decision":"approve"', '"decision":9007199254740993'),
    ],
    ["a space", (it: string) => it.replace('":', '": ')],
    [
      "another order of keys",
      (it: string) =>
        it
          .replace(/^\{("_type":"[^"]+"),/, "{")
          .replace(/\}$/, ',"_type":"https://in-toto.io/Statement/v1"}'),
    ],
    ["an escape that is not needed", (it: string) => it.replace('"approve"', '"\\u0061pprove"')],
    ["a byte order mark", (it: string) => `\uFEFF${it}`],
    ["a line feed at the end", (it: string) => `${it}\n`],
  ])("%s, truly signed, is refused", async (_name, change) => {
    const before = ledger.entries.length;
    expect(await submitted(change)).toBe("canonical");
    expect(ledger.entries.length).toBe(before);
  });

  test("a decision on one record says nothing of another", async () => {
    const first = ledger.record();
    await ledger.says(
      ines,
      "proposed",
      proposal(ledger, { uid: "00000000-0000-4000-8000-000000000002" }),
      "RB-2026-2",
    );
    await ledger.says(ines, "assessed", assessmentBody({ record: "RB-2026-2" }), "RB-2026-2");
    const decided = envelopeOf(
      bo,
      "decision",
      aboutRecord({}, first),
      decisionBody(first),
      ledger.time(),
    );
    await refusedBy("record-bound", ledger.append("RB-2026-2", decided));
    const renamed = { ...decisionBody(first), record: "RB-2026-2" };
    const lifted = envelopeOf(bo, "decision", aboutRecord({}, first), renamed, ledger.time());
    await refusedBy("record-bound", ledger.append("RB-2026-2", lifted));
  });
});

describe("clearing findings", () => {
  const day = 86_400_000;
  const one = "1".repeat(32);
  const clearing = (changes = {}) => ({
    record: id,
    findings: [one],
    ground: "not-affected",
    scope: "record",
    until: new Date(ledger.now + 30 * day).toISOString(),
    rationale: ledger.commit("The parser is behind the proxy that strips these"),
    ...changes,
  });
  const clear = (by = bo, changes = {}) =>
    ledger.says(by, "implication-cleared", clearing(changes));

  test("is shown, and neither changes the hash nor voids what was decided", async () => {
    ledger = await TestLedger.open({ approvals: 2 });
    for (const who of [ines, bo, cleo]) await ledger.enrol(who);
    await propose();
    await assess();
    await approve(cleo);
    const { hash, status } = ledger.record();
    const approvals = approvalsInForce(ledger.record()).length;
    await clear();
    const state = ledger.record();
    expect([state.hash, state.status]).toEqual([hash, status]);
    expect(approvalsInForce(state).length).toBe(approvals);
    expect(state.clearings).toMatchObject([
      { actor: "bo", findings: [one], ground: "not-affected", scope: "record" },
    ]);
    expect(state.participants).toContain("bo");
    expect(state.timeline.at(-1)?.says).toMatch(
      /^clears findings: 1 \(11111111\), not-affected, for this record, until 2026-12-23/,
    );
    expect(dutiesOf(state)).toContainEqual(
      expect.objectContaining({ term: "Cleared", actor: "bo", says: expect.stringContaining(one) }),
    );
  });

  test("holds until its end, for this target; or for the service, whatever the target", async () => {
    await propose();
    await assess();
    await clear(bo);
    await clear(bo, { scope: "service", findings: ["2".repeat(32)] });
    const held = (at = ledger.time()) =>
      clearingsInForce(ledger.record(), at).map(({ scope }) => scope);
    expect(held()).toEqual(["record", "service"]);
    expect(held(new Date(ledger.now + 30 * day).toISOString())).toEqual([]);
    expect(held(new Date(ledger.now + 30 * day - 1).toISOString())).toHaveLength(2);
    await assess({ commits: 1 });
    expect(held()).toEqual(["record", "service"]);
    const revise = (changes: object) => {
      const { uid, hash } = ledger.record();
      const revises = { record: id, hash };
      return ledger.says(ines, "proposed", proposal(ledger, { uid, revises, ...changes }));
    };
    await revise({ reason: "security" });
    expect(held()).toEqual(["record", "service"]);
    await revise({ target: { type: "commit", commit: "d".repeat(40) } });
    expect(held()).toEqual(["service"]);
    expect(dutiesOf(ledger.record())[0]?.says).toMatch(/an earlier target/);
  });

  test("is for people who may approve and had no part in it", async () => {
    const author = { authors: ["dan"] };
    await propose();
    await assess(author);
    await refusedBy("approver-not-proposer", clear(ines));
    await refusedBy("approver-not-author", clear(dan));
    const bot = actor("bot");
    await ledger.enrol(bot, { kind: "workload", permissions: ["initiate"] });
    await refusedBy("signer-permitted", clear(bot));
    await clear(cleo);
  });

  test("ends within a year, names each finding once, and comes before execution", async () => {
    const until = (ms: number) => ({ until: new Date(ledger.now + ms).toISOString() });
    await propose();
    await clear(bo, until(366 * day));
    await assess();
    await refusedBy("policy", clear(bo, until(0)));
    await refusedBy("policy", clear(bo, until(366 * day + 1)));
    await clear(bo, until(1));
    await refusedBy("lifecycle", clear(bo, { findings: [one, one] }));
    for (const wrong of [
      { findings: [] },
      { findings: ["1".repeat(31)] },
      { findings: Array.from({ length: 101 }, (_, i) => String(i).padStart(32, "0")) },
      { ground: "because" },
      { scope: "all" },
      { rationale: "in clear" },
    ]) {
      await expect(clear(bo, wrong)).rejects.toMatchObject({ code: "shape" });
    }
    await approve();
    await clear(cleo);
    await start();
    await refusedBy("lifecycle", clear(cleo));
  });
});

describe("the chain", () => {
  test("an entry that names another predecessor or registry is refused", async () => {
    await propose();
    const state = ledger.record();
    const body = assessmentBody();
    const make = () => envelopeOf(ines, "assessed", aboutRecord({}, state), body, ledger.time());
    await refusedBy("chain", ledger.append(id, make(), { prev: "0".repeat(64) }));
    await refusedBy("chain", ledger.append(id, make(), { registry: "0".repeat(64) }));
    await refusedBy("chain", ledger.append("registry", make()));
  });

  test("so is one of the registry, and what was signed about an older registry", async () => {
    const kind = statementTypes.get("role-granted");
    const body = { person: "bo", role: "sre" };
    const signed = () => {
      const subjects = kind?.subjects(body, ledger.registry as never) ?? [];
      return envelopeOf(ledger.administrator, "role-granted", subjects, body, ledger.time());
    };
    await refusedBy("chain", ledger.append("registry", signed(), { prev: "0".repeat(64) }));
    await refusedBy("chain", ledger.append("registry", signed(), { registry: "0".repeat(64) }));
    await propose();
    await refusedBy("chain", ledger.append(id, signed()));
    const old = signed();
    await ledger.enrol(actor("eve"));
    await refusedBy("record-bound", ledger.append("registry", old));
    await ledger.append("registry", signed());
  });

  test("a ledger begins with its opening, in the registry", async () => {
    const [first = new Uint8Array()] = ledger.entries;
    await propose();
    const proposed = ledger.entries.at(-1) ?? new Uint8Array();
    const replay = async (bytes: Uint8Array) => {
      const world = emptyWorld("unchecked");
      return await replayEntry(world, beginEntry(world, 0, bytes));
    };
    await refusedBy("lifecycle", replay(proposed));
    await refusedBy("lifecycle", replay(formatEntry({ ...parseEntry(first), stream: id })));
    await replay(first);
  });
});

describe("every state and every kind", () => {
  test("a record that has ended takes nothing but the deletion of openings", async () => {
    await propose();
    await ledger.says(ines, "withdrawn", { record: id });
    expect(ledger.record().status).toBe("withdrawn");
    await refusedBy("lifecycle", assess());
    const body = {
      record: id,
      commitments: [ledger.record().proposal.rationale],
      ground: "erasure-request",
    };
    await ledger.says(ledger.administrator, "opening-deleted", body);
    expect(ledger.record().deletedOpenings).toEqual(body.commitments);
    expect(ledger.record().status).toBe("withdrawn");
  });

  test("only a proposer withdraws", async () => {
    await propose();
    await refusedBy("lifecycle", ledger.says(dan, "withdrawn", { record: id }));
  });

  test("ended states are states", () => {
    for (const status of ended) expect(statuses).toContain(status);
  });
});
