/**
 * How large a policy may be. Cedar's parser and evaluator are recursive and
 * live in one WebAssembly stack: in 4.13.0 about 120 nested brackets or a chain
 * of about 400 operators ends every later judgement of the process, not this
 * one alone (measured, docs/adr/0010-cedar.md). So both are counted before
 * Cedar sees a byte, with room to spare.
 */
export const limits = {
  files: 32,
  /** Of one file, UTF-8. */
  fileBytes: 65_536,
  /** Of the artefact: canonical JSON of all files. At worst such a policy loads in seconds and judges in 20 ms. */
  bundleBytes: 131_072,
  rules: 200,
  /** Of one rule, in characters. */
  ruleLength: 8192,
  /** Brackets of all kinds within one another. */
  nesting: 16,
  /** `&&`, `||`, `+`, `-`, `*`, `.`, `!`, `if`, `when` and `unless` in one rule. */
  operators: 160,
} as const;

/** A file of rules. The name is part of what is hashed and of every message. */
export const fileName = /^[a-z0-9][a-z0-9-]{0,59}\.cedar$/;
export const schemaName = "schema.cedarschema";
export const settingsName = "settings.json";
/** Tests of a policy, beside its rules; or the same as JSON, `cases.json`. */
export const casesName = "cases.yaml";
export const maxCasesBytes = 524_288;
