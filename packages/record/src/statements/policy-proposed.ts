/**
 * An administrator proposes another policy: its settings, and where it has rules
 * of its own the artefact that holds them. It is in force once another
 * administrator agrees. A new proposal takes the place of one not decided on.
 */
import { int, object, sha256Hex, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { policy } from "./words.ts";

/** Rules are text that people read; this is far above what anybody does. */
export const maxRulesBytes = 1_048_576;

const shape = predicate(
  { settings: policy },
  { rules: object({ digest: sha256Hex, size: int(1, maxRulesBytes) }) },
);
type Body = Infer<typeof shape>;

export const policyProposed: RegistryStatement<Body> = {
  name: "policy-proposed",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply(body, before, said) {
    if (before === undefined) throw new TypeError("the log is open");
    const { settings } = body;
    rule(
      "registry",
      settings.version > before.policy.version,
      () =>
        `policy version ${before.policy.version} is in force; a change has a higher one, this has ${settings.version}`,
    );
    rule(
      "registry",
      settings.reviewBy === undefined || settings.reviewBy > said.recordedAt,
      () => `the policy would be due for review at ${settings.reviewBy}, which has passed`,
    );
    return {
      ...before,
      policyProposal: {
        id: said.head.id,
        by: said.head.actor,
        settings,
        ...(body.rules === undefined ? {} : { rules: body.rules }),
      },
    };
  },
  says: ({ settings, rules }) =>
    `proposes policy ${settings.id} version ${settings.version}${rules === undefined ? "" : ` with the rules sha256:${rules.digest}`}`,
};
