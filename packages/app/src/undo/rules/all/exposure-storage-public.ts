/**
 * exposure.storage-public: a bucket, database, snapshot or registry that can be reached, read
 * or written by anyone after, and could not before.
 */
import { storageControls } from "../../lattice/cloud-controls.ts";
import { publicGrants } from "../../lattice/cloud-public.ts";
import { cloudReads, ofControls, ofRows } from "../../lattice/cloud-rows-engine.ts";
import { storageRows } from "../../lattice/cloud-rows-data.ts";
import type { Rule } from "../rule.ts";

export const exposureStoragePublic: Rule = {
  id: "exposure.storage-public",
  version: 1,
  implications: ["exposure.storage-public"],
  ...cloudReads,
  run(input) {
    const say = {
      rule: exposureStoragePublic,
      clear: [
        "what is stored there is meant for everyone",
        "the account or organisation blocks public access as a whole",
      ],
    };
    return [
      ...ofRows(say, input, storageRows),
      ...ofControls(say, input, storageControls),
      ...publicGrants(say, input),
    ];
  },
};
