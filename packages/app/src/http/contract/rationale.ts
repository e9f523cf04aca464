/** A remark on a rationale: refused, or a hint. */
import { faultNames, hintNames, type Remark } from "@countermand/record";
import { z } from "zod";

export const remark: z.ZodType<Remark> = z
  .object({
    level: z.enum(["refused", "hint"]).describe("Only `refused` stops a proposal"),
    name: z.enum([...faultNames, ...hintNames]),
    says: z.string().describe("One sentence: what is missing, and what to add"),
    example: z.string().describe("A made-up rationale for the same reason and mode that has it"),
  })
  .describe("What a rationale lacks");
