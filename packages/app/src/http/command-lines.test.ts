/** Letting a command line in, and the pages of login. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { onceLives } from "../identity/once.ts";
import { newSecret } from "../identity/secret.ts";
import { checkHtml } from "./testing/check-html.ts";
import { LoginServer } from "./testing/login-server.ts";
import { token as folderToken } from "./testing/server.ts";

let server: LoginServer;
beforeEach(async () => {
  server = await LoginServer.start();
});
afterEach(async () => server[Symbol.asyncDispose]());

const operator = { authorization: `Bearer ${folderToken}` };

describe("a command line", () => {
  const verifier = newSecret();
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const asks = { port: "43210", challenge, state: newSecret() };
  const letIn = async (who: { cookie: string; form: string }) => {
    const answer = await server.post(
      "/login/cli",
      { ...asks, form: who.form },
      { cookie: who.cookie },
    );
    return new URL(String(answer.headers.location));
  };
  const redeem = (code: string, with_ = verifier) =>
    server.json("/v1/login/code", { code, verifier: with_, client: "ada-laptop" });

  test("is let in from the page, by its port on 127.0.0.1, once", async () => {
    const ada = await server.browserOf({ person: "ada" });
    const page = await server.ask({
      url: `/login/cli?${new URLSearchParams(asks).toString()}`,
      headers: { cookie: ada.cookie },
    });
    expect(page.body).toContain("as <strong>ada</strong>");
    expect(page.headers["content-security-policy"]).toContain(
      "form-action 'self' http://127.0.0.1:43210;",
    );
    const location = await letIn(ada);
    expect([location.origin, location.pathname]).toEqual(["http://127.0.0.1:43210", "/"]);
    expect(location.searchParams.get("state")).toBe(asks.state);
    const code = location.searchParams.get("code") ?? "";
    const begun = await redeem(code);
    expect(begun.json()).toMatchObject({ person: "ada" });
    const { token } = begun.json<{ token: string }>();
    const authorization = `Bearer ${token}`;
    expect(
      (await server.ask({ url: "/v1/session", headers: { authorization } })).json(),
    ).toMatchObject({ person: "ada", session: { use: "command-line", client: "ada-laptop" } });
    // In a browser it is worth nothing.
    const cookie = `__Host-countermand=${token}`;
    expect((await server.ask({ url: "/v1/records", headers: { cookie } })).statusCode).toBe(401);
    expect((await redeem(code)).statusCode).toBe(403);
  });

  test("whoever stole the code has no verifier, and has used it up", async () => {
    const ada = await server.browserOf({ person: "ada" });
    const code = (await letIn(ada)).searchParams.get("code") ?? "";
    expect((await redeem(code, newSecret())).statusCode).toBe(403);
    expect((await redeem(code)).statusCode).toBe(403);
  });

  test("a code is over after a minute", async () => {
    const ada = await server.browserOf({ person: "ada" });
    const code = (await letIn(ada)).searchParams.get("code") ?? "";
    server.clock.now += onceLives.code;
    expect((await redeem(code)).statusCode).toBe(403);
  });

  test.each([
    { port: "80" },
    { port: "70000" },
    { port: "43210@evil.example" },
    { port: "43210/evil" },
    { port: "evil.example" },
    { challenge: "short" },
    { challenge: undefined },
    { state: "x" },
  ])("no redirect anywhere else, and none without a challenge: %j", async (change) => {
    const { cookie, form } = await server.browserOf({ person: "ada" });
    const fields = Object.fromEntries(
      Object.entries({ ...asks, form, ...change }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    const answer = await server.post("/login/cli", fields, { cookie });
    expect([answer.statusCode, answer.headers.location]).toEqual([400, undefined]);
  });

  test("nobody else lets it in: no token, no operator, no other form", async () => {
    const { authorization } = await server.bearer(["read", "submit", "gate"]);
    const { cookie } = await server.browserOf({ person: "ada" });
    const { form } = await server.browserOf({ person: "bo" });
    for (const headers of [{ authorization }, operator, { cookie }] as Record<string, string>[]) {
      const answer = await server.post("/login/cli", { ...asks, form }, headers);
      expect(answer.statusCode).toBe(403);
    }
  });
});

describe("a command line without a browser", () => {
  const ask = async () =>
    (await server.json("/v1/login/device", { client: "build-7" })).json<{
      device: string;
      userCode: string;
      page: string;
    }>();
  const poll = (device: string) =>
    server.json("/v1/login/device/poll", { device, client: "build-7" });

  test("waits until somebody types its code, sees who asks, and lets it in", async () => {
    const { device, userCode, page } = await ask();
    expect(userCode).toMatch(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/);
    expect(page).toBe(`http://${server.host}/login/device`);
    expect((await poll(device)).statusCode).toBe(202);
    const { cookie, form } = await server.browserOf({ person: "ada" });
    const shown = await server.ask({
      url: `/login/device?code=${userCode.toLowerCase().replace("-", "+")}`,
      headers: { cookie },
    });
    for (const text of ["build-7", "127.0.0.1", "refuse"]) expect(shown.body).toContain(text);
    const answer = { code: userCode, form, answer: "allow" };
    expect((await server.post("/login/device", answer, { cookie })).statusCode).toBe(200);
    const begun = await poll(device);
    expect([begun.statusCode, begun.json()]).toEqual([
      201,
      expect.objectContaining({ person: "ada" }),
    ]);
    expect((await poll(device)).statusCode).toBe(403);
    expect((await server.post("/login/device", answer, { cookie })).statusCode).toBe(403);
  });

  test("is refused", async () => {
    const { device, userCode } = await ask();
    const { cookie, form } = await server.browserOf({ person: "ada" });
    await server.post("/login/device", { code: userCode, form, answer: "refuse" }, { cookie });
    const answer = await poll(device);
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      403,
      "the person at the page refused this login",
    ]);
  });

  test("what the person types lets nobody in, and what the machine has approves nothing", async () => {
    const { device, userCode } = await ask();
    expect((await poll(userCode)).statusCode).toBe(403);
    const { cookie, form } = await server.browserOf({ person: "ada" });
    const answer = { code: device.slice(0, 40), form, answer: "allow" };
    expect((await server.post("/login/device", answer, { cookie })).statusCode).toBe(403);
    expect((await poll(device)).statusCode).toBe(202);
  });

  test("is over after ten minutes, for both", async () => {
    const { device, userCode } = await ask();
    const { cookie, form } = await server.browserOf({ person: "ada" });
    server.clock.now += onceLives.device;
    const answer = { code: userCode, form, answer: "allow" };
    expect((await server.post("/login/device", answer, { cookie })).statusCode).toBe(403);
    expect((await poll(device)).statusCode).toBe(403);
  });

  test("hostile names are shown and do nothing", async () => {
    const client = "<script>alert(1)</script>\u202e";
    const asked = await server.json("/v1/login/device", { client });
    const { userCode } = asked.json<{ userCode: string }>();
    const { cookie } = await server.browserOf({ person: "ada" });
    const { body } = await server.ask({
      url: `/login/device?code=${userCode}`,
      headers: { cookie },
    });
    expect(body).toContain("&lt;script&gt;alert(1)&lt;/script&gt;\\u202e");
    checkHtml(body);
  });
});

describe("pages", () => {
  test("are well formed; script is on the login page alone, and from here alone", async () => {
    const { cookie } = await server.browserOf({ person: "ada" });
    await server.browserOf({ person: "ada" });
    const { url } = await server.login.makeLink("ada");
    const verifier = newSecret();
    for (const path of [
      "/session",
      "/login/device",
      new URL(url).pathname,
      `/login/cli?port=4321&challenge=${verifier}&state=${verifier}`,
    ]) {
      const answer = await server.ask({ url: path, headers: { cookie } });
      expect([path, answer.statusCode]).toEqual([path, 200]);
      checkHtml(answer.body);
      expect(answer.headers["content-security-policy"]).not.toContain("script-src");
      expect(answer.headers["referrer-policy"]).toBe("same-origin");
    }
    const login = await server.ask({ url: "/login" });
    expect(() => checkHtml(login.body)).toThrow("script");
    checkHtml(login.body.replace('<script src="/login.js" defer></script>', ""));
    expect(login.headers["content-security-policy"]).toContain("script-src 'self'; ");
    expect(login.headers["content-security-policy"]).toContain("default-src 'none'");
  });
});
