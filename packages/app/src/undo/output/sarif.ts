/**
 * A report as SARIF 2.1.0 (OASIS, 2023 errata), for the places that read scanners'
 * results. What goes back is the change, so the results are those of the state gone
 * back to: worse and changed findings with `baselineState` "new", improvements with
 * "absent". What is cleared is suppressed, not left out. Unknowns are notifications
 * of the run: silence about them would be a clearance.
 */
import { type Cleared, clearedText } from "../clearing/clear-findings.ts";
import { implicationOf, pageOf } from "../implications/taxonomy.ts";
import type { UndoReport } from "../range/report.ts";
import type { Finding, FindingContext, Location, Severity } from "../rules/rule.ts";

const schema =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/** Of repository text in a message. */
const longest = 1000;

export function toSarif(report: UndoReport): object {
  const ids = [...new Set(report.findings.map(({ implication }) => implication))].sort();
  const index = new Map(ids.map((id, i) => [id, i]));
  const cleared = new Map((report.cleared ?? []).map((one) => [one.fingerprint, one]));
  const weaknesses = [...new Set(ids.flatMap((id) => implicationOf(id)?.cwe ?? []))].sort(
    (a, b) => a - b,
  );
  return {
    $schema: schema,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "countermand",
            semanticVersion: "0.1.0",
            rules: ids.map(ruleOf),
            supportedTaxonomies: [{ name: "CWE", index: 0 }],
          },
        },
        taxonomies: [
          {
            name: "CWE",
            organization: "MITRE",
            shortDescription: { text: "Common Weakness Enumeration" },
            informationUri: "https://cwe.mitre.org/",
            taxa: weaknesses.map((number) => ({
              id: String(number),
              helpUri: weaknessUrl(number),
            })),
          },
        ],
        automationDetails: { id: `countermand/undo/${report.target}` },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: report.unknowns.map((text) => ({
              level: "warning",
              message: { text: `unknown: ${text}` },
              descriptor: { id: "unknown" },
            })),
          },
        ],
        columnKind: "utf16CodeUnits",
        properties: {
          from: report.from,
          target: report.target,
          risk: {
            score: report.risk.score,
            level: report.risk.level,
            coverage: report.risk.coverage,
            weights: report.risk.weights,
          },
        },
        results: report.findings.map((finding) => resultOf(finding, index, cleared)),
      },
    ],
  };
}

function ruleOf(id: string) {
  const known = implicationOf(id);
  const severity = known?.severity ?? "info";
  return {
    id,
    name: id.replaceAll(/(?:^|[.-])([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: known?.title ?? id },
    // The page is a file of this project without an address of its own, and helpUri must be absolute.
    ...(known === undefined
      ? {}
      : {
          help: {
            text: `${known.title}. What the rule sees, what it misses and what settles it: ${pageOf(id)}`,
            markdown: `${known.title}. What the rule sees, what it misses and what settles it: \`${pageOf(id)}\``,
          },
        }),
    defaultConfiguration: { level: levelOf(severity) },
    relationships: (known?.cwe ?? []).map((number) => ({
      target: { id: String(number), toolComponent: { name: "CWE", index: 0 } },
      kinds: ["relevant"],
    })),
    properties: {
      tags: [
        "security",
        ...(known?.cwe ?? []).map((number) => `external/cwe/cwe-${number}`),
        ...(known?.attack ?? []).map((technique) => `attack/${technique}`),
        ...(known?.controls ?? []).map((control) => `control/${control}`),
      ],
      "security-severity": securitySeverity[severity],
    },
  };
}

function resultOf(
  finding: Finding,
  index: ReadonlyMap<string, number>,
  cleared: ReadonlyMap<string, Cleared>,
) {
  const clearing = cleared.get(finding.fingerprint);
  const shown = finding.locations.filter(({ side }) => side === "after");
  const related = finding.locations.filter(({ side }) => side === "before");
  const evidence = finding.evidence.map(({ text }) => text).join("; ");
  const text = `${finding.subject}${evidence === "" ? "" : `: ${evidence}`}`.slice(0, longest);
  return {
    ruleId: finding.implication,
    ruleIndex: index.get(finding.implication),
    kind: finding.direction === "better" ? "pass" : "fail",
    level: finding.direction === "better" ? "none" : levelOf(finding.severity),
    message: { text: text.toWellFormed() },
    baselineState: finding.direction === "better" ? "absent" : "new",
    locations: (shown.length > 0 ? shown : related).slice(0, 10).map(placeOf),
    relatedLocations: (shown.length > 0 ? related : []).slice(0, 20).map((at, id) => ({
      id,
      message: { text: "in the state left" },
      ...placeOf(at),
    })),
    // An empty list says that nothing suppresses it; absent would say that nobody looked.
    suppressions:
      clearing === undefined
        ? []
        : [
            {
              kind: "external",
              status: "accepted",
              justification: clearedText(clearing).toWellFormed().slice(0, longest),
              ...(clearing.until === undefined ? {} : { properties: { until: clearing.until } }),
            },
          ],
    partialFingerprints: { "countermand/v1": finding.fingerprint },
    properties: {
      rule: `${finding.rule}@${finding.version}`,
      direction: finding.direction,
      confidence: finding.confidence,
      reach: finding.reach,
      ...(finding.context === undefined
        ? {}
        : { context: finding.context, tags: tagsOf(finding.context) }),
      rootCause: finding.rootCause,
      clearBy: finding.clearBy.map((condition) => condition.text),
      "security-severity": securitySeverity[finding.severity],
    },
  };
}

/** As code scanning filters by: `regulation/pci-dss`, `component/payments`. */
function tagsOf(context: FindingContext): string[] {
  const { components = [], environment, tier, data, threats = [], regulations = [] } = context;
  return [
    ...components.map((one) => `component/${one}`),
    ...(environment === undefined ? [] : [`environment/${environment}`]),
    ...(tier === undefined ? [] : [`tier/${tier}`]),
    ...(data === undefined ? [] : [`data/${data}`]),
    ...threats.map((one) => `threat/${one}`),
    ...regulations.map((one) => `regulation/${one}`),
  ];
}

function placeOf({ path, startLine, endLine }: Location) {
  return {
    physicalLocation: {
      artifactLocation: {
        uri: path.toWellFormed().split("/").map(encodeURIComponent).join("/"),
        uriBaseId: "%SRCROOT%",
      },
      region: { startLine, endLine },
    },
  };
}

function levelOf(severity: Severity): "error" | "warning" | "note" {
  if (severity === "critical" || severity === "high") return "error";
  return severity === "medium" ? "warning" : "note";
}

/**
 * 0.0 to 10.0 as text, in the middle of the bands in which code scanning shows it:
 * critical above 9.0, high from 7.0, medium from 4.0.
 */
const securitySeverity: Readonly<Record<Severity, string>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.0",
  low: "2.0",
  info: "0.0",
};

function weaknessUrl(number: number): string {
  return `https://cwe.mitre.org/data/definitions/${number}.html`;
}
