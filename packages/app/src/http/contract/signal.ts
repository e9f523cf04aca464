/** Signals as CloudEvents 1.0 in JSON, and what came of them. */
import { z } from "zod";
import { riskLevels } from "@countermand/record";
import type { Page, Signal, SignalAnswer, SignalEvent } from "../../rollbacks/countermand.ts";
import { next } from "./record.ts";
import { after, limit } from "./query.ts";
import { actor, identity, instant, kind, recordId } from "./words.ts";

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,99}$/, {
  error: "is a name of at most 100 letters, digits and . _ / : @ -, without spaces",
});
const ticket = z.string().regex(/^[A-Za-z0-9#][A-Za-z0-9._/:#?=&%~-]{0,199}$/, {
  error: "is an id or a URL of at most 200 characters, without spaces",
});

const data = z
  .strictObject({
    service: name,
    environment: name,
    severity: z.enum(riskLevels),
    ids: z.array(name).max(50).exactOptional().describe("CVE numbers and the like"),
    current: identity.exactOptional().describe("What runs there and is affected"),
    target: identity.exactOptional().describe("What to go back to"),
    kind: kind.exactOptional().describe("redeploy-previous if not given"),
    summary: z
      .string()
      .min(1)
      .max(2000)
      .exactOptional()
      .describe("One or two sentences for people"),
    url: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .exactOptional(),
  })
  .describe("What was found, and where");

/** Other attributes of the event are let through and not kept. */
export const signalEvent = z
  .object({
    specversion: z.literal("1.0", { error: 'is "1.0": a CloudEvent' }),
    source: name.describe(
      "Who sends it. Where the server knows who does, that is kept instead: the name of the API token, or person/<id>",
    ),
    id: ticket.describe("The sender's own; sent again with it, it is the same signal"),
    type: name.describe("For instance com.example.vulnerability.found"),
    time: z.iso
      .datetime({ offset: true })
      .transform((time) => new Date(time).toISOString())
      .exactOptional()
      .describe("When it was found, RFC 3339"),
    data,
  })
  .describe("A CloudEvent 1.0 in JSON");

const outcome = z
  .enum(["mandatory", "joined", "no-rule"])
  .describe(
    "joined: another signal about the same state made a rollback mandatory already; no-rule: no rule of the policy matches, and it is kept",
  );

export const signalAnswer: z.ZodType<SignalAnswer> = z
  .object({
    outcome,
    record: recordId.exactOptional(),
    owner: actor.exactOptional(),
    deadline: instant.exactOptional(),
    rules: z.array(z.string()).exactOptional(),
    repeated: z.boolean().describe("It was received before; this is what came of it then"),
  })
  .describe("What came of a signal");

const kept: z.ZodType<SignalEvent> = z.object({
  source: z.string(),
  id: z.string(),
  type: z.string(),
  time: instant.exactOptional(),
  data: data.extend({ url: z.string().exactOptional() }),
});

export const signalPage: z.ZodType<Page<Signal>> = z
  .object({
    items: z.array(
      z.object({ event: kept, recordedAt: instant, outcome, record: recordId.exactOptional() }),
    ),
    next,
  })
  .describe("Signals, newest first");

export const signalQuery = z.strictObject({
  outcome: outcome.exactOptional(),
  after,
  limit,
});
