/**
 * An administrator says which pipeline a workload is: an issuer, and claims that
 * its tokens must make word for word (`repository_id`, `job_workflow_ref`,
 * `environment`). Names of repositories can be taken over by others; ids cannot.
 */
import { array, object, string, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { changePerson } from "./change-person.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId, issuer } from "./words.ts";

const printable = { pattern: /^[\x20-\x7e]+$/, what: "printable ASCII" };
const shape = predicate({
  person: actorId,
  issuer,
  claims: array(
    object({
      name: string({ min: 1, max: 60, ...printable }),
      value: string({ min: 1, max: 400, ...printable }),
    }),
    { min: 1, max: 20 },
  ),
});
type Body = Infer<typeof shape>;

export const workloadBound: RegistryStatement<Body> = {
  name: "workload-bound",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply: (body, before) =>
    changePerson(before, body.person, (person) => {
      rule(
        "registry",
        person.kind !== "human",
        () => `${person.id} is a human; a human's account is linked, and their keys last`,
      );
      const others = person.workloads.filter((item) => item.issuer !== body.issuer);
      return { ...person, workloads: [...others, { issuer: body.issuer, claims: body.claims }] };
    }),
  says: (body) =>
    `binds ${body.person} to tokens of ${body.issuer} with ${body.claims.map((item) => `${item.name} ${item.value}`).join(", ")}`,
};
