/**
 * Settings of cloud resources with an order and a default, as the providers' documentation
 * gives them. `present` rows are about a setting being given at all, whatever it is.
 */
import type { Severity } from "../rules/rule.ts";
import type { CloudRow, NumberScale } from "./cloud-rows-engine.ts";

type Facts = {
  readonly implication: string;
  readonly references: readonly string[];
  readonly source: string;
};

const registry = "https://registry.terraform.io/providers";
const aws = `${registry}/hashicorp/aws/latest/docs`;
const google = `${registry}/hashicorp/google/latest/docs`;
const azure = `${registry}/hashicorp/azurerm/latest/docs`;
const github = `${registry}/integrations/github/latest/docs`;

function row(
  facts: Facts,
  on: RegExp,
  path: string,
  scale: CloudRow["scale"],
  severity: Severity,
): CloudRow {
  const keys = path.split(".");
  return { ...facts, id: `${on.source}:${path}`, on, path: keys, scale, severity };
}

/** True is strong. */
function safe(absent: "true" | "false" | "unknown"): CloudRow["scale"] {
  return {
    kind: "ordered",
    groups: [
      ["false", "0", "no"],
      ["true", "1", "yes"],
    ],
    absent,
  };
}
/** True is weak. */
function risky(absent: "true" | "false" | "unknown"): CloudRow["scale"] {
  return {
    kind: "ordered",
    groups: [
      ["true", "1"],
      ["false", "0"],
    ],
    absent,
  };
}
/** Given is strong; what is empty or stands for all is not given. */
const present: CloudRow["scale"] = {
  kind: "ordered",
  groups: [["absent", "", "[]", "[*]", "{}", "false", "NONE"], ["*"]],
  absent: "absent",
};
const steps = (absent: string, ...groups: readonly string[][]): CloudRow["scale"] => ({
  kind: "ordered",
  groups,
  absent,
});
const more = (absent?: number, endless?: number): NumberScale => ({
  kind: "number",
  more: "stronger",
  ...(absent === undefined ? {} : { absent }),
  ...(endless === undefined ? {} : { endless }),
});
const fewer = (absent?: number): NumberScale => ({
  kind: "number",
  more: "weaker",
  ...(absent === undefined ? {} : { absent }),
});

const encryption: Facts = {
  implication: "crypto.encryption-removed",
  references: ["CWE-311", "SC-28"],
  source: aws,
};
const stores =
  /^aws_(?:db_instance|rds_cluster|rds_global_cluster|docdb_cluster|neptune_cluster|redshift_cluster|efs_file_system|ebs_volume|ebs_snapshot_copy|dynamodb_table|elasticache_replication_group|opensearch_domain|elasticsearch_domain|sqs_queue|sns_topic|kinesis_stream|s3_bucket|s3_bucket_server_side_encryption_configuration|instance|launch_template|launch_configuration|eks_cluster|ecr_repository|cloudwatch_log_group|secretsmanager_secret|ssm_parameter|cloudtrail|backup_vault|msk_cluster|glue_security_configuration|athena_workgroup|ami_copy|codebuild_project|fsx_\w{1,40}|sagemaker_\w{1,40}|mq_broker|kinesis_firehose_delivery_stream)$/;

export const encryptionRows: readonly CloudRow[] = [
  row(
    encryption,
    /^(?:aws_(?:db_instance|rds_cluster|docdb_cluster|neptune_cluster))$/,
    "storage_encrypted",
    safe("false"),
    "high",
  ),
  row(
    encryption,
    /^aws_(?:efs_file_system|ebs_volume|ebs_snapshot_copy|redshift_cluster|ami_copy)$|^backend$/,
    "encrypted",
    safe("false"),
    "high",
  ),
  row(
    encryption,
    /^aws_(?:instance|launch_template|launch_configuration)$/,
    "**.encrypted",
    safe("false"),
    "high",
  ),
  row(encryption, /^backend$/, "encrypt", safe("false"), "high"),
  row(
    encryption,
    /^aws_elasticache_replication_group$/,
    "at_rest_encryption_enabled",
    safe("unknown"),
    "high",
  ),
  row(
    encryption,
    /^aws_elasticache_replication_group$/,
    "transit_encryption_enabled",
    safe("unknown"),
    "high",
  ),
  row(
    encryption,
    /^aws_(?:opensearch|elasticsearch)_domain$/,
    "encrypt_at_rest.enabled",
    safe("false"),
    "high",
  ),
  row(
    encryption,
    /^aws_(?:opensearch|elasticsearch)_domain$/,
    "node_to_node_encryption.enabled",
    safe("false"),
    "medium",
  ),
  row(
    encryption,
    /^aws_dynamodb_table$/,
    "server_side_encryption.enabled",
    safe("false"),
    "medium",
  ),
  row(encryption, /^aws_sqs_queue$/, "sqs_managed_sse_enabled", safe("unknown"), "medium"),
  row(
    encryption,
    /^aws_kinesis_stream$/,
    "encryption_type",
    steps("NONE", ["NONE"], ["KMS"]),
    "high",
  ),
  row(
    encryption,
    /^aws_kms_key$|^google_kms_crypto_key$/,
    "enable_key_rotation",
    safe("false"),
    "medium",
  ),
  row(encryption, stores, "**.kms_key_id", present, "medium"),
  row(encryption, stores, "**.kms_key_arn", present, "medium"),
  row(encryption, stores, "**.kms_master_key_id", present, "medium"),
  row(
    encryption,
    stores,
    "**.sse_algorithm",
    steps("absent", ["absent"], ["AES256"], ["aws:kms", "aws:kms:dsse"]),
    "medium",
  ),
  row(encryption, /^aws_eks_cluster$/, "encryption_config", present, "high"),
  row(
    encryption,
    /^aws_ecr_repository$/,
    "encryption_configuration.encryption_type",
    steps("AES256", ["AES256"], ["KMS", "KMS_DSSE"]),
    "low",
  ),
  row(encryption, /^backend$/, "kms_key_id", present, "medium"),
  row(encryption, /^(?:module|inputs)$/, "storage_encrypted", safe("unknown"), "high"),
  row(encryption, /^(?:module|inputs)$/, "kms_key_id", present, "medium"),
  row(encryption, /^(?:module|inputs)$/, "kms_key_arn", present, "medium"),
  row(
    { ...encryption, source: google },
    /^google_container_cluster$/,
    "database_encryption.state",
    steps("DECRYPTED", ["DECRYPTED"], ["ENCRYPTED"]),
    "high",
  ),
  row({ ...encryption, source: google }, /^google_/, "**.kms_key_name", present, "medium"),
  row({ ...encryption, source: google }, /^google_/, "**.default_kms_key_name", present, "medium"),
  row(
    { ...encryption, source: azure },
    /^azurerm_(?:linux|windows)_virtual_machine(?:_scale_set)?$/,
    "encryption_at_host_enabled",
    safe("false"),
    "medium",
  ),
  row({ ...encryption, source: azure }, /^azurerm_/, "disk_encryption_set_id", present, "medium"),
  row(
    { ...encryption, source: azure },
    /^azurerm_storage_account$/,
    "infrastructure_encryption_enabled",
    safe("false"),
    "medium",
  ),
];

const audit: Facts = {
  implication: "audit.logging-removed",
  references: ["CWE-778", "AU-2", "AU-12"],
  source: aws,
};

export const auditRows: readonly CloudRow[] = [
  row(audit, /^aws_cloudtrail$/, "enable_logging", safe("true"), "high"),
  row(audit, /^aws_cloudtrail$/, "is_multi_region_trail", safe("false"), "medium"),
  row(audit, /^aws_cloudtrail$/, "include_global_service_events", safe("true"), "medium"),
  row(audit, /^aws_cloudtrail$/, "enable_log_file_validation", safe("false"), "medium"),
  row(audit, /^aws_cloudtrail$/, "event_selector", present, "medium"),
  row(audit, /^aws_guardduty_detector$/, "enable", safe("true"), "high"),
  row(audit, /^aws_config_configuration_recorder_status$/, "is_enabled", safe("unknown"), "high"),
  row(
    audit,
    /^aws_flow_log$/,
    "traffic_type",
    steps("unknown", ["ACCEPT", "REJECT"], ["ALL"]),
    "medium",
  ),
  row(audit, /^aws_cloudwatch_log_group$/, "retention_in_days", more(0, 0), "low"),
  row(audit, /^aws_(?:lb|alb|elb)$/, "access_logs.enabled", safe("unknown"), "medium"),
  row(audit, /^aws_(?:lb|alb|elb)$/, "access_logs", present, "medium"),
  row(
    audit,
    /^aws_(?:s3_bucket|cloudfront_distribution|wafregional_web_acl|waf_web_acl)$/,
    "**.logging",
    present,
    "medium",
  ),
  row(audit, /^aws_(?:s3_bucket|cloudfront_distribution)$/, "**.logging_config", present, "medium"),
  row(audit, /^aws_wafregional_web_acl$/, "logging_configuration", present, "medium"),
  row(
    audit,
    /^aws_api_gatewayv2_stage$|^aws_api_gateway_stage$/,
    "access_log_settings",
    present,
    "medium",
  ),
  row(
    audit,
    /^aws_eks_cluster$/,
    "enabled_cluster_log_types",
    { kind: "set", more: "stronger" },
    "medium",
  ),
  row(
    audit,
    /^aws_(?:db_instance|rds_cluster|docdb_cluster)$/,
    "enabled_cloudwatch_logs_exports",
    { kind: "set", more: "stronger" },
    "medium",
  ),
  row(audit, /^aws_redshift_cluster$/, "logging.enable", safe("false"), "medium"),
  row({ ...audit, source: google }, /^google_compute_subnetwork$/, "log_config", present, "medium"),
  row({ ...audit, source: google }, /^google_compute_firewall$/, "log_config", present, "low"),
  row({ ...audit, source: google }, /^google_storage_bucket$/, "logging", present, "low"),
  row(
    { ...audit, source: google },
    /^google_container_cluster$/,
    "logging_service",
    steps("logging.googleapis.com/kubernetes", ["none"], ["*"]),
    "high",
  ),
  row({ ...audit, source: azure }, /^azurerm_/, "**.auditing_enabled", safe("unknown"), "medium"),
  row(
    { ...audit, source: azure },
    /^azurerm_network_watcher_flow_log$/,
    "enabled",
    safe("unknown"),
    "high",
  ),
  // Inputs of modules, by the names that they commonly have.
  row(audit, /^(?:module|inputs)$/, "log_bucket", present, "medium"),
  row(audit, /^(?:module|inputs)$/, "log_buckets", present, "medium"),
  row(audit, /^(?:module|inputs)$/, "logging_bucket", present, "medium"),
  row(audit, /^(?:module|inputs)$/, "access_logs", present, "medium"),
  row(audit, /^(?:module|inputs)$/, "access_log_bucket", present, "medium"),
  ...[
    "enable_flow_log",
    "enable_flow_logs",
    "flow_logs_enabled",
    "enable_cloudtrail",
    "enable_guardduty",
    "enable_logging",
    "enable_access_logs",
    "access_logs_enabled",
    "enable_audit_logs",
    "audit_logs_enabled",
    "enable_securityhub",
    "enable_config",
  ].map((name) => row(audit, /^(?:module|inputs)$/, name, safe("unknown"), "medium")),
  row(
    audit,
    /^(?:module|inputs)$/,
    "cluster_enabled_log_types",
    { kind: "set", more: "stronger" },
    "medium",
  ),
];

const protection: Facts = {
  implication: "data.protection-removed",
  references: ["CWE-1329", "CP-9"],
  source: aws,
};
const held = /^(?:aws_|google_|azurerm_|module$|inputs$)/;

export const protectionRows: readonly CloudRow[] = [
  row(
    protection,
    /^(?:aws_|google_|azurerm_|github_repository$|kubernetes_)/,
    "lifecycle.prevent_destroy",
    safe("false"),
    "medium",
  ),
  row(protection, /^aws_/, "deletion_protection", safe("false"), "medium"),
  row(protection, /^aws_/, "deletion_protection_enabled", safe("false"), "medium"),
  row(protection, /^aws_(?:lb|alb)$/, "enable_deletion_protection", safe("false"), "low"),
  row(
    { ...protection, source: google },
    /^google_/,
    "deletion_protection",
    safe("unknown"),
    "medium",
  ),
  row(protection, /^aws_(?:instance)$/, "disable_api_termination", safe("false"), "medium"),
  row(
    protection,
    /^(?:aws_s3_bucket|aws_ecr_repository|google_storage_bucket)$/,
    "force_destroy",
    risky("false"),
    "medium",
  ),
  row(protection, /^aws_ecr_repository$/, "force_delete", risky("false"), "low"),
  row(
    protection,
    /^(?:aws_s3_bucket|google_storage_bucket)$/,
    "versioning.enabled",
    safe("false"),
    "medium",
  ),
  row(
    protection,
    /^aws_s3_bucket_versioning$/,
    "versioning_configuration.status",
    steps("unknown", ["Disabled", "Suspended"], ["Enabled"]),
    "medium",
  ),
  row(protection, /^aws_s3_bucket$/, "object_lock_configuration", present, "medium"),
  row(
    protection,
    /^aws_(?:db_instance|rds_cluster|docdb_cluster|neptune_cluster)$/,
    "backup_retention_period",
    more(),
    "medium",
  ),
  row(
    protection,
    /^aws_(?:db_instance|rds_cluster|docdb_cluster|neptune_cluster|redshift_cluster)$/,
    "skip_final_snapshot",
    risky("false"),
    "medium",
  ),
  row(protection, /^aws_db_instance$/, "delete_automated_backups", risky("true"), "low"),
  row(
    protection,
    /^aws_dynamodb_table$/,
    "point_in_time_recovery.enabled",
    safe("false"),
    "medium",
  ),
  row(
    protection,
    /^aws_elasticache_(?:replication_group|cluster)$/,
    "snapshot_retention_limit",
    more(0),
    "medium",
  ),
  row(protection, /^aws_kms_key$/, "deletion_window_in_days", more(30), "low"),
  row(protection, /^aws_backup_plan$/, "**.delete_after", more(), "low"),
  row(
    { ...protection, source: google },
    /^google_sql_database_instance$/,
    "**.backup_configuration.enabled",
    safe("false"),
    "medium",
  ),
  row(
    { ...protection, source: google },
    /^google_sql_database_instance$/,
    "**.point_in_time_recovery_enabled",
    safe("false"),
    "medium",
  ),
  row(
    { ...protection, source: google },
    /^google_storage_bucket$/,
    "retention_policy",
    present,
    "medium",
  ),
  row(
    { ...protection, source: azure },
    /^azurerm_key_vault$/,
    "purge_protection_enabled",
    safe("false"),
    "medium",
  ),
  row(
    { ...protection, source: azure },
    /^azurerm_key_vault$/,
    "soft_delete_retention_days",
    more(90),
    "low",
  ),
  row(
    { ...protection, source: azure },
    /^azurerm_storage_account$/,
    "**.delete_retention_policy",
    present,
    "medium",
  ),
  row(
    { ...protection, source: azure },
    /^azurerm_(?:postgresql|mysql)\w{0,40}$/,
    "backup_retention_days",
    more(7),
    "medium",
  ),
  ...["deletion_protection", "prevent_destroy", "enable_deletion_protection"].map((name) =>
    row(protection, /^(?:module|inputs)$/, name, safe("unknown"), "medium"),
  ),
  row(protection, /^(?:module|inputs)$/, "force_destroy", risky("unknown"), "medium"),
  row(protection, /^(?:module|inputs)$/, "skip_final_snapshot", risky("unknown"), "low"),
  row(protection, /^(?:module|inputs)$/, "backup_retention_period", more(), "medium"),
  row(protection, held, "replication_object_lock_days", more(), "low"),
];

const storage: Facts = {
  implication: "exposure.storage-public",
  references: ["CWE-732", "CWE-552", "AC-3"],
  source: aws,
};

export const storageRows: readonly CloudRow[] = [
  row(
    storage,
    /^aws_s3_(?:bucket|bucket_acl|object)$/,
    "acl",
    steps(
      "private",
      ["public-read-write"],
      ["public-read", "website"],
      ["authenticated-read"],
      [
        "private",
        "log-delivery-write",
        "bucket-owner-full-control",
        "bucket-owner-read",
        "aws-exec-read",
      ],
    ),
    "critical",
  ),
  ...[
    "block_public_acls",
    "block_public_policy",
    "ignore_public_acls",
    "restrict_public_buckets",
  ].flatMap((name) => [
    row(
      storage,
      /^aws_s3_(?:bucket_public_access_block|account_public_access_block)$/,
      name,
      safe("false"),
      "high",
    ),
    row(storage, /^aws_s3_bucket$/, `public_access_block.${name}`, safe("false"), "high"),
    row(storage, /^(?:module|inputs)$/, name, safe("unknown"), "high"),
  ]),
  row(
    storage,
    /^(?:aws_(?:db_instance|rds_cluster_instance|redshift_cluster|dms_replication_instance)|module|inputs)$/,
    "publicly_accessible",
    risky("unknown"),
    "critical",
  ),
  row(
    storage,
    /^aws_(?:db_instance|rds_cluster_instance|redshift_cluster)$/,
    "publicly_accessible",
    risky("false"),
    "critical",
  ),
  row(
    storage,
    /^aws_s3_bucket_ownership_controls$/,
    "rule.object_ownership",
    steps("unknown", ["ObjectWriter"], ["BucketOwnerPreferred"], ["BucketOwnerEnforced"]),
    "low",
  ),
  row(
    { ...storage, source: google },
    /^google_storage_bucket$/,
    "public_access_prevention",
    steps("inherited", ["inherited"], ["enforced"]),
    "high",
  ),
  row(
    { ...storage, source: google },
    /^google_storage_bucket$/,
    "uniform_bucket_level_access",
    safe("false"),
    "medium",
  ),
  row(
    { ...storage, source: azure },
    /^azurerm_storage_account$/,
    "allow_nested_items_to_be_public",
    risky("true"),
    "high",
  ),
  row(
    { ...storage, source: azure },
    /^azurerm_storage_account$/,
    "allow_blob_public_access",
    risky("unknown"),
    "high",
  ),
  row(
    { ...storage, source: azure },
    /^azurerm_storage_container$/,
    "container_access_type",
    steps("private", ["container"], ["blob"], ["private"]),
    "critical",
  ),
  row(
    { ...storage, source: azure },
    /^azurerm_/,
    "public_network_access_enabled",
    risky("true"),
    "high",
  ),
];

const limits: Facts = {
  implication: "exposure.ratelimit-waf-removed",
  references: ["CWE-770", "CWE-799", "SC-5"],
  source: aws,
};

export const limitRows: readonly CloudRow[] = [
  row(
    limits,
    /^aws_wafv2_(?:web_acl|rule_group)$/,
    "**.rate_based_statement.limit",
    fewer(),
    "medium",
  ),
  row(limits, /^aws_waf(?:regional)?_rate_based_rule$/, "rate_limit", fewer(), "medium"),
  row(limits, /^aws_wafv2_web_acl$/, "default_action.block", present, "high"),
  row(limits, /^aws_cloudfront_distribution$/, "web_acl_id", present, "medium"),
  row(
    limits,
    /^aws_api_gateway_(?:method_settings|usage_plan|stage)$|^aws_apigatewayv2_stage$/,
    "**.throttling_rate_limit",
    fewer(),
    "medium",
  ),
  row(
    limits,
    /^aws_api_gateway_(?:method_settings|usage_plan|stage)$|^aws_apigatewayv2_stage$/,
    "**.throttling_burst_limit",
    fewer(),
    "low",
  ),
  row(limits, /^aws_api_gateway_usage_plan$/, "throttle_settings", present, "medium"),
  row(limits, /^cloudflare_rate_limit$/, "threshold", fewer(), "medium"),
  row(limits, /^cloudflare_rate_limit$/, "disabled", risky("false"), "medium"),
  row(limits, /^(?:module|inputs)$/, "waf_acl_id", present, "medium"),
  row(limits, /^(?:module|inputs)$/, "web_acl_arn", present, "medium"),
  row(limits, /^(?:module|inputs)$/, "web_acl_id", present, "medium"),
  ...["enable_waf", "waf_enabled", "enable_shield", "shield_enabled"].map((name) =>
    row(limits, /^(?:module|inputs)$/, name, safe("unknown"), "medium"),
  ),
];

const network: Facts = {
  implication: "exposure.network-opened",
  references: ["CWE-1327", "SC-7"],
  source: aws,
};

export const networkRows: readonly CloudRow[] = [
  row(network, /^aws_(?:lb|alb|elb)$/, "internal", safe("false"), "high"),
  row(
    network,
    /^aws_instance$|^aws_launch_(?:template|configuration)$/,
    "**.associate_public_ip_address",
    risky("unknown"),
    "medium",
  ),
  row(network, /^aws_subnet$/, "map_public_ip_on_launch", risky("false"), "medium"),
  row(network, /^aws_eks_cluster$/, "vpc_config.endpoint_public_access", risky("true"), "high"),
  row(
    network,
    /^aws_(?:instance|launch_template)$/,
    "metadata_options.http_tokens",
    steps("optional", ["optional"], ["required"]),
    "medium",
  ),
  row(
    { ...network, source: google },
    /^google_container_cluster$/,
    "private_cluster_config.enable_private_nodes",
    safe("false"),
    "high",
  ),
  row(
    { ...network, source: google },
    /^google_container_cluster$/,
    "master_authorized_networks_config",
    present,
    "high",
  ),
  row(
    { ...network, source: google },
    /^google_sql_database_instance$/,
    "**.ipv4_enabled",
    risky("true"),
    "high",
  ),
  row(
    { ...network, source: azure },
    /^azurerm_kubernetes_cluster$/,
    "private_cluster_enabled",
    safe("false"),
    "high",
  ),
  row(
    { ...network, source: azure },
    /^azurerm_(?:storage_account|key_vault|storage_account_network_rules)$/,
    "**.default_action",
    steps("unknown", ["Allow"], ["Deny"]),
    "high",
  ),
  row(network, /^(?:module|inputs)$/, "cluster_endpoint_public_access", risky("unknown"), "high"),
];

const repository: Facts = {
  implication: "gate.repo-protection-weakened",
  references: ["CWE-1220", "CM-5"],
  source: github,
};
const branch = /^github_branch_protection(?:_v3)?$/;

export const repositoryRows: readonly CloudRow[] = [
  ...["advanced_security", "secret_scanning", "secret_scanning_push_protection"].map((name) =>
    row(
      repository,
      /^github_repository$/,
      `security_and_analysis.${name}.status`,
      steps("absent", ["absent", "disabled"], ["enabled"]),
      name === "advanced_security" ? "medium" : "high",
    ),
  ),
  row(repository, /^github_repository$/, "vulnerability_alerts", safe("unknown"), "medium"),
  row(
    repository,
    /^github_repository$/,
    "visibility",
    steps("unknown", ["public"], ["internal"], ["private"]),
    "high",
  ),
  row(repository, /^github_repository$/, "web_commit_signoff_required", safe("false"), "low"),
  row(repository, branch, "enforce_admins", safe("false"), "high"),
  row(repository, branch, "require_signed_commits", safe("false"), "medium"),
  row(repository, branch, "required_linear_history", safe("false"), "low"),
  row(repository, branch, "require_conversation_resolution", safe("false"), "low"),
  row(repository, branch, "allows_deletions", risky("false"), "high"),
  row(repository, branch, "allows_force_pushes", risky("false"), "high"),
  row(repository, branch, "required_pull_request_reviews", present, "high"),
  row(
    repository,
    branch,
    "required_pull_request_reviews.required_approving_review_count",
    more(1),
    "high",
  ),
  row(
    repository,
    branch,
    "required_pull_request_reviews.dismiss_stale_reviews",
    safe("false"),
    "medium",
  ),
  row(
    repository,
    branch,
    "required_pull_request_reviews.require_code_owner_reviews",
    safe("false"),
    "high",
  ),
  row(
    repository,
    branch,
    "required_pull_request_reviews.require_last_push_approval",
    safe("false"),
    "medium",
  ),
  row(repository, branch, "required_status_checks", present, "high"),
  row(repository, branch, "required_status_checks.strict", safe("false"), "low"),
  row(
    repository,
    branch,
    "required_status_checks.contexts",
    { kind: "set", more: "stronger" },
    "medium",
  ),
  row(
    repository,
    branch,
    "required_status_checks.checks",
    { kind: "set", more: "stronger" },
    "medium",
  ),
  row(repository, branch, "**.push_allowances", { kind: "set", more: "weaker" }, "medium"),
  row(repository, branch, "**.force_push_bypassers", { kind: "set", more: "weaker" }, "high"),
  row(repository, branch, "**.pull_request_bypassers", { kind: "set", more: "weaker" }, "medium"),
  row(
    repository,
    /^github_(?:repository|organization)_ruleset$/,
    "enforcement",
    steps("unknown", ["disabled"], ["evaluate"], ["active"]),
    "high",
  ),
  ...["deletion", "non_fast_forward", "required_signatures", "required_linear_history"].map(
    (name) =>
      row(
        repository,
        /^github_(?:repository|organization)_ruleset$/,
        `rules.${name}`,
        safe("false"),
        "medium",
      ),
  ),
  row(
    repository,
    /^github_(?:repository|organization)_ruleset$/,
    "rules.pull_request",
    present,
    "high",
  ),
  row(
    repository,
    /^github_(?:repository|organization)_ruleset$/,
    "rules.required_status_checks",
    present,
    "high",
  ),
  row(
    repository,
    /^github_(?:repository|organization)_ruleset$/,
    "rules.pull_request.required_approving_review_count",
    more(0),
    "high",
  ),
  row(
    repository,
    /^github_(?:repository|organization)_ruleset$/,
    "bypass_actors.actor_id",
    { kind: "set", more: "weaker" },
    "medium",
  ),
  row(
    repository,
    /^github_(?:team_repository|repository_collaborator)$/,
    "permission",
    steps("unknown", ["admin"], ["maintain"], ["push", "write"], ["triage"], ["pull", "read"]),
    "medium",
  ),
  row(repository, /^gitlab_branch_protection$/, "allow_force_push", risky("false"), "high"),
  row(
    repository,
    /^gitlab_branch_protection$/,
    "code_owner_approval_required",
    safe("false"),
    "high",
  ),
  row(
    repository,
    /^gitlab_branch_protection$/,
    "push_access_level",
    steps("maintainer", ["developer"], ["maintainer"], ["no one"]),
    "high",
  ),
  row(
    repository,
    /^gitlab_branch_protection$/,
    "merge_access_level",
    steps("maintainer", ["developer"], ["maintainer"], ["no one"]),
    "medium",
  ),
  row(
    repository,
    /^gitlab_project_level_mr_approvals$/,
    "reset_approvals_on_push",
    safe("true"),
    "medium",
  ),
  row(
    repository,
    /^gitlab_project_push_rules$|^gitlab_project$/,
    "**.prevent_secrets",
    safe("false"),
    "high",
  ),
  row(
    repository,
    /^github_organization_settings$/,
    "two_factor_requirement",
    safe("unknown"),
    "high",
  ),
  ...[
    "advanced_security_enabled_for_new_repositories",
    "secret_scanning_enabled_for_new_repositories",
    "secret_scanning_push_protection_enabled_for_new_repositories",
    "dependabot_alerts_enabled_for_new_repositories",
  ].map((name) => row(repository, /^github_organization_settings$/, name, safe("false"), "medium")),
];

const identity: Facts = {
  implication: "authz.iam-widened",
  references: ["CWE-732", "AC-6"],
  source: aws,
};

export const identityRows: readonly CloudRow[] = [
  row(identity, /^aws_iam_(?:role|user)$/, "permissions_boundary", present, "high"),
  ...["subject_claim", "subject_claims", "oidc_subject", "permissions_boundary"].map((name) =>
    row(identity, /^(?:module|inputs)$/, name, present, "high"),
  ),
  row(
    { ...identity, source: google },
    /^google_iam_workload_identity_pool_provider$/,
    "attribute_condition",
    present,
    "high",
  ),
  row(identity, /^aws_iam_account_password_policy$/, "minimum_password_length", more(6), "medium"),
];
