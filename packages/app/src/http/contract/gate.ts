/** What the gate is asked, and what it answers. */
import { z } from "zod";
import type { GateAnswer, GateEvent, GateRequest, Page } from "../../rollbacks/countermand.ts";
import { next } from "./record.ts";
import { after, flag, limit } from "./query.ts";
import { identity, instant, recordId } from "./words.ts";

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,99}$/, {
  error: "is a name of letters, digits and . _ / : @ -, without spaces",
});

export const gateRequest: z.ZodType<GateRequest> = z
  .strictObject({
    id: z.uuid().describe("A repeated request gets the same answer"),
    service: name,
    environment: name,
    target: identity.describe("What is to run"),
    caller: name.describe("Who asks, for instance argocd"),
    record: recordId
      .exactOptional()
      .describe("Use this record's grant; without it one is looked for"),
    older: z
      .boolean()
      .exactOptional()
      .describe("The caller knows that this goes back to an older state"),
    dryRun: z.boolean().exactOptional().describe("Only ask; nothing is used up or remembered"),
    spooled: z
      .strictObject({ at: instant, allowed: z.boolean() })
      .exactOptional()
      .describe("It was answered while the server could not be asked"),
  })
  .describe("A deployment that asks to be let through");

export const gateAnswer: z.ZodType<GateAnswer> = z
  .object({
    allowed: z.boolean(),
    rule: z
      .string()
      .describe(
        "grant, forward, unchanged, dangling, older, record, or a rule of the constitution",
      ),
    reason: z.string(),
    record: recordId.exactOptional(),
    late: z.boolean(),
    bypassed: z.boolean().describe("It went through although the answer is no"),
    unreachable: z
      .enum(["fail-open", "fail-closed"])
      .describe("What a gate does here while the server cannot be asked"),
  })
  .describe("Whether it may be deployed now");

const gateEvent: z.ZodType<GateEvent> = z.object({
  id: z.string(),
  at: instant,
  recordedAt: instant,
  service: z.string(),
  environment: z.string(),
  target: z.string(),
  caller: z.string(),
  allowed: z.boolean(),
  rule: z.string(),
  reason: z.string(),
  record: recordId.exactOptional(),
  late: z.boolean(),
  bypassed: z.boolean(),
});

export const gateEventPage: z.ZodType<Page<GateEvent>> = z
  .object({ items: z.array(gateEvent), next })
  .describe("What the gate answered, newest first; what changed nothing is not among it");

export const gateQuery = z.strictObject({
  bypassed: flag.describe("Only what went through although the answer is no"),
  after,
  limit,
});
