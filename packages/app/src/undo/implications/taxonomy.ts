/**
 * What going back can bring about: every implication with its names in the field's
 * catalogues. CWE (https://cwe.mitre.org), MITRE ATT&CK techniques (version 18; later
 * ones cut defence evasion anew), controls of NIST SP 800-53 r5 and of ISO/IEC
 * 27001:2022 Annex A. The severity is the usual one of a finding for the worse; rules
 * say their own. A page for each is in docs/implications.
 */
import type { Severity } from "../rules/rule.ts";

export type Implication = {
  readonly id: string;
  /** What is so after going back, a clause without a full stop. */
  readonly title: string;
  readonly severity: Severity;
  readonly cwe: readonly number[];
  readonly attack: readonly string[];
  readonly controls: readonly string[];
};

export const attackVersion = 18;

export const implications: readonly Implication[] = [
  row(
    "dep.vuln-reintroduced",
    "a vulnerable dependency comes back",
    "high",
    [1395],
    ["T1190", "T1195.001"],
    ["SI-2", "RA-5", "A.8.8"],
  ),
  row(
    "dep.downgraded",
    "a dependency or runtime goes back to an older version",
    "low",
    [1104],
    ["T1195"],
    ["CM-2", "SI-2", "A.8.8"],
  ),
  row(
    "dep.integrity-weakened",
    "what is installed is held to less: a lock file, hash or source",
    "high",
    [353, 494],
    ["T1195.002"],
    ["SI-7", "SR-4", "A.8.28"],
  ),
  row(
    "dep.unpinned",
    "a pin becomes a reference that can move",
    "medium",
    [829, 1357],
    ["T1195.002"],
    ["SR-3", "CM-2"],
  ),
  row(
    "supply.provenance-dropped",
    "signing, attestation, SBOM or their verification is gone",
    "medium",
    [345, 347],
    ["T1553", "T1195.002"],
    ["SR-4", "SI-7"],
  ),
  row(
    "fix.advisory-reverted",
    "an undone commit fixed a named security flaw",
    "high",
    [],
    ["T1190"],
    ["SI-2", "A.8.8"],
  ),
  row(
    "fix.hardening-reverted",
    "an undone commit looks like a security fix without a name",
    "medium",
    [693],
    ["T1190"],
    ["SI-2", "SA-11"],
  ),
  row(
    "test.security-dropped",
    "security tests are deleted or skipped",
    "low",
    [1053],
    [],
    ["SA-11", "A.8.29"],
  ),
  row("test.removed", "tests are deleted or skipped", "info", [1053], [], ["SA-11"]),
  row(
    "authz.guard-removed",
    "a check of who may do something is gone or weaker",
    "high",
    [862, 863, 306, 352],
    ["T1190", "T1078"],
    ["AC-3", "A.8.3"],
  ),
  row(
    "authz.rbac-widened",
    "Kubernetes RBAC grants more",
    "high",
    [269, 732],
    ["T1078.004", "T1098.006"],
    ["AC-6", "A.8.2"],
  ),
  row(
    "authz.iam-widened",
    "cloud identity and access management grants more",
    "high",
    [732, 284],
    ["T1098.001", "T1078.004"],
    ["AC-6", "A.5.18"],
  ),
  row(
    "authz.owners-weakened",
    "fewer or other people must review a path",
    "medium",
    [1220],
    ["T1195.002"],
    ["CM-5", "A.8.4"],
  ),
  row(
    "authn.weakened",
    "login or credential policy is weaker",
    "high",
    [287, 307, 521],
    ["T1110", "T1556.006"],
    ["IA-2", "IA-5", "AC-7"],
  ),
  row(
    "session.weakened",
    "sessions or cookies are weaker",
    "medium",
    [384, 614, 1004, 1275, 352],
    ["T1539"],
    ["SC-23", "AC-12"],
  ),
  row(
    "input.validation-removed",
    "a check or escape of input is gone",
    "high",
    [20, 79, 89, 601, 918, 1333],
    ["T1190"],
    ["SI-10", "A.8.28"],
  ),
  row(
    "exposure.network-opened",
    "a firewall or network policy lets more in",
    "high",
    [1327, 284],
    ["T1190", "T1133"],
    ["SC-7", "A.8.20"],
  ),
  row(
    "exposure.service-public",
    "a service can be reached from more places",
    "high",
    [668, 1327],
    ["T1133"],
    ["SC-7", "AC-4"],
  ),
  row(
    "exposure.storage-public",
    "a bucket, snapshot or registry is public",
    "critical",
    [732, 552],
    ["T1530"],
    ["AC-3", "A.8.12"],
  ),
  row(
    "exposure.cors-widened",
    "more origins may read with the user's credentials",
    "medium",
    [942, 346],
    ["T1189"],
    ["AC-4", "SC-8"],
  ),
  row(
    "exposure.headers-weakened",
    "security headers are weaker",
    "medium",
    [693, 1021, 319],
    ["T1189"],
    ["SC-18"],
  ),
  row(
    "exposure.ratelimit-waf-removed",
    "a limit, WAF rule or abuse control is gone",
    "medium",
    [770, 799, 307],
    ["T1499", "T1110"],
    ["SC-5"],
  ),
  row(
    "crypto.tls-weakened",
    "transport encryption or its verification is weaker",
    "high",
    [295, 319, 326, 757],
    ["T1557", "T1040"],
    ["SC-8", "SC-13", "A.8.24"],
  ),
  row(
    "crypto.algorithm-weakened",
    "a hash, cipher or key is weaker",
    "high",
    [327, 328, 916],
    ["T1600"],
    ["SC-13", "A.8.24"],
  ),
  row(
    "crypto.retired-material-restored",
    "an expired or retired key or certificate is back",
    "high",
    [298, 299, 324, 320],
    ["T1649", "T1552.004"],
    ["SC-12", "SC-17"],
  ),
  row(
    "crypto.encryption-removed",
    "data at rest is not encrypted any more",
    "high",
    [311],
    ["T1530"],
    ["SC-28", "A.8.24"],
  ),
  row(
    "secret.reintroduced",
    "a secret is in the text again",
    "critical",
    [798, 312, 540],
    ["T1552.001"],
    ["IA-5", "A.8.24"],
  ),
  row(
    "secret.rotation-undone",
    "a rotated secret goes back to its old value",
    "high",
    [324, 522],
    ["T1078"],
    ["IA-5(1)", "SC-12"],
  ),
  row(
    "secret.static-or-default-credential",
    "a default or long-lived credential takes the place of a generated one",
    "high",
    [1392, 798, 522],
    ["T1078.001"],
    ["IA-5", "A.8.5"],
  ),
  row(
    "gate.ci-check-removed",
    "a check before production is gone or soft",
    "medium",
    [1053],
    ["T1562"],
    ["CM-3", "SA-11", "A.8.32"],
  ),
  row(
    "gate.scanner-disabled",
    "a scanner or update bot is off or weaker",
    "medium",
    [1053],
    ["T1562.001"],
    ["RA-5", "SI-2"],
  ),
  row(
    "gate.repo-protection-weakened",
    "branch or repository protection is weaker",
    "high",
    [1220],
    ["T1562", "T1195.002"],
    ["CM-5", "A.8.4"],
  ),
  row(
    "gate.admission-removed",
    "an admission policy is gone or weaker",
    "high",
    [1053, 284],
    ["T1562", "T1610"],
    ["CM-6", "AC-3"],
  ),
  row(
    "gate.ci-privilege-widened",
    "a workflow has more power or less gating",
    "high",
    [250, 862],
    ["T1195.002", "T1059"],
    ["AC-6", "CM-5"],
  ),
  row(
    "workload.hardening-removed",
    "a container, pod or machine is less confined",
    "medium",
    [250],
    ["T1611", "T1610"],
    ["CM-7", "AC-6"],
  ),
  row(
    "audit.logging-removed",
    "an audit log, trail or alert is gone",
    "medium",
    [778, 223],
    ["T1562.008"],
    ["AU-2", "AU-12", "A.8.15"],
  ),
  row(
    "data.migration-irreversible",
    "an applied migration is deleted, or going down loses data",
    "high",
    [1264, 664],
    ["T1485"],
    ["CP-9", "CM-3", "A.8.13"],
  ),
  row(
    "data.schema-contract-broken",
    "old code cannot read what new code wrote",
    "high",
    [664],
    [],
    ["SI-7", "CP-10"],
  ),
  row(
    "data.protection-removed",
    "deletion protection, backup or versioning is gone",
    "medium",
    [1329],
    ["T1485", "T1490"],
    ["CP-9", "A.8.13"],
  ),
  row("flag.flipped", "a flag or kill switch goes back", "low", [1188], [], ["CM-6"]),
  row(
    "config.security-key-reverted",
    "another security setting changes",
    "low",
    [1188, 16],
    [],
    ["CM-6", "A.8.9"],
  ),
  row(
    "revert.inexact",
    "not, or not only, the inverse of what it undoes",
    "low",
    [1357],
    ["T1195.002"],
    ["CM-3"],
  ),
  row("revert.origin-unresolved", "what is undone was not found", "info", [], [], ["CM-3"]),
  row("revert.reapplied", "what was taken out comes in again", "info", [], [], ["CM-3"]),
];

const byId = new Map(implications.map((one) => [one.id, one]));

/** Undefined for what a scanner's rule maps to nothing here. */
export function implicationOf(id: string): Implication | undefined {
  return byId.get(id);
}

/** The page that says what is seen, what is missed and what settles it, in this project's folder. */
export function pageOf(id: string): string {
  return `docs/implications/${id}.md`;
}

function row(
  id: string,
  title: string,
  severity: Severity,
  cwe: readonly number[],
  attack: readonly string[],
  controls: readonly string[],
): Implication {
  return { id, title, severity, cwe, attack, controls };
}
