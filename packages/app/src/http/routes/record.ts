/** `GET /v1/records/{id}` */
import { z } from "zod";
import { recordView } from "../contract/record.ts";
import { recordId } from "../contract/words.ts";
import { route } from "../route.ts";

export const recordRoute = route({
  method: "GET",
  path: "/v1/records/:id",
  operationId: "record",
  tag: "records",
  summary: "One record, whole",
  params: z.object({ id: recordId }),
  responses: { 200: { description: "Its state, and the texts that are kept", schema: recordView } },
  handle: async ({ params }, { countermand }) => ({ body: await countermand.record(params.id) }),
});
