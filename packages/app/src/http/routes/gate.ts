/** `POST /v1/gate`, `GET /v1/gate/events` */
import { gateAnswer, gateEventPage, gateQuery, gateRequest } from "../contract/gate.ts";
import { nextLink } from "../next-link.ts";
import { route } from "../route.ts";

export const gateRoute = route({
  method: "POST",
  path: "/v1/gate",
  operationId: "gate",
  tag: "gate",
  summary: "Ask whether something may be deployed now",
  description:
    "Going forward is allowed and remembered. Going back needs an authorised record, whose grant is used up by it. The answer is 200 both ways; `allowed` tells.",
  consumes: "application/json",
  body: gateRequest,
  responses: { 200: { description: "Allowed or not, with rule and reason", schema: gateAnswer } },
  async handle({ body }, { countermand }) {
    return { body: await countermand.gate(body) };
  },
});

export const gateEventsRoute = route({
  method: "GET",
  path: "/v1/gate/events",
  operationId: "gateEvents",
  tag: "gate",
  summary: "What the gate answered, newest first",
  query: gateQuery,
  responses: { 200: { description: "A page of answers", schema: gateEventPage } },
  async handle({ query, url }, { countermand }) {
    const page = await countermand.gateEvents(query);
    return { headers: nextLink(url, page.next), body: page };
  },
});
