/**
 * authz.rbac-widened: a subject may do after what it might not do before, or may do
 * always what a chart's user could leave out. Compared are grants, not roles: one
 * that another binding gave already is nothing. One finding a role.
 */
import { covers, type Grant, grantsOf, gravityOf, mostGrants } from "../../lattice/rbac.ts";
import { isManifestPath } from "../../lattice/kubernetes.ts";
import { confidenceIn, objectsOf, placeOf } from "../../models/manifests/objects.ts";
import { statement } from "../clear.ts";
import { compareText } from "../order.ts";
import { finding, type Finding, type Rule, type RuleInput, severities } from "../rule.ts";

export const authzRbacWidened: Rule = {
  id: "authz.rbac-widened",
  version: 1,
  implications: ["authz.rbac-widened"],
  reads: (path) => isManifestPath(path) || path.endsWith(".go"),
  context: (path) => isManifestPath(path) && /rbac|role/i.test(path),
  run(input): Finding[] {
    return [...ofManifests(input), ...ofMarkers(input)].sort(
      (a, b) => compareText(a.subject, b.subject) || compareText(a.direction, b.direction),
    );
  },
  unknowns: (input) =>
    (["before", "after"] as const).some((side) => grantsOf(objectsOf(input, side)) === null)
      ? [`Kubernetes roles were not compared: they give more than ${mostGrants} grants`]
      : [],
};

function ofManifests(input: RuleInput): Finding[] {
  const [from, to] = [objectsOf(input, "before"), objectsOf(input, "after")];
  const [before, after] = [grantsOf(from), grantsOf(to)];
  if (before === null || after === null || from.unread || to.unread) return [];
  return [...of(before, after, "worse"), ...of(after, before, "better")];
}

/** What `now` has beyond `then`; roles and bindings that come or go with their subject are that subject's. */
function of(
  then: readonly Grant[],
  now: readonly Grant[],
  direction: "worse" | "better",
): Finding[] {
  const known = Map.groupBy(then, ({ subject }) => subject);
  // A role that nothing here binds is known by its name; under another name it is the same.
  const named = new Set(now.map(({ subject }) => subject));
  const loose = then.filter(
    ({ subject }) => subject.startsWith("bound to ") && !named.has(subject),
  );
  const renamedFor = ({ subject }: Grant) =>
    subject.startsWith("bound to ") ? loose.map((one) => ({ ...one, subject })) : [];
  const news = now.flatMap((grant) => {
    if (grant.role.isUnchanged && !known.has(grant.subject)) return [];
    const wider = (known.get(grant.subject) ?? renamedFor(grant)).filter((one) =>
      covers(one, grant),
    );
    if (wider.length === 0) return [{ grant, always: false }];
    // A condition that could leave it out is gone.
    const freed =
      grant.role.isTemplate &&
      wider.every(
        (one) =>
          one.guards.length > grant.guards.length &&
          grant.guards.every((guard) => one.guards.includes(guard)),
      );
    return freed && gravityOf(grant) !== "low" ? [{ grant, always: true }] : [];
  });
  return [...Map.groupBy(news, ({ grant }) => grant.role.id).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { role } = first.grant;
    const gravest = group
      .map(({ grant, always }) => (always ? "medium" : gravityOf(grant)))
      .toSorted((a, b) => severities.indexOf(b) - severities.indexOf(a))[0];
    const says = [...new Set(group.map(({ grant, always }) => told(grant, always)))].sort();
    const side = direction === "worse" ? "after" : "before";
    const isNew = !known.has(first.grant.subject);
    return [
      finding(authzRbacWidened, {
        implication: "authz.rbac-widened",
        direction,
        subject: role.id,
        locations: [...new Set(group.map(({ grant }) => grant.at))]
          .slice(0, 5)
          .map((at) => placeOf(side, role, at)),
        evidence: says.slice(0, 10).map((text) => ({ kind: "value", text })),
        // A subject that comes with its feature is no widening of what was there.
        severity:
          direction === "better"
            ? "info"
            : isNew && gravest === "medium"
              ? "low"
              : (gravest ?? "low"),
        confidence: confidenceIn(role),
        rootCause: `rbac:${role.id}`,
        clearBy: [
          statement("no workload runs as the subject"),
          statement("another binding that is not in the change grants the same"),
        ],
      }),
    ];
  });
}

function told(grant: Grant, always: boolean): string {
  const names = grant.names.length === 0 ? "" : ` named ${grant.names.join(", ")}`;
  const where =
    grant.namespace === null ? "the cluster" : `namespace ${grant.namespace || "its own"}`;
  const end = always ? "; the option to leave it out is gone" : "";
  return `${grant.subject}: ${grant.verb} ${grant.group === "" ? "" : `${grant.group}/`}${grant.resource}${names} in ${where}${end}`
    .slice(0, 300)
    .toWellFormed();
}

const marker = /\+kubebuilder:rbac:([^\n]{1,500})/g;

/** `+kubebuilder:rbac` in Go is what a role is generated from; where manifests change too, they speak. */
function ofMarkers(input: RuleInput): Finding[] {
  const files = input.files.filter(({ path }) => path.endsWith(".go"));
  const read = (side: "before" | "after") =>
    new Set(
      files.flatMap((file) =>
        [...(file[side] ?? "").matchAll(marker)].flatMap(([, text = ""]) => tuplesOf(text)),
      ),
    );
  const [before, after] = [read("before"), read("after")];
  const gained = [...after].filter((one) => !before.has(one)).sort();
  const file = files.find((one) => one.after?.includes("+kubebuilder:rbac") === true);
  if (gained.length === 0 || file === undefined || before.size === 0) return [];
  const line = (file.after ?? "")
    .split("\n")
    .findIndex((text) => text.includes("+kubebuilder:rbac"));
  return [
    finding(authzRbacWidened, {
      implication: "authz.rbac-widened",
      direction: "worse",
      subject: `markers in ${file.path}`,
      locations: [{ side: "after", path: file.path, startLine: line + 1, endLine: line + 1 }],
      evidence: gained
        .slice(0, 10)
        .map((text) => ({ kind: "value", text: text.slice(0, 300).toWellFormed() })),
      severity: gained.some((one) => /secrets|\*|escalate|impersonate|bind\b/.test(one))
        ? "high"
        : "medium",
      confidence: 70,
      rootCause: `rbac:${file.path}`,
      clearBy: [statement("the role that is deployed does not hold it")],
    }),
  ];
}

function tuplesOf(text: string): string[] {
  const field = (name: string) =>
    (new RegExp(`(?:^|,)${name}=([^,\\s]{1,300})`).exec(text)?.[1] ?? "")
      .replaceAll('"', "")
      .split(";");
  return field("verbs").flatMap((verb) =>
    field("resources").flatMap((resource) =>
      field("groups").map((group) => `${verb} ${group}/${resource}`),
    ),
  );
}
