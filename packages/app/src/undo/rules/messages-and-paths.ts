/** The input of rules that look at messages and paths alone: no context, no advisories, no clock. */
import { noAdvisories } from "../advisories/advisory-index.ts";
import { Models } from "../models/model.ts";
import type { RuleInput } from "./rule.ts";

export function messagesAndPaths(
  facts: Pick<RuleInput, "files" | "undone" | "undoing">,
): RuleInput {
  return {
    ...facts,
    unchanged: [],
    paths: { before: [], after: [] },
    reversal: null,
    models: new Models(),
    advisories: noAdvisories,
    repository: null,
    asOf: "1970-01-01T00:00:00Z",
    hashSecret: () => {
      throw new TypeError("a rule without content hashes no secret");
    },
  };
}
