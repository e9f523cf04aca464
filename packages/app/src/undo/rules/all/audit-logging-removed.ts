/**
 * audit.logging-removed: trails, flow logs, access logs, their delivery, detectors and alerts
 * that are gone, off or kept for a shorter time while what they watch stays; columns that say who did it.
 */
import { alertRules, isAlertPath } from "../../lattice/cloud-alerts.ts";
import { auditFields, isModelPath } from "../../lattice/cloud-audit-fields.ts";
import { auditControls } from "../../lattice/cloud-controls.ts";
import { cloudReads, ofControls, ofRows } from "../../lattice/cloud-rows-engine.ts";
import { isCloudPath } from "../../lattice/cloud-view.ts";
import { auditRows } from "../../lattice/terraform-rows.ts";
import type { Rule } from "../rule.ts";

export const auditLoggingRemoved: Rule = {
  id: "audit.logging-removed",
  version: 1,
  implications: ["audit.logging-removed"],
  ...cloudReads,
  reads: (path) => isCloudPath(path) || isAlertPath(path) || isModelPath(path),
  run(input) {
    const say = {
      rule: auditLoggingRemoved,
      clear: [
        "the same events are recorded elsewhere (organisation's trail, another account, another sink)",
        "what was watched is gone as well",
      ],
    };
    return [
      ...ofRows(say, input, auditRows),
      ...ofControls(say, input, auditControls),
      ...alertRules(say, input),
      ...auditFields(say, input),
    ];
  },
};
