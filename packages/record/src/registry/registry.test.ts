/** What administrators say of persons, keys, roles, accounts and policy, and what the rules refuse. */
import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import { permissions } from "../statements/words.ts";
import {
  actor,
  assessmentBody,
  decisionBody,
  personOf,
  proposal,
  TestLedger,
  type Actor,
} from "../testing/actors.ts";
import { doubtful, personById, rolesFor } from "./registry.ts";

const bo = actor("bo");
const cleo = actor("cleo");
let ledger: TestLedger;
const here = { service: "api", environment: "prod" };
const person = (id: string) => {
  const found = personById(ledger.registry, id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};

beforeEach(async () => {
  ledger = await TestLedger.open();
  for (const who of [bo, cleo]) await ledger.enrol(who, { permissions: [...permissions] });
});

const say = (by: Actor, type: string, body: JsonObject) => ledger.registrySays(by, type, body);
const later = (minutes: number) => new Date(ledger.now + minutes * 60_000).toISOString();

describe("roles", () => {
  test("hold for their services and environments, until they end or are revoked", async () => {
    await say(bo, "role-granted", { person: "cleo", role: "sre" });
    await say(bo, "role-granted", {
      person: "cleo",
      role: "dba",
      services: ["api"],
      environments: ["prod"],
      until: later(60),
    });
    const roles = (where: Partial<typeof here>, minutes = 0) =>
      rolesFor(person("cleo"), { ...here, ...where }, later(minutes));
    expect(roles({})).toEqual(["dba", "sre"]);
    expect(roles({}, 59)).toEqual(["dba", "sre"]);
    expect(roles({}, 60)).toEqual(["sre"]);
    expect(roles({ service: "shop" })).toEqual(["sre"]);
    expect(roles({ environment: "stage" })).toEqual(["sre"]);
    const [sre] = person("cleo").roles;
    await say(bo, "role-revoked", { person: "cleo", grant: sre?.id ?? "" });
    expect(roles({})).toEqual(["dba"]);
    await expect(
      say(bo, "role-revoked", { person: "cleo", grant: sre?.id ?? "" }),
    ).rejects.toMatchObject({ rule: "registry" });
  });

  test.each([
    ["role-granted", { person: "bo", role: "sre" }],
    ["account-linked", { person: "bo", issuer: "https://id.example.com", subject: "" }],
    ["permissions-changed", { person: "bo", permissions: [...permissions] }],
  ])("%s is not for oneself", async (type, body) => {
    const given = "subject" in body ? { ...body, subject: ledger.commit("s") } : body;
    await expect(say(bo, type, given as JsonObject)).rejects.toMatchObject({ rule: "registry" });
    await say(cleo, type, given);
  });

  test("do not begin after their end", async () => {
    const body = { person: "cleo", role: "sre", until: ledger.time() };
    await expect(say(bo, "role-granted", body)).rejects.toMatchObject({ rule: "registry" });
  });
});

describe("permissions", () => {
  test("are changed by another, and an administrator remains", async () => {
    const ada = ledger.administrator;
    await say(bo, "permissions-changed", { person: "ada", permissions: [] });
    await expect(say(ada, "role-granted", { person: "bo", role: "x" })).rejects.toMatchObject({
      rule: "signer-permitted",
    });
    await say(bo, "permissions-changed", { person: "cleo", permissions: ["approve"] });
    expect(person("cleo").permissions).toEqual(["approve"]);
  });

  test("of a machine are a machine's", async () => {
    const ci = actor("ci");
    await say(bo, "person-added", { person: { ...personOf(ci, ["initiate"]), kind: "workload" } });
    for (const permission of ["approve", "review", "override", "administer"]) {
      await expect(
        say(bo, "permissions-changed", { person: "ci", permissions: [permission] }),
      ).rejects.toMatchObject({ rule: "humans-decide" });
    }
    await say(bo, "permissions-changed", { person: "ci", permissions: ["initiate", "execute"] });
  });
});

describe("accounts", () => {
  test("are linked by the issuer's own id for them, and unlinked", async () => {
    const subject = ledger.commit("248289761001");
    await say(bo, "account-linked", { person: "cleo", issuer: "https://id.example.com", subject });
    const [account] = person("cleo").accounts;
    expect(account).toMatchObject({ issuer: "https://id.example.com", subject });
    const unlink = { person: "cleo", account: account?.id ?? "" };
    await say(bo, "account-unlinked", unlink);
    expect(person("cleo").accounts).toEqual([]);
    await expect(say(bo, "account-unlinked", unlink)).rejects.toMatchObject({ rule: "registry" });
  });
});

describe("keys", () => {
  test("that expired sign nothing more", async () => {
    const second = { ...actor("bo") };
    await say(ledger.administrator, "key-added", {
      person: "bo",
      newKey: { fingerprint: second.fingerprint, line: second.line },
      expiresAt: later(10),
    });
    await say(second, "role-granted", { person: "cleo", role: "sre" });
    ledger.now += 10 * 60_000;
    await expect(
      say(second, "role-granted", { person: "cleo", role: "sre" }),
    ).rejects.toMatchObject({ rule: "signer-enrolled" });
    await say(bo, "key-revoked", {
      person: "bo",
      fingerprint: second.fingerprint,
      reason: "replaced",
    });
    await expect(
      say(bo, "key-added", {
        person: "cleo",
        newKey: { fingerprint: actor("x").fingerprint, line: actor("x").line },
        expiresAt: ledger.time(),
      }),
    ).rejects.toThrow();
  });

  test("that were compromised are doubtful from then on, not before", async () => {
    const since = ledger.time();
    ledger.now += 60_000;
    const revoke = { person: "cleo", fingerprint: cleo.fingerprint, since };
    await expect(say(bo, "key-revoked", { ...revoke, reason: "lost" })).rejects.toMatchObject({
      rule: "registry",
    });
    await expect(
      say(bo, "key-revoked", { ...revoke, since: later(1), reason: "compromised" }),
    ).rejects.toMatchObject({ rule: "registry" });
    await say(bo, "key-revoked", { ...revoke, reason: "compromised" });
    expect(doubtful(ledger.registry, cleo.fingerprint, since)).toBe(true);
    expect(doubtful(ledger.registry, cleo.fingerprint, "2026-11-23T01:59:59.999Z")).toBe(false);
    expect(doubtful(ledger.registry, bo.fingerprint, since)).toBe(false);
  });
});

describe("policy", () => {
  const settings = (version = 2) => ({ ...ledger.registry.policy, version, approvals: 2 });
  const waiting = () => ledger.registry.policyProposal?.id ?? "";

  test("is in force once a second administrator agrees", async () => {
    const rules = { digest: "e".repeat(64), size: 40 };
    await say(bo, "policy-proposed", { settings: settings(), rules });
    expect(ledger.registry.policy.approvals).toBe(1);
    await expect(
      say(bo, "policy-decided", { proposal: waiting(), decision: "accept" }),
    ).rejects.toMatchObject({ rule: "registry" });
    await say(cleo, "policy-decided", { proposal: waiting(), decision: "accept" });
    expect(ledger.registry).toMatchObject({
      policy: { approvals: 2, version: 2 },
      policyDigest: digestOf(settings()),
      rules,
    });
    expect(ledger.registry.policyProposal).toBeUndefined();
    await say(bo, "policy-proposed", { settings: settings(3) });
    await say(cleo, "policy-decided", { proposal: waiting(), decision: "accept" });
    expect(ledger.registry.rules).toBeUndefined();
  });

  test("the same person with a second key is one person", async () => {
    const second = actor("bo");
    await say(cleo, "key-added", {
      person: "bo",
      newKey: { fingerprint: second.fingerprint, line: second.line },
    });
    await say(bo, "policy-proposed", { settings: settings() });
    await expect(
      say(second, "policy-decided", { proposal: waiting(), decision: "accept" }),
    ).rejects.toMatchObject({ rule: "registry" });
  });

  test("declined leaves the old one; one may decline one's own; a decision is for what waits", async () => {
    await say(bo, "policy-proposed", { settings: settings() });
    const first = waiting();
    await say(bo, "policy-decided", { proposal: first, decision: "decline" });
    expect(ledger.registry.policy.version).toBe(1);
    await expect(
      say(cleo, "policy-decided", { proposal: first, decision: "accept" }),
    ).rejects.toMatchObject({ rule: "registry" });
    await say(bo, "policy-proposed", { settings: settings() });
    await say(cleo, "policy-proposed", { settings: settings(3) });
    expect(ledger.registry.policyProposal?.by).toBe("cleo");
  });

  test("goes forward in versions, with a review date ahead", async () => {
    await expect(say(bo, "policy-proposed", { settings: settings(1) })).rejects.toMatchObject({
      rule: "registry",
    });
    await expect(
      say(bo, "policy-proposed", { settings: { ...settings(), reviewBy: ledger.time() } }),
    ).rejects.toMatchObject({ rule: "registry" });
  });

  test("is due for review on its day: said once, by the system, before anything else", async () => {
    const reviewBy = later(60);
    await say(bo, "policy-proposed", { settings: { ...settings(), reviewBy } });
    await say(cleo, "policy-decided", { proposal: waiting(), decision: "accept" });
    const due = { policy: ledger.registry.policyDigest, deadline: reviewBy };
    await expect(say(ledger.system, "policy-review-due", due)).rejects.toMatchObject({
      rule: "system-only",
    });
    ledger.now += 60 * 60_000;
    await expect(say(bo, "role-granted", { person: "cleo", role: "x" })).rejects.toMatchObject({
      rule: "nothing-overdue",
    });
    await expect(say(bo, "policy-review-due", due)).rejects.toMatchObject({ rule: "system-only" });
    await say(ledger.system, "policy-review-due", due);
    expect(ledger.registry.policyReviewDue).toBe(ledger.entries.length - 1);
    await expect(say(ledger.system, "policy-review-due", due)).rejects.toMatchObject({
      rule: "system-only",
    });
    await say(bo, "policy-proposed", { settings: { ...settings(3), reviewBy: later(90) } });
    await say(cleo, "policy-decided", { proposal: waiting(), decision: "accept" });
    expect(ledger.registry.policyReviewDue).toBeUndefined();
  });

  test("an entry decided before is under the registry before", async () => {
    await ledger.says(bo, "proposed", proposal(ledger));
    await ledger.says(bo, "assessed", assessmentBody());
    await ledger.says(cleo, "decision", decisionBody(ledger.record()));
    expect(ledger.record().status).toBe("authorised");
    await say(bo, "policy-proposed", { settings: settings() });
    await say(cleo, "policy-decided", { proposal: waiting(), decision: "accept" });
    expect(ledger.record().policy.approvals).toBe(1);
  });
});

describe("how much one person can have", () => {
  test("twenty accounts, and no more", async () => {
    const link = () =>
      say(bo, "account-linked", {
        person: "cleo",
        issuer: "https://idp.example.com",
        subject: ledger.commit("subject"),
      });
    for (let i = 0; i < 20; i += 1) await link();
    await expect(link()).rejects.toMatchObject({ rule: "registry" });
  });

  test("a hundred roles, and no more", async () => {
    const grant = (i: number) => say(bo, "role-granted", { person: "cleo", role: `role-${i}` });
    for (let i = 0; i < 100; i += 1) await grant(i);
    await expect(grant(100)).rejects.toMatchObject({ rule: "registry" });
  });
});

test("what would have ended before it begins is not begun: a key, a role", async () => {
  const key = actor("cleo");
  const newKey = { fingerprint: key.fingerprint, line: key.line };
  await expect(
    say(bo, "key-added", { person: "cleo", newKey, expiresAt: later(0) }),
  ).rejects.toMatchObject({ rule: "registry" });
  await expect(
    say(bo, "role-granted", { person: "cleo", role: "sre", until: later(0) }),
  ).rejects.toMatchObject({ rule: "registry" });
  await say(bo, "key-added", { person: "cleo", newKey, expiresAt: later(1) });
  await say(bo, "role-granted", { person: "cleo", role: "sre", until: later(1) });
});
