/** One-time links: made by whoever holds the data folder, used once by a person. */
import { linkPage } from "@countermand/console";
import { z } from "zod";
import { linkMade, linkRequest } from "../contract/login.ts";
import { formType } from "../form.ts";
import { loginOf } from "../login-deps.ts";
import { pageHeaders } from "../page-headers.ts";
import { route } from "../route.ts";
import { entered } from "./login.ts";

const mediaType = "text/html; charset=utf-8";
const code = z.string().max(100).describe("From the link");

export const makeLoginLinkRoute = route({
  method: "POST",
  path: "/v1/login/links",
  operationId: "makeLoginLink",
  tag: "login",
  summary: "Make a link that lets a person in once",
  description:
    "For servers without an identity provider, and for the first login. Needs the token of the data folder. The link is good for 15 minutes.",
  needsToken: true,
  consumes: "application/json",
  body: linkRequest,
  responses: { 201: { description: "The link, shown this once", schema: linkMade } },
  handle: async ({ body }, deps) => ({
    status: 201,
    body: await loginOf(deps).makeLink(body.person),
  }),
});

export const loginLinkPageRoute = route({
  method: "GET",
  path: "/login/link/:code",
  operationId: "loginLinkPage",
  tag: "login",
  summary: "A one-time link: whom it lets in",
  description: "Uses nothing up, so a preview of the link does no harm.",
  params: z.object({ code }),
  responses: { 200: { description: "A page", mediaType } },
  async handle({ params }, deps) {
    const person = await loginOf(deps).linkOf(params.code);
    return { headers: pageHeaders(), body: linkPage({ person, code: params.code }) };
  },
});

export const loginByLinkRoute = route({
  method: "POST",
  path: "/login/link",
  operationId: "loginByLink",
  tag: "login",
  summary: "Log in with a one-time link",
  consumes: formType,
  body: z.strictObject({ code }),
  responses: { 303: { description: "Logged in", mediaType } },
  async handle(asked, deps) {
    const login = await loginOf(deps).fromLink(asked.body.code);
    return entered(asked, deps, { login, back: "/" });
  },
});
