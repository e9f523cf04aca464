/**
 * A scanner's new and gone results as findings: one for a rule in a file,
 * whatever the number of places. What the tool says in a result's own words may
 * quote the repository (a secret, even), so only the rule's words are taken.
 */
import { statement } from "../rules/clear.ts";
import { isDocumentation, isTest } from "../rules/file-classes.ts";
import { compareText } from "../rules/order.ts";
import { reachOf } from "../rules/reach.ts";
import { type Direction, finding, type Finding, severities, type Severity } from "../rules/rule.ts";
import type { IdentifiedResult } from "./identity.ts";
import { advisoryOf, implicationOf } from "./implications.ts";
import type { Matched } from "./match.ts";
import type { SarifRule } from "./sarif.ts";

/** Raised whenever the same results may give other findings. */
export const scannerRuleVersion = 1;

/** Of one scanner; what is beyond is counted. */
const mostFindings = 1000;
const mostLocations = 20;

export function findingsOf(
  tool: { readonly id: string; readonly version: string },
  { added, gone }: Pick<Matched, "added" | "gone">,
  described: readonly Rule[],
): { readonly findings: readonly Finding[]; readonly dropped: number } {
  // The state gone back to is described first; its words win.
  const rules = new Map(described.toReversed().map((rule) => [rule.id, rule]));
  const findings = [
    ...group(added).map((some) => one(tool, some, rules, "worse")),
    ...group(gone).map((some) => one(tool, some, rules, "better")),
  ].sort(byGravity);
  return {
    findings: findings.slice(0, mostFindings),
    dropped: Math.max(0, findings.length - mostFindings),
  };
}

type Rule = Pick<SarifRule, "id" | "title" | "cwe"> & {
  readonly security?: number | undefined;
  readonly url?: string | undefined;
};

function byGravity(a: Finding, b: Finding): number {
  return (
    compareText(b.direction, a.direction) ||
    severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
    compareText(a.subject, b.subject)
  );
}

function group(results: readonly IdentifiedResult[]): IdentifiedResult[][] {
  return [...Map.groupBy(results, ({ rule, path }) => JSON.stringify([rule, path])).values()];
}

function one(
  tool: { readonly id: string; readonly version: string },
  results: readonly IdentifiedResult[],
  rules: ReadonlyMap<string, Rule>,
  direction: Direction & ("worse" | "better"),
): Finding {
  const { rule: id = "", path = "" } = results[0] ?? {};
  const rule = rules.get(id);
  const { implication, most } = implicationOf(tool.id, id, rule?.cwe ?? []);
  const advisory = advisoryOf(id);
  const side = direction === "worse" ? "after" : "before";
  const places = results
    .filter(({ startLine }) => path !== "" && startLine > 0)
    .toSorted((a, b) => a.startLine - b.startLine || a.endLine - b.endLine);
  const lines = new Map(places.map((place) => [`${place.startLine} ${place.endLine}`, place]));
  const cwe = (rule?.cwe ?? []).map((number) => `CWE-${number}`).join(", ");
  const said = [
    `${tool.id} ${tool.version}: ${id}`,
    rule?.title ?? "",
    cwe,
    rule?.security === undefined ? "" : `security severity ${tenths(rule.security)}`,
    rule?.url ?? "",
    results.length > 1 ? `${results.length} places` : "",
  ];
  return finding(
    { id: `scanner.${tool.id}`, version: scannerRuleVersion },
    {
      implication,
      direction,
      subject: path === "" ? id : `${id} in ${path}`,
      locations: [...lines.values()]
        .slice(0, mostLocations)
        .map(({ startLine, endLine }) => ({ side, path, startLine, endLine })),
      evidence: said.filter((text) => text !== "").map((text) => ({ kind: "value", text })),
      severity: direction === "better" ? "info" : severityOf(rule, results, most, path),
      confidence: results.every(({ certain }) => certain) ? 80 : 60,
      ...(path === "" ? {} : { reach: reachOf([path]) }),
      rootCause: advisory === null ? `scan:${path}#${id}` : `advisory:${advisory}`,
      clearBy: [
        statement(`a person has looked at ${id} and says why it does not apply or is accepted`),
      ],
    },
  );
}

/**
 * By the tool's `security-severity` in the bands of CVSS (9, 7, 4), else by its
 * level; never graver than the implication allows, and low in tests and texts.
 */
function severityOf(
  rule: Rule | undefined,
  results: readonly IdentifiedResult[],
  most: Severity,
  path: string,
): Severity {
  const own = rule?.security === undefined ? byLevel(results) : byScore(rule.security);
  const bounds = [own, most, ...(isTest(path) || isDocumentation(path) ? ["low" as const] : [])];
  return severities[Math.min(...bounds.map((severity) => severities.indexOf(severity)))] ?? "info";
}

function byScore(score: number): Severity {
  if (score >= 90) return "critical";
  if (score >= 70) return "high";
  if (score >= 40) return "medium";
  return score > 0 ? "low" : "info";
}

/** A tool that gives no score only says how sure its rule is to matter. */
function byLevel(results: readonly IdentifiedResult[]): Severity {
  const levels = new Set(results.map(({ level }) => level));
  return levels.has("error") ? "medium" : levels.has("warning") ? "low" : "info";
}

function tenths(score: number): string {
  return `${Math.floor(score / 10)}.${score % 10}`;
}
