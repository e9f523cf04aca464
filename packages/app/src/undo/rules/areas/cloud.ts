/** Rules about infrastructure as code: identity, network, storage, encryption, logs. */
import type { Rule } from "../rule.ts";

export const cloudRules: readonly Rule[] = [];
