/** RFC 9457 problem documents: the one form in which this API says no. */
import { z } from "zod";
import { remark } from "./rationale.ts";

export const problemPrefix = "urn:countermand:problem:";
export const problemMediaType = "application/problem+json";

export const problem = z
  .object({
    type: z
      .string()
      .regex(/^urn:countermand:problem:[a-z-]{1,40}$/)
      .describe("Stable name of the kind of problem"),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().describe("One sentence: what is wrong, where, and what would be right"),
    rule: z.string().exactOptional().describe("The rule that refuses, with type `refused`"),
    where: z.string().exactOptional().describe("The place in what was sent"),
    remarks: z
      .array(remark)
      .max(20)
      .exactOptional()
      .describe("What is missing and an example, with type `rationale`"),
  })
  .describe("What is wrong, and what would be right");
export type Problem = z.infer<typeof problem>;
