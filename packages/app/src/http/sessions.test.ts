/** Sessions and API tokens over HTTP: what they may, and that they end. */
import { statementTypes, type JsonObject } from "@countermand/record";
import { actor, envelopeOf } from "@countermand/record/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newSecret } from "../identity/secret.ts";
import { sessionLives } from "../identity/sessions.ts";
import { tokenMayHandIn } from "./decisions.ts";
import { LoginServer } from "./testing/login-server.ts";
import { submission } from "./testing/sample.ts";

let server: LoginServer;
beforeEach(async () => {
  server = await LoginServer.start();
});
afterEach(async () => server[Symbol.asyncDispose]());

function cookieIn(answer: { headers: Record<string, unknown> }, name = "__Host-countermand") {
  const all = [answer.headers["set-cookie"] ?? []].flat().map(String);
  return all.find((cookie) => cookie.startsWith(`${name}=`))?.split(";")[0];
}

async function linkCode(person = "ada"): Promise<string> {
  const { url } = await server.login.makeLink(person);
  return url.split("/").at(-1) ?? "";
}

describe("a session", () => {
  test("its cookie is this host's alone, not for script, and not sent by other sites' forms", async () => {
    const answer = await server.post("/login/link", { code: await linkCode() });
    expect(String(answer.headers["set-cookie"])).toMatch(
      /^__Host-countermand=cms_[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
  });

  test("that somebody planted in the browser is not taken over (fixation)", async () => {
    const planted = await server.browserOf({ person: "bo" });
    const made = `__Host-countermand=${newSecret("cms_")}`;
    for (const cookie of [planted.cookie, made]) {
      const answer = await server.post("/login/link", { code: await linkCode() }, { cookie });
      const after = cookieIn(answer);
      expect(after).toBeDefined();
      expect(after).not.toBe(cookie);
      // What the attacker knows opens nothing, neither ada's session nor bo's.
      expect((await server.ask({ url: "/v1/records", headers: { cookie } })).statusCode).toBe(401);
    }
  });

  test("two cookies of one name are nobody's", async () => {
    const [one, two] = [
      await server.browserOf({ person: "ada" }),
      await server.browserOf({ person: "bo" }),
    ];
    const headers = { cookie: `${one.cookie}; ${two.cookie}` };
    expect((await server.ask({ url: "/v1/records", headers })).statusCode).toBe(401);
  });

  test("ends unused, ends at its end, and is gone from the list", async () => {
    const { cookie } = await server.browserOf({ person: "ada" });
    server.clock.now += sessionLives.page.idle;
    expect((await server.ask({ url: "/v1/records", headers: { cookie } })).statusCode).toBe(401);
  });

  test("logging out ends it on the server", async () => {
    const { cookie, form } = await server.browserOf({ person: "ada" });
    const answer = await server.post("/logout", { form }, { cookie });
    expect([answer.statusCode, answer.headers.location]).toEqual([303, "/login"]);
    expect(String(answer.headers["set-cookie"])).toContain("Max-Age=0");
    expect((await server.ask({ url: "/v1/records", headers: { cookie } })).statusCode).toBe(401);
  });

  test("another of mine is ended from the page; somebody else's is not", async () => {
    const mine = await server.browserOf({ person: "ada" });
    const other = await server.browserOf({ person: "ada" });
    const theirs = await server.browserOf({ person: "bo" });
    const page = await server.ask({ url: "/session", headers: { cookie: mine.cookie } });
    expect(page.body).toContain(other.session.id);
    expect(page.body).not.toContain(theirs.session.id);
    for (const { session } of [other, theirs]) {
      await server.post(
        "/session/end",
        { form: mine.form, id: session.id },
        { cookie: mine.cookie },
      );
    }
    const status = async (cookie: string) =>
      (await server.ask({ url: "/v1/records", headers: { cookie } })).statusCode;
    expect(await Promise.all([mine, other, theirs].map(({ cookie }) => status(cookie)))).toEqual([
      200, 401, 200,
    ]);
  });

  test("a form of another session, or of none, changes nothing (CSRF)", async () => {
    const mine = await server.browserOf({ person: "ada" });
    const theirs = await server.browserOf({ person: "bo" });
    for (const form of [theirs.form, "", "0".repeat(64), mine.form.slice(1)]) {
      const answer = await server.post("/logout", { form }, { cookie: mine.cookie });
      expect([form, answer.statusCode]).toEqual([form, 403]);
    }
    const cross = {
      cookie: mine.cookie,
      origin: "https://evil.example",
      "sec-fetch-site": "cross-site",
    };
    expect((await server.post("/logout", { form: mine.form }, cross)).statusCode).toBe(403);
    const { cookie } = mine;
    expect((await server.ask({ url: "/v1/records", headers: { cookie } })).statusCode).toBe(200);
  });

  test("all of a person's are ended by an administrator, and by nobody else", async () => {
    const ada = await server.browserOf({ person: "ada" });
    const bo = await server.browserOf({ person: "bo" });
    const end = (cookie: string, body: object) => server.json("/v1/session/end", body, { cookie });
    expect((await end(bo.cookie, { person: "ada" })).statusCode).toBe(403);
    expect((await end(ada.cookie, { person: "bo" })).json()).toEqual({ ended: 1 });
    expect((await end(ada.cookie, { all: true })).json()).toEqual({ ended: 1 });
    expect((await end(ada.cookie, { all: true })).statusCode).toBe(401);
  });

  test("a person who may do nothing any more is out at once", async () => {
    const { cookie } = await server.browserOf({ person: "bo" });
    server.people.enrolled.delete("bo");
    expect((await server.ask({ url: "/v1/records", headers: { cookie } })).statusCode).toBe(401);
  });
});

describe("an account that is linked to nobody", () => {
  const account = { issuer: "https://login.example.com", subject: "248289761001" };

  test("reads, and nothing else", async () => {
    const { cookie } = await server.browserOf(account);
    expect((await server.ask({ url: "/v1/records", headers: { cookie } })).statusCode).toBe(200);
    for (const [url, body] of [
      ["/v1/statements", submission],
      ["/v1/tokens", { name: "x", scopes: ["read"], days: 1 }],
      ["/v1/gate", {}],
    ] as const) {
      const answer = await server.json(url, body, { cookie });
      expect([url, answer.statusCode]).toEqual([url, 403]);
      expect(answer.json<{ detail: string }>().detail).toContain("linked to no enrolled person");
    }
  });

  test("is somebody from the moment it is linked, and nobody from when it is unlinked", async () => {
    const { cookie } = await server.browserOf(account);
    const submit = async () =>
      (await server.json("/v1/statements", submission, { cookie })).statusCode;
    expect(await submit()).toBe(403);
    server.people.accounts.set(`${account.issuer} ${account.subject}`, "bo");
    expect(await submit()).toBe(201);
    server.people.accounts.clear();
    expect(await submit()).toBe(403);
  });

  test("the same subject at another issuer is another account", async () => {
    server.people.accounts.set(`${account.issuer} ${account.subject}`, "ada");
    const { cookie } = await server.browserOf({ ...account, issuer: `${account.issuer}/` });
    expect((await server.json("/v1/statements", submission, { cookie })).statusCode).toBe(403);
  });
});

const signal = {
  specversion: "1.0",
  source: "somebody-else",
  id: "GHSA-1",
  type: "vulnerability",
  data: { service: "api", environment: "prod", severity: "critical" },
};

describe("an API token", () => {
  test("does what its scopes say and no more", async () => {
    const table = [
      [["read"], "/v1/records", undefined, 200],
      [["submit", "gate"], "/v1/records", undefined, 403],
      [["read", "gate"], "/v1/statements", submission, 403],
      [["submit"], "/v1/statements", signedBy(actor("bo"), "withdrawn", { record }), 201],
      [["read", "submit"], "/v1/gate", {}, 403],
      [["read", "submit", "gate"], "/v1/signals", signal, 403],
      [["signal"], "/v1/signals", signal, 200],
      [["signal"], "/v1/signals", undefined, 403],
    ] as const;
    for (const [scopes, url, body, status] of table) {
      const { authorization } = await server.bearer(scopes);
      const answer =
        body === undefined
          ? await server.ask({ url, headers: { authorization } })
          : await server.json(url, body, { authorization });
      expect([scopes, url, answer.statusCode]).toEqual([scopes, url, status]);
    }
  });

  test("is the source of the signals that it sends, whatever they say; so is a person", async () => {
    const named = await server.bearer(["signal"], "ada", "dependency-scanner");
    const { authorization, token } = await server.bearer(["signal"]);
    const { cookie } = await server.browserOf({ person: "ada" });
    for (const [headers, source] of [
      [{ authorization: named.authorization }, "dependency-scanner"],
      // A name with a space in it is none that a rule could compare.
      [{ authorization }, `token/${token.id}`],
      [{ cookie }, "person/ada"],
    ] as const) {
      expect((await server.json("/v1/signals", signal, headers)).statusCode).toBe(200);
      expect(server.countermand.calls.at(-1)).toMatchObject(["signal", { source }]);
    }
  });

  test("with every scope does not decide, review or administer, although it is signed", async () => {
    const { authorization } = await server.bearer(["read", "submit", "gate"]);
    const bo = actor("bo");
    for (const [name, body, status] of handedIn) {
      const answer = await server.json("/v1/statements", signedBy(bo, name, body), {
        authorization,
      });
      expect([name, answer.statusCode]).toEqual([name, status]);
      if (status === 403) {
        expect(answer.json<{ detail: string }>().detail).toContain("a person who is logged in");
      }
    }
    const taken = handedIn.filter(([, , status]) => status === 201);
    expect(server.countermand.calls).toHaveLength(taken.length);
  });

  test("never hands in what approvers, reviewers, administrators or the system say", () => {
    const theirs = new Set(["approve", "override", "review", "administer", "system"]);
    for (const [name, { saidBy }] of statementTypes) {
      if (theirs.has(saidBy)) expect([name, tokenMayHandIn(name)]).toEqual([name, false]);
    }
    expect(tokenMayHandIn("proposed")).toBe(true);
    // Anyone may say it, because an identity provider vouches for them; a token is not they.
    expect(tokenMayHandIn("key-enrolled")).toBe(false);
  });

  test("makes no session, no token and no link, and ends none", async () => {
    const { authorization, token } = await server.bearer(["read", "submit", "gate"]);
    for (const [url, body] of [
      ["/v1/tokens", { name: "x", scopes: ["read"], days: 1 }],
      ["/v1/tokens/revoke", { id: token.id }],
      ["/v1/session/end", { all: true }],
      ["/v1/login/links", { person: "ada" }],
    ] as const) {
      expect([url, (await server.json(url, body, { authorization })).statusCode]).toEqual([
        url,
        url === "/v1/login/links" ? 401 : 403,
      ]);
    }
    expect((await server.ask({ url: "/session", headers: { authorization } })).statusCode).toBe(
      403,
    );
    expect((await server.ask({ url: "/v1/tokens", headers: { authorization } })).statusCode).toBe(
      403,
    );
  });

  test("that is expired, revoked, or of somebody who is gone, is nobody", async () => {
    const { authorization, token } = await server.bearer(["read"], "bo");
    const status = async () =>
      (await server.ask({ url: "/v1/records", headers: { authorization } })).statusCode;
    expect(await status()).toBe(200);
    server.people.enrolled.delete("bo");
    expect(await status()).toBe(401);
    server.people.enrolled.add("bo");
    server.clock.now += 24 * 3_600_000;
    expect(await status()).toBe(401);
    server.clock.now -= 24 * 3_600_000;
    expect(await status()).toBe(200);
    await server.login.tokens.revoke("bo", token.id);
    expect(await status()).toBe(401);
  });

  test("in an address is refused, wherever it stands, and is not used", async () => {
    const { secret, cookie } = await server.browserOf({ person: "ada" });
    const { secret: token } = await server.bearer(["read"]);
    for (const url of [
      `/v1/records?access_token=${token}`,
      `/v1/records?after=${token}`,
      `/v1/artefacts/${token}`,
      `/?token=${secret}`,
      `/login?return=/${secret}`,
    ]) {
      const answer = await server.ask({ url, headers: { cookie } });
      expect([url, answer.statusCode]).toEqual([url, 400]);
      expect(answer.json<{ type: string }>().type).toBe(
        "urn:countermand:problem:secret-in-address",
      );
    }
    expect(server.countermand.calls).toEqual([]);
  });

  test("is made, listed and revoked by its person; another's only by an administrator", async () => {
    const ada = await server.browserOf({ person: "ada" });
    const bo = await server.browserOf({ person: "bo" });
    const wanted = { name: "pipeline", scopes: ["gate"], days: 30 };
    const made = await server.json("/v1/tokens", wanted, { cookie: bo.cookie });
    expect(made.statusCode).toBe(201);
    const { secret, token } = made.json<{ secret: string; token: { id: string } }>();
    const list = (cookie: string, query = "") =>
      server.ask({ url: `/v1/tokens${query}`, headers: { cookie } });
    expect((await list(bo.cookie)).body).toContain(token.id);
    expect((await list(bo.cookie)).body).not.toContain(secret);
    expect((await list(ada.cookie)).json()).toEqual({ items: [] });
    expect((await list(ada.cookie, "?all=true")).body).toContain(token.id);
    expect((await list(bo.cookie, "?all=true")).statusCode).toBe(403);
    const mine = await server.bearer(["read"], "ada");
    const revoke = (cookie: string, id: string) =>
      server.json("/v1/tokens/revoke", { id }, { cookie });
    expect((await revoke(bo.cookie, mine.token.id)).statusCode).toBe(404);
    expect((await revoke(ada.cookie, token.id)).json()).toEqual({ revoked: true });
    expect((await revoke(ada.cookie, token.id)).statusCode).toBe(404);
  });

  test.each([
    { name: "", scopes: ["read"], days: 1 },
    { name: "x\u202e", scopes: ["read"], days: 1 },
    { name: "x", scopes: [], days: 1 },
    { name: "x", scopes: ["approve"], days: 1 },
    { name: "x", scopes: ["read"], days: 0 },
    { name: "x", scopes: ["read"], days: 367 },
    { name: "x", scopes: ["read"], days: 1, person: "bo" },
  ])("%j is refused", async (body) => {
    const { cookie } = await server.browserOf({ person: "ada" });
    expect((await server.json("/v1/tokens", body, { cookie })).statusCode).toBe(400);
  });
});

const record = "RB-2026-7";
const uuid = "4fd1b2b1-0f0b-4b7e-9a3e-2f3f4c5d6e7f";
/** What whoever bears a token hands in, and whether it is taken. */
const handedIn: readonly (readonly [string, JsonObject, number])[] = [
  ["withdrawn", { record }, 201],
  [
    "execution-started",
    { record, target: "a".repeat(64), command: `hmac-sha256:${"0".repeat(64)}` },
    201,
  ],
  [
    "decision",
    { record, decision: "approve", summary: "approves", evidenceSeen: "0".repeat(64) },
    403,
  ],
  ["decision-withdrawn", { record, decision: uuid }, 403],
  ["key-revoked", { person: "bo", fingerprint: `SHA256:${"A".repeat(43)}`, reason: "lost" }, 403],
  ["policy-decided", { proposal: uuid, decision: "accept" }, 403],
];

function signedBy(by: ReturnType<typeof actor>, name: string, body: JsonObject) {
  const subjects = [{ name: "urn:countermand:test", digest: { sha256: "0".repeat(64) } }];
  const envelope = envelopeOf(by, name, subjects, body, "2026-11-23T02:00:00.000Z");
  return { envelope, openings: [] };
}

test("a dump of the store lets nobody in", async () => {
  const { secret, cookie } = await server.browserOf({ person: "ada" });
  const { secret: token } = await server.bearer(["read", "submit", "gate"]);
  const code = await linkCode();
  const tables = ["login_session", "login_once", "api_token"] as const;
  const rows = await Promise.all(
    tables.map((table) => server.database.read.selectFrom(table).selectAll().execute()),
  );
  const dump = JSON.stringify(rows);
  for (const held of [secret, token, code]) {
    expect(dump).not.toContain(held.replace(/^cm[st]_/, ""));
  }
  const texts = [...dump.matchAll(/"([^"]{16,})"/g)].map((match) => match[1] ?? "");
  for (const text of texts) {
    for (const headers of [
      { authorization: `Bearer ${text}` },
      { authorization: `Bearer cmt_${text}` },
      { cookie: cookie.replace(/=.*/, `=${text}`) },
    ]) {
      expect((await server.ask({ url: "/v1/records", headers })).statusCode).toBe(401);
    }
    expect((await server.post("/login/link", { code: text.slice(0, 100) })).statusCode).toBe(403);
  }
});
