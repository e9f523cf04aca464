/**
 * gate.repo-protection-weakened: branch protection, rulesets, secret scanning and access of
 * repositories kept as code are weaker after, in Terraform or in settings files.
 */
import { repositoryControls } from "../../lattice/cloud-controls.ts";
import { isRepositoryPath, repositorySettings } from "../../lattice/cloud-repositories.ts";
import { cloudReads, ofControls, ofRows } from "../../lattice/cloud-rows-engine.ts";
import { isCloudPath } from "../../lattice/cloud-view.ts";
import { repositoryRows } from "../../lattice/cloud-rows-repositories.ts";
import type { Rule } from "../rule.ts";

export const gateRepoProtectionWeakened: Rule = {
  id: "gate.repo-protection-weakened",
  version: 1,
  implications: ["gate.repo-protection-weakened"],
  ...cloudReads,
  reads: (path) => isCloudPath(path) || isRepositoryPath(path),
  run(input) {
    const say = {
      rule: gateRepoProtectionWeakened,
      clear: [
        "a rule of the organisation is equal or stronger",
        "the repository is archived or no longer delivers anything",
      ],
    };
    return [
      ...ofRows(say, input, repositoryRows),
      ...ofControls(say, input, repositoryControls),
      ...repositorySettings(say, input),
    ];
  },
};
