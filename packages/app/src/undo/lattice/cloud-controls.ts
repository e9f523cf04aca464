/** Resources that are controls by themselves: that one is gone is what weakens. */
import type { Severity } from "../rules/rule.ts";
import type { CloudControl } from "./cloud-rows-engine.ts";

const aws = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs";
const google = "https://registry.terraform.io/providers/hashicorp/google/latest/docs";
const github = "https://registry.terraform.io/providers/integrations/github/latest/docs";

function of(implication: string, source: string) {
  return (
    on: RegExp,
    severity: Severity,
    protects: readonly string[] = [],
    where?: RegExp,
  ): CloudControl => ({
    on,
    protects,
    implication,
    severity,
    source,
    ...(where === undefined ? {} : { where }),
  });
}

const encryption = of("crypto.encryption-removed", aws);
export const encryptionControls: readonly CloudControl[] = [
  encryption(/^aws_ebs_encryption_by_default$/, "high"),
  encryption(/^aws_s3_bucket_server_side_encryption_configuration$/, "medium", ["bucket"]),
  encryption(/^aws_ebs_default_kms_key$/, "medium"),
];

const audit = of("audit.logging-removed", aws);
/** Words that name logs of what was done and of who came through. */
const logs =
  /flow[-_]?logs?|cloud[-_]?trail|audit|guard[-_]?duty|security[-_]?hub|waf[-_]?logs?|access[-_]?logs?|dns[-_]?(?:query[-_]?)?logs?|query[-_]?logs?|siem\b|xsiam/i;

export const auditControls: readonly CloudControl[] = [
  audit(/^aws_cloudtrail(?:_event_data_store)?$/, "high"),
  audit(/^aws_flow_log$/, "medium", ["vpc_id", "subnet_id", "eni_id", "transit_gateway_id"]),
  audit(/^aws_guardduty_(?:detector|organization_configuration|member|detector_feature)$/, "high"),
  audit(
    /^aws_securityhub_(?:account|standards_subscription|organization_configuration)$/,
    "medium",
  ),
  audit(
    /^aws_config_(?:configuration_recorder|configuration_recorder_status|delivery_channel)$/,
    "high",
  ),
  audit(/^aws_config_(?:config_rule|organization_managed_rule|conformance_pack)$/, "medium"),
  audit(
    /^aws_(?:accessanalyzer_analyzer|macie2_account|inspector2_enabler|detective_graph)$/,
    "medium",
  ),
  audit(/^aws_route53_(?:query_log|resolver_query_log_config_association)$/, "medium", [
    "zone_id",
    "resource_id",
  ]),
  audit(/^aws_s3_bucket_logging$/, "medium", ["bucket"]),
  audit(/^aws_wafv2_web_acl_logging_configuration$/, "medium", ["resource_arn"]),
  // Delivery counts as audit only where a name in it says which logs it carries.
  audit(
    /^aws_(?:s3_bucket_notification|cloudwatch_log_subscription_filter|cloudwatch_log_destination)$/,
    "medium",
    ["bucket", "log_group_name"],
    logs,
  ),
  audit(/^aws_cloudwatch_event_rule$/, "low", [], logs),
  audit(
    /^aws_cloudwatch_(?:log_metric_filter|metric_alarm)$/,
    "medium",
    ["log_group_name"],
    /unauthori[sz]ed|root[-_ ]?(?:account|login|user)|console[-_ ]?(?:login|sign)|iam[-_ ]?(?:policy[-_ ])?chang|userIdentity|errorCode|guardduty|cloudtrail|DisableKey|StopLogging|security[-_ ]?group[-_ ]?chang/i,
  ),
  audit(/^aws_cloudwatch_metric_alarm$/, "low", ["dimensions"]),
  { ...audit(/^google_logging_(?:project|folder|organization)_sink$/, "medium"), source: google },
  {
    ...audit(
      /^google_project_iam_audit_config$|^google_(?:folder|organization)_iam_audit_config$/,
      "high",
    ),
    source: google,
  },
  audit(/^azurerm_monitor_diagnostic_setting$/, "medium", ["target_resource_id"]),
  audit(/^azurerm_network_watcher_flow_log$/, "medium", [
    "network_security_group_id",
    "target_resource_id",
  ]),
  audit(/^azurerm_security_center_(?:subscription_pricing|auto_provisioning|contact)$/, "medium"),
  audit(/^azurerm_monitor_activity_log_alert$/, "medium"),
];

const protection = of("data.protection-removed", aws);
export const protectionControls: readonly CloudControl[] = [
  protection(/^aws_s3_bucket_(?:versioning|object_lock_configuration)$/, "medium", ["bucket"]),
  protection(/^aws_s3_bucket_replication_configuration$/, "low", ["bucket"]),
  protection(/^aws_backup_(?:plan|selection|vault_lock_configuration)$/, "medium", ["resources"]),
  protection(/^aws_db_instance_automated_backups_replication$/, "medium", [
    "source_db_instance_arn",
  ]),
  protection(/^aws_dlm_lifecycle_policy$/, "medium"),
  protection(/^azurerm_management_lock$/, "medium", ["scope"]),
  protection(/^azurerm_backup_(?:policy|protected)_\w{1,40}$/, "medium", ["source_vm_id"]),
  { ...protection(/^google_resource_manager_lien$/, "medium"), source: google },
];

const storage = of("exposure.storage-public", aws);
export const storageControls: readonly CloudControl[] = [
  storage(/^aws_s3_(?:bucket|account)_public_access_block$/, "high", ["bucket"]),
  storage(/^aws_ebs_snapshot_block_public_access$/, "high"),
];

const limits = of("exposure.ratelimit-waf-removed", aws);
export const limitControls: readonly CloudControl[] = [
  limits(/^aws_waf(?:v2|regional)_web_acl_association$/, "medium", ["resource_arn"]),
  limits(/^aws_shield_protection(?:_group)?$/, "medium", ["resource_arn"]),
  limits(/^cloudflare_rate_limit$/, "medium"),
  limits(/^cloudflare_ruleset$/, "medium", ["zone_id"], /http_ratelimit|http_request_firewall/),
  limits(/^cloudflare_(?:filter|firewall_rule|bot_management|access_rule)$/, "medium", ["zone_id"]),
  limits(/^google_compute_security_policy$/, "medium"),
  limits(
    /^azurerm_(?:web_application_firewall_policy|frontdoor_firewall_policy|cdn_frontdoor_firewall_policy)$/,
    "medium",
  ),
  limits(/^aws_fms_policy$/, "medium"),
];

const network = of("exposure.network-opened", aws);
export const networkControls: readonly CloudControl[] = [
  network(
    /^aws_network_acl_rule$/,
    "medium",
    ["network_acl_id"],
    /rule_action=deny|egress=false,.{0,400}deny/,
  ),
  network(/^aws_networkfirewall_firewall$/, "high", ["vpc_id"]),
  network(/^aws_networkfirewall_rule_group$/, "medium", [], /DROP|drop|DENYLIST|ALLOWLIST/),
  network(/^aws_route53_resolver_firewall_rule_group_association$/, "medium", ["vpc_id"]),
  network(/^google_compute_firewall$/, "medium", ["network"], /deny=\[/),
  network(
    /^azurerm_(?:subnet|network_interface)_(?:network_)?security_group_association$/,
    "high",
    ["subnet_id", "network_interface_id"],
  ),
  network(/^azurerm_private_endpoint$/, "low", [
    "private_service_connection.private_connection_resource_id",
  ]),
];

const repository = of("gate.repo-protection-weakened", github);
const repo = ["repository", "repository_id", "project", "project_id"];
export const repositoryControls: readonly CloudControl[] = [
  repository(
    /^github_branch_protection(?:_v3)?$|^github_(?:repository|organization)_ruleset$/,
    "high",
    repo,
  ),
  repository(
    /^github_repository_environment(?:_deployment_policy)?$/,
    "medium",
    repo,
    /reviewers|deployment_branch_policy|branch_pattern/,
  ),
  repository(/^github_repository_tag_protection$/, "medium", repo),
  repository(/^github_repository_dependabot_security_updates$/, "low", repo),
  repository(
    /^gitlab_(?:branch_protection|tag_protection|project_push_rules|project_approval_rule)$/,
    "high",
    repo,
  ),
  // Settings that a provider does not know are sent to the forge's API by a command.
  repository(
    /^(?:null_resource|terraform_data)$/,
    "medium",
    [],
    /(?:api\.github\.com|gh api)[^]{0,1000}?(?:security[-_]and[-_]analysis|secret_scanning|\/protection\b|\/rulesets\b)/,
  ),
];

const identity = of("authz.iam-widened", aws);
export const identityControls: readonly CloudControl[] = [
  identity(/^aws_organizations_policy_attachment$/, "high", ["target_id"]),
  identity(/^aws_iam_account_password_policy$/, "medium"),
  {
    ...identity(
      /^google_org(?:anization)?_policy(?:_policy)?$|^google_project_organization_policy$/,
      "high",
    ),
    source: google,
  },
  identity(/^azurerm_(?:\w{1,40}_)?policy_assignment$/, "medium"),
];
