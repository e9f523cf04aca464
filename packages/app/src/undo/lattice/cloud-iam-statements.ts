/**
 * AWS policy statements from wherever they are written: policy documents of Terraform,
 * `jsonencode`, JSON texts, CloudFormation, JSON files.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
 */
import { type MapValue, readHcl, type Value } from "../models/terraform/hcl.ts";
import { Unread } from "../models/model.ts";
import type { Resource } from "../models/terraform/terraform.ts";
import { textsOf, valueAt, valuesIn } from "./cloud-values.ts";

export type Statement = {
  readonly effect: "Allow" | "Deny";
  /** Patterns in lower case; `!` before what `NotAction` names. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** `kind:who`; empty in policies of identities. */
  readonly principals: readonly string[];
  /** Values by `operator key`. */
  readonly conditions: ReadonlyMap<string, readonly string[]>;
  /** Trust, identity or resource policy: which attribute it is of. */
  readonly of: string;
  readonly line: number;
  readonly endLine: number;
};

const attributes = [
  "policy",
  "assume_role_policy",
  "access_policy",
  "key_policy",
  "repository_policy",
  "resource_policy",
  "topic_policy",
  "queue_policy",
  "inline_policy",
  "policies",
];

/** Null: it has a policy that is there and cannot be read. */
export function statementsOf(resource: Resource): Statement[] | null {
  const { body } = resource;
  if (resource.isData) {
    if (resource.type !== "aws_iam_policy_document") return [];
    return valuesIn(body, ["statement"]).flatMap((value) =>
      (value.kind === "list" ? value.items : [value]).flatMap(fromBlock),
    );
  }
  if (!resource.type.startsWith("aws_")) return [];
  const found: Statement[] = [];
  for (const name of attributes) {
    for (const value of valuesIn(body, [name])) {
      const items = value.kind === "list" ? value.items : [value];
      for (const item of items) {
        const inner =
          item.kind === "map"
            ? (valueAt(item, "policy") ??
              valueAt(item, "policy_document") ??
              valueAt(item, "PolicyDocument") ??
              item)
            : item;
        const statements = ofPolicy(inner, name);
        if (statements === null) return null;
        found.push(...statements);
      }
    }
  }
  return found;
}

/** A policy as a value; [] where it is only referred to, null where it cannot be read. */
export function ofPolicy(value: Value, of: string): Statement[] | null {
  if (value.kind === "expression") {
    const [only] = value.call?.name === "jsonencode" ? value.call.arguments : [];
    return only === undefined ? (value.call === undefined ? [] : null) : ofPolicy(only, of);
  }
  if (value.kind === "text") {
    const map = jsonOf(value.text);
    return map === null ? null : shifted(ofMap(map, of), value.line);
  }
  return value.kind === "map" ? ofMap(value, of) : [];
}

/** JSON is an HCL object but for quoted keys and escapes, so interpolations in it do no harm. */
function jsonOf(text: string): MapValue | null {
  if (!/^\s*\{/.test(text)) return null;
  const read = readHcl(`json = ${text.trim()}\n`);
  const value = read instanceof Unread ? undefined : read.body.entries.get("json");
  return value?.kind === "map" ? value : null;
}

function shifted(statements: readonly Statement[], by: number): Statement[] {
  return statements.map((one) => ({ ...one, line: one.line + by, endLine: one.endLine + by }));
}

function ofMap(policy: MapValue, of: string): Statement[] {
  const list = policy.entries.get("Statement");
  const items = list?.kind === "list" ? list.items : list === undefined ? [] : [list];
  return items.flatMap((item) => {
    if (item.kind !== "map") return [];
    const texts = (key: string) => textsOf(item.entries.get(key));
    const conditions = new Map<string, string[]>();
    const condition = item.entries.get("Condition");
    for (const [operator, tests] of condition?.kind === "map" ? condition.entries : []) {
      for (const [key, values] of tests.kind === "map" ? tests.entries : []) {
        conditions.set(`${operator} ${key}`, [...textsOf(values)]);
      }
    }
    return [
      {
        effect: texts("Effect")[0] === "Deny" ? "Deny" : "Allow",
        actions: actions(texts("Action"), texts("NotAction")),
        resources: [...texts("Resource"), ...texts("NotResource").map((one) => `!${one}`)],
        principals: [
          ...principalsOf(item.entries.get("Principal")),
          ...principalsOf(item.entries.get("NotPrincipal")).map((one) => `!${one}`),
        ],
        conditions,
        of,
        line: item.line,
        endLine: item.endLine,
      } satisfies Statement,
    ];
  });
}

function principalsOf(value: Value | undefined): string[] {
  if (value === undefined) return [];
  if (value.kind !== "map")
    return textsOf(value).map((who) => (who === "*" ? "AWS:*" : `*:${who}`));
  return [...value.entries].flatMap(([kind, who]) => textsOf(who).map((one) => `${kind}:${one}`));
}

function actions(some: readonly string[], except: readonly string[]): string[] {
  return [...some.map((one) => one.toLowerCase()), ...except.map((one) => `!${one.toLowerCase()}`)];
}

/** A `statement` block of `aws_iam_policy_document`. */
function fromBlock(value: Value): Statement[] {
  if (value.kind !== "map") return [];
  const texts = (key: string) => textsOf(value.entries.get(key));
  const blocks = (key: string) =>
    valuesIn(value, [key]).flatMap((one) => (one.kind === "list" ? one.items : [one]));
  const principals = (key: string) =>
    blocks(key).flatMap((one) => {
      const kind = textsOf(valueAt(one, "type"))[0] ?? "?";
      return textsOf(valueAt(one, "identifiers")).map(
        (who) => `${kind === "*" ? "AWS" : kind}:${who}`,
      );
    });
  const conditions = new Map<string, readonly string[]>();
  for (const one of blocks("condition")) {
    const key = `${textsOf(valueAt(one, "test"))[0] ?? "?"} ${textsOf(valueAt(one, "variable"))[0] ?? "?"}`;
    conditions.set(key, [...(conditions.get(key) ?? []), ...textsOf(valueAt(one, "values"))]);
  }
  return [
    {
      effect: texts("effect")[0] === "Deny" ? "Deny" : "Allow",
      actions: actions(texts("actions"), texts("not_actions")),
      resources: [...texts("resources"), ...texts("not_resources").map((one) => `!${one}`)],
      principals: [
        ...principals("principals"),
        ...principals("not_principals").map((one) => `!${one}`),
      ],
      conditions,
      of: "policy",
      line: value.line,
      endLine: value.endLine,
    },
  ];
}
