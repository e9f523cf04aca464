/** Telling people: what waits and what was given up, trying again, and a trial. For whoever runs the server. */
import { NotifyError } from "../../notify/error.ts";
import {
  deliveriesQuery,
  deliveryList,
  retried,
  retryRequest,
  tested,
  testRequest,
} from "../contract/notifications.ts";
import { route, type HttpDeps } from "../route.ts";

export const deliveriesRoute = route({
  method: "GET",
  path: "/v1/notifications",
  operationId: "deliveries",
  tag: "server",
  summary: "Notices that wait, were given up or were sent",
  description: "Needs the token of the data folder. Notices are forgotten after 30 days.",
  needsToken: true,
  query: deliveriesQuery,
  responses: { 200: { description: "Deliveries", schema: deliveryList } },
  async handle({ query }, deps) {
    const states =
      query.state === undefined ? (["waiting", "dead", "skipped"] as const) : [query.state];
    return { body: { items: await notifierOf(deps).list(states, query.limit ?? 50) } };
  },
});

export const retryDeliveriesRoute = route({
  method: "POST",
  path: "/v1/notifications/retry",
  operationId: "retryDeliveries",
  tag: "server",
  summary: "Try again what was given up or had nobody to be sent to",
  description: "Needs the token of the data folder. The same notices under the same ids.",
  needsToken: true,
  consumes: "application/json",
  body: retryRequest,
  responses: { 200: { description: "They wait again", schema: retried } },
  handle: async ({ body }, deps) => ({
    body: { retried: await notifierOf(deps).retry(body.index) },
  }),
});

export const testChannelRoute = route({
  method: "POST",
  path: "/v1/notifications/test",
  operationId: "testChannel",
  tag: "server",
  summary: "Send a message by a channel, at once and once",
  description: "Needs the token of the data folder.",
  needsToken: true,
  consumes: "application/json",
  body: testRequest,
  responses: { 200: { description: "Whether it was taken", schema: tested } },
  async handle({ body }, deps) {
    const { kind, problem } = await notifierOf(deps).test(body.channel);
    return { body: { sent: kind === "sent", ...(problem === undefined ? {} : { problem }) } };
  },
});

function notifierOf({ notifying }: HttpDeps) {
  const notifier = notifying?.();
  if (notifier !== undefined) return notifier;
  throw new NotifyError(
    "not-found",
    notifying === undefined
      ? "nobody is told anything here: the server was started without COUNTERMAND_NOTIFY (docs/operations/notifications.md)"
      : "there is no ledger here yet; `countermand init` opens one",
  );
}
