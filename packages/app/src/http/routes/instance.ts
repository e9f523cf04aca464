/** `GET /v1/instance` */
import { instance } from "../contract/instance.ts";
import { route } from "../route.ts";

export const instanceRoute = route({
  method: "GET",
  path: "/v1/instance",
  operationId: "instance",
  tag: "ledger",
  summary: "What a signer must know of the ledger",
  responses: {
    200: { description: "The ledger, its keys, its persons, its policy", schema: instance },
  },
  handle: async (_asked, { countermand }) => ({ body: await countermand.instance() }),
});
