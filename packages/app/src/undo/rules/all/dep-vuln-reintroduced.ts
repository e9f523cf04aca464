/**
 * dep.vuln-reintroduced: an advisory affects a package of the state gone back to
 * and none of the state left. What is compared and told is in advisories/flaw-rule.ts.
 */
import { flawRule } from "../../advisories/flaw-rule.ts";
import { isDependencyFile, packagesModel } from "../../dependencies/packages-model.ts";
import type { Rule } from "../rule.ts";

export const depVulnReintroduced: Rule = flawRule(packagesModel, isDependencyFile);
