/**
 * Alerting rules of Prometheus (rule files and PrometheusRule objects): one that is gone from
 * the change. https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
 */
import { statement } from "../rules/clear.ts";
import { isTest, securityWord } from "../rules/file-classes.ts";
import { finding, type Finding, type RuleInput, type Side } from "../rules/rule.ts";
import type { Say } from "./cloud-rows-engine.ts";
import { readYaml, textAt, valuesAt } from "./yaml.ts";

export function isAlertPath(path: string): boolean {
  return /(?:alert|rules?|prometheus)[^\n]{0,200}\.ya?ml$/i.test(path) && !isTest(path);
}

type Alert = { readonly path: string; readonly line: number; readonly endLine: number };

export function alertRules(say: Say, input: RuleInput): Finding[] {
  const files = input.files.filter(({ path }) => isAlertPath(path));
  const [before, after] = [alertsOf(files, "before"), alertsOf(files, "after")];
  if (before === null || after === null) return [];
  const told = (name: string, at: Alert, worse: boolean): Finding =>
    finding(say.rule, {
      implication: say.rule.id,
      direction: worse ? "worse" : "better",
      subject: `alert ${name}`.slice(0, 300).toWellFormed(),
      locations: [
        {
          side: worse ? "before" : "after",
          path: at.path,
          startLine: at.line,
          endLine: at.endLine,
        },
      ],
      evidence: [
        {
          kind: "value",
          text: `alert ${name}: ${worse ? "there to gone" : "gone to there"}`
            .slice(0, 300)
            .toWellFormed(),
        },
      ],
      severity: !worse ? "info" : securityWord(name) === null ? "low" : "medium",
      confidence: 90,
      rootCause: `alert:${name}`,
      clearBy: say.clear.map(statement),
    });
  return [
    ...[...before].filter(([name]) => !after.has(name)).map(([name, at]) => told(name, at, true)),
    ...[...after].filter(([name]) => !before.has(name)).map(([name, at]) => told(name, at, false)),
  ];
}

function alertsOf(files: RuleInput["files"], side: Side): Map<string, Alert> | null {
  const found = new Map<string, Alert>();
  for (const file of files) {
    const text = file[side];
    if (text === undefined || !/\balert:/.test(text)) continue;
    const documents = readYaml(text);
    if (typeof documents === "string") return null;
    for (const document of documents) {
      const groups = [
        ...valuesAt(document, ["groups", "*", "rules", "*"]),
        ...valuesAt(document, ["spec", "groups", "*", "rules", "*"]),
      ];
      for (const rule of groups) {
        const name = textAt(rule, "alert");
        if (name !== undefined) {
          found.set(name, { path: file.path, line: rule.line, endLine: rule.endLine });
        }
      }
    }
  }
  return found;
}
