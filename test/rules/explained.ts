/** Changes that no test can notice, each with the reason why it changes nothing. */
import type { Mutant } from "./mutants.ts";

export interface Reason {
  readonly file: string;
  /** As the mutant says it: "`>=` instead". */
  readonly what: string;
  /** In the line as it was. */
  readonly was: RegExp;
  readonly why: string;
}

export const reasons: readonly Reason[] = [
  {
    file: "constitution/grant.ts",
    what: "`>=` instead",
    was: /item\.index > grant\.index/,
    why: "a run and its grant are never the same entry",
  },
  {
    file: "lifecycle/deadlines.ts",
    what: "`<=` instead",
    was: /a\.at === b\.at \? .* : a\.at < b\.at/,
    why: "equal times were dealt with before, in the same line",
  },
  {
    file: "lifecycle/deadlines.ts",
    what: "`<=` instead",
    was: /state\.override\.until < obligation\.deadline/,
    why: "at equal times both answers are the same time",
  },
  {
    file: "statements/permissions-changed.ts",
    what: "rule removed",
    was: /^rule\($/,
    why: "who says it is an administrator with a key in use, and nobody changes their own permissions",
  },
];

export function explained({ file, what, was }: Mutant): string | undefined {
  return reasons.find((it) => it.file === file && it.what === what && it.was.test(was))?.why;
}
