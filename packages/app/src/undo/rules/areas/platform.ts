/** Rules about Kubernetes, proxies and settings: access, exposure, transport, admission. */
import { workloadHardeningRemoved } from "../all/workload-hardening-removed.ts";
import type { Rule } from "../rule.ts";

export const platformRules: readonly Rule[] = [workloadHardeningRemoved];
