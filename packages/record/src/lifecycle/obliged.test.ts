/** A signal that a rule makes mandatory: what the system may say, what it may not, and how it goes on. */
import { beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { at, bo, cleo, dan, ines, ledger, open, record, refused, second } from "../testing/cast.ts";
import { day, hour, judgeThat, withRules } from "../testing/steps.ts";
import type { Obliging, PolicyRequest } from "../policy/judge.ts";
import { dutiesOf } from "./duties.ts";

let asked: PolicyRequest[];
let answer: Obliging;

beforeEach(async () => {
  await open();
  asked = [];
  answer = { rules: ["critical"], minutes: 24 * 60, owners: ["cleo"] };
  await withRules(
    ledger,
    second,
    judgeThat(
      () => ({}),
      () => true,
      (request) => {
        asked.push(request);
        return answer;
      },
    ),
  );
});

const commit = (digit: string) => ({ type: "commit", commit: digit.repeat(40) });
const signal = (changes: JsonObject = {}): JsonObject => ({
  source: "scanner",
  id: "GHSA-1",
  type: "vulnerability",
  severity: "critical",
  ids: ["CVE-2026-2", "CVE-2026-1"],
  occurredAt: at(-hour),
  digest: "d".repeat(64),
  ...changes,
});
const body = (changes: JsonObject = {}): JsonObject => ({
  uid: "00000000-0000-4000-8000-000000000001",
  signal: signal(),
  policy: "e".repeat(64),
  rules: ["critical"],
  owners: ["cleo"],
  owner: "cleo",
  deadline: at(day),
  kind: "redeploy-previous",
  service: "api",
  environment: "prod",
  reason: "security",
  stabiliseMinutes: 60,
  rationale: ledger.commit("a scanner found it"),
  impact: ledger.commit("not known yet"),
  security: ledger.commit("CVE-2026-1"),
  ...changes,
});
const oblige = (changes: JsonObject = {}, by = ledger.system) =>
  ledger.says(by, "obliged", body(changes), record.id);
const named = () => ({ current: commit("b"), target: commit("a") });

test("it opens a record with an owner and a deadline that nobody proposed", async () => {
  await oblige(named());
  expect(record.state).toMatchObject({
    status: "proposed",
    proposers: [],
    participants: [],
    proposal: {
      obligation: { signal: "GHSA-1", owner: "cleo", deadline: at(day) },
      signal: { source: "scanner", rules: ["critical"] },
      tickets: ["GHSA-1"],
      current: commit("b"),
      target: commit("a"),
    },
  });
  expect(asked.at(-1)).toMatchObject({
    action: "signal",
    principal: { kind: "system" },
    resource: {
      obliged: true,
      signalSource: "scanner",
      signalType: "vulnerability",
      signalSeverity: "critical",
      signalIds: ["CVE-2026-1", "CVE-2026-2"],
    },
  });
  expect(dutiesOf(record.state)).toContainEqual(
    expect.objectContaining({ term: "Signal", says: expect.stringContaining("critical") }),
  );
});

test("it goes the way of any mandatory rollback", async () => {
  await oblige(named());
  await refused("mandatory", () => record.says(ines, "withdrawn", {}));
  await record.assess(ines);
  await record.approve(bo);
  expect(record.state.status).toBe("authorised");
  await record.run(dan);
  expect(record.state.status).toBe("executed");
  await record.wait(2 * day);
  expect(record.state.obligationOverdue).toBeUndefined();
});

test("what does not say where to go back to waits for somebody to say it, and its deadline runs", async () => {
  await oblige();
  expect(record.state.proposal).toMatchObject({
    current: { type: "unnamed" },
    target: { type: "unnamed" },
  });
  await refused("target-pinned", () => record.assess(ines));
  await record.revise(ines, named());
  expect(record.state.proposal.signal).toMatchObject({ id: "GHSA-1", rules: ["critical"] });
  await record.assess(ines);
  await refused("approver-not-proposer", () => record.approve(ines));
  await record.approve(bo);
  expect(record.state.status).toBe("authorised");
  await record.wait(day);
  expect(record.state.obligationOverdue).toBeDefined();
});

test.each([
  ["the target", { current: commit("b") }],
  ["what runs", { target: commit("a") }],
])("without %s it cannot be assessed either", async (_what, changes) => {
  await oblige(changes);
  await refused("target-pinned", () => record.assess(ines));
});

test("nobody can name the state that is not named", async () => {
  await oblige();
  await expect(record.revise(ines, { target: { type: "unnamed" } })).rejects.toMatchObject({
    code: "shape",
  });
  expect(record.state.revision).toBe(1);
});

test("a revision cannot leave the obligation out", async () => {
  await oblige(named());
  const { id, hash, uid } = record.state;
  await refused("mandatory", () =>
    record.propose(ines, { uid, revises: { record: id, hash }, ...named() }),
  );
});

test("it is overridden by somebody who does not own it", async () => {
  await oblige();
  const setAside = () => ({
    until: at(day),
    control: ledger.commit("blocked at the edge"),
    rationale: ledger.commit("the path is not reached from outside"),
  });
  await refused("approver-not-proposer", () => record.says(cleo, "overridden", setAside()));
  await record.says(bo, "overridden", setAside());
  expect(record.state.status).toBe("overridden");
});

test("only the system says it", async () => {
  await refused("system-only", () => oblige({}, ines));
});

test.each<[string, () => JsonObject, Obliging?]>([
  ["no rule asks for it", () => ({}), { rules: [], minutes: 0, owners: [] }],
  ["another rule asks for it", () => ({ rules: ["other"] })],
  ["the rules give less time", () => ({ deadline: at(day + 1) })],
  ["the rules give more time", () => ({ deadline: at(day - 1) })],
  ["the rules name other owners", () => ({ owners: ["bo"], owner: "bo" })],
  ["other rules are in force", () => ({ policy: "f".repeat(64) })],
  ["the policy does not know the reason", () => ({ reason: "boredom" })],
])("refused where %s", async (_why, changes, judged) => {
  answer = judged ?? answer;
  await refused("policy", () => oblige(changes()));
});

test("refused where no rules are in force", async () => {
  await open();
  await refused("policy", () => oblige());
});

test("the owner is the first of the named who can be, or else an administrator", async () => {
  await refused("mandatory", () => oblige({ owner: "bo" }));
  answer = { ...answer, owners: ["gone", "bo", "cleo"] };
  await refused("mandatory", () => oblige({ owners: answer.owners, owner: "cleo" }));
  await oblige({ owners: answer.owners, owner: "bo" });
  expect(record.state.proposal.obligation?.owner).toBe("bo");
});

test("nobody named, or nobody left: the first administrator by id", async () => {
  answer = { ...answer, owners: [] };
  await refused("mandatory", () => oblige({ owners: [], owner: "second-admin" }));
  await oblige({ owners: [], owner: ledger.administrator.id });
  expect(record.state.proposal.obligation?.owner).toBe(ledger.administrator.id);
});

test("who lost every key owns nothing new", async () => {
  await ledger.registrySays(ledger.administrator, "key-revoked", {
    person: cleo.id,
    fingerprint: cleo.fingerprint,
    reason: "lost",
  });
  await refused("mandatory", () => oblige());
});

test("it opens a record, and is never said of one that is there", async () => {
  await oblige(named());
  await refused("lifecycle", () =>
    oblige({ ...named(), uid: "00000000-0000-4000-8000-000000000002" }),
  );
});

test("its number is a rollback's", async () => {
  await refused("record-bound", () =>
    ledger.says(ledger.system, "obliged", body(named()), "DR-2026-1"),
  );
});

test("a second revision and its rules still see the signal", async () => {
  await oblige();
  await record.revise(ines, named());
  await record.revise(bo, { ...named(), reason: "dependency" });
  expect(record.state.proposal.signal?.id).toBe("GHSA-1");
  expect(record.state.proposal.obligation?.owner).toBe("cleo");
});

test("says which rules ask for what instead", async () => {
  const wrong = () => oblige({ deadline: at(day + 1) });
  await expect(wrong()).rejects.toThrow(
    `the rules critical make it mandatory by ${at(day)}, not critical by ${at(day + 1)}`,
  );
  answer = { rules: [], minutes: 0, owners: [] };
  await expect(wrong()).rejects.toThrow("no rule makes the signal GHSA-1 mandatory");
});

test("its deadline lies ahead, whoever judges the rules", async () => {
  ledger.world = { ...ledger.world, judging: "unchecked" };
  await refused("mandatory", () => oblige({ deadline: at(0) }));
  await oblige({ deadline: at(1) });
});
