/**
 * exposure.headers-weakened: a response header protects the browser less.
 * One root cause a setting.
 */
import { settingFindings } from "../../lattice/setting-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import type { Rule } from "../rule.ts";

export const exposureHeadersWeakened: Rule = {
  id: "exposure.headers-weakened",
  version: 1,
  implications: ["exposure.headers-weakened"],
  reads: (path) => formatOf(path) !== null,
  run: (input) => settingFindings(exposureHeadersWeakened, input, "exposure.headers-weakened"),
};
