/**
 * What would clear a finding: a condition that a machine can check against
 * evidence, or a statement that a named person signs. `text` is the sentence
 * that a person reads in either case.
 */
export type ClearCondition = { readonly text: string } & (
  | {
      /** The package is there in at least this version; `package` is a purl without a version. */
      readonly kind: "package-at-least";
      readonly package: string;
      readonly version: string;
    }
  | {
      /** A file of the state gone back to holds this setting; `setting` as the finding's evidence names it. */
      readonly kind: "setting";
      readonly path: string;
      readonly setting: string;
      readonly value: string;
    }
  | {
      /** A CI job or step of this identity runs in the state gone back to. */
      readonly kind: "check-runs";
      readonly check: string;
    }
  | {
      /** The journal of applied migrations does not hold this id. */
      readonly kind: "migration-not-applied";
      readonly migration: string;
    }
  | {
      /** The certificate of this SHA-256 fingerprint (hex) is valid at the time of the rollback. */
      readonly kind: "certificate-valid";
      readonly certificate: string;
    }
  | {
      /** The secret (keyed hash of its value) is proven revoked. */
      readonly kind: "secret-revoked";
      readonly secret: string;
    }
  | { readonly kind: "statement" }
);

/** A signed human statement that says this. */
export function statement(text: string): ClearCondition {
  return { kind: "statement", text };
}
