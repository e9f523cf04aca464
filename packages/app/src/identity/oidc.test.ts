/** What an identity provider, or somebody who plays one, could answer. */
import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { oidc, type Asking, type Oidc } from "./oidc.ts";
import { ForgingProvider } from "./testing/forging-provider.ts";

let provider: ForgingProvider;
let client: Oidc;
const redirect = "https://audit.example.com/login/callback";

beforeEach(async () => {
  provider = await ForgingProvider.start();
  client = oidc({
    issuer: provider.issuer,
    clientId: "countermand",
    clientSecret: "secret",
    scopes: ["groups"],
    groupsClaim: "groups",
  });
});
afterEach(async () => provider[Symbol.asyncDispose]());

/** A person logs in at the provider: what it remembers, and the address that it sends the browser to. */
async function loggedIn(asking: Asking): Promise<URL> {
  const code = provider.codeFor(await client.pageOf(asking, redirect));
  return back({ code, state: asking.state });
}

function back(query: Record<string, string>): URL {
  const url = new URL(redirect);
  url.search = new URLSearchParams(query).toString();
  return url;
}

test("asks with PKCE, state and nonce, each new", async () => {
  const [one, two] = [client.ask(), client.ask()];
  expect(new Set([...Object.values(one), ...Object.values(two)]).size).toBe(6);
  const page = await client.pageOf(one, redirect);
  expect(page.origin).toBe(provider.issuer);
  expect(Object.fromEntries(page.searchParams)).toMatchObject({
    response_type: "code",
    client_id: "countermand",
    redirect_uri: redirect,
    scope: "openid groups",
    code_challenge_method: "S256",
    state: one.state,
    nonce: one.nonce,
  });
  expect(page.href).not.toContain(one.verifier);
});

test("an honest answer: issuer, subject and groups, and nothing else is taken", async () => {
  const asking = client.ask();
  const url = await loggedIn(asking);
  provider.lie = { claims: { email: "ada@example.com", groups: ["7d1e"] } };
  expect(await client.finish(asking, url)).toEqual({
    issuer: provider.issuer,
    subject: "248289761001",
    groups: ["7d1e"],
    idToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  });
  expect(provider.asked[0]?.get("code_verifier")).toBe(asking.verifier);
});

const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const now = Math.floor(Date.now() / 1000);

describe("is not believed", () => {
  test.each([
    ["another issuer", { claims: { iss: "https://login.example.com" } }],
    ["another audience", { claims: { aud: "another-application" } }],
    ["several audiences, ours not the party", { claims: { aud: ["countermand", "x"], azp: "x" } }],
    ["another nonce", { claims: { nonce: "another" } }],
    ["no nonce", { claims: { nonce: undefined } }],
    ["no subject", { claims: { sub: undefined } }],
    ["expired", { claims: { iat: now - 7200, exp: now - 3600 } }],
    ["no expiry", { claims: { exp: undefined } }],
    ["not yet valid", { claims: { nbf: now + 3600 } }],
    ["another key", { key: other }],
    ["another key under a name of its own", { key: other, header: { kid: "2" } }],
    ["no signature", { key: "none" as const }],
    ["alg none", { key: "none" as const, header: { alg: "none" } }],
    ["alg HS256", { header: { alg: "HS256" } }],
    ["no ID token", { answer: { access_token: "at", token_type: "Bearer" } }],
    ["not a token", { answer: { access_token: "at", token_type: "Bearer", id_token: "x.y.z" } }],
    ["no object", { answer: [] }],
  ])("%s", async (_what, lie) => {
    const asking = client.ask();
    const url = await loggedIn(asking);
    provider.lie = lie;
    await expect(client.finish(asking, url)).rejects.toMatchObject({ code: "login-failed" });
  });

  test("another state", async () => {
    const asking = client.ask();
    const url = await loggedIn(asking);
    url.searchParams.set("state", client.ask().state);
    await expect(client.finish(asking, url)).rejects.toMatchObject({ code: "login-failed" });
  });

  test("an issuer in the answer that is not the one that was asked (mix-up)", async () => {
    const asking = client.ask();
    const url = await loggedIn(asking);
    url.searchParams.set("iss", "https://evil.example");
    await expect(client.finish(asking, url)).rejects.toMatchObject({ code: "login-failed" });
  });

  test("a code that was stolen, without its verifier", async () => {
    const victim = client.ask();
    const url = await loggedIn(victim);
    const thief = { ...client.ask(), state: victim.state, nonce: victim.nonce };
    await expect(client.finish(thief, url)).rejects.toMatchObject({ code: "login-failed" });
  });

  test("a code that was used", async () => {
    const asking = client.ask();
    const url = await loggedIn(asking);
    await client.finish(asking, url);
    await expect(client.finish(asking, url)).rejects.toMatchObject({ code: "login-failed" });
  });

  test("a person who said no is told so, in our words", async () => {
    const asking = client.ask();
    const url = back({
      error: "access_denied",
      error_description: "<script>evil</script>",
      state: asking.state,
    });
    const refused = client.finish(asking, url);
    await expect(refused).rejects.toMatchObject({ code: "login-failed" });
    await expect(refused).rejects.toThrow("did not let you in");
    await expect(refused).rejects.not.toThrow("evil");
  });
});

test("a provider that is not the issuer it was configured as is none", async () => {
  provider.lie = { discovery: { issuer: "https://login.example.com" } };
  await expect(client.pageOf(client.ask(), redirect)).rejects.toMatchObject({
    code: "login-unavailable",
  });
});

test("a provider that was down is asked again", async () => {
  provider.lie = { discovery: { issuer: "https://login.example.com" } };
  await expect(client.pageOf(client.ask(), redirect)).rejects.toThrow("does not answer as one");
  provider.lie = {};
  expect((await client.pageOf(client.ask(), redirect)).origin).toBe(provider.issuer);
});
