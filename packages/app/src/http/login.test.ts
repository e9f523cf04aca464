/** Logging in over HTTP, and what an attacker would try (docs/design/login.md). */
import { encodeUtf8, signedData } from "@countermand/record";
import { actor } from "@countermand/record/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { oidc } from "../identity/oidc.ts";
import { onceLives } from "../identity/once.ts";
import { newSecret } from "../identity/secret.ts";
import { ForgingProvider } from "../identity/testing/forging-provider.ts";
import { SoftwarePasskey } from "../identity/testing/software-passkey.ts";
import { accessOf } from "./access.ts";
import { routes } from "./routes/all.ts";
import { LoginServer } from "./testing/login-server.ts";
import { openingRequest } from "./testing/sample.ts";
import { token as folderToken } from "./testing/server.ts";

let server: LoginServer;
beforeEach(async () => {
  server = await LoginServer.start();
});
afterEach(async () => server[Symbol.asyncDispose]());

const operator = { authorization: `Bearer ${folderToken}` };
const html = { accept: "text/html" };

function cookieIn(answer: { headers: Record<string, unknown> }, name = "__Host-countermand") {
  const all = [answer.headers["set-cookie"] ?? []].flat().map(String);
  return all.find((cookie) => cookie.startsWith(`${name}=`))?.split(";")[0];
}

async function linkCode(person = "ada"): Promise<string> {
  const { url } = await server.login.makeLink(person);
  return url.split("/").at(-1) ?? "";
}

describe("without a login", () => {
  test("an address of the page leads to the login page, and remembers where to", async () => {
    const answer = await server.ask({ url: "/records/RB-2026-7?x=1", headers: html });
    expect([answer.statusCode, answer.headers.location]).toEqual([
      303,
      "/login?return=%2Frecords%2FRB-2026-7%3Fx%3D1",
    ]);
    expect(server.countermand.calls).toEqual([]);
  });

  test("whatever is not open is refused, and nothing is done", async () => {
    for (const { method, path, consumes, operationId } of routes) {
      const url = path.replace("*", "0/000").replaceAll(/:[a-z]+/g, "0");
      const body = consumes === undefined ? {} : { payload: "{}" };
      const headers = {
        "sec-fetch-site": "same-origin",
        ...(consumes === undefined ? {} : { "content-type": consumes }),
      };
      const { statusCode } = await server.ask({ method, url, headers, ...body });
      if (accessOf[operationId] !== "open") expect([url, statusCode]).toEqual([url, 401]);
    }
    expect(server.countermand.calls).toEqual([]);
  });

  test("what is public stays so", async () => {
    for (const url of ["/health", "/log/checkpoint", "/log/key", "/style.css", "/openapi.json"]) {
      expect([url, (await server.ask({ url })).statusCode]).toEqual([url, 200]);
    }
  });

  test("a wrong bearer is nobody, and a wrong cookie too", async () => {
    for (const headers of [
      { authorization: `Bearer ${newSecret("cms_")}` },
      { authorization: `Bearer ${newSecret("cmt_")}` },
      { authorization: "Bearer x" },
      { authorization: "Basic YWRhOng=" },
      { cookie: `__Host-countermand=${newSecret("cms_")}` },
      { cookie: "__Host-countermand=" },
    ]) {
      expect((await server.ask({ url: "/v1/records", headers })).statusCode).toBe(401);
    }
  });

  test("the token of the data folder reads, and opens the ledger", async () => {
    expect((await server.ask({ url: "/v1/records", headers: operator })).statusCode).toBe(200);
    expect((await server.json("/v1/ledger", openingRequest, operator)).statusCode).toBe(201);
    expect((await server.ask({ url: "/session", headers: operator })).statusCode).toBe(403);
  });
});

describe("a one-time link", () => {
  test("is made by who has the data folder, shows whom it lets in, and lets in once", async () => {
    expect((await server.json("/v1/login/links", { person: "ada" })).statusCode).toBe(401);
    const made = await server.json("/v1/login/links", { person: "ada" }, operator);
    const { url } = made.json<{ url: string }>();
    const path = new URL(url).pathname;
    // A preview of the link, and another, use nothing up.
    for (let i = 0; i < 2; i++) expect((await server.ask({ url: path })).body).toContain("as ada");
    const code = path.split("/").at(-1) ?? "";
    const entered = await server.post("/login/link", { code });
    expect([entered.statusCode, entered.headers.location]).toEqual([303, "/"]);
    const cookie = cookieIn(entered);
    expect((await server.ask({ url: "/v1/session", headers: { cookie } })).json()).toMatchObject({
      login: "session",
      person: "ada",
      roles: [],
    });
    const again = await server.post("/login/link", { code });
    expect([again.statusCode, cookieIn(again)]).toEqual([403, undefined]);
    expect(again.json<{ detail: string }>().detail).toContain("was used");
    expect((await server.ask({ url: path, headers: html })).statusCode).toBe(403);
  });

  test("two who use it at once: one comes in", async () => {
    const code = await linkCode();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => server.post("/login/link", { code })),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 303)).toHaveLength(1);
  });

  test("is over after 15 minutes", async () => {
    const code = await linkCode();
    server.clock.now += onceLives.link;
    expect((await server.post("/login/link", { code })).statusCode).toBe(403);
  });

  test("is for nobody who is not enrolled", async () => {
    const answer = await server.json("/v1/login/links", { person: "mallory" }, operator);
    expect(answer.statusCode).toBe(404);
  });

  test("is no way to log a visitor of another page in as somebody else (login CSRF)", async () => {
    const code = await linkCode("bo");
    for (const headers of [
      { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
      { "sec-fetch-site": "same-site", origin: `http://evil.${server.host}` },
      { "sec-fetch-site": "cross-site", origin: "null" },
      { "sec-fetch-site": "none", origin: `http://${server.host}` },
    ]) {
      const answer = await server.post("/login/link", { code }, headers);
      expect([answer.statusCode, cookieIn(answer)]).toEqual([403, undefined]);
    }
    // Nothing says where it comes from.
    const bare = await server.ask({
      method: "POST",
      url: "/login/link",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      payload: `code=${code}`,
    });
    expect([bare.statusCode, cookieIn(bare)]).toEqual([403, undefined]);
    expect((await server.post("/login/link", { code })).statusCode).toBe(303);
  });
});

describe("a passkey", () => {
  const passkey = new SoftwarePasskey("localhost");
  const begin = async (back = "/records/RB-2026-7") =>
    (await server.json("/login/passkey/begin", { back })).json<{ message: string }>().message;
  const finish = (answer: object) => server.json("/login/passkey", answer);
  const origin = () => server.login.base.origin;

  beforeEach(() => {
    server.people.keys.set("ada", [actor("x").line, passkey.line]);
  });

  test("of the registry lets its person in, and goes back to where it was", async () => {
    const answer = await finish(passkey.answer(await begin(), "ada", origin()));
    expect([answer.statusCode, answer.json()]).toEqual([200, { back: "/records/RB-2026-7" }]);
    const cookie = cookieIn(answer);
    expect((await server.ask({ url: "/v1/session", headers: { cookie } })).json()).toMatchObject({
      person: "ada",
      session: { method: "passkey" },
    });
  });

  test("an answer works once, and for five minutes", async () => {
    const once = passkey.answer(await begin(), "ada", origin());
    expect((await finish(once)).statusCode).toBe(200);
    expect((await finish(once)).statusCode).toBe(403);
    const late = passkey.answer(await begin(), "ada", origin());
    server.clock.now += onceLives.passkey;
    expect((await finish(late)).statusCode).toBe(403);
  });

  test("answers that are not believed", async () => {
    const other = new SoftwarePasskey("localhost");
    const foreign = new SoftwarePasskey("evil.example");
    server.people.keys.set("bo", [foreign.line]);
    const wrong: Record<string, (message: string) => object> = {
      "a key that is nobody's": (it) => other.answer(it, "ada", origin()),
      "somebody else's name": (it) => passkey.answer(it, "bo", origin()),
      "nobody's name": (it) => passkey.answer(it, "constructor", origin()),
      "no name": (it) => passkey.answer(it, "", origin()),
      "another origin": (it) => passkey.answer(it, "ada", "https://evil.example"),
      "the same host on another port": (it) => passkey.answer(it, "ada", "http://localhost:1"),
      "another relying party": (it) => foreign.answer(it, "bo", "https://evil.example"),
      "no touch": (it) => passkey.answer(it, "ada", origin(), { flags: 0x04 }),
      "no check of who it is": (it) => passkey.answer(it, "ada", origin(), { flags: 0x01 }),
      "a frame of another site": (it) => passkey.answer(it, "ada", origin(), { crossOrigin: true }),
      "a registration": (it) => passkey.answer(it, "ada", origin(), { type: "webauthn.create" }),
      "a message that was never asked": () => passkey.answer(newSecret(), "ada", origin()),
      // What approving signs has another namespace: it is no login, and a login no approval.
      "a decision's signature": (it) =>
        passkey.answer(it, "ada", origin(), {
          challenge: signedData("decision.v1@countermand", "sha256", encodeUtf8(it)),
        }),
    };
    for (const [what, make] of Object.entries(wrong)) {
      const answer = await finish(make(await begin()));
      expect([what, answer.statusCode, cookieIn(answer)]).toEqual([what, 403, undefined]);
    }
  });

  test("bytes that are no assertion are refused in one sentence", async () => {
    for (const change of [
      { authenticatorData: "" },
      { clientDataJson: "AAAA" },
      { signature: "AAAA" },
      { userHandle: "____" },
    ]) {
      const answer = await finish({ ...passkey.answer(await begin(), "ada", origin()), ...change });
      expect([change, answer.statusCode]).toEqual([change, 403]);
    }
    expect((await finish({ message: "x" })).statusCode).toBe(400);
  });

  test("another site's page cannot log its visitor in", async () => {
    const answer = await server.json(
      "/login/passkey",
      passkey.answer(await begin(), "ada", origin()),
      {
        "sec-fetch-site": "cross-site",
        origin: "https://evil.example",
      },
    );
    expect(answer.statusCode).toBe(403);
  });
});

describe("at an identity provider", () => {
  let provider: ForgingProvider;
  let mapped: { issuer: string; group: string; role: string }[];
  beforeEach(async () => {
    await server[Symbol.asyncDispose]();
    provider = await ForgingProvider.start();
    mapped = [{ issuer: provider.issuer, group: "7d1e", role: "sre" }];
    const settings = { clientId: "countermand", scopes: [], groupsClaim: "groups" };
    server = await LoginServer.start({
      oidc: oidc({ ...settings, issuer: provider.issuer }),
      groups: { mapping: async () => mapped },
    });
  });
  afterEach(async () => provider[Symbol.asyncDispose]());

  /** A browser begins; a person logs in at the provider. */
  async function begin(query = "") {
    const asked = await server.ask({ url: `/login/oidc${query}` });
    const page = new URL(String(asked.headers.location));
    const code = provider.codeFor(page);
    const state = page.searchParams.get("state") ?? "";
    return {
      cookie: cookieIn(asked, "__Host-countermand-login") ?? "",
      back: `/login/callback?code=${code}&state=${state}`,
      state,
    };
  }
  const callback = (url: string, cookie?: string) =>
    server.ask({ url, headers: cookie === undefined ? {} : { cookie } });

  test("the browser that began comes in, once", async () => {
    const { cookie, back } = await begin("?return=/records/RB-2026-7");
    const answer = await callback(back, cookie);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, "/records/RB-2026-7"]);
    expect(cookieIn(answer)).toBeDefined();
    expect(cookieIn(answer, "__Host-countermand-login")).toBe("__Host-countermand-login=");
    expect((await callback(back, cookie)).statusCode).toBe(403);
  });

  test("another browser does not (login CSRF: the attacker's code in the victim's browser)", async () => {
    const attacker = await begin();
    const victim = await begin();
    for (const cookie of [undefined, victim.cookie, "__Host-countermand-login=x"]) {
      const answer = await callback(attacker.back, cookie);
      expect([answer.statusCode, cookieIn(answer)]).toEqual([403, undefined]);
    }
    // What the attacker tried used nothing of the victim's up.
    expect((await callback(victim.back, victim.cookie)).statusCode).toBe(303);
  });

  test("a stolen code in a login of the thief's own is worth nothing: the verifier is another", async () => {
    const victim = await begin();
    const thief = await begin();
    const code = new URL(victim.back, "http://x").searchParams.get("code") ?? "";
    const answer = await callback(
      `/login/callback?code=${code}&state=${thief.state}`,
      thief.cookie,
    );
    expect([answer.statusCode, cookieIn(answer)]).toEqual([403, undefined]);
  });

  test("no answer of ten minutes ago, and none without a state", async () => {
    const { cookie, back } = await begin();
    expect((await callback("/login/callback?code=x", cookie)).statusCode).toBe(403);
    expect((await callback("/login/callback", cookie)).statusCode).toBe(403);
    server.clock.now += onceLives.oidc;
    expect((await callback(back, cookie)).statusCode).toBe(403);
  });

  test.each([
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/%09/evil.example",
    "javascript:alert(1)",
    "/.//evil.example",
  ])("goes back to no other site: %s", async (path) => {
    const { cookie, back } = await begin(`?return=${encodeURIComponent(path)}`);
    const { location } = (await callback(back, cookie)).headers;
    expect(new URL(String(location), `http://${server.host}`).host).toBe(server.host);
  });

  test("groups give roles by id, and too many give none, which is reported", async () => {
    const roles = async (claims: object) => {
      provider.lie = { claims: { ...claims } };
      const { cookie, back } = await begin();
      const session = cookieIn(await callback(back, cookie));
      const who = await server.ask({ url: "/v1/session", headers: { cookie: session } });
      return who.json<{ roles: string[] }>().roles;
    };
    expect(await roles({ groups: ["7d1e", "x"] })).toEqual(["sre"]);
    expect(await roles({ groups: ["sre"] })).toEqual([]);
    expect(await roles({})).toEqual([]);
    expect(server.reported).toEqual([]);
    expect(await roles({ _claim_names: { groups: "src1" } })).toEqual([]);
    expect(server.reported).toEqual([expect.stringContaining("too many")]);
  });

  test("where the policy names groups, an account of nobody reads only as one of them", async () => {
    const come = async (claims: Record<string, unknown>) => {
      provider.lie = { claims };
      const { cookie, back } = await begin();
      const session = cookieIn(await callback(back, cookie));
      return async (url: string) =>
        (await server.ask({ url, headers: { cookie: session } })).statusCode;
    };
    const [sre, other, none] = [
      await come({ groups: ["7d1e"] }),
      // A group of another id that was renamed to the role's name.
      await come({ groups: ["sre"] }),
      await come({}),
    ];
    const all = async (url: string) => Promise.all([sre(url), other(url), none(url)]);
    expect(await all("/v1/records")).toEqual([200, 403, 403]);
    expect(await all("/")).toEqual([200, 403, 403]);
    // They see who they are taken for, which is what an administrator needs to link them.
    expect(await all("/v1/session")).toEqual([200, 200, 200]);
    // A change of the policy holds at once, for sessions too.
    mapped = [{ issuer: provider.issuer, group: "99aa", role: "auditor" }];
    expect(await all("/v1/records")).toEqual([403, 403, 403]);
    mapped = [];
    expect(await all("/v1/records")).toEqual([200, 200, 200]);
    mapped = [{ issuer: "https://other.example.com", group: "7d1e", role: "sre" }];
    expect(await all("/v1/records")).toEqual([403, 403, 403]);
  });

  test("under another name of this server one is sent to the one that the provider knows", async () => {
    const answer = await server.ask({
      url: "/login?return=%2Frecords%2FRB-2026-7",
      headers: { host: server.host.replace("localhost", "127.0.0.1") },
    });
    expect(answer.headers.location).toBe(
      `http://${server.host}/login?return=%2Frecords%2FRB-2026-7`,
    );
  });

  test("a provider that does not answer is said", async () => {
    await provider[Symbol.asyncDispose]();
    const answer = await server.ask({ url: "/login/oidc", headers: html });
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain("does not answer as one");
  });
});
