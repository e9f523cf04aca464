/** `GET /v1/audits` */
import { audits } from "../contract/audit.ts";
import { route } from "../route.ts";

export const auditsRoute = route({
  method: "GET",
  path: "/v1/audits",
  operationId: "audits",
  tag: "audits",
  summary: "The newest audit of each repository",
  responses: {
    200: { description: "What was looked at, and what could not be seen", schema: audits },
  },
  handle: async (_asked, { countermand }) => ({ body: await countermand.audits() }),
});
