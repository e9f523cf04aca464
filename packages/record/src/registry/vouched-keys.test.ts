/** Keys that identity tokens vouch for: who may bring one, for what, and how long it speaks. */
import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { actor, type Actor } from "../testing/actors.ts";
import { at, bo, ines, ledger, open, record, refused, registrySays } from "../testing/cast.ts";
import { hour, minute, Steps } from "../testing/steps.ts";

const issuer = "https://idp.example.com";
const keys = { digest: "a".repeat(64), size: 10 };
const keyOf = (who: Actor) => ({ fingerprint: who.fingerprint, line: who.line });
const claims = [{ name: "repository_id", value: "1" }];
const pipeline = actor("pipeline");

beforeEach(async () => {
  await open();
  await ledger.enrol(pipeline, { kind: "workload", permissions: ["execute", "verify"] });
});

describe("a person's own key", () => {
  const enrol = (by: Actor, key: Actor, changes: JsonObject = {}) =>
    registrySays({ ...key, id: by.id }, "key-enrolled", {
      newKey: keyOf(key),
      issuer,
      token: ledger.commit("token"),
      keys,
      ...changes,
    });
  const account = () =>
    registrySays(ledger.administrator, "account-linked", {
      person: "bo",
      issuer,
      subject: ledger.commit("subject"),
    });

  test("needs an account at its issuer, and then speaks for its holder", async () => {
    const own = actor("bo");
    await expect(enrol(bo, own)).rejects.toMatchObject({ rule: "registry" });
    await account();
    await expect(enrol(bo, own, { issuer: "https://other.example.com" })).rejects.toMatchObject({
      rule: "registry",
    });
    await enrol(bo, own);
    expect(ledger.registry.persons["bo"]?.keys.at(-1)).toMatchObject({
      fingerprint: own.fingerprint,
      assurance: "identity-provider",
    });
    await record.propose(ines);
    await record.assess(ines);
    await record.approve(own);
    expect(record.state.status).toBe("authorised");
  });

  test("is signed by itself, is new, and is a human's", async () => {
    await account();
    const own = actor("bo");
    await expect(
      registrySays(bo, "key-enrolled", {
        newKey: keyOf(own),
        issuer,
        token: ledger.commit("token"),
        keys,
      }),
    ).rejects.toThrow();
    await expect(enrol(bo, { ...ines, id: "bo" })).rejects.toMatchObject({ rule: "registry" });
    await expect(enrol(pipeline, actor("pipeline"))).rejects.toMatchObject({
      rule: "humans-decide",
    });
  });
});

describe("a workload's claims", () => {
  test("are an administrator's to say, and not of a human", async () => {
    const bind = (by: Actor, person: string) =>
      registrySays(by, "workload-bound", { person, issuer, claims });
    await expect(bind(ledger.administrator, "bo")).rejects.toMatchObject({ rule: "registry" });
    await expect(bind(bo, "pipeline")).rejects.toMatchObject({ rule: "signer-permitted" });
    await bind(ledger.administrator, "pipeline");
    await bind(ledger.administrator, "pipeline");
    expect(ledger.registry.persons["pipeline"]?.workloads).toEqual([{ issuer, claims }]);
  });
});

describe("a job's key", () => {
  const job = actor("pipeline");
  const bring = (by: Actor, changes: JsonObject = {}, steps = record) =>
    steps.says(by, "workload-key", {
      newKey: keyOf(by),
      issuer,
      token: ledger.commit("token"),
      keys,
      expiresAt: at(hour),
      ...changes,
    });

  beforeEach(async () => {
    await registrySays(ledger.administrator, "workload-bound", {
      person: "pipeline",
      issuer,
      claims,
    });
    await record.propose(ines);
    await record.assess(ines);
    await record.approve(bo);
  });

  test("speaks for its record until its token ends, and not a millisecond longer", async () => {
    await bring(job);
    await record.wait(hour - 1);
    await record.check(job, "smoke", "passed");
    await record.wait(1);
    await refused("key-bound", () => record.check(job, "smoke", "passed"));
  });

  test("says nothing of another record, nor in another's name", async () => {
    await bring(job);
    const other = new Steps(ledger, "RB-2026-2");
    await other.propose(ines, { uid: "00000000-0000-4000-8000-000000000002" });
    expect(await other.outcome(() => other.check(job, "smoke", "passed"))).toBe("key-bound");
    const asInes = { ...job, id: "ines" };
    await refused("key-bound", () => record.check(asInes, "smoke", "passed"));
  });

  test("does what the workload may, and decides nothing", async () => {
    await bring(job);
    await refused("signer-permitted", () => record.decide(job, "reject"));
    await record.start(job);
    await record.finish(job);
    expect(record.state.executions[0]?.actor).toBe("pipeline");
  });

  test("is new, bound to its issuer, and short", async () => {
    await refused("key-bound", () => bring(job, { issuer: "https://other.example.com" }));
    await refused("key-bound", () => bring({ ...ines, id: "pipeline" }));
    await refused("key-bound", () => bring({ ...ledger.system, id: "pipeline" }));
    await refused("clock", () => bring(job, { expiresAt: at(0) }));
    await refused("clock", () => bring(job, { expiresAt: at(24 * hour + 1) }));
    await refused("key-bound", () => bring({ ...actor("ines") }));
    await bring(job, { expiresAt: at(24 * hour) });
    await record.wait(minute);
    await refused("key-bound", () => bring(job));
  });

  test("cannot bring another key than the one that signs", async () => {
    await expect(bring(pipeline, { newKey: keyOf(actor("pipeline")) })).rejects.toThrow();
    await expect(bring(job, { newKey: keyOf(actor("pipeline")) })).rejects.toThrow();
  });
});
