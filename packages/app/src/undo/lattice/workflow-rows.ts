/**
 * What a workflow may do and what holds it back. Defaults are those of GitHub's
 * workflow syntax; the default token permissions are a setting of the repository
 * or its owner, so their absence says nothing.
 */
import type { Row } from "./row.ts";

const implication = "gate.ci-privilege-widened";
const references = ["CWE-250", "NIST 800-53 AC-6", "NIST 800-53 CM-5"];
const syntax = "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax";
const events =
  "https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows";

function row(
  setting: string,
  groups: readonly (readonly string[])[],
  absent: string,
  severity: Row["severity"],
  source: string,
): Row {
  return {
    id: `job.${setting}`,
    document: "job",
    path: setting.split("."),
    scale: { kind: "ordered", groups, absent },
    implication,
    severity,
    references,
    source,
  };
}

const scopes = (
  "actions artifact-metadata attestations checks contents deployments discussions id-token issues " +
  "models packages pages pull-requests security-events statuses"
).split(" ");
/** Writing here changes what is built, shipped or trusted. */
const grave = new Set([
  "actions",
  "contents",
  "id-token",
  "packages",
  "deployments",
  "attestations",
]);

/** One a scope of the token, by scope. */
export const permissionRows: ReadonlyMap<string, Row> = new Map(
  scopes.map((scope) => [
    scope,
    row(
      `permissions.${scope}`,
      [["write"], ["read"], ["none"]],
      "unknown",
      grave.has(scope) ? "high" : "medium",
      `${syntax}#permissions`,
    ),
  ]),
);

/** Events that outsiders cause and that run with the repository's own secrets or token. */
export const triggerRows: ReadonlyMap<string, Row> = new Map(
  (
    [
      ["pull_request_target", "high"],
      ["workflow_run", "high"],
      ["issue_comment", "medium"],
      ["issues", "medium"],
    ] as const
  ).map(([event, severity]) => [
    event,
    row(`on.${event}`, [["present"], ["none"]], "none", severity, `${events}#${event}`),
  ]),
);

export const credentialsRow = row(
  "steps.with.persist-credentials",
  [["true"], ["false"]],
  "true",
  "medium",
  "https://github.com/actions/checkout#usage",
);
export const runnerRow = row(
  "runs-on",
  [["self-hosted"], ["*"]],
  "unknown",
  "high",
  "https://docs.github.com/en/actions/reference/security/secure-use#hardening-for-self-hosted-runners",
);
export const environmentRow = row(
  "environment",
  [["none"], ["*"]],
  "none",
  "medium",
  `${syntax}#jobsjob_idenvironment`,
);
export const secretsRow = row(
  "secrets",
  [["inherit"], ["*"]],
  "none",
  "medium",
  `${syntax}#jobsjob_idsecretsinherit`,
);
/** Who may set the job off, as its conditions ask. */
export const guardRow: Row = {
  ...row("if", [], "none", "high", `${syntax}#jobsjob_idif`),
  scale: { kind: "set", more: "stronger" },
};

/** Whether a check holds up a change: by `if`, `continue-on-error` and `|| true`. */
export const checkRow: Row = {
  id: "check.force",
  document: "check",
  path: ["steps"],
  scale: { kind: "ordered", groups: [["gone", "off"], ["ignored"], ["enforced"]], absent: "gone" },
  implication: "gate.ci-check-removed",
  severity: "medium",
  references: ["CWE-1053", "NIST 800-53 CM-3", "NIST 800-53 SA-11"],
  source: `${syntax}#jobsjob_idstepscontinue-on-error`,
};

/** The same for a known scanner. */
export const scannerRow: Row = {
  ...checkRow,
  id: "scanner.force",
  implication: "gate.scanner-disabled",
  references: ["CWE-1053", "NIST 800-53 RA-5", "NIST 800-53 SI-2"],
};
