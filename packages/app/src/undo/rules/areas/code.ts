/** Rules about what source code guards: access, login, sessions, input. */
import { auditEventRemoved } from "../all/audit-event-removed.ts";
import { authnWeakened } from "../all/authn-weakened.ts";
import { authzGuardRemoved } from "../all/authz-guard-removed.ts";
import { fixHardeningReverted } from "../all/fix-hardening-reverted.ts";
import { inputValidationRemoved } from "../all/input-validation-removed.ts";
import { sessionWeakened } from "../all/session-weakened.ts";
import { testCaseRemoved } from "../all/test-case-removed.ts";
import type { Rule } from "../rule.ts";

export const codeRules: readonly Rule[] = [
  auditEventRemoved,
  authnWeakened,
  authzGuardRemoved,
  fixHardeningReverted,
  inputValidationRemoved,
  sessionWeakened,
  testCaseRemoved,
];
