/** `/login`: the page, and the way to the identity provider and back. */
import { loginPage, loginScript } from "@countermand/console";
import { z } from "zod";
import { onceLives } from "../../identity/once.ts";
import { returnPath } from "../../identity/return-path.ts";
import { cookieOf, dropCookie, loginCookie, sessionCookie, setCookie } from "../cookies.ts";
import { entityTag, matches } from "../entity-tag.ts";
import { loginOf } from "../login-deps.ts";
import { pageHeaders } from "../page-headers.ts";
import { route, type Answer, type Asked, type HttpDeps } from "../route.ts";
import type { Succeeded } from "../../identity/login.ts";

const mediaType = "text/html; charset=utf-8";
const back = z.string().max(2000).exactOptional().describe("Where to go then, on this server");

export const loginPageRoute = route({
  method: "GET",
  path: "/login",
  operationId: "loginPage",
  tag: "login",
  summary: "The page to log in at",
  query: z.object({ return: back }),
  responses: {
    200: { description: "A page", mediaType },
    303: { description: "The same under the server's own name", mediaType },
  },
  handle({ query, headers }, deps) {
    const login = loginOf(deps);
    const path = returnPath(query.return);
    // The cookie that begins here must be there when the provider sends the browser back.
    if (headers.host !== login.base.host) {
      const page = new URL("/login", login.base);
      page.searchParams.set("return", path);
      return { status: 303, headers: { location: page.href }, body: "" };
    }
    return {
      headers: pageHeaders({ script: true }),
      body: loginPage({ provider: login.provider, back: path }),
    };
  },
});

const scriptTag = entityTag(Buffer.from(loginScript));

export const loginScriptRoute = route({
  method: "GET",
  path: "/login.js",
  operationId: "loginScript",
  tag: "login",
  summary: "What asks the browser for a passkey",
  responses: { 200: { description: "JavaScript", mediaType: "text/javascript; charset=utf-8" } },
  handle({ headers }) {
    const answer = {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "no-cache",
      etag: scriptTag,
    };
    return matches(headers, scriptTag)
      ? { status: 304, headers: answer, body: undefined }
      : { headers: answer, body: loginScript };
  },
});

export const loginAtProviderRoute = route({
  method: "GET",
  path: "/login/oidc",
  operationId: "loginAtProvider",
  tag: "login",
  summary: "To the identity provider",
  description:
    "Authorization code flow with PKCE, state and nonce. A cookie ties the answer to this browser.",
  query: z.object({ return: back }),
  responses: { 303: { description: "The provider's page", mediaType } },
  async handle({ query }, deps) {
    const { page, browser } = await loginOf(deps).askProvider(query.return ?? "/");
    return {
      status: 303,
      headers: {
        location: page.href,
        "set-cookie": setCookie(loginCookie, browser, onceLives.oidc / 1000),
      },
      body: "",
    };
  },
});

export const loginFromProviderRoute = route({
  method: "GET",
  path: "/login/callback",
  operationId: "loginFromProvider",
  tag: "login",
  summary: "Back from the identity provider",
  responses: { 303: { description: "Logged in; the page that was asked for", mediaType } },
  async handle(asked, deps) {
    const browser = cookieOf(asked.headers, loginCookie);
    const succeeded = await loginOf(deps).fromProvider(asked.url, browser);
    return entered(asked, deps, succeeded, [dropCookie(loginCookie)]);
  },
});

/** Begins a session in this browser and goes back to where the login was asked for. */
export async function entered(
  asked: Asked<unknown, unknown, unknown>,
  deps: HttpDeps,
  { login, back }: Succeeded,
  cookies: readonly string[] = [],
): Promise<Answer> {
  const { secret } = await beginInBrowser(asked, deps, login);
  return {
    status: 303,
    headers: { location: back, "set-cookie": [setCookie(sessionCookie, secret), ...cookies] },
    body: "",
  };
}

/** A new session; the one that this browser had is ended, whosever it was. */
export async function beginInBrowser(
  asked: Asked<unknown, unknown, unknown>,
  deps: HttpDeps,
  login: Succeeded["login"],
) {
  const logins = loginOf(deps);
  if (asked.who.kind === "session") {
    const { holder, id } = asked.who.session;
    await logins.sessions.end(holder, id);
  }
  const client = asked.headers["user-agent"] ?? "a browser that does not say which";
  return logins.enter("page", login, { client, address: asked.address });
}
