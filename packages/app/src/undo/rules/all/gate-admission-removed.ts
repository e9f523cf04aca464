/**
 * gate.admission-removed: a policy or webhook that decides what a cluster admits is
 * gone, no longer refuses, or passes over more. One root cause an object.
 */
import { isManifestPath } from "../../lattice/kubernetes.ts";
import { textAt, valuesAt, type Yaml } from "../../lattice/yaml.ts";
import {
  confidenceIn,
  type KubernetesObject,
  pairObjects,
  placeOf,
} from "../../models/manifests/objects.ts";
import { statement } from "../clear.ts";
import { isTest } from "../file-classes.ts";
import { compareText } from "../order.ts";
import {
  type ChangedFile,
  type Direction,
  finding,
  type Finding,
  type Location,
  type Rule,
  type RuleInput,
  type Severity,
} from "../rule.ts";

export const gateAdmissionRemoved: Rule = {
  id: "gate.admission-removed",
  version: 1,
  implications: ["gate.admission-removed"],
  reads: (path) => isManifestPath(path) || isRego(path) || path.endsWith(".tf"),
  context: (path) =>
    isManifestPath(path) && /polic|admission|webhook|gatekeeper|kyverno|namespace/i.test(path),
  run(input): Finding[] {
    const { pairs, gone, come } = pairObjects(input, isPolicy);
    return [
      ...gone.map((one) => tell("worse", one, `${one.id} is gone`, [placeOf("before", one)])),
      ...come.map((one) => tell("better", one, `${one.id} comes`, [placeOf("after", one)])),
      ...pairs.flatMap(({ from, to }) => ofPair(from, to)),
      ...ofRego(input),
      ...ofEngines(input),
    ].sort((a, b) => compareText(a.subject, b.subject));
  },
};

function isRego(path: string): boolean {
  return path.endsWith(".rego") && !path.endsWith("_test.rego") && !isTest(path);
}

function isPolicy(one: KubernetesObject): boolean {
  const [group = ""] = one.apiVersion.split("/");
  return (
    /^(?:Validating|Mutating)(?:WebhookConfiguration|AdmissionPolicy(?:Binding)?)$/.test(
      one.kind,
    ) ||
    (/^(?:constraints|templates)\.gatekeeper\.sh$|^(?:policies\.)?kyverno\.io$|^policies\.kubewarden\.io$/.test(
      group,
    ) &&
      !/Exception|Report|CleanupPolicy/.test(one.kind)) ||
    one.kind === "PodSecurityPolicy" ||
    (one.kind === "Namespace" && levelOf(one, "enforce") !== undefined) ||
    (one.kind === "ConfigMap" &&
      textAt(one.node, "metadata", "labels", "openpolicyagent.org/policy") !== undefined)
  );
}

function levelOf(one: KubernetesObject, mode: string): string | undefined {
  return textAt(one.node, "metadata", "labels", `pod-security.kubernetes.io/${mode}`);
}

/** Ordered from weak to strong; the last entry is where the setting is absent. */
const orders: readonly {
  keys: readonly string[];
  weak: readonly string[];
  strong: readonly string[];
  absent: string;
}[] = [
  { keys: ["webhooks", "*", "failurePolicy"], weak: ["Ignore"], strong: ["Fail"], absent: "Fail" },
  { keys: ["spec", "failurePolicy"], weak: ["Ignore"], strong: ["Fail"], absent: "Fail" },
  {
    keys: ["spec", "validationFailureAction"],
    weak: ["audit"],
    strong: ["enforce"],
    absent: "audit",
  },
  {
    keys: ["spec", "rules", "*", "validate", "failureAction"],
    weak: ["audit"],
    strong: ["enforce"],
    absent: "audit",
  },
  {
    keys: ["spec", "enforcementAction"],
    weak: ["dryrun", "warn"],
    strong: ["deny"],
    absent: "deny",
  },
  {
    keys: ["spec", "validationActions", "*"],
    weak: ["audit", "warn"],
    strong: ["deny"],
    absent: "deny",
  },
];
const levels = ["privileged", "baseline", "restricted"];

function ofPair(from: KubernetesObject, to: KubernetesObject): Finding[] {
  const found: Finding[] = [];
  for (const { keys, weak, strong, absent } of orders) {
    const read = (node: Yaml) =>
      valuesAt(node, keys).flatMap((one) => textAt(one)?.toLowerCase() ?? []);
    const [a, b] = [read(from.node), read(to.node)];
    const low = (values: string[]) =>
      (values.length === 0 ? [absent] : values).filter((one) =>
        weak.some((w) => w.toLowerCase() === one.toLowerCase()),
      ).length;
    const high = (values: string[]) =>
      (values.length === 0 ? [absent] : values).filter((one) =>
        strong.some((s) => s.toLowerCase() === one.toLowerCase()),
      ).length;
    if (a.length === 0 && b.length === 0) continue;
    const direction =
      (low(b) > low(a) && high(b) <= high(a)) || (high(b) < high(a) && low(b) > 0)
        ? "worse"
        : low(b) < low(a) && high(b) >= high(a)
          ? "better"
          : null;
    if (direction === null) continue;
    const setting = keys.filter((key) => key !== "*").join(".");
    found.push(
      tell(
        direction,
        to,
        `${setting}: ${a.join(", ") || absent} to ${b.join(", ") || absent}`,
        [placeOf("before", from), placeOf("after", to)],
        setting,
      ),
    );
  }
  if (from.kind === "Namespace") {
    const [a, b] = [
      levels.indexOf(levelOf(from, "enforce") ?? ""),
      levels.indexOf(levelOf(to, "enforce") ?? ""),
    ];
    if (a !== b) {
      found.push(
        tell(
          b < a ? "worse" : "better",
          to,
          `pod security: ${levels[a] ?? "none"} to ${levels[b] ?? "none"}`,
          [placeOf("before", from), placeOf("after", to)],
          "pod security",
        ),
      );
    }
  }
  const excluded = (one: KubernetesObject) =>
    [
      ["spec", "match", "excludedNamespaces", "*"],
      ["spec", "rules", "*", "exclude"],
      ["spec", "rules", "*", "exclude", "any", "*"],
      ["spec", "matchConstraints", "excludeResourceRules", "*"],
    ].flatMap((keys) => valuesAt(one.node, keys)).length;
  const [a, b] = [excluded(from), excluded(to)];
  if (a !== b) {
    found.push(
      tell(
        b > a ? "worse" : "better",
        to,
        `exclusions: ${a} to ${b}`,
        [placeOf("before", from), placeOf("after", to)],
        "exclusions",
        "medium",
      ),
    );
  }
  return found;
}

/** Refusals that a policy in Rego can give. */
function ofRego(input: RuleInput): Finding[] {
  const refusals = (text: string | undefined) =>
    (text ?? "").match(/^(?:deny|violation|warn)(?:_\w{1,40})?\b/gm)?.length ?? 0;
  const files = input.files.filter(({ path }) => isRego(path));
  const count = (side: "before" | "after") =>
    files.reduce((sum, file) => sum + refusals(file[side]), 0);
  if (files.length === 0 || count("after") >= count("before")) return [];
  return files
    .filter((file) => refusals(file.after) < refusals(file.before))
    .map((file) =>
      made(
        "worse",
        `refusals in ${file.path}`,
        `rules that refuse: ${refusals(file.before)} to ${refusals(file.after)}`,
        [whole("before", file)],
        "high",
        80,
      ),
    );
}

const engineChart =
  /\bchart\s*=\s*"(?:[^"\n]{0,100}\/)?(opa|opa-kube-mgmt|gatekeeper|kyverno(?:-policies)?|kubewarden-[a-z]{1,20})"/g;

/** Policy engines that Terraform installs as Helm releases. */
function ofEngines(input: RuleInput): Finding[] {
  const files = input.files.filter(({ path }) => path.endsWith(".tf"));
  const had = (side: "before" | "after") =>
    new Map(
      files.flatMap((file) =>
        [...(file[side] ?? "").matchAll(engineChart)].map(
          ([, chart = ""]) => [chart, file] as const,
        ),
      ),
    );
  const [before, after] = [had("before"), had("after")];
  // One engine for another is a replacement.
  if (after.size > 0) return [];
  return [...before].map(([chart, file]) =>
    made(
      "worse",
      `policy engine ${chart}`,
      `Helm release of ${chart} is gone`,
      [whole("before", file)],
      "high",
      85,
    ),
  );
}

function whole(side: "before" | "after", { path }: ChangedFile): Location {
  return { side, path, startLine: 1, endLine: 1 };
}

function tell(
  direction: Direction,
  one: KubernetesObject,
  text: string,
  locations: readonly Location[],
  setting?: string,
  severity: Severity = "high",
): Finding {
  const subject = setting === undefined ? one.id : `${one.id}: ${setting}`;
  const grave = one.kind.startsWith("Mutating") || one.isTemplate ? "medium" : severity;
  return made(direction, subject, text, locations, grave, confidenceIn(one));
}

function made(
  direction: Direction,
  subject: string,
  text: string,
  locations: readonly Location[],
  severity: Severity,
  confidence: number,
): Finding {
  return finding(gateAdmissionRemoved, {
    implication: "gate.admission-removed",
    direction,
    subject,
    locations,
    evidence: [{ kind: "value", text: text.slice(0, 300).toWellFormed() }],
    severity: direction === "better" ? "info" : severity,
    confidence,
    rootCause: `admission:${subject.split(": ")[0]}`,
    clearBy: [statement("another policy that is in force refuses the same")],
  });
}
