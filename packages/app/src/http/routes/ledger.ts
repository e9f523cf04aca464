/** `POST /v1/ledger` */
import { instance, openingRequest } from "../contract/instance.ts";
import { route } from "../route.ts";

export const ledgerRoute = route({
  method: "POST",
  path: "/v1/ledger",
  operationId: "openLedger",
  tag: "ledger",
  summary: "Open the ledger, once",
  description:
    "Makes the log key and records the first administrator. Needs the token that lies in the server's data folder: nobody is enrolled yet, so access to that folder is the proof.",
  needsToken: true,
  consumes: "application/json",
  body: openingRequest,
  responses: { 201: { description: "The open ledger", schema: instance } },
  handle: async ({ body }, { countermand }) => ({
    status: 201,
    body: await countermand.openLedger(body),
  }),
});
