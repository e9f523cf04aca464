/**
 * Settings of cloud resources that keep data from being lost or from being public.
 * Orders and defaults are those that the providers document.
 */
import type { CloudRow } from "./cloud-rows-engine.ts";
import {
  aws,
  azure,
  google,
  more,
  present,
  risky,
  row,
  safe,
  steps,
  type Facts,
} from "./cloud-scales.ts";

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
