/** What time does to the registry, as `follows.ts` has it for records. */
import type { JsonObject } from "../bytes/canonical-json.ts";
import type { Registry } from "../registry/registry.ts";

export interface RegistryFollowing {
  readonly type: "policy-review-due";
  readonly body: JsonObject;
}

/** The system statement owed at `now`, if any. */
export function registryFollows(registry: Registry, now: string): RegistryFollowing | undefined {
  const { reviewBy } = registry.policy;
  if (registry.closed !== undefined) return undefined;
  if (reviewBy === undefined || registry.policyReviewDue !== undefined || now < reviewBy) {
    return undefined;
  }
  return {
    type: "policy-review-due",
    body: { policy: registry.policyDigest, deadline: reviewBy },
  };
}
