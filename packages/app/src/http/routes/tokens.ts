/** API tokens: made, listed and revoked by a person who is logged in, never by a token. */
import type { Principal } from "../../identity/principal.ts";
import {
  revoked,
  revokeRequest,
  tokenList,
  tokenMade,
  tokenRequest,
  tokensQuery,
} from "../contract/login.ts";
import { loginOf } from "../login-deps.ts";
import { HttpProblem } from "../problem.ts";
import { route, type HttpDeps } from "../route.ts";

export const createTokenRoute = route({
  method: "POST",
  path: "/v1/tokens",
  operationId: "createToken",
  tag: "login",
  summary: "Make an API token",
  description:
    "For programs: `read`, `submit` (proposals, evidence, reports of what was done), `gate`. None can decide.",
  consumes: "application/json",
  body: tokenRequest,
  responses: { 201: { description: "The token, shown this once", schema: tokenMade } },
  handle: async ({ body, who }, deps) => ({
    status: 201,
    body: await loginOf(deps).tokens.create(mustPerson(who), body),
  }),
});

export const tokensRoute = route({
  method: "GET",
  path: "/v1/tokens",
  operationId: "tokens",
  tag: "login",
  summary: "The API tokens that have not ended, newest first",
  query: tokensQuery,
  responses: { 200: { description: "One's own, or everybody's", schema: tokenList } },
  async handle({ query, who }, deps) {
    const person = mustPerson(who);
    if (query.all === "true" && !(await administers(person, deps))) {
      throw new HttpProblem("forbidden", "only an administrator lists everybody's API tokens");
    }
    const items = await loginOf(deps).tokens.list(query.all === "true" ? undefined : person);
    return { body: { items } };
  },
});

export const revokeTokenRoute = route({
  method: "POST",
  path: "/v1/tokens/revoke",
  operationId: "revokeToken",
  tag: "login",
  summary: "Revoke an API token: one's own, or as an administrator anybody's",
  consumes: "application/json",
  body: revokeRequest,
  responses: { 200: { description: "It works no more", schema: revoked } },
  async handle({ body, who }, deps) {
    const person = mustPerson(who);
    const whose = (await administers(person, deps)) ? undefined : person;
    if (await loginOf(deps).tokens.revoke(whose, body.id)) return { body: { revoked: true } };
    throw new HttpProblem("no-token", "you have no API token of that id; it may have ended");
  },
});

function administers(person: string, deps: HttpDeps): Promise<boolean> {
  return loginOf(deps).people.mayAdminister(person);
}

function mustPerson(who: Principal): string {
  if (who.kind === "session" && who.person !== undefined) return who.person;
  throw new TypeError("the route wants an enrolled person");
}
