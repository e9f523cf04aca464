/** Keys that identity tokens vouch for: a person's own, and a job's; each attack on them carried out. */
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  enrolmentNonce,
  makeOpening,
  statementTypes,
  verifyPackage,
  workloadAudience,
  type JsonObject,
} from "@countermand/record";
import { actor, envelopeOf, personOf, type Actor } from "@countermand/record/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { origin, RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

/** An issuer with discovery document and key set, and what it signs. */
class Issuer {
  readonly #server: Server;
  readonly keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  published: KeyObject = this.keys.publicKey;

  constructor() {
    this.#server = createServer((request, response) => {
      response.setHeader("content-type", "application/json");
      if (request.url === "/.well-known/openid-configuration") {
        response.end(JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/keys` }));
      } else response.end(this.keySet());
    });
  }
  async start() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }
  stop() {
    this.#server.close();
  }
  get url() {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  keySet(): string {
    const jwk = this.published.export({ format: "jwk" });
    return JSON.stringify({ keys: [{ ...jwk, kid: "k1", use: "sig", alg: "RS256" }] });
  }
  token(claims: JsonObject, key = this.keys.privateKey, alg = "RS256"): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const data = `${part({ alg, kid: "k1" })}.${part({ iss: this.url, ...claims })}`;
    return `${data}.${sign("sha256", Buffer.from(data), key).toString("base64url")}`;
  }
}

const issuer = new Issuer();
beforeAll(() => issuer.start());
afterAll(() => issuer.stop());

const seconds = (it: RollbacksUnderTest, minutes = 0) => Math.floor(it.now / 1000) + minutes * 60;

async function submit(
  it: RollbacksUnderTest,
  by: Actor,
  type: string,
  body: JsonObject,
  texts: Readonly<Record<string, string>> = {},
) {
  const openings = Object.entries(texts).map(
    ([field, text]) =>
      [field, makeOpening(text, crypto.getRandomValues(new Uint8Array(32)))] as const,
  );
  const full: JsonObject = {
    ...body,
    ...Object.fromEntries(openings.map(([field, item]) => [field, item.commitment])),
  };
  const kind = statementTypes.get(type);
  const about =
    kind?.stream === "registry" ? (await it.service.instance()).registry : await it.state();
  const subjects = kind?.subjects(full, about as never) ?? [];
  return it.service.submit({
    envelope: envelopeOf(by, type, subjects, full, it.time(), { instance: origin }),
    openings: openings.map(([, item]) => item),
  });
}

async function keySet(it: RollbacksUnderTest, text = issuer.keySet()): Promise<JsonObject> {
  return { ...(await it.service.putArtefact(new TextEncoder().encode(text))) };
}

async function enrol(
  it: RollbacksUnderTest,
  key: Actor,
  claims: JsonObject = {},
  more: { readonly token?: string; readonly keys?: JsonObject } = {},
) {
  const token = issuer.token({
    sub: "bo-at-the-provider",
    aud: "countermand",
    iat: seconds(it),
    exp: seconds(it, 5),
    nonce: enrolmentNonce(origin, key.fingerprint),
    ...claims,
  });
  const body = {
    newKey: { fingerprint: key.fingerprint, line: key.line },
    issuer: issuer.url,
    keys: more.keys ?? (await keySet(it)),
  };
  return submit(it, key, "key-enrolled", body, { token: more.token ?? token });
}

/** The client at which people enrol keys here. */
const enrolment = () => ({ enrolment: [{ issuer: issuer.url, client: "countermand" }] });

async function linked(it: RollbacksUnderTest) {
  await submit(
    it,
    it.ada,
    "account-linked",
    { person: "bo", issuer: issuer.url },
    { subject: "bo-at-the-provider" },
  );
}

describeOnBothStores("a person enrols a key with a login", (under) => {
  test("and approves with it; a stranger checks the login from the package", async () => {
    await using it = await RollbacksUnderTest.start(under, { policy: enrolment() });
    await linked(it);
    const own = actor("bo");
    await enrol(it, own);
    const { registry } = await it.service.instance();
    expect(registry.persons["bo"]?.keys.at(-1)).toMatchObject({
      fingerprint: own.fingerprint,
      assurance: "identity-provider",
    });
    await it.propose();
    await it.assess();
    await it.decide(own);
    expect((await it.state()).status).toBe("authorised");
    const named = await verifyPackage(
      await it.service.exportRecord("RB-2026-1", { withNames: true }),
    );
    expect(named.findings).toEqual([]);
    expect(named.notChecked.join("\n")).toContain("for 1 of them an identity provider said so");
    const bare = await verifyPackage(await it.service.exportRecord("RB-2026-1", {}));
    expect(bare.verdict).toBe("good");
    expect(bare.notChecked.join("\n")).toContain("1 identity tokens that vouch for keys");
  });

  test("attack 3: the operator enrols a key of their own with somebody's login", async () => {
    await using it = await RollbacksUnderTest.start(under, { policy: enrolment() });
    await linked(it);
    const theirs = actor("bo");
    const forBo = enrolmentNonce(origin, actor("bo").fingerprint);
    await expect(enrol(it, theirs, { nonce: forBo })).rejects.toThrow(/not made for the key/);
    const elsewhere = enrolmentNonce("example.com/other", theirs.fingerprint);
    await expect(enrol(it, theirs, { nonce: elsewhere })).rejects.toThrow(/names another key or/);
    await expect(enrol(it, theirs, { sub: "mallory" })).rejects.toThrow(/another account/);
    await expect(enrol(it, theirs, { exp: seconds(it, -5) })).rejects.toThrow(/it holds from/);
    await expect(enrol(it, theirs, { iss: "https://evil.example" })).rejects.toThrow(
      /token is of https:\/\/evil/,
    );
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const claims = {
      sub: "bo-at-the-provider",
      aud: "countermand",
      iat: seconds(it),
      exp: seconds(it, 5),
      nonce: enrolmentNonce(origin, theirs.fingerprint),
    };
    const token = issuer.token(claims, privateKey);
    await expect(enrol(it, theirs, {}, { token })).rejects.toThrow(/not by the issuer's key/);
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k1" };
    const keys = await keySet(it, JSON.stringify({ keys: [jwk] }));
    await expect(enrol(it, theirs, {}, { token, keys })).rejects.toThrow(/publishes now/);
    // Bo's next login at the server's own page, whose nonce the operator chooses.
    for (const aud of ["countermand-page", ["countermand", "countermand-page"], []]) {
      await expect(enrol(it, theirs, { aud })).rejects.toThrow(
        /the login was for .* names countermand; log in there/,
      );
    }
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${token.split(".")[1]}.AA`;
    await expect(enrol(it, theirs, {}, { token: none })).rejects.toThrow(/algorithm/);
    expect((await it.service.instance()).registry.persons["bo"]?.keys).toHaveLength(1);
  });

  test("a policy that names no client of this provider lets nobody enrol at it", async () => {
    const other = [{ issuer: "https://other.example", client: "countermand" }];
    for (const policy of [{}, { enrolment: other }]) {
      await using it = await RollbacksUnderTest.start(under, { policy });
      await linked(it);
      await expect(enrol(it, actor("bo"))).rejects.toThrow(/`enrolment` names no client there/);
    }
  });

  test("without a linked account, or signed by another key than the one it brings: refused", async () => {
    await using it = await RollbacksUnderTest.start(under, { policy: enrolment() });
    await expect(enrol(it, actor("bo"))).rejects.toThrow(/another account|no account/);
    await linked(it);
    const own = actor("bo");
    const body = {
      newKey: { fingerprint: own.fingerprint, line: own.line },
      issuer: issuer.url,
      keys: await keySet(it),
    };
    await expect(submit(it, it.bo, "key-enrolled", body, { token: "a.b.c" })).rejects.toMatchObject(
      { code: "signature" },
    );
  });
});

describeOnBothStores("a job speaks with a key of its own", (under) => {
  async function bound(it: RollbacksUnderTest) {
    const ci = actor("ci");
    await it.registrySays(it.ada, "person-added", {
      person: { ...personOf(ci, ["verify", "observe"]), kind: "workload" },
    });
    await it.registrySays(it.ada, "workload-bound", {
      person: "ci",
      issuer: issuer.url,
      claims: [
        { name: "repository_id", value: "4711" },
        { name: "job_workflow_ref", value: "shop/ci/.github/workflows/verify.yml@refs/heads/main" },
      ],
    });
    await it.propose();
  }
  async function bring(it: RollbacksUnderTest, job: Actor, claims: JsonObject = {}) {
    const exp = seconds(it, 10);
    const token = issuer.token({
      sub: "repo:shop/ci:ref:refs/heads/main",
      aud: workloadAudience(origin, "RB-2026-1", job.fingerprint),
      iat: seconds(it),
      exp,
      repository_id: "4711",
      job_workflow_ref: "shop/ci/.github/workflows/verify.yml@refs/heads/main",
      environment: "production",
      ...claims,
    });
    const body = {
      record: "RB-2026-1",
      newKey: { fingerprint: job.fingerprint, line: job.line },
      issuer: issuer.url,
      keys: await keySet(it),
      expiresAt: new Date(exp * 1000).toISOString(),
    };
    return submit(it, job, "workload-key", body, { token });
  }
  const check = { record: "RB-2026-1", name: "smoke", outcome: "passed" };

  test("about this record and while its token holds", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await bound(it);
    const job = actor("ci");
    await bring(it, job);
    await submit(it, job, "check-reported", check);
    expect((await it.state()).checks).toMatchObject([{ actor: "ci", name: "smoke" }]);
    const report = await verifyPackage(await it.service.exportRecord("RB-2026-1", {}));
    expect(report.findings).toEqual([]);
    expect(report.notChecked.join("\n")).toContain("for 1 of them an identity provider");
    it.now += 11 * 60_000;
    await expect(submit(it, job, "check-reported", check)).rejects.toMatchObject({
      rule: "key-bound",
    });
  });

  test("a token for another key, record or ledger, of another pipeline, with more audiences: refused", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await bound(it);
    const job = actor("ci");
    const good = workloadAudience(origin, "RB-2026-1", job.fingerprint);
    for (const aud of [
      workloadAudience(origin, "RB-2026-1", actor("ci").fingerprint),
      workloadAudience(origin, "RB-2026-2", job.fingerprint),
      workloadAudience("example.com/other", "RB-2026-1", job.fingerprint),
      [good, "https://other.example"],
      "sts.amazonaws.com",
    ]) {
      await expect(bring(it, job, { aud })).rejects.toThrow(/audience/);
    }
    await expect(bring(it, job, { repository_id: "4712" })).rejects.toThrow(/repository_id/);
    await expect(
      bring(it, job, { job_workflow_ref: "shop/ci/.github/workflows/evil.yml@refs/pull/1" }),
    ).rejects.toThrow(/job_workflow_ref/);
    await expect(submit(it, job, "check-reported", check)).rejects.toMatchObject({
      rule: "key-bound",
    });
  });

  test("a job's key cannot approve, and does not outlive being brought twice", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await bound(it);
    const job = actor("ci");
    await bring(it, job);
    await expect(bring(it, job)).rejects.toMatchObject({ rule: "key-bound" });
    await it.assess();
    await expect(it.decide(job)).rejects.toMatchObject({ rule: "signer-permitted" });
  });
});
