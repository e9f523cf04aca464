/** Grants to everyone on what stores data: resource policies of AWS, members of Google Cloud. */
import type { Finding, RuleInput, Side } from "../rules/rule.ts";
import type { Resource } from "../models/terraform/terraform.ts";
import { statementsOf } from "./cloud-iam-statements.ts";
import { type Say, tellCloud } from "./cloud-rows-engine.ts";
import { textsOf, valueAt } from "./cloud-values.ts";
import { cloudView } from "./cloud-view.ts";

const holders =
  /^aws_(?:s3_bucket|s3_bucket_policy|sqs_queue_policy|sns_topic_policy|ecr_repository_policy|ecrpublic_repository_policy|secretsmanager_secret_policy|glacier_vault|efs_file_system_policy|opensearch_domain_policy|elasticsearch_domain_policy)$/;
const google =
  /^google_(?:storage_bucket|artifact_registry_repository|bigquery_dataset|pubsub_topic|storage_bucket_access_control)\w{0,40}$/;

export function publicGrants(say: Say, input: RuleInput): Finding[] {
  const view = cloudView(input);
  const of = (side: Side) =>
    new Map(
      view.all[side].flatMap((one) => {
        const grant = publicGrant(one);
        return grant === null ? [] : [[one.address, { one, grant }] as const];
      }),
    );
  const [before, after] = [of("before"), of("after")];
  const told = (at: { one: Resource; grant: string }, worse: boolean): Finding =>
    tellCloud(say, {
      row: { implication: say.rule.id, severity: "critical" },
      subject: `${at.one.address}: everyone`,
      direction: worse ? "worse" : "better",
      locations: [
        {
          side: worse ? "after" : "before",
          path: at.one.path,
          startLine: at.one.body.line,
          endLine: at.one.body.endLine,
        },
      ],
      evidence: [
        {
          kind: "value",
          text: `${at.one.address} for everyone: ${worse ? "no to" : "to no from"} ${at.grant}`
            .slice(0, 300)
            .toWellFormed(),
        },
      ],
      path: at.one.path,
      confidence: 95,
      resource: at.one,
    });
  return [
    ...[...after].filter(([key]) => !before.has(key)).map(([, at]) => told(at, true)),
    ...[...before].filter(([key]) => !after.has(key)).map(([, at]) => told(at, false)),
  ];
}

function publicGrant(one: Resource): string | null {
  if (one.isData) return null;
  if (google.test(one.type)) {
    const members = [
      ...textsOf(valueAt(one.body, "member")),
      ...textsOf(valueAt(one.body, "members")),
      ...textsOf(valueAt(one.body, "entity")),
    ];
    return members.find((member) => /^(?:allUsers|allAuthenticatedUsers)$/.test(member)) ?? null;
  }
  if (!holders.test(one.type)) return null;
  const open = statementsOf(one)?.find(
    ({ effect, principals, conditions }) =>
      effect === "Allow" &&
      conditions.size === 0 &&
      principals.some((who) => who === "AWS:*" || who === "*:*"),
  );
  return open === undefined ? null : open.actions.slice(0, 5).join(", ");
}
