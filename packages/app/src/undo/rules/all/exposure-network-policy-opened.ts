/**
 * exposure.network-policy-opened: a NetworkPolicy (Kubernetes, Cilium, Calico) or an
 * Istio AuthorizationPolicy is gone while other objects stay, is switched off in a
 * chart's values, or lets more peers through.
 */
import { isManifestPath } from "../../lattice/kubernetes.ts";
import { textAt, valuesAt, type Yaml } from "../../lattice/yaml.ts";
import {
  confidenceIn,
  type KubernetesObject,
  objectsOf,
  pairObjects,
  placeOf,
} from "../../models/manifests/objects.ts";
import { settingsOf } from "../../models/settings/settings.ts";
import { statement } from "../clear.ts";
import { compareText } from "../order.ts";
import {
  type Direction,
  finding,
  type Finding,
  type Location,
  type Rule,
  type RuleInput,
  type Severity,
} from "../rule.ts";

export const exposureNetworkPolicyOpened: Rule = {
  id: "exposure.network-policy-opened",
  version: 1,
  implications: ["exposure.network-opened"],
  reads: isManifestPath,
  context: (path) => isManifestPath(path) && /network-?polic|authorization-?polic/i.test(path),
  run(input): Finding[] {
    const { pairs, gone, come } = pairObjects(input, ({ kind }) =>
      /^(?:Global|CiliumClusterwide|Cilium)?NetworkPolicy$|^AuthorizationPolicy$/.test(kind),
    );
    const left = objectsOf(input, "after").all.length > 0;
    const retired = (one: KubernetesObject) =>
      !left && input.files.length > 1 && input.files.every(({ status }) => status === "removed")
        ? one
        : null;
    return [
      ...gone.map((one) =>
        made(
          "worse",
          one.id,
          "the policy is gone",
          [placeOf("before", one)],
          retired(one) === null ? "high" : "low",
          confidenceIn(one),
        ),
      ),
      ...come.map((one) =>
        made(
          "better",
          one.id,
          "a policy comes",
          [placeOf("after", one)],
          "info",
          confidenceIn(one),
        ),
      ),
      ...pairs.flatMap(({ from, to }) => {
        const [a, b] = [peersOf(from.node), peersOf(to.node)];
        const gained = [...b].filter((one) => !a.has(one));
        const lost = [...a].filter((one) => !b.has(one));
        if (gained.length > 0 === lost.length > 0) return [];
        const worse = gained.length > 0;
        const wide = gained.some((one) => /anyone|0\.0\.0\.0\/0|::\/0/.test(one));
        return [
          made(
            worse ? "worse" : "better",
            to.id,
            `${worse ? "lets through" : "no longer lets through"} ${[...gained, ...lost].join("; ")}`,
            [placeOf("before", from), placeOf("after", to)],
            wide ? "high" : "medium",
            confidenceIn(from, to),
          ),
        ];
      }),
      ...ofValues(input),
    ].sort((a, b) => compareText(a.subject, b.subject));
  },
};

/** Each rule's peers with its ports, as text; a rule without peers is for anyone. */
function peersOf(node: Yaml): Set<string> {
  const found = new Set<string>();
  for (const [direction, list] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const) {
    for (const rule of valuesAt(node, ["spec", direction, "*"])) {
      const ports =
        valuesAt(rule, ["ports", "*"])
          .map((port) => `${textAt(port, "protocol") ?? "TCP"}/${textAt(port, "port") ?? "any"}`)
          .sort()
          .join("+") || "any port";
      const peers = valuesAt(rule, [list, "*"]);
      for (const peer of peers.length === 0 ? ["anyone"] : peers.map((one) => plain(one, 0)))
        found.add(`${direction} ${peer} ${ports}`.slice(0, 200));
    }
  }
  return found;
}

function plain(node: Yaml, depth: number): string {
  if (node.kind === "scalar") return node.text ?? "null";
  if (depth > 8) return "…";
  if (node.kind === "list") return `[${node.items.map((one) => plain(one, depth + 1)).join(",")}]`;
  return `{${[...node.entries]
    .map(([key, value]) => `${key}:${plain(value, depth + 1)}`)
    .sort()
    .join(",")}}`;
}

/** `networkPolicy.enabled` in values: absent says nothing, since charts differ, except that `false` going is better. */
function ofValues(input: RuleInput): Finding[] {
  return input.files.flatMap((file) => {
    if (file.status !== "modified" || !isManifestPath(file.path)) return [];
    const read = (side: "before" | "after") =>
      new Map(
        (settingsOf(input.models, file, side) ?? [])
          .filter(
            ({ key }) =>
              key.at(-1) === "enabled" && /^networkpolic(?:y|ies)$/.test(key.at(-2) ?? ""),
          )
          .map((one) => [one.key.join("."), one]),
      );
    const [before, after] = [read("before"), read("after")];
    return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
      const [from, to] = [before.get(key), after.get(key)];
      const [a, b] = [from?.values[0], to?.values[0]];
      const worse = b === "false" && a !== "false";
      const better = a === "false" && b !== "false";
      if (!worse && !better) return [];
      const place = (side: "before" | "after", one: typeof from): Location[] =>
        one === undefined
          ? []
          : [{ side, path: file.path, startLine: one.line, endLine: one.endLine }];
      return [
        made(
          worse ? "worse" : "better",
          `${file.path}: ${key}`.slice(0, 300),
          `${a ?? "absent"} to ${b ?? "absent"}`,
          [...place("before", from), ...place("after", to)],
          "high",
          80,
        ),
      ];
    });
  });
}

function made(
  direction: Direction,
  subject: string,
  text: string,
  locations: readonly Location[],
  severity: Severity,
  confidence: number,
): Finding {
  return finding(exposureNetworkPolicyOpened, {
    implication: "exposure.network-opened",
    direction,
    subject: subject.toWellFormed(),
    locations,
    evidence: [{ kind: "value", text: text.slice(0, 300).toWellFormed() }],
    severity: direction === "better" ? "info" : severity,
    confidence,
    rootCause: `network-policy:${subject}`.toWellFormed(),
    clearBy: [statement("another policy selects the same pods and lets no more through")],
  });
}
