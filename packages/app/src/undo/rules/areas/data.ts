/** Rules about data and secrets: migrations, schemas, keys, credentials. */
import type { Rule } from "../rule.ts";

export const dataRules: readonly Rule[] = [];
