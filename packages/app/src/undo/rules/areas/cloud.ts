/** Rules about infrastructure as code: identity, network, storage, encryption, logs. */
import { auditLoggingRemoved } from "../all/audit-logging-removed.ts";
import { authzIamWidened } from "../all/authz-iam-widened.ts";
import { cryptoEncryptionRemoved } from "../all/crypto-encryption-removed.ts";
import { dataProtectionRemoved } from "../all/data-protection-removed.ts";
import { exposureNetworkOpened } from "../all/exposure-network-opened.ts";
import { exposureRatelimitWafRemoved } from "../all/exposure-ratelimit-waf-removed.ts";
import { exposureStoragePublic } from "../all/exposure-storage-public.ts";
import { gateRepoProtectionWeakened } from "../all/gate-repo-protection-weakened.ts";
import type { Rule } from "../rule.ts";

export const cloudRules: readonly Rule[] = [
  auditLoggingRemoved,
  authzIamWidened,
  cryptoEncryptionRemoved,
  dataProtectionRemoved,
  exposureNetworkOpened,
  exposureRatelimitWafRemoved,
  exposureStoragePublic,
  gateRepoProtectionWeakened,
];
