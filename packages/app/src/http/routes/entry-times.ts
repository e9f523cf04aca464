/** `GET /v1/entries/{index}/times` */
import { z } from "zod";
import { entryTimes } from "../contract/entry-times.ts";
import { route } from "../route.ts";
import { entryIndex } from "./entry-proof.ts";

export const entryTimesRoute = route({
  method: "GET",
  path: "/v1/entries/:index/times",
  operationId: "entryTimes",
  tag: "log",
  summary: "When an entry was recorded, by two clocks",
  description:
    "The server's clock, and that of a time authority (RFC 3161) if it has signed a checkpoint over the entry, with the token and that checkpoint.",
  params: z.object({ index: entryIndex }),
  responses: { 200: { description: "The times", schema: entryTimes } },
  handle: async ({ params }, { countermand }) => ({
    body: await countermand.entryTimes(params.index),
  }),
});
