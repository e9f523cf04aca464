/** `GET /v1/entries/{index}/proof` */
import { z } from "zod";
import { route } from "../route.ts";

export const entryIndex = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,15})$/, "is a whole number without leading zeros")
  .transform(Number)
  .describe("Index of an entry in the log");

export const entryProofRoute = route({
  method: "GET",
  path: "/v1/entries/:index/proof",
  operationId: "entryProof",
  tag: "log",
  summary: "Proof that an entry is in the log",
  description:
    "A C2SP tlog-proof file. `min=witnessed` takes a checkpoint that enough witnesses have signed, with their signatures; until there is one over the entry, the answer is 404 `not-witnessed` with `Retry-After`.",
  params: z.object({ index: entryIndex }),
  query: z.strictObject({
    min: z
      .enum(["logged", "witnessed"])
      .exactOptional()
      .describe("What the checkpoint must have: `logged` if not given"),
  }),
  responses: {
    200: { description: "The proof file", mediaType: "text/plain; charset=utf-8" },
  },
  async handle({ params, query }, { countermand }) {
    return {
      headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
      body: await countermand.entryProof(params.index, query.min ?? "logged"),
    };
  },
});
