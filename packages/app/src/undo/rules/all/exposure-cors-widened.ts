/**
 * exposure.cors-widened: more origins may read, or they may with credentials.
 * One root cause a setting.
 */
import { settingFindings } from "../../lattice/setting-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import type { Rule } from "../rule.ts";

export const exposureCorsWidened: Rule = {
  id: "exposure.cors-widened",
  version: 1,
  implications: ["exposure.cors-widened"],
  reads: (path) => formatOf(path) !== null,
  run: (input) => settingFindings(exposureCorsWidened, input, "exposure.cors-widened"),
};
