/** Logging in as people do it: a real browser, and an identity provider in this process. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oidc } from "../identity/oidc.ts";
import { passkeyLine } from "../identity/testing/software-passkey.ts";
import { Browser, chromium, hasChromium } from "./testing/browser.ts";
import { LoginServer } from "./testing/login-server.ts";
import { clientId, clientSecret, testProvider, type TestProvider } from "./testing/provider.ts";

let provider: TestProvider;
let server: LoginServer;
let browser: Browser;
let base: string;

const shots = process.env["COUNTERMAND_SCREENSHOTS"];
async function shot(name: string): Promise<void> {
  if (shots !== undefined) await browser.screenshot(`${shots}/${name}.png`);
}

describe.skipIf(!hasChromium)(`in a browser (skipped where ${chromium} is missing)`, () => {
  beforeAll(async () => {
    provider = await testProvider();
    server = await LoginServer.start({
      oidc: oidc({
        issuer: provider.issuer,
        clientId,
        clientSecret,
        scopes: [],
        groupsClaim: "groups",
      }),
      groups: {
        mapping: async () => [{ issuer: provider.issuer, group: "7d1e", role: "sre" }],
      },
    });
    base = await server.listen();
    provider.redirectUris = [`${base}/login/callback`];
    browser = await Browser.open();
  }, 60_000);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await provider?.close();
  });

  test("at an identity provider: from a record's page there and back", async () => {
    provider.accounts.set("248289761001", { groups: ["7d1e", "sre"] });
    await browser.go(`${base}/records/RB-2026-7`);
    expect(await browser.url()).toContain("/login?return=%2Frecords%2FRB-2026-7");
    await shot("login");
    await browser.follow('a[href^="/login/oidc"]');
    expect(await browser.url()).toContain(provider.issuer);
    await browser.type('input[name="login"]', "248289761001");
    await browser.type('input[name="password"]', "x");
    await browser.follow('button[type="submit"]');
    await browser.follow('button[type="submit"]');
    expect(await browser.url()).toBe(`${base}/records/RB-2026-7`);
    await browser.go(`${base}/session`);
    const text = await browser.text();
    expect(text).toContain("linked to no enrolled person");
    expect(text).toContain("248289761001");
    expect(text).toContain("sre");
    await shot("session-unlinked");
    server.people.accounts.set(`${provider.issuer} 248289761001`, "ada");
    await browser.go(`${base}/session`);
    expect(await browser.text()).not.toContain("linked to no enrolled person");
    await shot("session");
  });

  test("with a passkey, by script that the login page alone may run", async () => {
    await browser.send("Network.clearBrowserCookies");
    await browser.addAuthenticator();
    await browser.go(`${base}/login?return=%2Fsession`);
    const spki = await browser.evaluate(`(async () => {
      const made = await navigator.credentials.create({ publicKey: {
        rp: { name: "Countermand", id: "localhost" },
        user: { id: new TextEncoder().encode("bo"), name: "bo", displayName: "bo" },
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
      } });
      return btoa(String.fromCharCode(...new Uint8Array(made.response.getPublicKey())));
    })()`);
    // Nobody has enrolled it yet.
    await browser.click("#passkey");
    await browser.until("document.getElementById('told').textContent.includes('nobody here')");
    // SubjectPublicKeyInfo of P-256 ends with the point.
    const point = Buffer.from(String(spki), "base64").subarray(-65);
    server.people.keys.set("bo", [passkeyLine(point, "localhost")]);
    await browser.follow("#passkey");
    expect(await browser.url()).toBe(`${base}/session`);
    expect(await browser.text()).toMatch(/Person\s+bo/);
  });

  test("with a one-time link; then another session is ended from the list", async () => {
    await browser.send("Network.clearBrowserCookies");
    const { url } = await server.login.makeLink("ada");
    await browser.go(url);
    expect(await browser.text()).toContain("Log in as ada?");
    await shot("link");
    await browser.follow('button[type="submit"]');
    const other = await server.browserOf({ person: "ada" });
    await browser.go(`${base}/session`);
    expect(await browser.text()).toContain(other.session.id);
    await shot("session");
    await browser.follow(`button[aria-label="End session ${other.session.id}"]`);
    expect(await browser.text()).not.toContain(other.session.id);
    const { cookie } = other;
    expect((await server.ask({ url: "/v1/records", headers: { cookie } })).statusCode).toBe(401);
    await browser.go(url);
    expect(await browser.text()).toContain("link was used");
  });

  test("what another site sends changes nothing here", async () => {
    await browser.send("Network.clearBrowserCookies");
    await browser.go((await server.login.makeLink("ada")).url);
    await browser.follow('button[type="submit"]');
    const bo = (await server.login.makeLink("bo")).url.split("/").at(-1) ?? "";
    let form = "";
    const evil = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end(
        `<form method="post" action="${base}${form}"><input name="code" value="${bo}"><input name="form" value="${"0".repeat(64)}"></form><button onclick="document.forms[0].submit()">win</button>`,
      );
    });
    await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = evil.address() as AddressInfo;
      // Another site, and the same site on another port.
      for (const site of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
        for (form of ["/login/link", "/logout"]) {
          await browser.go(site);
          await browser.follow("button");
          expect([site, form, await browser.text()]).toEqual([
            site,
            form,
            expect.stringContaining("Sent by another site"),
          ]);
        }
      }
      await browser.go(`${base}/session`);
      expect(await browser.text()).toMatch(/Person\s+ada/);
    } finally {
      evil.close();
    }
  });

  test("a form that a page of ours holds is taken, although it says no referrer elsewhere", async () => {
    await browser.send("Network.clearBrowserCookies");
    await browser.go((await server.login.makeLink("ada")).url);
    await browser.follow('button[type="submit"]');
    await browser.go(`${base}/session`);
    await browser.follow('form[action="/logout"] button');
    expect(await browser.url()).toBe(`${base}/login`);
  });
});
