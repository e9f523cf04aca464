/** What lists and exports are asked with. A query is text; what is missing is left out. */
import { z } from "zod";
import { modes, statuses, type Status } from "@countermand/record";
import { commitment } from "./words.ts";

const maxLimit = 200;

export const limit = z
  .string()
  .transform((text, context) => {
    const value = /^\d{1,3}$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= maxLimit) return value;
    context.addIssue(`is a whole number from 1 to ${maxLimit}`);
    return z.NEVER;
  })
  .exactOptional()
  .describe(`How many, 1 to ${maxLimit}; 50 if not given`);

export const after = z.string().max(2000).exactOptional().describe("The `next` of the page before");

export const flag = z
  .enum(["true", "false"])
  .transform((value) => value === "true")
  .exactOptional();

const statusName = z.enum(statuses, { error: `is one of ${statuses.join(", ")}` });

export const recordQuery = z.strictObject({
  status: z
    .union([z.array(statusName).max(statuses.length), statusName])
    .transform((value): readonly Status[] => (typeof value === "string" ? [value] : value))
    .exactOptional()
    .describe("Only records in this status; may be given several times"),
  service: z.string().max(100).exactOptional().describe("Only of this service"),
  environment: z.string().max(100).exactOptional().describe("Only in this environment"),
  mode: z
    .enum(["ordinary", ...modes], { error: `is one of ordinary, ${modes.join(", ")}` })
    .exactOptional()
    .describe("Only of this mode"),
  mandatory: flag.describe("Only what is mandatory and has not run yet"),
  dueBy: z.iso
    .datetime({ offset: true })
    .transform((time) => new Date(time).toISOString())
    .exactOptional()
    .describe("Only what time changes by then, RFC 3339"),
  after,
  limit,
});

export const reversalQuery = z.strictObject({
  repository: z.string().max(4096).exactOptional().describe("Only of this repository"),
  after,
  limit,
});

export const exportQuery = z.strictObject({
  withhold: z
    .union([z.literal("all"), commitment, z.array(commitment).max(200)])
    .transform((value): "all" | readonly string[] =>
      value === "all" ? value : typeof value === "string" ? [value] : value,
    )
    .exactOptional()
    .describe("A commitment whose text is left out, several times if need be, or `all`"),
  withoutArtefacts: flag.describe("Leave the artefacts' bytes out"),
  withNames: flag.describe("Put the names and mail addresses of those enrolled in"),
});
