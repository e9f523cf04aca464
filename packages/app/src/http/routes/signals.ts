/** `POST /v1/signals`, `GET /v1/signals` */
import type { Principal } from "../../identity/principal.ts";
import { signalAnswer, signalEvent, signalPage, signalQuery } from "../contract/signal.ts";
import { nextLink } from "../next-link.ts";
import { route } from "../route.ts";

export const signalRoute = route({
  method: "POST",
  path: "/v1/signals",
  operationId: "signal",
  tag: "records",
  summary: "Report something about what runs, for instance a vulnerability",
  description:
    'What a rule of the policy for Action::"signal" matches opens a mandatory rollback with an owner and a deadline; anything else is kept. Sending it again is safe.',
  consumes: "application/cloudevents+json",
  body: signalEvent,
  responses: { 200: { description: "What came of it", schema: signalAnswer } },
  async handle({ body, who }, { countermand }) {
    const { specversion: _, ...event } = body;
    return { body: await countermand.signal({ ...event, source: senderOf(who) ?? event.source }) };
  },
});

export const signalsRoute = route({
  method: "GET",
  path: "/v1/signals",
  operationId: "signals",
  tag: "records",
  summary: "Signals and what came of them, newest first",
  query: signalQuery,
  responses: { 200: { description: "A page of signals", schema: signalPage } },
  async handle({ query, url }, { countermand }) {
    const page = await countermand.signals(query);
    return { headers: nextLink(url, page.next), body: page };
  },
});

/** Who it is, where the server knows; a rule may trust one scanner and not another. */
function senderOf(who: Principal): string | undefined {
  if (who.kind === "token") {
    const { name, id } = who.token;
    return /^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,99}$/.test(name) ? name : `token/${id}`;
  }
  return who.kind === "session" && who.person !== undefined ? `person/${who.person}` : undefined;
}
