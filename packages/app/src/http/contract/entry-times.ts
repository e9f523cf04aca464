/** The two clocks of an entry. */
import { z } from "zod";
import type { EntryTimes } from "../../rollbacks/countermand.ts";
import { index, instant } from "./words.ts";

export const entryTimes: z.ZodType<EntryTimes> = z
  .object({
    index,
    recordedAt: instant.describe("The server's clock, as it stands in the entry"),
    attested: z
      .object({
        at: instant.describe("The authority's clock: the entry was there by then"),
        authority: z.string().max(2_000).describe("Address of the authority"),
        size: index.describe("Entries under the checkpoint that it signed"),
        checkpoint: z
          .string()
          .max(1_000_000)
          .describe("That checkpoint; what the token is over, byte for byte"),
        token: z.base64().max(100_000).describe("RFC 3161 TimeStampToken, DER"),
      })
      .exactOptional()
      .describe("Absent until a time authority has signed a checkpoint over the entry"),
  })
  .describe("When an entry was recorded, by the server's clock and by a time authority's");
