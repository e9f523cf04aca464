/** A rule's input with nothing in it but what the test says. */
import { createHmac } from "node:crypto";
import { noAdvisories } from "../advisories/advisory-index.ts";
import type { Knowledge } from "../assess/assess.ts";
import { Models } from "../models/model.ts";
import type { ChangedFile, RuleInput } from "../rules/rule.ts";

/** No advisories, a fixed day, a key of its own. */
export const testKnowledge: Knowledge = {
  advisories: noAdvisories,
  repository: null,
  asOf: "2026-11-23T00:00:00Z",
  hashSecret: (value) => createHmac("sha256", "test").update(value).digest("hex"),
};

export function ruleInput(input: Partial<RuleInput> = {}): RuleInput {
  return {
    files: [],
    unchanged: [],
    paths: { before: [], after: [] },
    undone: [],
    undoing: null,
    reversal: null,
    models: new Models(),
    ...testKnowledge,
    ...input,
  };
}

/** A changed file from its two texts; null: not there on that side. */
export function changed(path: string, before: string | null, after: string | null): ChangedFile {
  return {
    path,
    status: before === null ? "added" : after === null ? "removed" : "modified",
    ...(before === null ? {} : { before }),
    ...(after === null ? {} : { after }),
  };
}
