/** Labelled reverts: what a person says that each one undoes. The fields that the evaluation uses, checked. */
import { readFileSync } from "node:fs";
import { z } from "zod";

const commit = z.string().regex(/^[0-9a-f]{40,64}$/);
const implications = z.array(z.string());

const caseShape = z.object({
  id: z.string(),
  repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  revert: commit,
  parent: commit,
  reverted: z.array(commit),
  subject: z.string(),
  kind: z.string(),
  /** Must be reported. */
  expected: implications,
  /** May be reported. */
  allowed: implications,
  /** The risk goes down: never as harm. */
  improves: implications,
  /** A plain error. */
  notExpected: implications,
  severity: z.string(),
  advisories: z
    .array(
      z.object({
        id: z.string(),
        aliases: z.array(z.string()).optional(),
        ecosystem: z.string().optional(),
        package: z.string().optional(),
        introduced: z.string().optional(),
        fixed: z.string().optional(),
      }),
    )
    .optional(),
});

export type Case = z.infer<typeof caseShape>;

export function readCases(file: string): Case[] {
  return z.array(caseShape).parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Nothing of security is lost: nothing expected, or the labels say that it only gets better. */
export function isBenign(one: Case): boolean {
  return one.severity === "none" || one.severity === "info" || one.severity === "low";
}
