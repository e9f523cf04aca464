/**
 * Letting a command line on the same machine in. It listens on 127.0.0.1; the page
 * knows its port and nothing else of its address, so the redirect can go nowhere
 * but to this person's own machine (RFC 8252 §7.3).
 */
import { commandLinePage } from "@countermand/console";
import { z } from "zod";
import { begun, codeRequest } from "../contract/login.ts";
import { checkForm, formField, formOf, formType } from "../form.ts";
import { loginOf } from "../login-deps.ts";
import { pageHeaders } from "../page-headers.ts";
import { route } from "../route.ts";

const mediaType = "text/html; charset=utf-8";
const words = {
  port: z
    .string()
    .regex(/^[1-9]\d{3,4}$/, "is a port from 1024 to 65535")
    .refine(
      (text) => Number(text) >= 1024 && Number(text) <= 65_535,
      "is a port from 1024 to 65535",
    )
    .describe("Where the command line listens, on 127.0.0.1"),
  challenge: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, "is an S256 challenge as in RFC 7636")
    .describe("SHA-256 of the command line's verifier"),
  state: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,100}$/, "is 16 to 100 letters, digits, - and _")
    .describe("Comes back to the command line"),
};

function loopback(port: string): URL {
  return new URL(`http://127.0.0.1:${port}/`);
}

export const commandLinePageRoute = route({
  method: "GET",
  path: "/login/cli",
  operationId: "commandLinePage",
  tag: "login",
  summary: "Ask whether a command line may come in",
  query: z.object(words),
  responses: { 200: { description: "A page", mediaType } },
  handle(asked) {
    const { port, challenge, state } = asked.query;
    return {
      headers: pageHeaders({ formTo: loopback(port).origin }),
      body: commandLinePage({ who: asked.who, form: formOf(asked), port, challenge, state }),
    };
  },
});

export const letCommandLineInRoute = route({
  method: "POST",
  path: "/login/cli",
  operationId: "letCommandLineIn",
  tag: "login",
  summary: "Let a command line in",
  consumes: formType,
  body: z.strictObject({ ...words, form: formField }),
  responses: { 303: { description: "To the command line, with a code", mediaType } },
  async handle(asked, deps) {
    checkForm(asked);
    const { port, challenge, state } = asked.body;
    const code = await loginOf(deps).commandLines.letIn(asked.who, challenge);
    const location = loopback(port);
    location.search = new URLSearchParams({ code, state }).toString();
    return { status: 303, headers: { location: location.href }, body: "" };
  },
});

export const redeemCodeRoute = route({
  method: "POST",
  path: "/v1/login/code",
  operationId: "redeemCode",
  tag: "login",
  summary: "A command line's code for its session",
  description: "The code is used up, even where the verifier is wrong.",
  consumes: "application/json",
  body: codeRequest,
  responses: { 201: { description: "A session", schema: begun } },
  async handle({ body, address }, deps) {
    const logins = loginOf(deps);
    const login = await logins.commandLines.redeem(body.code, body.verifier);
    return beginCommandLine(logins, login, { client: body.client, address });
  },
});

/** The session of a command line, as the API answers it. */
export async function beginCommandLine(
  logins: ReturnType<typeof loginOf>,
  login: Parameters<typeof logins.enter>[1],
  client: Parameters<typeof logins.enter>[2],
) {
  const { secret, session } = await logins.enter("command-line", login, client);
  const who = await logins.ofSession("command-line", secret);
  const person = who.kind === "session" ? who.person : undefined;
  return {
    status: 201,
    body: {
      token: secret,
      endsAt: session.endsAt,
      ...(person === undefined ? {} : { person }),
    },
  };
}
