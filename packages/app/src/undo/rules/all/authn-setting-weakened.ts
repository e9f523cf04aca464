/**
 * authn.setting-weakened: a setting of login, lockout, passwords or tokens is weaker.
 * One root cause a setting.
 */
import { settingFindings } from "../../lattice/setting-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import type { Rule } from "../rule.ts";

export const authnSettingWeakened: Rule = {
  id: "authn.setting-weakened",
  version: 1,
  implications: ["authn.weakened"],
  reads: (path) => formatOf(path) !== null,
  run: (input) => settingFindings(authnSettingWeakened, input, "authn.weakened"),
};
