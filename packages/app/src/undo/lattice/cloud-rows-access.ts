/**
 * Settings of cloud resources about who and what gets in: limits, networks, identities.
 * Orders and defaults are those that the providers document.
 */
import type { CloudRow } from "./cloud-rows-engine.ts";
import {
  aws,
  azure,
  fewer,
  google,
  more,
  present,
  risky,
  row,
  safe,
  steps,
  type Facts,
} from "./cloud-scales.ts";

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
