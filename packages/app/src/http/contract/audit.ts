/** What audits of repositories found. */
import { z } from "zod";
import type { AuditedReversal, AuditSummary, Page } from "../../rollbacks/countermand.ts";
import { next } from "./record.ts";
import { instant } from "./words.ts";

const count = z.int().min(0);
const percent = z.number().min(0).max(100);

const implication = z.object({
  id: z.string().describe("A page in docs/implications, and at `/implications/{id}`"),
  rule: z.string().describe("Rule and version"),
  direction: z.enum(["worse", "better", "changed"]),
  subject: z.string().describe("What it is about: an advisory, a path, a package"),
  severity: z.string(),
  confidence: percent,
});

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
        tickets: z.array(z.string()).describe("As they stand in the message"),
        reviews: z
          .array(z.object({ trailer: z.string(), who: z.string() }))
          .describe("What the trailers of its message say; nobody has checked it"),
        implications: z.array(implication).describe("The worse and graver first"),
        risk: z
          .object({
            score: z.int().min(0).max(100),
            level: z.string().describe("`none` to `critical`, or `unknown`"),
            coverage: percent.describe("Per cent of what was to be looked at that was seen"),
            weights: z.int().describe("Version of the weights"),
          })
          .nullable()
          .describe("Of the implications together; null where no file was read"),
        unknowns: z.array(z.string()).describe("What could not be found, read or compared"),
        delay: z.number().nullable().describe("Seconds from the first undone commit, if known"),
      }),
    ),
    next,
  })
  .describe("Reversals, newest first");
