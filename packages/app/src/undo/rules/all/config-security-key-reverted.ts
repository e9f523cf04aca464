/**
 * config.security-key-reverted: another setting that bears on security is weaker.
 * One root cause a setting.
 */
import { settingFindings } from "../../lattice/setting-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import type { Rule } from "../rule.ts";

export const configSecurityKeyReverted: Rule = {
  id: "config.security-key-reverted",
  version: 1,
  implications: ["config.security-key-reverted"],
  reads: (path) => formatOf(path) !== null,
  run: (input) => settingFindings(configSecurityKeyReverted, input, "config.security-key-reverted"),
};
