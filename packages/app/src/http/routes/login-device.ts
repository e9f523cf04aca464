/** Letting a command line in that has no browser, after RFC 8628. */
import { devicePage, noticePage } from "@countermand/console";
import { z } from "zod";
import { begun, deviceAsked, devicePoll, deviceRequest, waiting } from "../contract/login.ts";
import { checkForm, formField, formOf, formType } from "../form.ts";
import { loginOf } from "../login-deps.ts";
import { pageHeaders } from "../page-headers.ts";
import { route } from "../route.ts";
import { beginCommandLine } from "./login-command-line.ts";

const mediaType = "text/html; charset=utf-8";
const code = z.string().max(40).describe("As the command line shows it");

export const askDeviceRoute = route({
  method: "POST",
  path: "/v1/login/device",
  operationId: "askDevice",
  tag: "login",
  summary: "Begin the login of a command line without a browser",
  consumes: "application/json",
  body: deviceRequest,
  responses: { 201: { description: "A code for a person to type", schema: deviceAsked } },
  async handle({ body, address }, deps) {
    const login = loginOf(deps);
    const asked = await login.commandLines.askDevice({ client: body.client, address });
    return { status: 201, body: { ...asked, page: new URL("/login/device", login.base).href } };
  },
});

export const pollDeviceRoute = route({
  method: "POST",
  path: "/v1/login/device/poll",
  operationId: "pollDevice",
  tag: "login",
  summary: "Whether somebody has let this command line in",
  consumes: "application/json",
  body: devicePoll,
  responses: {
    201: { description: "A session", schema: begun },
    202: { description: "Nobody has answered yet", schema: waiting },
  },
  async handle({ body, address }, deps) {
    const logins = loginOf(deps);
    const login = await logins.commandLines.deviceAnswer(body.device);
    return login === undefined
      ? { status: 202, body: { waiting: true } }
      : beginCommandLine(logins, login, { client: body.client, address });
  },
});

export const devicePageRoute = route({
  method: "GET",
  path: "/login/device",
  operationId: "devicePage",
  tag: "login",
  summary: "Type a command line's code, and see who waits for it",
  query: z.object({ code: code.exactOptional() }),
  responses: { 200: { description: "A page", mediaType } },
  async handle(asked, deps) {
    const { code } = asked.query;
    const waits =
      code === undefined || code === ""
        ? undefined
        : { code, device: await loginOf(deps).commandLines.deviceOf(code) };
    return {
      headers: pageHeaders(),
      body: devicePage({ who: asked.who, form: formOf(asked), now: deps.now(), ...waits }),
    };
  },
});

export const answerDeviceRoute = route({
  method: "POST",
  path: "/login/device",
  operationId: "answerDevice",
  tag: "login",
  summary: "Let the command line in that waits for a code, or refuse it",
  consumes: formType,
  body: z.strictObject({ code, form: formField, answer: z.enum(["allow", "refuse"]) }),
  responses: { 200: { description: "A page", mediaType } },
  async handle(asked, deps) {
    checkForm(asked);
    const { code, answer } = asked.body;
    const allowed = answer === "allow";
    await loginOf(deps).commandLines.answerDevice(code, allowed ? asked.who : "refused");
    return {
      headers: pageHeaders(),
      body: allowed
        ? noticePage("Let in", "The command line is logged in as you; you may close this page.")
        : noticePage("Refused", "The command line was not let in."),
    };
  },
});
