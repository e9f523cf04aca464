/**
 * Roles given to members: Google Cloud bindings, Azure role assignments, managed policies of
 * AWS. A grant is who has which role on what; new ones are wider, whichever resource they are in.
 */
import type { Resource } from "../models/terraform/terraform.ts";
import type { Finding, RuleInput, Severity, Side } from "../rules/rule.ts";
import { type Say, tellCloud } from "./cloud-rows-engine.ts";
import { textsOf, valueAt, valuesIn } from "./cloud-values.ts";
import { cloudView, folderOf, references } from "./cloud-view.ts";

type Grant = {
  readonly role: string;
  readonly who: string;
  readonly on: Resource;
  readonly line: number;
};

export function grants(say: Say, input: RuleInput): Finding[] {
  const view = cloudView(input);
  const of = (side: Side) =>
    new Map(
      view.all[side].flatMap((one) =>
        grantsOf(one).map((grant) => [`${grant.role} ${grant.who}`, grant] as const),
      ),
    );
  const [before, after] = [of("before"), of("after")];
  const come = new Set(view.come.map((one) => `${folderOf(one.path)}:${one.address}`));
  const told = (grant: Grant, worse: boolean): Finding => {
    const { on, role, who, line } = grant;
    // Given to what is new itself: part of a feature.
    const own =
      come.has(`${folderOf(on.path)}:${who}`) ||
      references({ kind: "expression", text: who, line: 1, endLine: 1 }).some((one) =>
        come.has(`${folderOf(on.path)}:${one}`),
      );
    return tellCloud(say, {
      row: { implication: say.rule.id, severity: own ? "low" : weight(role, who) },
      subject: `${on.address}: ${role} for ${who}`,
      direction: worse ? "worse" : "better",
      locations: [
        { side: worse ? "after" : "before", path: on.path, startLine: line, endLine: line },
      ],
      evidence: [
        {
          kind: "value",
          text: `${role} for ${who}: ${worse ? "absent to given" : "given to absent"}`
            .slice(0, 300)
            .toWellFormed(),
        },
      ],
      path: on.path,
      confidence: 92,
      resource: on,
    });
  };
  return [
    ...[...after].filter(([key]) => !before.has(key)).map(([, grant]) => told(grant, true)),
    ...[...before].filter(([key]) => !after.has(key)).map(([, grant]) => told(grant, false)),
  ];
}

function weight(role: string, who: string): Severity {
  if (/^all(?:Authenticated)?Users$/.test(who)) return "high";
  if (
    /AdministratorAccess|IAMFullAccess|PowerUserAccess|roles\/(?:owner|editor)$|[Aa]dmin$|^Owner$|^User Access Administrator$|^Contributor$|TokenCreator|serviceAccountUser/.test(
      role,
    )
  )
    return "high";
  return /[Vv]iewer|Read[-_ ]?[Oo]nly|Reader$/.test(role) ? "low" : "medium";
}

function grantsOf(on: Resource): Grant[] {
  if (on.isData) return [];
  const { body } = on;
  const pairs = (roles: readonly string[], whos: readonly string[], line = body.line): Grant[] =>
    roles.flatMap((role) => whos.map((who) => ({ role, who, on, line })));
  const texts = (key: string) => valuesIn(body, [key]).flatMap(textsOf);
  if (/^google_\w{1,60}_iam_(?:binding|member)$/.test(on.type)) {
    return pairs(
      texts("role"),
      [...texts("member"), ...texts("members")],
      valueAt(body, "members")?.line,
    );
  }
  if (on.type === "azurerm_role_assignment") {
    return pairs(
      [...texts("role_definition_name"), ...texts("role_definition_id")],
      texts("principal_id"),
    );
  }
  if (/^aws_iam_(?:role|user|group)_policy_attachment$/.test(on.type)) {
    return pairs(texts("policy_arn"), [...texts("role"), ...texts("user"), ...texts("group")]);
  }
  if (on.type === "aws_iam_role") {
    return pairs(texts("managed_policy_arns"), [on.address]);
  }
  return [];
}
