/** What rules about source say of one changed file, in few words. */
import { changed, ruleInput } from "../../../testing/rule-input.ts";
import type { ChangedFile, Rule, UndoneCommit } from "../../../rules/rule.ts";

/** `direction severity subject` of each finding. */
export function told(
  rule: Rule,
  path: string,
  before: string,
  after: string,
  others: readonly ChangedFile[] = [],
  undone: readonly UndoneCommit[] = [],
): string[] {
  const files = [changed(path, before, after), ...others];
  return rule
    .run(ruleInput({ files, undone }))
    .map(({ direction, severity, subject }) => `${direction} ${severity} ${subject}`);
}
