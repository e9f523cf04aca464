/**
 * exposure.proxy-limits-removed: a request limit or a web firewall in a proxy's or program's settings is weaker.
 * One root cause a setting.
 */
import { settingFindings } from "../../lattice/setting-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import type { Rule } from "../rule.ts";

export const exposureProxyLimitsRemoved: Rule = {
  id: "exposure.proxy-limits-removed",
  version: 1,
  implications: ["exposure.ratelimit-waf-removed"],
  reads: (path) => formatOf(path) !== null,
  run: (input) =>
    settingFindings(exposureProxyLimitsRemoved, input, "exposure.ratelimit-waf-removed"),
};
