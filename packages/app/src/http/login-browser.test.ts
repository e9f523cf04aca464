/** Logging in as people do it: a real browser, and an identity provider in this process. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oidc } from "../identity/oidc.ts";
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
});
