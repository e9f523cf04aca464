/**
 * Settings of repositories in the providers of forges.
 * Orders and defaults are those that the providers document.
 */
import type { CloudRow } from "./cloud-rows-engine.ts";
import { github, more, present, risky, row, safe, steps, type Facts } from "./cloud-scales.ts";

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
