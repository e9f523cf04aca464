/** How rows of cloud settings are written: their scales and the documentation they are from. */
import type { Severity } from "../rules/rule.ts";
import type { CloudRow, NumberScale } from "./cloud-rows-engine.ts";

export type Facts = {
  readonly implication: string;
  readonly references: readonly string[];
  readonly source: string;
};

const registry = "https://registry.terraform.io/providers";
export const aws = `${registry}/hashicorp/aws/latest/docs`;
export const google = `${registry}/hashicorp/google/latest/docs`;
export const azure = `${registry}/hashicorp/azurerm/latest/docs`;
export const github = `${registry}/integrations/github/latest/docs`;

export function row(
  facts: Facts,
  on: RegExp,
  path: string,
  scale: CloudRow["scale"],
  severity: Severity,
): CloudRow {
  const keys = path.split(".");
  return { ...facts, id: `${on.source}:${path}`, on, path: keys, scale, severity };
}

/** True is strong. */
export function safe(absent: "true" | "false" | "unknown"): CloudRow["scale"] {
  return {
    kind: "ordered",
    groups: [
      ["false", "0", "no"],
      ["true", "1", "yes"],
    ],
    absent,
  };
}
/** True is weak. */
export function risky(absent: "true" | "false" | "unknown"): CloudRow["scale"] {
  return {
    kind: "ordered",
    groups: [
      ["true", "1"],
      ["false", "0"],
    ],
    absent,
  };
}
/** Given is strong; what is empty or stands for all is not given. */
export const present: CloudRow["scale"] = {
  kind: "ordered",
  groups: [["absent", "", "[]", "[*]", "{}", "false", "NONE"], ["*"]],
  absent: "absent",
};
export const steps = (absent: string, ...groups: readonly string[][]): CloudRow["scale"] => ({
  kind: "ordered",
  groups,
  absent,
});
export const more = (absent?: number, endless?: number): NumberScale => ({
  kind: "number",
  more: "stronger",
  ...(absent === undefined ? {} : { absent }),
  ...(endless === undefined ? {} : { endless }),
});
export const fewer = (absent?: number): NumberScale => ({
  kind: "number",
  more: "weaker",
  ...(absent === undefined ? {} : { absent }),
});
