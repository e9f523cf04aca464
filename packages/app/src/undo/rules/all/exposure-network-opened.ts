/**
 * exposure.network-opened: security groups, network ACLs, firewalls and lists of addresses let
 * more in (or out) after; a deny rule or a firewall is gone; what was internal faces the internet.
 */
import { networkControls } from "../../lattice/cloud-controls.ts";
import { openings } from "../../lattice/cloud-network.ts";
import { cloudReads, ofControls, ofRows } from "../../lattice/cloud-rows-engine.ts";
import { networkRows } from "../../lattice/cloud-rows-access.ts";
import type { Rule } from "../rule.ts";

export const exposureNetworkOpened: Rule = {
  id: "exposure.network-opened",
  version: 1,
  implications: ["exposure.network-opened"],
  ...cloudReads,
  run(input) {
    const say = {
      rule: exposureNetworkOpened,
      clear: [
        "no route leads there (private subnet without a gateway)",
        "another firewall in front refuses the same",
      ],
    };
    return [
      ...openings(say, input),
      ...ofRows(say, input, networkRows),
      ...ofControls(say, input, networkControls),
    ];
  },
};
