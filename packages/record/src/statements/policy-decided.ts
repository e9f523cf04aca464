/** A second administrator agrees to the proposed policy, or does not. From an agreement on it is in force. */
import { oneOf, uuid, type Infer } from "../bytes/shape.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";

const shape = predicate({
  /** Id of the statement that proposed it. */
  proposal: uuid,
  decision: oneOf(["accept", "decline"]),
});
type Body = Infer<typeof shape>;

export const policyDecided: RegistryStatement<Body> = {
  name: "policy-decided",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply(body, before, said) {
    if (before === undefined) throw new TypeError("the log is open");
    const { policyProposal, ...registry } = before;
    if (policyProposal?.id !== body.proposal) {
      throw new Refusal(
        "registry",
        `no policy proposal ${body.proposal} waits for a decision${policyProposal === undefined ? "" : `; ${policyProposal.id} does`}`,
      );
    }
    if (body.decision === "decline") return registry;
    rule(
      "registry",
      policyProposal.by !== said.head.actor,
      () =>
        `${said.head.actor} proposed this policy and cannot put it in force; another administrator must`,
    );
    const { settings, rules } = policyProposal;
    const { rules: _old, policyReviewDue: _reviewed, ...rest } = registry;
    return {
      ...rest,
      policy: settings,
      policyDigest: digestOf(settings),
      ...(rules === undefined ? {} : { rules }),
    };
  },
  says: (body) =>
    `${body.decision === "accept" ? "puts in force" : "declines"} the policy proposed by ${body.proposal}`,
};
