/** Who am I, which sessions are mine, and ending them: the page and the API. */
import { sessionPage } from "@countermand/console";
import { z } from "zod";
import type { Principal, Session } from "../../identity/principal.ts";
import { ended, endRequest, whoAmI } from "../contract/login.ts";
import { dropCookie, sessionCookie } from "../cookies.ts";
import { checkForm, formField, formOf, formType } from "../form.ts";
import { loginOf } from "../login-deps.ts";
import { pageHeaders } from "../page-headers.ts";
import { HttpProblem } from "../problem.ts";
import { route } from "../route.ts";

const mediaType = "text/html; charset=utf-8";
const form = z.strictObject({ form: formField });

export const sessionPageRoute = route({
  method: "GET",
  path: "/session",
  operationId: "sessionPage",
  tag: "login",
  summary: "Who you are here, and your sessions, as a page",
  responses: { 200: { description: "A page", mediaType } },
  async handle(asked, deps) {
    const session = mustSession(asked.who);
    const sessions = await loginOf(deps).sessions.list(session.holder);
    return {
      headers: pageHeaders(),
      body: sessionPage({ who: asked.who, sessions, form: formOf(asked), now: deps.now() }),
    };
  },
});

export const endSessionFormRoute = route({
  method: "POST",
  path: "/session/end",
  operationId: "endSessionForm",
  tag: "login",
  summary: "End one of your sessions, or all others, from the page",
  consumes: formType,
  body: z.strictObject({ form: formField, id: z.string().max(16) }),
  responses: { 303: { description: "Back to the sessions", mediaType } },
  async handle(asked, deps) {
    checkForm(asked);
    const session = mustSession(asked.who);
    await loginOf(deps).sessions.end(session.holder, asked.body.id);
    return { status: 303, headers: { location: "/session" }, body: "" };
  },
});

export const logoutRoute = route({
  method: "POST",
  path: "/logout",
  operationId: "logout",
  tag: "login",
  summary: "End this browser's session",
  consumes: formType,
  body: form,
  responses: { 303: { description: "To the login page", mediaType } },
  async handle(asked, deps) {
    checkForm(asked);
    const { holder, id } = mustSession(asked.who);
    await loginOf(deps).sessions.end(holder, id);
    const headers = { location: "/login", "set-cookie": dropCookie(sessionCookie) };
    return { status: 303, headers, body: "" };
  },
});

export const sessionRoute = route({
  method: "GET",
  path: "/v1/session",
  operationId: "session",
  tag: "login",
  summary: "Who the server takes you for",
  responses: { 200: { description: "Person, account, roles, sessions", schema: whoAmI } },
  async handle({ who }, deps) {
    switch (who.kind) {
      case "session": {
        const { session, person } = who;
        const sessions = await loginOf(deps).sessions.list(session.holder);
        return {
          body: {
            login: "session",
            ...(person === undefined ? {} : { person }),
            ...(session.account === undefined ? {} : { account: session.account }),
            roles: [...who.roles],
            session: told(session),
            sessions: sessions.map(told),
          },
        };
      }
      case "token":
        return {
          body: { login: "token", person: who.token.person, roles: [], token: who.token },
        };
      case "operator":
        return { body: { login: "operator", roles: [] } };
      case "anybody":
      case "nobody":
        return { body: { login: "off", roles: [] } };
    }
  },
});

export const endSessionsRoute = route({
  method: "POST",
  path: "/v1/session/end",
  operationId: "endSessions",
  tag: "login",
  summary: "End one session, all of one's own, or all of a person",
  consumes: "application/json",
  body: endRequest,
  responses: { 200: { description: "How many ended", schema: ended } },
  async handle({ body, who }, deps) {
    const { sessions, people } = loginOf(deps);
    const { holder } = mustSession(who);
    if ("id" in body) return { body: { ended: (await sessions.end(holder, body.id)) ? 1 : 0 } };
    if ("all" in body) return { body: { ended: await sessions.endAll(holder) } };
    const person = who.kind === "session" ? who.person : undefined;
    if (person === undefined || !(await people.mayAdminister(person))) {
      throw new HttpProblem("forbidden", "only an administrator ends somebody else's sessions");
    }
    return { body: { ended: await sessions.endAll(body.person) } };
  },
});

/** What of a session its holder is told. */
function told(session: Session) {
  const { id, use, method, client, address, createdAt, seenAt, idleAt, endsAt } = session;
  return { id, use, method, client, address, createdAt, seenAt, idleAt, endsAt };
}

function mustSession(who: Principal): Session {
  if (who.kind === "session") return who.session;
  throw new TypeError("the route wants a session");
}
