/**
 * What Kubernetes RBAC grants: each binding's subjects with each rule of its role,
 * as (subject, namespace, verb, group, resource, resourceNames). Sources: the
 * Kubernetes documentation "Using RBAC Authorization" and "RBAC Good Practices"
 * (v1.34). Left out: aggregated ClusterRoles, roles that no file of the change holds.
 */
import type { KubernetesObject, Objects } from "../models/manifests/objects.ts";
import { textAt, valuesAt, type Yaml } from "./yaml.ts";

export type Grant = {
  readonly subject: string;
  /** Null: the whole cluster. */
  readonly namespace: string | null;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Empty: any name. */
  readonly names: readonly string[];
  readonly guards: readonly string[];
  readonly role: KubernetesObject;
  readonly at: Yaml;
};

/** Each grant is held against each of its subject. */
export const mostGrants = 5000;

/** All grants, or null where there are more than can be held. */
export function grantsOf(objects: Objects): Grant[] | null {
  const roles = objects.all.filter(({ kind }) => kind === "Role" || kind === "ClusterRole");
  const bindings = objects.all.filter(
    ({ kind }) => kind === "RoleBinding" || kind === "ClusterRoleBinding",
  );
  const grants: Grant[] = [];
  const bound = new Set<KubernetesObject>();
  for (const binding of bindings) {
    const kind = textAt(binding.node, "roleRef", "kind");
    const name = textAt(binding.node, "roleRef", "name");
    const role = roles.find(
      (one) =>
        one.kind === kind &&
        one.name === name &&
        (kind === "ClusterRole" || one.namespace === binding.namespace),
    );
    if (role === undefined) {
      // cluster-admin and its like are roles of every cluster.
      if (kind === "ClusterRole" && name === "cluster-admin") {
        for (const subject of subjectsOf(binding)) {
          grants.push({
            subject,
            namespace: binding.kind === "RoleBinding" ? (binding.namespace ?? "") : null,
            verb: "*",
            group: "*",
            resource: "*",
            names: [],
            guards: binding.guards,
            role: binding,
            at: binding.node,
          });
        }
      }
      continue;
    }
    bound.add(role);
    const namespace = binding.kind === "RoleBinding" ? (binding.namespace ?? "") : null;
    const guards = [...new Set([...role.guards, ...binding.guards])];
    for (const subject of subjectsOf(binding)) {
      grants.push(...ofRole(role, subject, namespace, guards));
      if (grants.length > mostGrants) return null;
    }
  }
  // Bound elsewhere, perhaps: the role itself stands for its subjects.
  for (const role of roles) {
    if (bound.has(role)) continue;
    const namespace = role.kind === "Role" ? (role.namespace ?? "") : null;
    grants.push(...ofRole(role, `bound to ${role.id}`, namespace, role.guards));
    if (grants.length > mostGrants) return null;
  }
  return grants;
}

function subjectsOf(binding: KubernetesObject): string[] {
  return valuesAt(binding.node, ["subjects", "*"]).flatMap((one) => {
    const name = textAt(one, "name");
    const namespace = textAt(one, "namespace") ?? binding.namespace;
    const kind = textAt(one, "kind") ?? "Subject";
    if (name === undefined) return [];
    return [`${kind} ${kind === "ServiceAccount" ? `${namespace ?? ""}/` : ""}${name}`];
  });
}

function ofRole(
  role: KubernetesObject,
  subject: string,
  namespace: string | null,
  guards: readonly string[],
): Grant[] {
  return valuesAt(role.node, ["rules", "*"]).flatMap((rule) => {
    const names = texts(rule, "resourceNames");
    const resources = [
      ...texts(rule, "resources").flatMap((resource) =>
        orOne(texts(rule, "apiGroups"), "").map((group) => ({ group, resource })),
      ),
      ...texts(rule, "nonResourceURLs").map((resource) => ({ group: "url", resource })),
    ];
    return texts(rule, "verbs").flatMap((verb) =>
      resources.map(({ group, resource }) => ({
        subject,
        namespace,
        verb,
        group,
        resource,
        names,
        guards,
        role,
        at: rule,
      })),
    );
  });
}

function texts(node: Yaml, key: string): string[] {
  return valuesAt(node, [key, "*"]).flatMap((one) => textAt(one) ?? []);
}

function orOne(some: string[], other: string): string[] {
  return some.length === 0 ? [other] : some;
}

/** Whether `wide` allows all that `narrow` allows, guards apart. */
export function covers(wide: Grant, narrow: Grant): boolean {
  return (
    wide.subject === narrow.subject &&
    (wide.namespace === null || wide.namespace === narrow.namespace) &&
    (wide.verb === "*" || wide.verb === narrow.verb) &&
    (wide.group === "*" || wide.group === narrow.group) &&
    (wide.resource === "*" ||
      wide.resource === narrow.resource ||
      (wide.resource.endsWith("/*") && narrow.resource.startsWith(wide.resource.slice(0, -1))) ||
      (wide.resource.startsWith("*/") && narrow.resource.endsWith(wide.resource.slice(1)))) &&
    (wide.names.length === 0 ||
      (narrow.names.length > 0 && narrow.names.every((name) => wide.names.includes(name))))
  );
}

/** The power of a grant: what lets its holder become more, change what runs, or only look. */
export function gravityOf(grant: Grant): "high" | "medium" | "low" {
  const { verb, resource, group } = grant;
  const writes = !/^(?:get|list|watch)$/.test(verb);
  if (/^(?:escalate|bind|impersonate)$/.test(verb)) return "high";
  if (resource === "*" && (verb === "*" || group === "*" || writes)) return "high";
  if (/^secrets$|^pods\/(?:exec|attach|ephemeralcontainers)$|^nodes\/proxy$/.test(resource)) {
    return "high";
  }
  if (resource === "serviceaccounts/token" && writes) return "high";
  if (writes && /(?:role|rolebinding)s$|webhookconfigurations$/.test(resource)) return "high";
  if (verb === "*" || resource === "*") return "medium";
  if (writes && /^(?:pods|deployments|daemonsets|statefulsets|jobs|cronjobs|nodes)$/.test(resource))
    return "medium";
  return writes && !/\/(?:status|finalizers)$|^(?:events|leases)$/.test(resource)
    ? "medium"
    : "low";
}
