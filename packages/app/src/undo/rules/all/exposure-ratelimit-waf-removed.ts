/**
 * exposure.ratelimit-waf-removed: a web application firewall, a rate limit or throttling is
 * gone, only counts, or lets more through, in Terraform, CloudFormation or VCL.
 */
import { limitControls } from "../../lattice/cloud-controls.ts";
import { cloudReads, ofControls, ofRows } from "../../lattice/cloud-rows-engine.ts";
import { isVclPath, vclChecks } from "../../lattice/cloud-vcl.ts";
import { isCloudPath } from "../../lattice/cloud-view.ts";
import { firewallRules } from "../../lattice/cloud-waf.ts";
import { limitRows } from "../../lattice/cloud-rows-access.ts";
import type { Rule } from "../rule.ts";

export const exposureRatelimitWafRemoved: Rule = {
  id: "exposure.ratelimit-waf-removed",
  version: 1,
  implications: ["exposure.ratelimit-waf-removed"],
  ...cloudReads,
  reads: (path) => isCloudPath(path) || isVclPath(path),
  run(input) {
    const say = {
      rule: exposureRatelimitWafRemoved,
      clear: [
        "another layer (content delivery network, gateway, application) limits the same requests",
        "the rule blocked what should pass, and nothing else",
      ],
    };
    return [
      ...ofRows(say, input, limitRows),
      ...ofControls(say, input, limitControls),
      ...firewallRules(say, input),
      ...vclChecks(say, input),
    ];
  },
};
