/**
 * Which implication a scanner's rule stands for: by tool and rule id, else by the
 * CWE that the tool names, else `config.security-key-reverted` as information.
 * The tables are data; ids are the tools' own, from their public rule lists.
 * The first row that fits is taken, so narrow rows stand above wide ones.
 */
import type { Severity } from "../rules/rule.ts";

export type Mapping = {
  readonly implication: string;
  /** The gravest that a result of this kind may be, whatever the tool says. */
  readonly most: Severity;
};

type RuleRow = readonly [tool: string | null, pattern: RegExp, implication: string];

/** `most` by implication: the severities of the taxonomy. */
const gravest: Readonly<Record<string, Severity>> = {
  "dep.vuln-reintroduced": "critical",
  "dep.unpinned": "medium",
  "dep.integrity-weakened": "high",
  "authz.guard-removed": "high",
  "authz.iam-widened": "high",
  "authz.rbac-widened": "high",
  "authn.weakened": "high",
  "session.weakened": "medium",
  "input.validation-removed": "high",
  "exposure.network-opened": "high",
  "exposure.service-public": "high",
  "exposure.storage-public": "critical",
  "exposure.cors-widened": "medium",
  "exposure.headers-weakened": "medium",
  "exposure.ratelimit-waf-removed": "medium",
  "crypto.tls-weakened": "high",
  "crypto.algorithm-weakened": "high",
  "crypto.encryption-removed": "high",
  "secret.reintroduced": "critical",
  "secret.static-or-default-credential": "high",
  "gate.ci-privilege-widened": "high",
  "workload.hardening-removed": "high",
  "audit.logging-removed": "medium",
  "data.protection-removed": "medium",
  "config.security-key-reverted": "info",
};

const advisory =
  /^(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|GO-\d{4}-\d+|RUSTSEC-\d{4}-\d+|PYSEC-\d{4}-\d+|OSV-\d{4}-\d+|MAL-\d{4}-\d+|TEMP-\d+-\w+)/i;

const byRule: readonly RuleRow[] = [
  [null, advisory, "dep.vuln-reintroduced"],
  ["gitleaks", /./, "secret.reintroduced"],
  ["trivy", /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/, "secret.reintroduced"],
  // Trivy: user of an image; capabilities, privileges, host namespaces and seccomp of a pod; moving tags.
  ["trivy", /^(?:AVD-)?DS-?0{0,2}02$/, "workload.hardening-removed"],
  [
    "trivy",
    /^(?:AVD-)?KSV-?0{0,2}(?:01|02|03|05|06|08|09|10|12|14|17|2\d|30)$/,
    "workload.hardening-removed",
  ],
  ["trivy", /^(?:AVD-)?DS-?0{0,2}01$|^(?:AVD-)?KSV-?0{0,2}13$/, "dep.unpinned"],
  // Kubescape: controls of its NSA and MITRE frameworks, and of CIS from C-0185 on.
  ["kubescape", /^C-00(?:13|16|17|38|41|44|45|46|48|55|57)$/, "workload.hardening-removed"],
  ["kubescape", /^C-0(?:002|007|015|035|063|065|185|186|187|188)$/, "authz.rbac-widened"],
  ["kubescape", /^C-0(?:030|260)$/, "exposure.network-opened"],
  ["kubescape", /^C-0012$/, "secret.static-or-default-credential"],
  ["kubescape", /^C-0066$/, "crypto.encryption-removed"],
  ["kubescape", /^C-0067$/, "audit.logging-removed"],
  // Checkov: its numbers have no order, so only those that are plain in what they mean.
  ["checkov", /^CKV_SECRET_\d+$/, "secret.reintroduced"],
  ["checkov", /^CKV2?_GHA_\d+$/, "gate.ci-privilege-widened"],
  ["checkov", /^CKV_K8S_(?:[1-7]|1[6-9]|2[02345789]|3[0-27-9]|40)$/, "workload.hardening-removed"],
  ["checkov", /^CKV_K8S_49$/, "authz.rbac-widened"],
  ["checkov", /^CKV_DOCKER_[38]$/, "workload.hardening-removed"],
  ["checkov", /^CKV_DOCKER_7$|^CKV_K8S_(?:14|43)$/, "dep.unpinned"],
  ["checkov", /^CKV_AWS_(?:17|20|53|54|55|56|57)$/, "exposure.storage-public"],
  ["checkov", /^CKV_AWS_(?:24|25|260|277)$/, "exposure.network-opened"],
  ["checkov", /^CKV_AZURE_(?:9|10|77)$|^CKV_GCP_(?:2|3|88)$/, "exposure.network-opened"],
  ["checkov", /^CKV_AWS_(?:3|16|19|26|27|145)$/, "crypto.encryption-removed"],
  ["checkov", /^CKV_AWS_(?:18|36|48|67|71|76)$/, "audit.logging-removed"],
  ["checkov", /^CKV_AWS_(?:1|40|49|60|61|62|63|107|108|109|110|111)$/, "authz.iam-widened"],
  // Bandit names a CWE for each test; these say more than theirs does.
  ["bandit", /^B10[5-7]$/, "secret.static-or-default-credential"],
  ["bandit", /^B(?:303|304|305|324|505)$/, "crypto.algorithm-weakened"],
  ["bandit", /^B(?:323|501|502|503|504|507)$/, "crypto.tls-weakened"],
];

/** CWE number to implication; from the taxonomy's own references. */
const byCwe: ReadonlyMap<number, string> = new Map(
  (
    [
      ["dep.vuln-reintroduced", [1395, 937, 1035]],
      ["dep.unpinned", [829, 1357]],
      ["dep.integrity-weakened", [353, 494, 345, 347]],
      ["authz.guard-removed", [862, 863, 306, 285, 639]],
      ["authz.iam-widened", [732, 284, 269, 266]],
      ["authn.weakened", [287, 307, 521, 620, 640]],
      ["session.weakened", [384, 613, 614, 1004, 1275, 352]],
      [
        "input.validation-removed",
        [
          20, 22, 23, 73, 74, 77, 78, 79, 80, 88, 89, 90, 91, 94, 95, 96, 116, 134, 502, 601, 611,
          643, 776, 917, 918, 943, 1321, 1333, 1336,
        ],
      ],
      ["exposure.network-opened", [1327]],
      ["exposure.service-public", [668, 605]],
      ["exposure.storage-public", [552]],
      ["exposure.cors-widened", [942, 346]],
      ["exposure.headers-weakened", [693, 1021]],
      ["exposure.ratelimit-waf-removed", [770, 799]],
      ["crypto.tls-weakened", [295, 297, 319, 757]],
      ["crypto.algorithm-weakened", [326, 327, 328, 330, 338, 760, 780, 916]],
      ["crypto.encryption-removed", [311, 312]],
      ["secret.static-or-default-credential", [259, 321, 522, 798, 1391, 1392]],
      ["workload.hardening-removed", [250]],
      ["audit.logging-removed", [223, 778]],
    ] as const
  ).flatMap(([implication, numbers]) => numbers.map((number) => [number, implication] as const)),
);

export const fallback = "config.security-key-reverted";

/** Every implication that a scanner's result may be given. */
export const scannerImplications: readonly string[] = Object.keys(gravest);

export function implicationOf(tool: string, rule: string, cwe: readonly number[]): Mapping {
  const row = byRule.find(([of, pattern]) => (of === null || of === tool) && pattern.test(rule));
  const known = row?.[2] ?? cwe.map((number) => byCwe.get(number)).find((one) => one !== undefined);
  const implication = known ?? fallback;
  return { implication, most: gravest[implication] ?? "info" };
}

/** The advisory that the rule is named after, in capitals as its database writes it; null: none. */
export function advisoryOf(rule: string): string | null {
  const found = advisory.exec(rule)?.[0];
  if (found === undefined) return null;
  return /^ghsa/i.test(found) ? `GHSA${found.slice(4).toLowerCase()}` : found.toUpperCase();
}
