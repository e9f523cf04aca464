/** A statement on its way in, and what came of it. */
import { z } from "zod";
import type { Accepted, Submission } from "../../rollbacks/countermand.ts";
import { remark } from "./rationale.ts";
import { envelope, givenOpenings, index, sha256Hex, status } from "./words.ts";

export const submission: z.ZodType<Submission> = z
  .strictObject({ envelope, openings: givenOpenings })
  .describe("A signed statement");

export const accepted: z.ZodType<Accepted> = z
  .object({
    stream: z.string().describe("`registry`, or the record's number"),
    status: status.exactOptional(),
    receipts: z
      .array(
        z.object({
          index,
          leafHash: sha256Hex,
          type: z.string(),
          proof: z.string().describe("A C2SP .tlog-proof file"),
        }),
      )
      .describe("The statement's own entry first, then what followed from it"),
    repeated: z.boolean().describe("It was in the ledger already; these are the first receipts"),
    hints: z
      .array(remark)
      .max(20)
      .describe("What its rationale could say more; nothing was refused for it"),
  })
  .describe("Where the statement stands in the ledger, with proofs");
