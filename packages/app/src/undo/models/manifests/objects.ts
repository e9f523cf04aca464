/**
 * The Kubernetes objects of one side of a change, from plain manifests and Helm
 * templates. An object is its kind, namespace and name, wherever its document is.
 * Left out: JSON manifests, what Kustomize and templates generate.
 */
import { textAt, valuesAt, type Yaml } from "../../lattice/yaml.ts";
import { isManifestPath } from "../../lattice/kubernetes.ts";
import { compareText } from "../../rules/order.ts";
import type { Location, RuleInput, Side } from "../../rules/rule.ts";
import { documentsOf } from "./yaml-model.ts";

export type KubernetesObject = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly namespace: string | null;
  readonly name: string;
  /** `Kind namespace/name` or `Kind name`. */
  readonly id: string;
  readonly node: Yaml;
  readonly path: string;
  readonly isTemplate: boolean;
  /** Conditions of the template that it stands under. */
  readonly guards: readonly string[];
  /** The file is the same on both sides. */
  readonly isUnchanged: boolean;
};

export type Objects = {
  readonly all: readonly KubernetesObject[];
  /** A changed manifest of this side could not be read: what is not found may be there. */
  readonly unread: boolean;
};

const seen = new WeakMap<RuleInput["files"], Record<Side, Objects>>();

/** The objects of a side in all changed and the given unchanged manifests. */
export function objectsOf(input: RuleInput, side: Side): Objects {
  let both = seen.get(input.files);
  if (both === undefined) {
    both = { before: read(input, "before"), after: read(input, "after") };
    seen.set(input.files, both);
  }
  return both[side];
}

function read(input: RuleInput, side: Side): Objects {
  const all: KubernetesObject[] = [];
  let unread = false;
  const files = [
    ...input.files.map((file) => ({ file, isUnchanged: false })),
    ...input.unchanged.map((file) => ({ file, isUnchanged: true })),
  ].sort((a, b) => compareText(a.file.path, b.file.path));
  for (const { file, isUnchanged } of files) {
    if (!isManifestPath(file.path) || file[side]?.includes("kind") !== true) continue;
    const documents = documentsOf(input.models, file, side);
    if (documents === null) {
      unread ||= !isUnchanged;
      continue;
    }
    for (const document of documents.documents) {
      const items =
        textAt(document, "kind")?.endsWith("List") === true
          ? valuesAt(document, ["items", "*"])
          : [document];
      for (const node of items) {
        const kind = textAt(node, "kind");
        const apiVersion = textAt(node, "apiVersion");
        const name = textAt(node, "metadata", "name");
        if (kind === undefined || apiVersion === undefined || name === undefined) continue;
        const namespace = textAt(node, "metadata", "namespace") ?? null;
        all.push({
          kind,
          apiVersion,
          namespace,
          name,
          id: `${kind} ${namespace === null ? "" : `${namespace}/`}${name}`.slice(0, 200),
          node,
          path: file.path,
          isTemplate: documents.isTemplate,
          guards: documents.guardsAt(node.line),
          isUnchanged,
        });
      }
    }
  }
  return { all, unread };
}

/** Objects that both sides have, and those that only one has, each id once. */
export function pairObjects(input: RuleInput, wants: (one: KubernetesObject) => boolean) {
  const [before, after] = [objectsOf(input, "before"), objectsOf(input, "after")];
  const had = new Map(before.all.filter(wants).map((one) => [one.id, one]));
  const has = new Map(after.all.filter(wants).map((one) => [one.id, one]));
  return {
    pairs: [...had].flatMap(([id, from]) => {
      const to = has.get(id);
      return to === undefined || (from.isUnchanged && to.isUnchanged) ? [] : [{ from, to }];
    }),
    gone: after.unread ? [] : [...had.values()].filter(({ id }) => !has.has(id)),
    come: before.unread ? [] : [...has.values()].filter(({ id }) => !had.has(id)),
  };
}

export function placeOf(side: Side, one: KubernetesObject, at: Yaml = one.node): Location {
  const endLine = at === one.node ? at.line : Math.max(at.line, at.endLine);
  return { side, path: one.path, startLine: at.line, endLine };
}

/** Certain where plain, a guess where a template was read. */
export function confidenceIn(...some: readonly (KubernetesObject | undefined)[]): number {
  return some.some((one) => one?.isTemplate === true) ? 60 : 90;
}
