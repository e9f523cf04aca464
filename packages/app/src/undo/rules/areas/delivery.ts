/** Rules about the way to production: checks, scanners, workflows, owners. */
import { authzOwnersWeakened } from "../all/authz-owners-weakened.ts";
import { gateCiCheckRemoved } from "../all/gate-ci-check-removed.ts";
import { gateCiPrivilegeWidened } from "../all/gate-ci-privilege-widened.ts";
import { gateScriptCheckRemoved } from "../all/gate-script-check-removed.ts";
import { gateScannerDisabled } from "../all/gate-scanner-disabled.ts";
import type { Rule } from "../rule.ts";

export const deliveryRules: readonly Rule[] = [
  authzOwnersWeakened,
  gateCiCheckRemoved,
  gateCiPrivilegeWidened,
  gateScannerDisabled,
  gateScriptCheckRemoved,
];
