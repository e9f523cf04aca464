/**
 * session.weakened: a function stays and no longer ends or renews a session, or sets a cookie with fewer flags.
 * One root cause a function.
 */
import { sourceFindings } from "../../models/source/findings.ts";
import { isComparedSource } from "../../models/source/losses.ts";
import type { Rule } from "../rule.ts";

export const sessionWeakened: Rule = {
  id: "session.weakened",
  version: 1,
  implications: ["session.weakened"],
  reads: isComparedSource,
  run(input) {
    const clear = [
      "the framework does the same by default (version shown)",
      "another call ends the session on the same path",
    ];
    return sourceFindings({ rule: sessionWeakened, implication: "session.weakened", clear }, input);
  },
};
