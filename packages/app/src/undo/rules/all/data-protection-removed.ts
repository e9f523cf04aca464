/**
 * data.protection-removed: what keeps data from being lost (deletion protection, versions,
 * backups, retention, locks) is gone or weaker on a resource that stays.
 */
import { protectionControls } from "../../lattice/cloud-controls.ts";
import { cloudReads, ofControls, ofRows } from "../../lattice/cloud-rows-engine.ts";
import { protectionRows } from "../../lattice/cloud-rows-data.ts";
import type { Rule } from "../rule.ts";

export const dataProtectionRemoved: Rule = {
  id: "data.protection-removed",
  version: 1,
  implications: ["data.protection-removed"],
  ...cloudReads,
  run(input) {
    const say = {
      rule: dataProtectionRemoved,
      clear: [
        "the data can be made again from elsewhere",
        "a backup plan or an organisation's policy protects the same data",
      ],
    };
    return [...ofRows(say, input, protectionRows), ...ofControls(say, input, protectionControls)];
  },
};
