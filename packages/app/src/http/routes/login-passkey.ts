/** Logging in with a passkey: a challenge, and what the browser's authenticator made of it. */
import { z } from "zod";
import { webauthnBytes } from "../contract/login.ts";
import { sessionCookie, setCookie } from "../cookies.ts";
import { loginOf } from "../login-deps.ts";
import { route } from "../route.ts";
import { beginInBrowser } from "./login.ts";

const challenge = z
  .object({
    message: z.string().describe("Comes back with the answer"),
    challenge: webauthnBytes.describe("For navigator.credentials.get"),
    relyingParty: z.string().describe("Its id: this server's host"),
  })
  .describe("What a passkey is to sign");

export const beginPasskeyRoute = route({
  method: "POST",
  path: "/login/passkey/begin",
  operationId: "beginPasskey",
  tag: "login",
  summary: "A challenge for a passkey",
  consumes: "application/json",
  body: z.strictObject({ back: z.string().max(2000) }),
  responses: { 200: { description: "The challenge", schema: challenge } },
  async handle({ body }, deps) {
    const asked = await loginOf(deps).askPasskey(body.back);
    return {
      body: { ...asked, challenge: Buffer.from(asked.challenge).toString("base64url") },
    };
  },
});

export const loginByPasskeyRoute = route({
  method: "POST",
  path: "/login/passkey",
  operationId: "loginByPasskey",
  tag: "login",
  summary: "Log in with a passkey's answer",
  consumes: "application/json",
  body: z.strictObject({
    message: z.string().max(100),
    userHandle: webauthnBytes,
    authenticatorData: webauthnBytes,
    clientDataJson: webauthnBytes,
    signature: webauthnBytes,
  }),
  responses: {
    200: {
      description: "Logged in; the cookie is set",
      schema: z.object({ back: z.string().describe("Where to go now") }),
    },
  },
  async handle(asked, deps) {
    const { message, ...fields } = asked.body;
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));
    const { login, back } = await loginOf(deps).fromPasskey({
      message,
      userHandle: bytes(fields.userHandle),
      authenticatorData: bytes(fields.authenticatorData),
      clientDataJson: bytes(fields.clientDataJson),
      signature: bytes(fields.signature),
    });
    const { secret } = await beginInBrowser(asked, deps, login);
    return { headers: { "set-cookie": setCookie(sessionCookie, secret) }, body: { back } };
  },
});
