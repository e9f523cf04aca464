/** What became of telling people, as the API answers it. No address and no secret is in it. */
import { z } from "zod";
import { deliveryStates, type Delivery } from "../../notify/outbox.ts";
import { limit } from "./query.ts";
import { actor, index, instant } from "./words.ts";

const channel = z.string().min(1).max(120);

const delivery: z.ZodType<Delivery> = z
  .object({
    index: index.describe("The entry that it tells of"),
    kind: z.string().describe("What is told"),
    channel: channel.describe("Of the configuration; or `group:` and a group that no route names"),
    state: z
      .enum(deliveryStates)
      .describe("`dead`: given up; `skipped`: there was nobody to send it to"),
    attempts: z.int().min(0),
    recordedAt: instant.describe("Of the entry"),
    at: instant.describe("When it is tried next, or was last"),
    record: z.string().exactOptional(),
    person: actor.exactOptional().describe("Whose notice it is"),
    problem: z.string().exactOptional().describe("Why the last attempt was not good"),
  })
  .describe("One notice by one channel");

export const deliveriesQuery = z.object({
  state: z
    .enum(deliveryStates)
    .exactOptional()
    .describe("Those alone; without it everything that was not sent"),
  limit,
});
export const deliveryList = z
  .object({ items: z.array(delivery) })
  .describe("Deliveries, those of the newest entries first");

export const retryRequest = z
  .strictObject({
    index: index.exactOptional().describe("The entry; without it all"),
  })
  .describe("Which deliveries are to be tried again");
export const retried = z.object({ retried: z.int().min(0).describe("How many are tried again") });

export const testRequest = z.strictObject({ channel }).describe("The channel to try");
export const tested = z
  .object({
    sent: z.boolean(),
    problem: z.string().exactOptional().describe("Why not"),
  })
  .describe("What came of it");
