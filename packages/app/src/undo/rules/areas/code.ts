/** Rules about what source code guards: access, login, sessions, input. */
import type { Rule } from "../rule.ts";

export const codeRules: readonly Rule[] = [];
