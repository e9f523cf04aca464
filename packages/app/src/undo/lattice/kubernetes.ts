/**
 * The workloads of Kubernetes manifests: which documents hold pods, under which
 * names. A workload is its kind, namespace and name, wherever its document is.
 *
 * Left out: JSON manifests, what a Helm template's actions write, Kustomize's
 * `images`, `patches` and generators, pods of custom resources.
 */
import { compareText } from "../rules/order.ts";
import { documentsOf, templateModel } from "../models/manifests/yaml-model.ts";
import type { RuleInput, Side } from "../rules/rule.ts";
import { Unread } from "../models/model.ts";
import { readYaml, textAt, valuesAt, type Yaml } from "./yaml.ts";

export type Workload = {
  /** `Kind namespace/name`, or `Kind name` where the document names no namespace. */
  readonly id: string;
  readonly path: string;
  /** The PodSpec, or the ServiceAccount itself. */
  readonly node: Yaml;
  readonly isPod: boolean;
  /** Read from a Helm template: only what stands in plain text is known. */
  readonly isTemplate: boolean;
  /** Whether a container names its image; a patch does not, and what it leaves out says nothing. */
  readonly whole: boolean;
};

const podPaths: ReadonlyMap<string, readonly string[]> = new Map([
  ["Pod", ["spec"]],
  ["ServiceAccount", []],
  ["CronJob", ["spec", "jobTemplate", "spec", "template", "spec"]],
  ...["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"].map(
    (kind): [string, readonly string[]] => [kind, ["spec", "template", "spec"]],
  ),
]);

export function isManifestPath(path: string): boolean {
  return /\.ya?ml$/i.test(path) && !path.startsWith(".github/");
}

/** Why a file that may be a manifest is not read, or null. */
export function unreadManifest(text: string): string | null {
  if (text.includes("{{")) {
    if (!/^kind:/m.test(text)) return null;
    const template = templateModel.parse(text, "");
    return template instanceof Unread ? template.reason : null;
  }
  const documents = readYaml(text);
  return typeof documents === "string" ? documents : null;
}

/** The workloads of one side of a change, by path. */
export function workloads(input: RuleInput, side: Side): Workload[] {
  return input.files
    .filter((file) => isManifestPath(file.path))
    .toSorted((a, b) => compareText(a.path, b.path))
    .flatMap((file) => {
      // Without the key no document is a manifest: most YAML is not parsed at all.
      if (file[side]?.includes("kind") !== true) return [];
      const read = documentsOf(input.models, file, side);
      return (read?.documents ?? []).flatMap((document) =>
        workloadsOf(document, { path: file.path, isTemplate: read?.isTemplate === true }, 0),
      );
    });
}

function workloadsOf(
  document: Yaml,
  at: { readonly path: string; readonly isTemplate: boolean },
  depth: number,
): Workload[] {
  const kind = textAt(document, "kind");
  if (kind === undefined || textAt(document, "apiVersion") === undefined) return [];
  if (kind === "List" && depth === 0) {
    return valuesAt(document, ["items", "*"]).flatMap((item) => workloadsOf(item, at, 1));
  }
  const [node] = valuesAt(document, podPaths.get(kind) ?? ["\0"]);
  const name = textAt(document, "metadata", "name") ?? textAt(document, "metadata", "generateName");
  if (node === undefined || name === undefined) return [];
  const namespace = textAt(document, "metadata", "namespace");
  const isPod = kind !== "ServiceAccount";
  return [
    {
      id: `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
      ...at,
      node,
      isPod,
      whole: !isPod || containers(node).some(({ node: c }) => textAt(c, "image") !== undefined),
    },
  ];
}

/** The containers of a pod by name, those that run before and beside included. */
export function containers(pod: Yaml): { name: string; node: Yaml }[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    valuesAt(pod, [list, "*"]).flatMap((node) => {
      const name = textAt(node, "name");
      return name === undefined ? [] : [{ name, node }];
    }),
  );
}

/**
 * The workloads that both sides have: first in the same file, then, for those
 * left over, under the same name in another file of the change.
 */
export function pairWorkloads(
  before: readonly Workload[],
  after: readonly Workload[],
): { before: Workload; after: Workload }[] {
  const pairs: { before: Workload; after: Workload }[] = [];
  let [from, to] = [before, after];
  for (const keyOf of [
    (one: Workload) => JSON.stringify([one.id, one.path]),
    (one: Workload) => JSON.stringify([one.id, one.whole]),
  ]) {
    const waiting = new Map<string, Workload[]>();
    for (const one of to.toReversed()) {
      const queue = waiting.get(keyOf(one));
      if (queue === undefined) waiting.set(keyOf(one), [one]);
      else queue.push(one);
    }
    const alone: Workload[] = [];
    for (const one of from) {
      const other = waiting.get(keyOf(one))?.pop();
      if (other === undefined) alone.push(one);
      else pairs.push({ before: one, after: other });
    }
    [from, to] = [alone, [...waiting.values()].flat()];
  }
  return pairs;
}
