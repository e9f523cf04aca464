/** Rules about Kubernetes, proxies and settings: access, exposure, transport, admission. */
import { authnSettingWeakened } from "../all/authn-setting-weakened.ts";
import { authzRbacWidened } from "../all/authz-rbac-widened.ts";
import { configSecurityKeyReverted } from "../all/config-security-key-reverted.ts";
import { cryptoAlgorithmWeakened } from "../all/crypto-algorithm-weakened.ts";
import { cryptoTlsWeakened } from "../all/crypto-tls-weakened.ts";
import { exposureCorsWidened } from "../all/exposure-cors-widened.ts";
import { exposureHeadersWeakened } from "../all/exposure-headers-weakened.ts";
import { exposureNetworkPolicyOpened } from "../all/exposure-network-policy-opened.ts";
import { exposureProxyLimitsRemoved } from "../all/exposure-proxy-limits-removed.ts";
import { exposureServicePublic } from "../all/exposure-service-public.ts";
import { flagFlipped } from "../all/flag-flipped.ts";
import { gateAdmissionRemoved } from "../all/gate-admission-removed.ts";
import { sessionSettingWeakened } from "../all/session-setting-weakened.ts";
import { workloadHardeningRemoved } from "../all/workload-hardening-removed.ts";
import type { Rule } from "../rule.ts";

export const platformRules: readonly Rule[] = [
  authnSettingWeakened,
  authzRbacWidened,
  configSecurityKeyReverted,
  cryptoAlgorithmWeakened,
  cryptoTlsWeakened,
  exposureCorsWidened,
  exposureHeadersWeakened,
  exposureNetworkPolicyOpened,
  exposureProxyLimitsRemoved,
  exposureServicePublic,
  flagFlipped,
  gateAdmissionRemoved,
  sessionSettingWeakened,
  workloadHardeningRemoved,
];
