/**
 * session.setting-weakened: a setting of sessions, cookies or forgery protection is weaker.
 * One root cause a setting.
 */
import { settingFindings } from "../../lattice/setting-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import type { Rule } from "../rule.ts";

export const sessionSettingWeakened: Rule = {
  id: "session.setting-weakened",
  version: 1,
  implications: ["session.weakened"],
  reads: (path) => formatOf(path) !== null,
  run: (input) => settingFindings(sessionSettingWeakened, input, "session.weakened"),
};
