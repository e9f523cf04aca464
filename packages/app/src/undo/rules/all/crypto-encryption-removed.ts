/**
 * crypto.encryption-removed: data at rest, or the state of the infrastructure itself, is no
 * longer encrypted, or no longer with the key that was chosen for it.
 */
import { encryptionArguments, isCommandPath } from "../../lattice/cloud-commands.ts";
import { cloudReads, ofControls, ofRows } from "../../lattice/cloud-rows-engine.ts";
import { encryptionControls } from "../../lattice/cloud-controls.ts";
import { isCloudPath } from "../../lattice/cloud-view.ts";
import { encryptionRows } from "../../lattice/terraform-rows.ts";
import { encryptionConfigurations } from "../../lattice/cloud-kubernetes.ts";
import type { Rule } from "../rule.ts";

export const cryptoEncryptionRemoved: Rule = {
  id: "crypto.encryption-removed",
  version: 1,
  implications: ["crypto.encryption-removed"],
  ...cloudReads,
  reads: (path) =>
    isCloudPath(path) || isCommandPath(path) || /encryption[^/]{0,60}\.ya?ml$/i.test(path),
  run(input) {
    const say = {
      rule: cryptoEncryptionRemoved,
      clear: [
        "the service encrypts by default with a key that is acceptable for this data",
        "nothing is stored there that needs encryption at rest",
      ],
    };
    return [
      ...ofRows(say, input, encryptionRows),
      ...ofControls(say, input, encryptionControls),
      ...encryptionArguments(say, input),
      ...encryptionConfigurations(say, input),
    ];
  },
};
