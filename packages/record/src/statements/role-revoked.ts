/** A role that was given is taken away, from this entry on. */
import { uuid, type Infer } from "../bytes/shape.ts";
import { Refusal } from "../constitution/refusal.ts";
import { changePerson } from "./change-person.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId } from "./words.ts";

const shape = predicate({
  person: actorId,
  /** Id of the statement that granted it. */
  grant: uuid,
});
type Body = Infer<typeof shape>;

export const roleRevoked: RegistryStatement<Body> = {
  name: "role-revoked",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply: (body, before) =>
    changePerson(before, body.person, (person) => {
      if (!person.roles.some((item) => item.id === body.grant)) {
        throw new Refusal("registry", `${person.id} has no role that was granted by ${body.grant}`);
      }
      return { ...person, roles: person.roles.filter((item) => item.id !== body.grant) };
    }),
  says: (body) => `takes the role granted by ${body.grant} from ${body.person}`,
};
