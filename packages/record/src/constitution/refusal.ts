/**
 * A statement was understood, and the rules refuse it. Apart from the parsers'
 * errors because it names the rule: a verifier reports it as a finding, the
 * server answers with it, and the documentation explains each under its id.
 */
import { RecordError } from "../bytes/error.ts";

export type RuleId =
  | "signer-enrolled"
  | "signer-permitted"
  | "key-bound"
  | "key-type"
  | "instance-bound"
  | "record-bound"
  | "clock"
  | "humans-decide"
  | "lifecycle"
  | "system-only"
  | "nothing-overdue"
  | "quorum"
  | "condition"
  | "retrospective-owed"
  | "mandatory"
  | "approver-not-proposer"
  | "approver-not-author"
  | "one-person-one-voice"
  | "evidence-seen"
  | "reviewer-took-no-part"
  | "same-executor"
  | "target-pinned"
  | "policy"
  | "registry"
  | "chain";

export class Refusal extends RecordError {
  readonly rule: RuleId;

  /** `problem` is one sentence: what is wrong, and what would be right. */
  constructor(rule: RuleId, problem: string) {
    super("refused", problem);
    this.rule = rule;
  }
}

/** Throws a refusal unless `holds`. */
export function rule(id: RuleId, holds: boolean, problem: () => string): asserts holds {
  if (!holds) throw new Refusal(id, problem());
}
