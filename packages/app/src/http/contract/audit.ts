/** What audits of repositories found. */
import { z } from "zod";
import type { AuditedReversal, AuditSummary, Page } from "../../rollbacks/countermand.ts";
import { next } from "./record.ts";
import { instant } from "./words.ts";

const count = z.int().min(0);

export const audits: z.ZodType<AuditSummary[]> = z
  .array(
    z.object({
      repository: z.string(),
      head: z.string().describe("The commit that the audit started from"),
      finishedAt: instant,
      commits: count,
      reversals: count,
      unknowns: z.array(z.string()),
    }),
  )
  .describe("The newest audit of each repository");

export const reversalPage: z.ZodType<Page<AuditedReversal>> = z
  .object({
    items: z.array(
      // Loose: an audit may say more of a reversal than this version knows of.
      z.looseObject({
        repository: z.string(),
        commit: z.string(),
        committedAt: instant,
        subject: z.string(),
        author: z.string(),
        undoes: z.array(
          z.object({ commit: z.string(), match: z.string(), share: z.number().min(0).max(1) }),
        ),
        reappliedBy: z.string().nullable(),
        reason: z.string().nullable(),
        delay: z.number().nullable().describe("Seconds from the first undone commit, if known"),
      }),
    ),
    next,
  })
  .describe("Reversals, newest first");
