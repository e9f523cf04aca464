/** Rules on manifests: grants, admission, reach, network policies, owners. */
import { describe, expect, it } from "vitest";
import { authzOwnersWeakened } from "../rules/all/authz-owners-weakened.ts";
import { authzRbacWidened } from "../rules/all/authz-rbac-widened.ts";
import { exposureNetworkPolicyOpened } from "../rules/all/exposure-network-policy-opened.ts";
import { exposureServicePublic } from "../rules/all/exposure-service-public.ts";
import { flagFlipped } from "../rules/all/flag-flipped.ts";
import { gateAdmissionRemoved } from "../rules/all/gate-admission-removed.ts";
import { gateCiCheckRemoved } from "../rules/all/gate-ci-check-removed.ts";
import { gateScannerDisabled } from "../rules/all/gate-scanner-disabled.ts";
import type { Rule, RuleInput } from "../rules/rule.ts";
import { changed, ruleInput } from "../testing/rule-input.ts";

const ways = (rule: Rule, input: Partial<RuleInput>) =>
  rule.run(ruleInput(input)).map((one) => `${one.direction} ${one.severity} ${one.subject}`);
const both = (rule: Rule, path: string, strong: string | null, weak: string | null) => [
  ways(rule, { files: [changed(path, strong, weak)] }),
  ways(rule, { files: [changed(path, weak, strong)] }),
];

const role = (resources: string, verbs = "get", name = "r") =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: ${name}}\nrules:\n  - {apiGroups: [""], resources: [${resources}], verbs: [${verbs}]}\n`;
const binding = (name = "r") =>
  `---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b-${name}}\nroleRef: {kind: ClusterRole, name: ${name}}\nsubjects: [{kind: ServiceAccount, name: s, namespace: n}]\n`;

describe("authz.rbac-widened", () => {
  it("tells a new grant worse by its power and a lost one better", () => {
    expect(both(authzRbacWidened, "rbac.yaml", role("pods"), role("pods, secrets"))).toEqual([
      ["worse high ClusterRole r"],
      ["better info ClusterRole r"],
    ]);
    expect(both(authzRbacWidened, "rbac.yaml", role("pods"), role("pods", "get, list"))[0]).toEqual(
      ["worse low ClusterRole r"],
    );
  });

  it("is silent where another binding gave it, where roles are renamed and where a subject goes", () => {
    const two = role("pods") + binding() + "---\n" + role("secrets", "get", "x") + binding("x");
    const one = role("pods, secrets") + binding();
    expect(ways(authzRbacWidened, { files: [changed("rbac.yaml", two, one)] })).toEqual([]);
    expect(
      ways(authzRbacWidened, { files: [changed("rbac.yaml", two, null)] }).every((text) =>
        text.startsWith("better"),
      ),
    ).toBe(true);
  });

  it("sees that the option to leave a grant out of a chart is gone", () => {
    const body = role("secrets") + binding();
    const optional = `{{- if .Values.rbac.secrets }}\n${body}{{- end }}\n`;
    const always = `# {{ .Release.Name }}\n${body}`;
    expect(both(authzRbacWidened, "chart/templates/rbac.yaml", optional, always)[0]).toEqual([
      "worse medium ClusterRole r",
    ]);
  });

  it("reads kubebuilder markers", () => {
    const marker = (verbs: string) =>
      `// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=${verbs}\n`;
    const [worse, better] = both(authzRbacWidened, "c.go", marker("get"), marker("get;update"));
    expect(worse).toEqual(["worse medium markers in c.go"]);
    expect(better).toEqual([]);
  });
});

it("gate.admission-removed: policies gone, failing open, excluding, engines", () => {
  const hook = (policy: string) =>
    `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: w}\nwebhooks: [{name: a, failurePolicy: ${policy}}]\n`;
  expect(both(gateAdmissionRemoved, "w.yaml", hook("Fail"), hook("Ignore"))).toEqual([
    ["worse high ValidatingWebhookConfiguration w: webhooks.failurePolicy"],
    ["better info ValidatingWebhookConfiguration w: webhooks.failurePolicy"],
  ]);
  expect(both(gateAdmissionRemoved, "w.yaml", hook("Fail"), null)[0]).toEqual([
    "worse high ValidatingWebhookConfiguration w",
  ]);
  // Moved to another file.
  const files = [changed("a.yaml", hook("Fail"), null), changed("b.yaml", null, hook("Fail"))];
  expect(ways(gateAdmissionRemoved, { files })).toEqual([]);
  const chart = 'resource "helm_release" "p" {\n  chart = "gatekeeper"\n}\n';
  expect(both(gateAdmissionRemoved, "p.tf", chart, null)[0]).toEqual([
    "worse high policy engine gatekeeper",
  ]);
  const rego = "package a\ndeny[m] { m := 1 }\ndeny[m] { m := 2 }\n";
  expect(both(gateAdmissionRemoved, "a.rego", rego, "package a\ndeny[m] { m := 1 }\n")[0]).toEqual([
    "worse high refusals in a.rego",
  ]);
});

it("exposure.service-public: types, hosts, annotations, addresses, ports", () => {
  const service = (type: string) =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {type: ${type}}\n`;
  expect(
    both(exposureServicePublic, "s.yaml", service("ClusterIP"), service("LoadBalancer")),
  ).toEqual([["worse high Service s: type"], ["better info Service s: type"]]);
  const ingress = (note: string) =>
    `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, annotations: {${note}}}\nspec: {rules: [{host: a.example}]}\n`;
  expect(
    both(
      exposureServicePublic,
      "i.yaml",
      ingress("nginx.ingress.kubernetes.io/auth-url: x"),
      ingress("a: b"),
    )[0],
  ).toEqual(["worse high Ingress i: nginx.ingress.kubernetes.io/auth-url"]);
  expect(
    both(
      exposureServicePublic,
      "main.go",
      '\tlisten("127.0.0.1:80")\n',
      '\tlisten("0.0.0.0:80")\n',
    ),
  ).toEqual([["worse high main.go: address"], ["better info main.go: address"]]);
  expect(
    both(
      exposureServicePublic,
      "main.go",
      '\tlisten("127.0.0.1:80")\n',
      '\tlisten("127.0.0.1:81")\n',
    )[0],
  ).toEqual([]);
});

it("exposure.network-policy-opened: gone, wider, off in values; `enabled: false` that goes is better", () => {
  const policy = (from: string) =>
    `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: {}, ingress: [{from: [${from}]}]}\n`;
  const some = policy("{podSelector: {}}");
  expect(both(exposureNetworkPolicyOpened, "p.yaml", some, null)).toEqual([
    ["worse high NetworkPolicy p"],
    ["better info NetworkPolicy p"],
  ]);
  expect(
    both(
      exposureNetworkPolicyOpened,
      "p.yaml",
      some,
      policy("{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}"),
    )[0],
  ).toEqual(["worse high NetworkPolicy p"]);
  expect(
    both(
      exposureNetworkPolicyOpened,
      "values.yaml",
      "a: 1\n",
      "a: 1\nnetworkPolicy:\n  enabled: false\n",
    ),
  ).toEqual([
    ["worse high values.yaml: networkpolicy.enabled"],
    ["better info values.yaml: networkpolicy.enabled"],
  ]);
});

it("authz.owners-weakened: by the paths that there are", () => {
  const paths = {
    before: [".github/workflows/a.yml", "src/a.ts"],
    after: [".github/workflows/a.yml", "src/a.ts"],
  };
  const path = ".github/CODEOWNERS";
  const run = (before: string, after: string) =>
    ways(authzOwnersWeakened, { files: [changed(path, before, after)], paths });
  expect(run("* @a\n.github/ @b\n", "src/ @a\n")).toEqual([`worse high ${path}: no owner`]);
  expect(run("src/ @a\n", "* @a\n")).toEqual([`better info ${path}: owners`]);
  expect(run("* @a\n", "* @b\n")).toEqual([]);
  expect(run("* @a\n", "*   @a\n")).toEqual([]);
  expect(run("docs/ @a\n* @a\n", "* @a\n")).toEqual([]);
});

it("flag.flipped: changed, worse where a guard goes off, nothing in source", () => {
  expect(
    both(
      flagFlipped,
      "config/flags.yaml",
      "newPage: {enabled: true}\n",
      "newPage: {enabled: false}\n",
    )[0],
  ).toEqual(["changed low config/flags.yaml: newpage.enabled"]);
  expect(
    both(
      flagFlipped,
      "flags.json",
      '{"csrf": {"enabled": true}}',
      '{"csrf": {"enabled": false}}',
    )[0],
  ).toEqual(["worse medium flags.json: csrf.enabled"]);
});

it("gate.ci-check-removed: a check in an unchanged workflow is still there", () => {
  const workflow = (run: string) => `on: push\njobs:\n  a:\n    steps:\n      - run: ${run}\n`;
  const files = [changed(".github/workflows/a.yml", workflow("npm test"), null)];
  expect(ways(gateCiCheckRemoved, { files })).toHaveLength(1);
  const text = workflow("npm test");
  const unchanged = [{ path: ".github/workflows/b.yml", before: text, after: text }];
  expect(ways(gateCiCheckRemoved, { files, unchanged })).toEqual([]);
});

it("gate.scanner-disabled: what a scanner's settings leave out", () => {
  const skips = (list: string) => `skip-check: [${list}]\n`;
  expect(both(gateScannerDisabled, ".checkov.yaml", skips("A"), skips("A, B"))).toEqual([
    ["worse low .checkov.yaml: left out"],
    ["better info .checkov.yaml: left out"],
  ]);
});
